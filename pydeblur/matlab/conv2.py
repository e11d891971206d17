"""MATLAB's ``conv2``."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import choice, floating, numeric_array

_SHAPES = ("full", "same", "valid")
_BLOCK = 1 << 15  # output elements summed at a time, so that they stay in the processor's cache


def conv2(a, b, shape="full"):
    """Two-dimensional convolution by direct summation, as MATLAB's ``conv2``.

    The cost is a.size * b.size; for large kernels multiply spectra instead.

    Parameters
    ----------
    a : (Ma, Na) array_like
        The image.
    b : (Mb, Nb) array_like
        The kernel, which is flipped (a convolution, not a correlation).
    shape : {"full", "same", "valid"}
        "full": all of it, (Ma + Mb - 1, Na + Nb - 1). "same": its central part of the size of `a`, which starts at
        row floor(Mb / 2) and column floor(Nb / 2) (0-based) of the full one. "valid": the part that needs no
        padding, (max(Ma - Mb + 1, 0), max(Na - Nb + 1, 0)); it is empty when `b` is larger than `a`.

    Returns
    -------
    ndarray
        float32 if one of the two is float32 and neither is complex, as MATLAB's single; integers count as float64.

    Raises
    ------
    InvalidInputError
        When `a` or `b` is not 2-D, not numeric or empty, or `shape` is unknown.

    Examples
    --------
    >>> from pydeblur.matlab import conv2
    >>> conv2([[1, 2, 3]], [[1, -1]]).tolist()
    [[1.0, 1.0, 1.0, -3.0]]
    >>> conv2([[1, 2, 3]], [[1, -1]], "valid").tolist()
    [[1.0, 1.0]]
    """
    return _convolve(_operand(a, "a"), _operand(b, "b"), choice(shape, "shape", _SHAPES))


def conv2_separable(u, v, a, shape="full"):
    """Convolve the columns of `a` with `u`, then its rows with `v`: MATLAB's ``conv2(u, v, a, shape)``.

    Parameters
    ----------
    u : (M,) array_like
        Acts along the first dimension (down the columns). A row or column vector will do.
    v : (N,) array_like
        Acts along the second dimension.
    a : (Ma, Na) array_like
        The image.
    shape : {"full", "same", "valid"}
        As for `conv2` with the kernel ``outer(u, v)``.

    Returns
    -------
    ndarray
        As `conv2` returns.

    Raises
    ------
    InvalidInputError
        When `u` or `v` is not a vector, and as `conv2` does.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab import conv2_separable
    >>> conv2_separable([1, 1], [1, 2, 1], np.eye(3), "same").tolist()
    [[3.0, 3.0, 1.0], [1.0, 3.0, 3.0], [0.0, 1.0, 2.0]]
    """
    u, v = _vector(u, "u"), _vector(v, "v")
    choice(shape, "shape", _SHAPES)
    return _convolve(_convolve(_operand(a, "a"), u[:, None], shape), v[None, :], shape)


def _convolve(a, b, shape):
    a, b = _to_common_dtype(a, b)
    rows = _extent(a.shape[0], b.shape[0], shape)
    columns = _extent(a.shape[1], b.shape[1], shape)
    if b.size > a.size:  # convolution commutes; fewer, longer passes are faster
        a, b = b, a
    return _window_of_full(a, b, rows, columns)


def _operand(value, name):
    array = floating(numeric_array(value, name, (2,)))
    if array.size == 0:
        raise InvalidInputError(f"{name} must not be empty, but its shape is {array.shape}.")
    return array


def _vector(value, name):
    array = numeric_array(value, name)
    if array.size == 0 or array.size != max(array.shape, default=1):
        raise InvalidInputError(f"{name} must be a vector with at least one element, but its shape is {array.shape}.")
    return floating(array.ravel())


def _to_common_dtype(a, b):
    """Return both in MATLAB's result class: single as soon as one is single."""
    single = np.float32 in (a.real.dtype, b.real.dtype)
    dtype = np.dtype(np.float32 if single else np.float64)
    if "c" in (a.dtype.kind, b.dtype.kind):
        dtype = np.result_type(dtype, np.complex64)
    return a.astype(dtype, copy=False), b.astype(dtype, copy=False)


def _extent(na, nb, shape):
    """Return the first index (0-based, in the full result) and the number of elements of one dimension's result."""
    if shape == "full":
        return 0, na + nb - 1
    if shape == "same":
        return nb // 2, na
    return nb - 1, max(na - nb + 1, 0)


def _window_of_full(a, b, rows, columns):
    """Return the given window of the full convolution, block of rows by block of rows."""
    (row0, height), (col0, width) = rows, columns
    out = np.zeros((height, width), a.dtype)
    if out.size == 0:
        return out
    step = max(1, _BLOCK // width)
    product = np.empty((min(step, height), width), a.dtype)
    for top in range(0, height, step):
        block = out[top : top + step]
        _accumulate(block, a, b, row0 + top, col0, product)
    return out


def _accumulate(block, a, b, row0, col0, product):
    """Add to `block`, whose first element is (row0, col0) of the full convolution, what each element of `b` gives."""
    for i in range(b.shape[0]):
        to_row, from_row = _overlap(row0 - i, block.shape[0], a.shape[0])
        if from_row.stop <= from_row.start:
            continue
        for j in range(b.shape[1]):
            to_col, from_col = _overlap(col0 - j, block.shape[1], a.shape[1])
            if from_col.stop <= from_col.start:
                continue
            term = product[to_row, to_col]
            np.multiply(a[from_row, from_col], b[i, j], out=term)
            block[to_row, to_col] += term


def _overlap(first, count, length):
    """Return where ``first .. first + count - 1`` meets ``0 .. length - 1``, as a slice of either."""
    start, stop = max(first, 0), min(first + count, length)
    return slice(start - first, stop - first), slice(start, stop)
