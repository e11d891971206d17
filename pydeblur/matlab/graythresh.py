"""MATLAB's ``graythresh``: Otsu's threshold."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import real_array
from pydeblur.matlab.colour import im2uint8


def graythresh(image):
    """Return Otsu's threshold of an image, from 256 grey levels.

    Parameters
    ----------
    image : array_like
        Any shape, vectors and colour included: all elements make one histogram. Floats in [0, 1] (others are
        clipped; NaN counts as 0), bool, uint8, uint16 or int16; converted by `im2uint8`.

    Returns
    -------
    float
        In [0, 1]: the mean of the levels that maximise the between-class variance, divided by 255; 0 for a constant
        image.

    Raises
    ------
    InvalidInputError
        When `image` is empty or has another dtype.

    Examples
    --------
    >>> from pydeblur.matlab import graythresh
    >>> round(graythresh([0.0, 0.0, 0.2, 0.8, 1.0]), 3)
    0.498
    """
    image = real_array(image, "image")
    if image.size == 0:
        raise InvalidInputError("image must not be empty.")
    counts = np.bincount(im2uint8(image).ravel(), minlength=256)
    share = counts / counts.sum()
    below = np.cumsum(share)
    mean_below = np.cumsum(share * np.arange(1, 257))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (mean_below[-1] * below - mean_below) ** 2 / (below * (1 - below))
    if np.isnan(variance).all():
        return 0.0
    largest = np.nanmax(variance)
    if not np.isfinite(largest):
        return 0.0
    return float(np.mean(np.flatnonzero(variance == largest)) / 255)
