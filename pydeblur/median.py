"""A median filter for outliers, which every later step would else take for structure (Fig. 14 of the paper)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from pydeblur.errors import InvalidOptionError
from pydeblur.solver.options import is_integer


def check_median(size) -> None:
    """Check a window size.

    Raises
    ------
    InvalidOptionError
        If it is neither 0 or 1 (no filter) nor an odd whole number of at least 3.
    """
    if not is_integer(size) or size < 0 or (size > 1 and size % 2 == 0):
        raise InvalidOptionError(f"median should be 0, 1 or an odd whole number of at least 3, but is {size!r}")


def median_filtered(image: np.ndarray, size: int) -> np.ndarray:
    """Each pixel replaced by the median of the window around it, each channel for itself, the border replicated.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
    size : int
        Side of the square window: odd, at least 3; 0 and 1 return the image as it is.

    Returns
    -------
    ndarray of the image's shape and dtype

    Raises
    ------
    InvalidOptionError
        As `check_median`.
    """
    check_median(size)
    if size <= 1:
        return image
    return median_filter(image, size=(size, size) + (1,) * (image.ndim - 2), mode="nearest")
