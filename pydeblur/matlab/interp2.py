"""MATLAB's ``interp2`` (linear)."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import floating, real_array


def interp2(x, y, v, xq, yq):
    """Interpolate gridded values linearly, as MATLAB's ``interp2(X, Y, V, Xq, Yq)``; NaN outside the grid.

    Parameters
    ----------
    x : (N,) or (M, N) array_like
        The columns' coordinates, strictly monotonic; a ``meshgrid`` will do.
    y : (M,) or (M, N) array_like
        The rows' coordinates, likewise.
    v : (M, N) array_like
        Values at (y, x); at least 2 × 2.
    xq, yq : array_like
        Points, broadcast against each other: ``xq`` of shape (1, n) or (n,) and ``yq`` of shape (m, 1) make a grid,
        as a row and a column do in MATLAB.

    Returns
    -------
    ndarray
        The points' broadcast shape; float32 if `v` is float32, else float64. A point exactly on the last grid line
        is inside; points outside, and NaN points, give NaN.

    Raises
    ------
    InvalidInputError
        When the shapes don't fit one another or a coordinate is not strictly monotonic.

    Examples
    --------
    >>> from pydeblur.matlab import interp2
    >>> interp2([0, 10], [0, 1], [[0.0, 1.0], [2.0, 3.0]], [5, 20], [0.5, 0]).tolist()
    [1.5, nan]
    """
    v = floating(real_array(v, "v", (2,)))
    if min(v.shape) < 2:
        raise InvalidInputError(f"v must be at least 2 x 2, but its shape is {v.shape}.")
    x, v = _increasing(_grid_vector(x, "x", 1, v.shape), v, 1, "x")
    y, v = _increasing(_grid_vector(y, "y", 0, v.shape), v, 0, "y")
    xq = real_array(xq, "xq").astype(np.float64)
    yq = real_array(yq, "yq").astype(np.float64)
    try:
        np.broadcast_shapes(xq.shape, yq.shape)
    except ValueError as error:
        raise InvalidInputError(f"xq and yq must fit each other, but they are {xq.shape} and {yq.shape}.") from error
    column, across = _locate(x, xq)
    row, down = _locate(y, yq)
    top = v[row, column] * (1 - across) + v[row, column + 1] * across
    bottom = v[row + 1, column] * (1 - across) + v[row + 1, column + 1] * across
    return np.asarray(top * (1 - down) + bottom * down).astype(v.dtype, copy=False)


def interp2_grid(v, xq, yq):
    """Interpolate linearly on the grid of 1-based pixel coordinates: MATLAB's ``interp2(V, Xq, Yq)``.

    Parameters
    ----------
    v : (M, N) array_like
        Values at rows 1 … M and columns 1 … N.
    xq, yq : array_like
        1-based columns and rows, as in `interp2`.

    Returns
    -------
    ndarray
        The same as from `interp2`.

    Raises
    ------
    InvalidInputError
        As `interp2`.

    Examples
    --------
    >>> from pydeblur.matlab import interp2_grid
    >>> interp2_grid([[0.0, 1.0], [2.0, 3.0]], 1.5, 2).tolist()
    2.5
    """
    v = real_array(v, "v", (2,))
    return interp2(np.arange(1.0, v.shape[1] + 1), np.arange(1.0, v.shape[0] + 1), v, xq, yq)


def _grid_vector(value, name, axis, shape):
    """Return the coordinates along one dimension of `v`, from a vector or from a meshgrid."""
    array = real_array(value, name).astype(np.float64)
    if array.ndim == 2 and array.shape == shape:
        vector = array[0] if axis == 1 else array[:, 0]
        if not np.array_equal(array, np.broadcast_to(vector if axis == 1 else vector[:, None], shape)):
            raise InvalidInputError(f"{name} must be a vector or a meshgrid, but its rows or columns differ.")
        return vector
    if array.size != max(array.shape, default=0) or array.size != shape[axis]:
        raise InvalidInputError(
            f"{name} must hold one coordinate for each of the {shape[axis]} {('rows', 'columns')[axis]} of v, "
            f"but its shape is {array.shape}."
        )
    return array.ravel()


def _increasing(vector, v, axis, name):
    """Return the coordinates and the values in increasing order of the coordinates."""
    steps = np.diff(vector)
    if (steps > 0).all():
        return vector, v
    if (steps < 0).all():
        return vector[::-1], np.flip(v, axis)
    raise InvalidInputError(f"{name} must be strictly monotonic.")


def _locate(grid, points):
    """Return each point's grid interval and its place in it, in [0, 1]; NaN outside the grid."""
    interval = np.clip(np.searchsorted(grid, points, side="right") - 1, 0, grid.size - 2)
    place = (points - grid[interval]) / (grid[interval + 1] - grid[interval])
    inside = (points >= grid[0]) & (points <= grid[-1])
    return interval, np.where(inside, place, np.nan)
