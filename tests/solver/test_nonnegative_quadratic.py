"""Quadratic programmes with nothing negative against SciPy's non-negative least squares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import LinAlgError
from scipy.optimize import nnls

from pydeblur.solver.nonnegative_quadratic import nonnegative_minimum

seeds = st.integers(0, 2**32 - 1)


@given(st.integers(1, 30), seeds, st.sampled_from([0.0, 0.9, 3.0]), st.booleans())
def test_it_is_the_non_negative_least_squares_solution(count, seed, common, from_a_point):
    rng = np.random.default_rng(seed)
    # A common part makes the columns alike, and the problem ill-conditioned.
    factor = rng.standard_normal((count + 5, count)) + common * rng.standard_normal((count + 5, 1))
    data = rng.standard_normal(count + 5)
    start = rng.standard_normal(count) if from_a_point else None
    found = nonnegative_minimum(factor.T @ factor, factor.T @ data, start)
    expected, _ = nnls(factor, data)
    np.testing.assert_allclose(found, expected, atol=1e-6 * max(1, np.abs(expected).max()))
    assert found.min() >= 0


def test_nothing_but_zero_where_every_slope_is_upward():
    assert nonnegative_minimum(np.eye(3), -np.ones(3)).tolist() == [0, 0, 0]


def test_a_matrix_that_is_not_positive_definite_is_an_error():
    with pytest.raises(LinAlgError, match="^the matrix is not positive definite$"):
        nonnegative_minimum(np.diag([1.0, -1.0]), np.ones(2))
