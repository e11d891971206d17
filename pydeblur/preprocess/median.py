"""A median filter for outliers, which every later step would else take for structure (Fig. 14 of the paper)."""

from __future__ import annotations

import numpy as np
import scipy

from pydeblur.errors import InvalidOptionError
from pydeblur.options import is_integer, shown

#: The time that the filter takes grows with its window, and nothing of a picture is left behind a larger one.
_LARGEST_WINDOW = 99


def check_median(size, shape: tuple[int, int] | None = None) -> None:
    """Check the size of a median filter's window.

    Parameters
    ----------
    size : object
        What the caller gave.
    shape : (int, int), optional
        Height and width of the image, neither of which the window may exceed.

    Raises
    ------
    InvalidOptionError
        If it is neither 0 or 1 (no filter) nor an odd whole number of at least 3, or larger than the image or than 99.

    Examples
    --------
    >>> check_median(3)
    >>> check_median(4)
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: median should be 0, 1 or an odd whole number of at least 3, but is 4
    """
    if not is_integer(size) or size < 0 or (size > 1 and size % 2 == 0):
        raise InvalidOptionError(f"median should be 0, 1 or an odd whole number of at least 3, but is {shown(size)}")
    largest = _LARGEST_WINDOW if shape is None else min(_LARGEST_WINDOW, *shape)
    if size > max(largest, 1):
        raise InvalidOptionError(f"median should be at most {largest} for this image, but is {shown(size)}")


def median_filtered(image: np.ndarray, size: int) -> np.ndarray:
    """Replace each pixel by the median of the window around it.

    Each channel is filtered for itself, and the border is replicated.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
    size : int
        Side of the square window: odd, at least 3, no larger than the image and at most 99; 0 and 1 return the image as it is.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        Of the image's dtype.

    Raises
    ------
    InvalidOptionError
        If `size` is something else, see :func:`check_median`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 5))
    >>> image[2, 2] = 1.0
    >>> median_filtered(image, 3).max().item()
    0.0
    """
    check_median(size, image.shape[:2])
    if size <= 1:
        return image
    return scipy.ndimage.median_filter(image, size=(size, size) + (1,) * (image.ndim - 2), mode="nearest")
