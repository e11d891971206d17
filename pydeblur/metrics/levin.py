"""The measures of Levin et al., "Understanding and evaluating blind deconvolution algorithms" (CVPR 2009)."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.metrics.alignment import align

#: The pixels on each side that their comparison leaves out.
BORDER = 15


def comp_upto_shift(restored, reference, max_shift=5):
    """Sum of squared differences after the best shift, as Levin et al.'s function of this name computes it.

    The reference is cropped by 15 pixels on each side; the restored image is shifted by up to `max_shift` pixels in
    steps of a quarter, with bilinear interpolation, because kernel and image are known only up to a common shift.

    Parameters
    ----------
    restored : (H, W) or (H, W, C) array_like
        The estimate; I1 in the original.
    reference : the same shape
        The sharp image; I2 in the original.
    max_shift : int
        0 to 15.

    Returns
    -------
    ssd : float
    aligned : (H - 30, W - 30[, C]) float64 ndarray
        `restored` at the best shift.

    Raises
    ------
    InvalidInputError
        As `pydeblur.metrics.align`.
    """
    alignment = align(restored, reference, max_shift, BORDER)
    return alignment.ssd, alignment.image


def error_ratio(ssd, ssd_true):
    """How many times larger the error is than with the true kernel and the same non-blind method.

    Parameters
    ----------
    ssd, ssd_true : float or array_like
        `comp_upto_shift` of the blind result, and of the result with the true kernel; at least 0 and above 0.

    Returns
    -------
    float or float64 ndarray

    Raises
    ------
    InvalidInputError
        A value is negative or NaN, or `ssd_true` is 0.
    """
    ssd, ssd_true = np.asarray(ssd, dtype=np.float64), np.asarray(ssd_true, dtype=np.float64)
    if not (np.all(ssd >= 0) and np.all(ssd_true > 0)):
        raise InvalidInputError("ssd should be at least 0 and ssd_true above 0.")
    return (ssd / ssd_true)[()]


def success_rate(ratios, thresholds=(1.5, 2, 3)):
    """The share of cases whose error ratio is at most a threshold.

    Parameters
    ----------
    ratios : (N,) array_like
        Error ratios; NaN stands for a case that failed.
    thresholds : sequence of float

    Returns
    -------
    (len(thresholds),) float64 ndarray
        In [0, 1].

    Raises
    ------
    InvalidInputError
        There are no ratios.
    """
    ratios = np.asarray(ratios, dtype=np.float64).ravel()
    if not ratios.size:
        raise InvalidInputError("ratios should have at least one element.")
    return np.mean(ratios[:, None] <= np.asarray(thresholds, dtype=np.float64), axis=0)
