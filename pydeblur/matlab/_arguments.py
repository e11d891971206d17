"""Checks that the MATLAB built-ins share: an argument becomes the array or the size it should be, or an error."""

import numpy as np

from pydeblur.errors import InvalidInputError


def real_array(value, name, ndims=None):
    """Return `value` as a real numeric (or bool) array of one of the allowed numbers of dimensions.

    Parameters
    ----------
    value : array_like
        What the caller gave.
    name : str
        The argument's name, for the message.
    ndims : tuple of int, optional
        Allowed numbers of dimensions; any when left out.

    Returns
    -------
    ndarray
        The same data, not copied where it already was an array.

    Raises
    ------
    InvalidInputError
        When it is not numeric, is complex, or has another number of dimensions.
    """
    array = numeric_array(value, name, ndims)
    if array.dtype.kind == "c":
        raise InvalidInputError(f"{name} must be real, but it is complex.")
    return array


def numeric_array(value, name, ndims=None):
    """Return `value` as a numeric (or bool) array, real or complex; otherwise as `real_array`."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidInputError(f"{name} must be a numeric array, but its rows differ in length.") from error
    if array.dtype.kind not in "biufc":
        raise InvalidInputError(f"{name} must be a numeric array, but its dtype is {array.dtype}.")
    if ndims is not None and array.ndim not in ndims:
        allowed = " or ".join(f"{n}-D" for n in ndims)
        raise InvalidInputError(f"{name} must be {allowed}, but its shape is {array.shape}.")
    return array


def floating(array):
    """Return the array in its own floating dtype, or in float64 where it holds integers or booleans."""
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def size_pair(value, name, minimum=1):
    """Return `value` as a tuple (rows, columns) of ints, each at least `minimum`, or raise `InvalidInputError`."""
    try:
        pair = tuple(value)
        sizes = tuple(int(n) for n in pair)
        whole = len(pair) == 2 and all(n == m for n, m in zip(sizes, pair))
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or min(sizes) < minimum:
        raise InvalidInputError(f"{name} must be two whole numbers (rows, columns) >= {minimum}, but it is {value!r}.")
    return sizes


def choice(value, name, allowed):
    """Return `value` if it is one of the strings in `allowed`, or raise `InvalidInputError`."""
    if not isinstance(value, str) or value not in allowed:
        raise InvalidInputError(f"{name} must be one of {', '.join(map(repr, allowed))}, but it is {value!r}.")
    return value


def finite_number(value, name, positive=False):
    """Return `value` as a float if it is a finite real number (above 0 if `positive`), or raise `InvalidInputError`."""
    scalar = np.asarray(value) if np.ndim(value) == 0 else None
    number = float(scalar) if scalar is not None and scalar.dtype.kind in "iuf" else np.nan
    if not np.isfinite(number) or (positive and number <= 0):
        kind = "positive finite" if positive else "finite"
        raise InvalidInputError(f"{name} must be a {kind} number, but it is {value!r}.")
    return number
