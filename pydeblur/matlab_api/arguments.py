"""MATLAB's numbers as arguments: every number is a double, a scalar is a matrix 1 x 1, and a size is a row of doubles."""

from __future__ import annotations

import array

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.options import is_finite_number, shown


def number(value):
    """Take a number out of a matrix with one element, as MATLAB's scalars are.

    Parameters
    ----------
    value : object

    Returns
    -------
    object
        The element, where `value` is a numeric array, or a view of memory, with one; else `value` as it is.

    Examples
    --------
    >>> import numpy as np
    >>> number(np.array([[0.5]])), number(2), number("cg")
    (0.5, 2, 'cg')
    """
    if isinstance(value, (np.ndarray, array.array, memoryview)):
        values = np.asarray(value)
        if values.size == 1 and values.dtype.kind in "fiub":
            return values.item()
    return value


def whole(value):
    """Make a whole number of a float that is one, as all of MATLAB's numbers are.

    Parameters
    ----------
    value : object

    Returns
    -------
    object
        An int, where `value` is a float without a fraction; else `value` as it is.

    Examples
    --------
    >>> whole(25.0), whole(2.5), whole("cg")
    (25, 2.5, 'cg')
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number_from(low: float, value, name: str) -> float:
    """Return a number that has a lower bound.

    Parameters
    ----------
    low : float
    value : object
        As :func:`number` takes it.
    name : str
        What the message calls it.

    Returns
    -------
    float

    Raises
    ------
    InvalidOptionError
        If it is no finite number, or less than `low`.

    Examples
    --------
    >>> number_from(0, 2, "weight")
    2.0
    """
    found = number(value)
    if not (is_finite_number(found) and found >= low):
        raise InvalidOptionError(f"{name} should be a number of at least {low:g}, but is {shown(found)}")
    return float(found)


def matrix_size(value, name: str) -> tuple[int, int]:
    """Return (rows, columns) of one number or of MATLAB's size vector, whose further entries don't count.

    Parameters
    ----------
    value : int, float or array_like
    name : str
        What the message calls it.

    Returns
    -------
    (int, int)

    Raises
    ------
    InvalidInputError
        If it holds anything but whole numbers of at least 1.

    Examples
    --------
    >>> matrix_size(25.0, "psf_size"), matrix_size([[25.0, 31.0]], "psf_size")
    ((25, 25), (25, 31))
    """
    sizes = whole_numbers(value, name).ravel()
    return int(sizes[0]), int(sizes[min(1, sizes.size - 1)])


def whole_numbers(value, name: str) -> np.ndarray:
    """Return whole numbers of at least 1, whatever their type.

    Parameters
    ----------
    value : array_like
    name : str
        What the message calls them.

    Returns
    -------
    ndarray
        Of the shape of `value`, with its dtype.

    Raises
    ------
    InvalidInputError
        If it holds anything else, or nothing.

    Examples
    --------
    >>> whole_numbers([[3.0, 5.0]], "n").tolist()
    [[3.0, 5.0]]
    """
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows that differ in length
        numbers = np.empty(0)
    good = numbers.dtype.kind in "iuf" and numbers.size and np.all(np.isfinite(numbers) & (numbers >= 1))
    if not good or np.any(numbers % 1):
        raise InvalidInputError(f"{name} should be whole numbers of at least 1, but is {shown(value)}")
    return numbers
