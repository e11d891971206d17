"""PSNR and SSIM."""

import math
import warnings

import numpy as np

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.metrics.alignment import align, checked_pair
from pydeblur.metrics.levin import BORDER

#: The side of SSIM's Gaussian window.
_SSIM_WINDOW = 11


def psnr(image, reference, data_range=1.0):
    """Compute the peak signal-to-noise ratio, 10 log10(data_range^2 / mean squared difference).

    Parameters
    ----------
    image, reference : (H, W) or (H, W, C) array_like
        Two images of the same shape. Neither is clipped.
    data_range : float
        The largest possible difference.

    Returns
    -------
    float
        In dB; infinite for equal images.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or a value is not finite.
    InvalidOptionError
        If `data_range` is not a positive number.

    Examples
    --------
    >>> from pydeblur.metrics import psnr
    >>> round(psnr([[0.5, 0.6]], [[0.6, 0.5]]), 6)
    20.0
    """
    image, reference = checked_pair(image, reference)
    return _psnr_of(float(np.mean((image - reference) ** 2)), data_range)


def aligned_psnr(image, reference, max_shift=5, data_range=1.0, border=BORDER):
    """Compute the PSNR after the best shift, on the pixels and by the search of Levin et al.'s SSD.

    Blind deconvolution recovers image and kernel only up to a common shift.

    Parameters
    ----------
    image, reference : (H, W) or (H, W, C) array_like
        Two images of the same shape; the channels of a colour image are shifted together.
    max_shift : int
        Largest shift in pixels, at most `border`; shifts are tried in steps of a quarter.
    data_range : float
        The largest possible difference.
    border : int
        The pixels on each side that do not count.

    Returns
    -------
    float
        In dB; infinite for equal images.

    Raises
    ------
    InvalidInputError
        If the shapes differ or are too small for the border, or a value is not finite.
    InvalidOptionError
        If `data_range` or `max_shift` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.metrics import aligned_psnr
    >>> image = np.random.default_rng(0).random((40, 40))
    >>> aligned_psnr(np.roll(image, 2, axis=0), image)
    inf
    """
    alignment = align(image, reference, max_shift, border)
    return _psnr_of(alignment.ssd / alignment.reference.size, data_range)


def ssim(image, reference, data_range=1.0):
    """Compute the structural similarity of Wang et al. 2004, by scikit-image.

    The window is a Gaussian of 11 pixels and sigma 1.5. Colour images get the mean over their channels.

    Parameters
    ----------
    image, reference : (H, W) or (H, W, C) array_like
        Two images of the same shape, H and W at least 11.
    data_range : float
        The largest possible difference.

    Returns
    -------
    float
        At most 1. NaN, with a warning, where scikit-image is not installed (``pip install pydeblur[reproduce]``):
        it is no run-time dependency.

    Raises
    ------
    InvalidInputError
        If the shapes differ or are too small, or a value is not finite.
    InvalidOptionError
        If `data_range` is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.metrics import ssim
    >>> image = np.random.default_rng(0).random((16, 16))
    >>> ssim(image, image)  # doctest: +SKIP
    1.0
    """
    image, reference = checked_pair(image, reference)
    _check_range(data_range)
    if min(image.shape[:2]) < _SSIM_WINDOW:
        raise InvalidInputError(
            f"image and reference should have at least {_SSIM_WINDOW} rows and columns; their shape is {image.shape}."
        )
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        warnings.warn(
            f"SSIM is left out (NaN): {missing_extra('it', 'scikit-image', 'reproduce')}", UserWarning, stacklevel=2
        )
        return math.nan
    return float(
        structural_similarity(
            image,
            reference,
            data_range=data_range,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=-1 if image.ndim == 3 else None,
        )
    )


def _psnr_of(mean_square, data_range):
    _check_range(data_range)
    return 10 * math.log10(data_range**2 / mean_square) if mean_square > 0 else math.inf


def _check_range(data_range):
    if not (isinstance(data_range, (int, float, np.number)) and 0 < data_range < math.inf):
        raise InvalidOptionError(f"data_range should be a positive number, not {data_range!r}.")
