"""Quadratic programmes with the one constraint that nothing is negative."""

from __future__ import annotations

import numpy as np
import scipy

#: So often all wrong elements change sides although they became no fewer; then one at a time, which can't go on forever.
_PATIENCE = 3
_TOLERANCE = 1e-12


def nonnegative_minimum(matrix: np.ndarray, vector: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """Minimise kᵀAk / 2 - bᵀk over k >= 0, exactly up to rounding.

    The elements that are 0 and those that are free change sides in blocks until none is wrong (block principal pivoting,
    Portugal, Judice and Vicente 1994). SciPy's ``nnls`` lets in one element at a time, which takes hundreds of
    factorisations for a kernel.

    Parameters
    ----------
    matrix : (N, N) ndarray
        A, symmetric and positive definite.
    vector : (N,) ndarray
        b.
    start : (N,) ndarray, optional
        A point whose positive elements are free at first; by default all are.

    Returns
    -------
    (N,) ndarray

    Raises
    ------
    scipy.linalg.LinAlgError
        If A is not positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> nonnegative_minimum(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([2.0, -1.0])).round(9).tolist()
    [1.0, 0.0]
    """
    free = np.ones(vector.size, bool) if start is None else start > 0
    tolerance = _TOLERANCE * float(np.abs(vector).max())
    fewest, patience = vector.size + 1, _PATIENCE
    while True:
        point = _minimum_of_free(matrix, vector, free)
        gradient = matrix @ point - vector
        wrong = np.where(free, point < 0, gradient < -tolerance)
        count = int(np.count_nonzero(wrong))
        if count == 0:
            return point
        if count < fewest:
            fewest, patience = count, _PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
        free = free ^ wrong


def _minimum_of_free(matrix, vector, free):
    point = np.zeros(vector.size)
    numbers = np.flatnonzero(free)
    if numbers.size:
        try:
            factor = scipy.linalg.cho_factor(matrix[np.ix_(numbers, numbers)], overwrite_a=True, check_finite=False)
        except scipy.linalg.LinAlgError:
            raise scipy.linalg.LinAlgError("the matrix is not positive definite") from None
        point[numbers] = scipy.linalg.cho_solve(factor, vector[numbers], check_finite=False)
    return point
