"""MATLAB's ``histc``."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import real_array


def histc(x, edges):
    """Count the elements of `x` in each bin ``edges[k] <= x < edges[k + 1]``; the last bin counts ``x == edges[-1]``.

    Parameters
    ----------
    x : array_like
        Real, any shape; all its elements are counted together (MATLAB's ``histc(x(:), edges)``). NaN and what lies
        outside the edges is not counted.
    edges : (K,) array_like
        Non-decreasing, without NaN.

    Returns
    -------
    (K,) ndarray of int64
        Counts.

    Raises
    ------
    InvalidInputError
        When an argument is not real and numeric, or `edges` is empty, not a vector or decreases.

    Examples
    --------
    >>> from pydeblur.matlab import histc
    >>> histc([0.5, 1.0, 1.5, 2.0, 9.0], [0, 1, 2]).tolist()
    [1, 2, 1]
    """
    x = real_array(x, "x").ravel()
    edges = real_array(edges, "edges", (1,))
    if edges.size == 0 or not (np.all(edges[1:] >= edges[:-1]) and edges[0] == edges[0]):
        raise InvalidInputError("edges must be a non-empty vector that never decreases and holds no NaN.")
    x = x[(x >= edges[0]) & (x <= edges[-1])]
    bins = np.searchsorted(edges, x, side="right") - 1
    return np.bincount(bins, minlength=edges.size).astype(np.int64, copy=False)
