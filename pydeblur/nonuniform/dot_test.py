"""The dot-test: whether one linear operator is the adjoint of another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def dot_test(
    forward: Callable[[np.ndarray], np.ndarray],
    adjoint: Callable[[np.ndarray], np.ndarray],
    shape_in: tuple[int, ...],
    shape_out: tuple[int, ...],
    rng=0,
) -> float:
    """Compare <A x, y> with <x, Aᵀ y> for random x and y.

    Parameters
    ----------
    forward, adjoint : callable
        A and Aᵀ: functions of an array that return an array.
    shape_in, shape_out : tuple of int
        The shapes that A takes and gives.
    rng : numpy.random.Generator or int
        Where x and y, of normal numbers, come from; an int is a seed.

    Returns
    -------
    float
        ``|<A x, y> - <x, Aᵀ y>|`` divided by the product of the norms of A x and y, or of x and Aᵀ y if that is larger:
        about 1e-15 for an exact adjoint in double precision, about 0.1 and more for a wrong one.

    Examples
    --------
    >>> matrix = np.arange(6.0).reshape(2, 3)
    >>> dot_test(lambda x: matrix @ x, lambda y: matrix.T @ y, (3,), (2,)) < 1e-15
    True
    >>> dot_test(lambda x: matrix @ x, lambda y: matrix.T @ y * 1.01, (3,), (2,)) > 1e-4
    True
    """
    rng = np.random.default_rng(rng)
    x, y = rng.standard_normal(shape_in), rng.standard_normal(shape_out)
    there, back = forward(x), adjoint(y)
    size = max(np.linalg.norm(there) * np.linalg.norm(y), np.linalg.norm(x) * np.linalg.norm(back))
    difference = abs(float(np.vdot(there, y)) - float(np.vdot(x, back)))
    return float(difference / size) if size else difference
