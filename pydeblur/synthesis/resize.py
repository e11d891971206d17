"""Resizing with antialiasing, in single precision."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError


def resize(image, factor, filter="cubic"):
    """Resize an image; when it shrinks, low-pass filter it first (antialiasing).

    Parameters
    ----------
    image : (H, W) array_like
    factor : float
        New over old side, > 0; the new sides are rounded to the nearest integer, at least 1.
    filter : {"cubic", "linear", "box"}
        Interpolation kernel; stretched by 1/factor when the image shrinks.

    Returns
    -------
    (round(H * factor), round(W * factor)) float32 ndarray

    Raises
    ------
    InvalidInputError
        If the image isn't two-dimensional or the factor is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import resize
    >>> resize(np.array([[0.0, 1.0]]), 2, "linear").tolist()
    [[0.0, 0.25, 0.75, 1.0], [0.0, 0.25, 0.75, 1.0]]
    """
    image = np.asarray(image, np.float32)
    if image.ndim != 2:
        raise InvalidInputError(f"image should be (H, W), but has the shape {image.shape}.")
    if not factor > 0:
        raise InvalidInputError(f"factor should be positive, but is {factor}.")
    if factor == 1:
        return image
    sides = [max(1, int(np.floor(side * factor + 0.5))) for side in image.shape]
    rows, columns = (_resize_matrix(old, new, factor, filter) for old, new in zip(image.shape, sides))
    return np.ascontiguousarray((columns @ (rows @ image).T).T)


def _cubic(x):
    x = np.abs(x)
    inner = (1.5 * x - 2.5) * x**2 + 1
    outer = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0))


_FILTERS = {
    "cubic": (2.0, _cubic),
    "linear": (1.0, lambda x: np.maximum(0, 1 - np.abs(x))),
    "box": (0.5, lambda x: ((x >= -0.5) & (x < 0.5)).astype(float)),
}


@lru_cache(maxsize=256)
def _resize_matrix(old, new, factor, filter):
    """The sparse (new, old) matrix of a 1-D antialiased resize with replicated borders."""
    if filter not in _FILTERS:
        raise InvalidInputError(f"filter should be one of {', '.join(_FILTERS)}, but is {filter!r}.")
    radius, shape = _FILTERS[filter]
    stretch = max(1.0, 1.0 / factor)
    centre = (np.arange(new) + 0.5) / factor - 0.5
    first = np.floor(centre - radius * stretch).astype(int)
    taps = first[:, None] + np.arange(int(np.ceil(2 * radius * stretch)) + 2)
    weights = shape((taps - centre[:, None]) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(new), taps.shape[1])
    columns = np.clip(taps, 0, old - 1).ravel()
    return scipy.sparse.csr_matrix((weights.ravel().astype(np.float32), (rows, columns)), shape=(new, old))
