"""MATLAB's ``dst`` and ``idst``: the discrete sine transform of type I."""

import scipy

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import floating, real_array


def dst(x, axis=None, workers=None):
    """Return the unscaled DST-I, ``y[k] = sum_n x[n] sin(pi k n / (N + 1))`` for k, n = 1 … N.

    Parameters
    ----------
    x : array_like
        Real, not empty.
    axis : int, optional
        Dimension to transform; the first that is longer than 1 by default, as in MATLAB (columns of a matrix).
    workers : int, optional
        Threads, as in `scipy.fft`.

    Returns
    -------
    ndarray
        The shape of `x`; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        When `x` is empty or not real and numeric, or has no such axis.

    Examples
    --------
    >>> from pydeblur.matlab import dst
    >>> dst([1.0, 0.0, 0.0]).round(3).tolist()
    [0.707, 1.0, 0.707]
    """
    x, axis = _operand(x, axis)
    return scipy.fft.dst(x, type=1, axis=axis, workers=workers) * x.dtype.type(0.5)


def idst(x, axis=None, workers=None):
    """Return the inverse of `dst`: the same sum, multiplied by 2 / (N + 1).

    Parameters
    ----------
    x, axis, workers
        As for `dst`.

    Returns
    -------
    ndarray
        The shape of `x`; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        As `dst`.

    Examples
    --------
    >>> from pydeblur.matlab import dst, idst
    >>> idst(dst([1.0, 2.0, 3.0])).round(12).tolist()
    [1.0, 2.0, 3.0]
    """
    x, axis = _operand(x, axis)
    return scipy.fft.dst(x, type=1, axis=axis, workers=workers) * x.dtype.type(1 / (x.shape[axis] + 1))


def _operand(x, axis):
    x = floating(real_array(x, "x"))
    if x.size == 0 or x.ndim == 0:
        raise InvalidInputError(f"x must be an array with at least one element, but its shape is {x.shape}.")
    if axis is None:
        return x, next((d for d, n in enumerate(x.shape) if n > 1), 0)
    if not -x.ndim <= axis < x.ndim:
        raise InvalidInputError(f"axis must be a dimension of x, which has {x.ndim}, but it is {axis!r}.")
    return x, axis
