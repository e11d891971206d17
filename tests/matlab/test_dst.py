"""dst and idst against the sine sums themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import dst, idst


def sine_matrix(n):
    k = np.arange(1, n + 1)
    return np.sin(np.pi * np.outer(k, k) / (n + 1))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(2, 5))
def test_is_the_sine_sum_down_the_columns(n, columns):
    x = np.random.default_rng(n).normal(size=(n, columns))
    axis = 0 if n > 1 else 1  # a single row is transformed along the row
    expected = sine_matrix(n) @ x if n > 1 else x @ sine_matrix(columns)
    np.testing.assert_allclose(dst(x), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(idst(x), expected * 2 / (x.shape[axis] + 1), rtol=0, atol=1e-12)
    np.testing.assert_allclose(idst(dst(x)), x, rtol=0, atol=1e-12)


def test_sine_becomes_one_line():
    n = np.arange(1, 10)
    np.testing.assert_allclose(dst(np.sin(np.pi * 3 * n / 10)), [0, 0, 5, 0, 0, 0, 0, 0, 0], rtol=0, atol=1e-14)


def test_ones_have_the_closed_form():
    """The sum of sin(pi k n / (N + 1)) over n is cot(pi k / (2 (N + 1))) for odd k, else 0."""
    k = np.arange(1, 8)
    expected = np.where(k % 2 == 1, 1 / np.tan(np.pi * k / 16), 0)
    np.testing.assert_allclose(dst(np.ones(7)), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape, axis", [((1, 6), 1), ((6, 1), 0), ((6,), 0), ((1, 1, 5), 2), ((1, 1), 0), ((1,), 0)])
def test_first_dimension_that_is_longer_than_one(shape, axis, rng):
    x = rng.normal(size=shape)
    expected = (sine_matrix(x.size) @ x.ravel()).reshape(shape)
    np.testing.assert_allclose(dst(x), expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(dst(x), dst(x, axis=axis), rtol=1e-13)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_axis(axis, rng):
    x = rng.normal(size=(4, 6))
    expected = sine_matrix(4) @ x if axis == 0 else x @ sine_matrix(6)
    np.testing.assert_allclose(dst(x, axis=axis), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(idst(expected, axis=axis), x, rtol=0, atol=1e-13)


def test_float32_stays_float32(rng):
    x = rng.normal(size=(9, 3))
    for transform in (dst, idst):
        single = transform(x.astype(np.float32))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, transform(x), rtol=0, atol=1e-5)
        assert transform(np.arange(5)).dtype == np.float64


def test_workers_do_not_change_the_result(rng):
    x = rng.normal(size=(50, 60))
    np.testing.assert_array_equal(dst(x, workers=2), dst(x))
    np.testing.assert_array_equal(idst(x, axis=1, workers=2), idst(x, axis=1))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: dst([]), "x must be an array with at least one element"),
        (lambda: idst(3.0), "x must be an array with at least one element"),
        (lambda: dst([1j, 2]), "x must be real"),
        (lambda: dst(np.ones((2, 2)), axis=2), "axis must be a dimension of x"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
