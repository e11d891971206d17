"""interp2 against bilinear functions, its definition in loops, SciPy and Octave."""

import numpy as np
import pytest
import scipy.interpolate
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import interp2, interp2_grid

V = np.array([[1.0, 2, 4], [10, 20, 40]])


def by_definition(x, y, v, xq, yq):
    """One point: the mean of the four corners, weighted by the areas opposite."""
    if not (x[0] <= xq <= x[-1] and y[0] <= yq <= y[-1]):
        return np.nan
    j = max(k for k in range(len(x) - 1) if x[k] <= xq)
    i = max(k for k in range(len(y) - 1) if y[k] <= yq)
    area = (x[j + 1] - x[j]) * (y[i + 1] - y[i])
    left, right = xq - x[j], x[j + 1] - xq
    above, below = yq - y[i], y[i + 1] - yq
    corners = v[i, j] * right * below + v[i, j + 1] * left * below + v[i + 1, j] * right * above
    return (corners + v[i + 1, j + 1] * left * above) / area


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 999), st.booleans())
def test_matches_the_definition(m, n, seed, uniform):
    rng = np.random.default_rng(seed)
    x = np.arange(1.0, n + 1) if uniform else np.cumsum(rng.uniform(0.1, 2, n))
    y = np.arange(1.0, m + 1) if uniform else np.cumsum(rng.uniform(0.1, 2, m))
    v = rng.normal(size=(m, n))
    xq = np.concatenate([rng.uniform(x[0] - 1, x[-1] + 1, 20), x])
    yq = np.concatenate([rng.uniform(y[0] - 1, y[-1] + 1, 20), rng.choice(y, n)])
    expected = [by_definition(x, y, v, a, b) for a, b in zip(xq, yq)]
    np.testing.assert_allclose(interp2(x, y, v, xq, yq), expected, rtol=0, atol=1e-13)
    if uniform:
        np.testing.assert_allclose(interp2_grid(v, xq, yq), expected, rtol=0, atol=1e-13)


def test_bilinear_functions_are_exact(rng):
    x, y = np.cumsum(rng.random(8)), np.cumsum(rng.random(9))
    xq, yq = rng.uniform(x[0], x[-1], (4, 5)), rng.uniform(y[0], y[-1], (4, 5))
    v = 2 + 3 * x - 5 * y[:, None] + 7 * x * y[:, None]
    np.testing.assert_allclose(interp2(x, y, v, xq, yq), 2 + 3 * xq - 5 * yq + 7 * xq * yq, rtol=1e-12)


def test_scipy_agrees(rng):
    x, y = np.cumsum(rng.random(20)), np.cumsum(rng.random(30))
    v = rng.normal(size=(30, 20))
    xq, yq = rng.uniform(x[0] - 0.5, x[-1] + 0.5, 500), rng.uniform(y[0] - 0.5, y[-1] + 0.5, 500)
    theirs = scipy.interpolate.RegularGridInterpolator((y, x), v, bounds_error=False)(np.stack([yq, xq], -1))
    assert 0 < np.isnan(theirs).sum() < 300
    np.testing.assert_allclose(interp2(x, y, v, xq, yq), theirs, rtol=0, atol=1e-12)


def test_known_values():
    np.testing.assert_allclose(interp2_grid(V, [1.5, 2.25, 3], [1, 1.5, 1.75]), [1.5, 13.75, 31], rtol=1e-13)


def test_points_on_the_last_grid_lines_are_inside():
    np.testing.assert_array_equal(interp2_grid(V, [3, 3, 1, 2.5], [1, 2, 2, 2]), [4, 40, 10, 30])


def test_the_least_step_outside_gives_nan():
    inside = interp2_grid(V, [np.nextafter(1, 2), np.nextafter(3, 2)], [np.nextafter(1, 2), np.nextafter(2, 1)])
    assert np.isfinite(inside).all()
    outside = [(np.nextafter(1, 0), 1), (np.nextafter(3, 4), 1), (1, np.nextafter(1, 0)), (1, np.nextafter(2, 3))]
    xq, yq = np.array(outside).T
    assert np.isnan(interp2_grid(V, xq, yq)).all()


def test_nan_points_and_infinities_give_nan():
    assert np.isnan(interp2_grid(V, [np.nan, 2, np.inf, -np.inf], [1, np.nan, 1, 1])).all()


def test_row_and_column_make_a_grid():
    xq, yq = np.array([[1, 1.5, 3]]), np.array([[1.0], [2.0]])
    result = interp2_grid(V, xq, yq)
    assert result.shape == (2, 3)
    np.testing.assert_allclose(result, [[1, 1.5, 4], [10, 15, 40]], rtol=1e-13)
    np.testing.assert_array_equal(interp2_grid(V, xq.ravel(), yq), result)


def test_meshgrid_arguments(rng):
    x, y, v = np.cumsum(rng.random(4)), np.cumsum(rng.random(5)), rng.random((5, 4))
    xq, yq = rng.uniform(x[0], x[-1], 9), rng.uniform(y[0], y[-1], 9)
    np.testing.assert_array_equal(interp2(*np.meshgrid(x, y), v, xq, yq), interp2(x, y, v, xq, yq))
    np.testing.assert_array_equal(interp2(x[None, :], y[:, None], v, xq, yq), interp2(x, y, v, xq, yq))


def test_decreasing_grids(rng):
    x, y, v = np.array([3.0, 2, 0]), np.array([5.0, 1]), rng.random((2, 3))
    xq, yq = rng.uniform(-1, 4, 50), rng.uniform(0, 6, 50)
    expected = interp2(x[::-1], y[::-1], v[::-1, ::-1], xq, yq)
    np.testing.assert_array_equal(interp2(x, y, v, xq, yq), expected)


def test_float32_values_stay_float32(rng):
    v = rng.random((5, 5))
    result = interp2_grid(v.astype(np.float32), [1.3, 2.7], [2.2, 4.9])
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, interp2_grid(v, [1.3, 2.7], [2.2, 4.9]), rtol=1e-6)
    assert interp2_grid(np.eye(3, dtype=int), 1.5, 1.5).dtype == np.float64


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([1, 2, 3], [1, 2], np.ones(3), 1, 1), "v must be 2-D"),
        (([1], [1, 2], np.ones((2, 1)), 1, 1), "v must be at least 2 x 2"),
        (([1, 2], [1, 2], V, 1, 1), "x must hold one coordinate for each of the 3 columns"),
        (([1, 2, 3], [1, 2, 3], V, 1, 1), "y must hold one coordinate for each of the 2 rows"),
        (([1, 3, 2], [1, 2], V, 1, 1), "x must be strictly monotonic"),
        (([1, 2, 3], [2, 2], V, 1, 1), "y must be strictly monotonic"),
        (([1, 2, np.nan], [1, 2], V, 1, 1), "x must be strictly monotonic"),
        ((V, [1, 2], V, 1, 1), "x must be a vector or a meshgrid"),
        (([1, 2, 3], [1, 2], V, np.ones(3), np.ones(4)), "xq and yq must fit"),
        (([1, 2, 3], [1, 2], V, "a", 1), "xq must be a numeric array"),
        (([1, 2, 3], [1, 2], V * 1j, 1, 1), "v must be real"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        interp2(*arguments)


@pytest.mark.octave
def test_octave_agrees(octave, rng):
    """Octave's interp2 gives NA outside, a NaN with a payload; inside it is MATLAB's."""
    v = rng.normal(size=(11, 13))
    ret = np.sqrt(0.5)
    xq, yq = np.arange(1, 13 + 1e-9, 1 / ret), np.arange(1, 11 + 1e-9, 1 / ret)
    x, y = np.cumsum(rng.random(13)), np.cumsum(rng.random(11))
    xs, ys = rng.uniform(x[0] - 0.1, x[-1] + 0.1, 60), rng.uniform(y[0] - 0.1, y[-1] + 0.1, 60)
    code = "a = interp2(v, xq, yq', 'linear'); b = interp2(x, y, v, xs, ys, 'linear');"
    theirs = octave(code, "a", "b", v=v, xq=xq, yq=yq, x=x, y=y, xs=xs, ys=ys)
    np.testing.assert_allclose(interp2_grid(v, xq, yq[:, None]), theirs["a"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(interp2(x, y, v, xs, ys), theirs["b"].ravel(), rtol=0, atol=1e-12)
