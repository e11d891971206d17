"""MATLAB's ``padarray``."""

import numbers

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import choice, numeric_array, size_pair

_METHODS = ("replicate", "symmetric", "circular")


def padarray(a, pad_size, method=0, direction="both"):
    """Pad the first two dimensions of an array, as MATLAB's ``padarray``.

    Parameters
    ----------
    a : (H, W[, C]) array_like
        The array.
    pad_size : (int, int)
        Rows and columns to add on each padded side, >= 0; may exceed the array's size.
    method : {"replicate", "symmetric", "circular"} or number
        Repeat the border, mirror with the border counted twice, continue periodically, or fill with the number.
    direction : {"both", "pre", "post"}
        Before and after the elements of a dimension, before only or after only.

    Returns
    -------
    ndarray
        (H + 2r, W + 2c[, C]), or (H + r, W + c[, C]) for one side; the dtype of `a`.

    Raises
    ------
    InvalidInputError
        When an argument is not one of the above, or an empty array is to be continued.

    Examples
    --------
    >>> from pydeblur.matlab import padarray
    >>> padarray([[1, 2, 3]], (0, 2), "symmetric").tolist()
    [[2, 1, 1, 2, 3, 3, 2]]
    >>> padarray([[1, 2, 3]], (0, 2), direction="post").tolist()
    [[1, 2, 3, 0, 0]]
    """
    a = numeric_array(a, "a", (2, 3))
    pad_size = size_pair(pad_size, "pad_size", minimum=0)
    choice(direction, "direction", ("both", "pre", "post"))
    before = (0, 0) if direction == "post" else pad_size
    after = (0, 0) if direction == "pre" else pad_size
    if isinstance(method, numbers.Number):
        widths = list(zip(before, after)) + [(0, 0)] * (a.ndim - 2)
        return np.pad(a, widths, constant_values=method)
    if not isinstance(method, str) or method not in _METHODS:
        raise InvalidInputError(f"method must be one of {', '.join(map(repr, _METHODS))} or a number, not {method!r}.")
    if 0 in a.shape[:2]:
        raise InvalidInputError(f"a must not be empty for the method {method!r}, but its shape is {a.shape}.")
    rows, columns = (_continued(n, p, q, method) for n, p, q in zip(a.shape, before, after))
    return a[rows[:, None], columns[None, :]]


def _continued(length, before, after, method):
    """Return the indices of one dimension's elements, continued by `before` and `after` ones."""
    index = np.arange(-before, length + after)
    if method == "replicate":
        return np.clip(index, 0, length - 1)
    if method == "circular":
        return index % length
    index = index % (2 * length)
    return np.where(index < length, index, 2 * length - 1 - index)
