"""The measures of Levin et al., "Understanding and evaluating blind deconvolution algorithms" (CVPR 2009) [19]."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.metrics.alignment import align

#: The pixels on each side that their comparison leaves out.
BORDER = 15


def comp_upto_shift(restored, reference, max_shift=5):
    """Compute the sum of squared differences after the best shift, as Levin et al.'s function of this name does.

    The reference is cropped by 15 pixels on each side; the restored image is shifted by up to `max_shift` pixels in
    steps of a quarter, with bilinear interpolation, because kernel and image are known only up to a common shift.

    Parameters
    ----------
    restored : (H, W) or (H, W, C) array_like
        The estimate; I1 in the original.
    reference : the same shape
        The sharp image; I2 in the original.
    max_shift : int
        Largest shift in pixels, 0 to 15.

    Returns
    -------
    ssd : float
    aligned : (H - 30, W - 30[, C]) float64 ndarray
        `restored` at the best shift.

    Raises
    ------
    InvalidInputError
        If the shapes differ or are too small, or a value is not finite.
    InvalidOptionError
        If `max_shift` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.metrics import comp_upto_shift
    >>> ssd, aligned = comp_upto_shift(np.full((40, 40), 0.6), np.full((40, 40), 0.5))
    >>> round(ssd, 9), aligned.shape
    (1.0, (10, 10))
    """
    alignment = align(restored, reference, max_shift, BORDER)
    return alignment.ssd, alignment.image


def error_ratio(ssd, ssd_true):
    """Compute how many times larger the error is than with the true kernel and the same non-blind method.

    Parameters
    ----------
    ssd, ssd_true : float or array_like
        `comp_upto_shift` of the blind result, at least 0, and of the result with the true kernel, above 0.

    Returns
    -------
    float or float64 ndarray

    Raises
    ------
    InvalidInputError
        If a value is negative or NaN, or `ssd_true` is 0.

    Examples
    --------
    >>> from pydeblur.metrics import error_ratio
    >>> error_ratio([3.0, 8.0], 2.0).tolist()
    [1.5, 4.0]
    """
    ssd, ssd_true = np.asarray(ssd, dtype=np.float64), np.asarray(ssd_true, dtype=np.float64)
    if not (np.all(ssd >= 0) and np.all(ssd_true > 0)):
        raise InvalidInputError("ssd should be at least 0 and ssd_true above 0.")
    return (ssd / ssd_true)[()]


def success_rate(ratios, thresholds=(1.5, 2, 3)):
    """Compute the share of cases whose error ratio is at most a threshold.

    Parameters
    ----------
    ratios : (N,) array_like
        Error ratios; NaN stands for a case that failed.
    thresholds : sequence of float
        The thresholds, in any order.

    Returns
    -------
    (len(thresholds),) float64 ndarray
        In [0, 1].

    Raises
    ------
    InvalidInputError
        If there are no ratios.

    Examples
    --------
    >>> from pydeblur.metrics import success_rate
    >>> success_rate([1.2, 1.8, 2.5, float("nan")]).tolist()
    [0.25, 0.5, 0.75]
    """
    ratios = np.asarray(ratios, dtype=np.float64).ravel()
    if not ratios.size:
        raise InvalidInputError("ratios should have at least one element.")
    return np.mean(ratios[:, None] <= np.asarray(thresholds, dtype=np.float64), axis=0)
