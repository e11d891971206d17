"""padarray against index arithmetic in loops and NumPy's pad."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import padarray

NUMPY_MODES = {"replicate": "edge", "symmetric": "symmetric", "circular": "wrap"}


def source(i, n, method):
    """Walk from index i into 0 … n - 1, one reflection, period or border at a time."""
    while not 0 <= i < n:
        if method == "replicate":
            i += 1 if i < 0 else -1
        elif method == "circular":
            i += n if i < 0 else -n
        else:
            i = -1 - i if i < 0 else 2 * n - 1 - i
    return i


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(list(NUMPY_MODES)),
    st.sampled_from(["both", "pre", "post"]),
)
def test_matches_the_definition(shape, pad, method, direction):
    a = np.arange(np.prod(shape)).reshape(shape)
    before = (0, 0) if direction == "post" else pad
    after = (0, 0) if direction == "pre" else pad
    rows, columns = ([source(i, n, method) for i in range(-p, n + q)] for n, p, q in zip(shape, before, after))
    np.testing.assert_array_equal(padarray(a, pad, method, direction), [[a[i, j] for j in columns] for i in rows])


@pytest.mark.parametrize("method", NUMPY_MODES)
def test_numpy_agrees_on_colour(method, rng):
    a = rng.random((6, 7, 3))
    expected = np.pad(a, ((4, 4), (5, 5), (0, 0)), mode=NUMPY_MODES[method])
    np.testing.assert_array_equal(padarray(a, (4, 5), method), expected)


def test_matlab_documented_examples():
    """The documentation's padarray examples: replicate after, zeros before."""
    np.testing.assert_array_equal(padarray([[1, 2], [3, 4]], (3, 2), "replicate", "post")[:, 0], [1, 3, 3, 3, 3])
    np.testing.assert_array_equal(
        padarray([[1, 3, 4], [2, 3, 4], [3, 4, 5]], (0, 3), "symmetric", "pre"),
        [[4, 3, 1, 1, 3, 4], [4, 3, 2, 2, 3, 4], [5, 4, 3, 3, 4, 5]],
    )


@pytest.mark.parametrize("value", [0, 7, -1.5])
@pytest.mark.parametrize("direction, corner", [("both", (2, 1)), ("pre", (2, 1)), ("post", (0, 0))])
def test_constant(value, direction, corner):
    a = np.arange(1.0, 7).reshape(2, 3)
    result = padarray(a, (2, 1), value, direction)
    assert result.shape == ((6, 5) if direction == "both" else (4, 4))
    inner = result[corner[0] : corner[0] + 2, corner[1] : corner[1] + 3]
    np.testing.assert_array_equal(inner, a)
    assert (result == value).sum() == result.size - 6


def test_zeros_by_default_and_dtype_stays():
    result = padarray(np.ones((1, 1), np.uint8), (1, 1))
    assert result.dtype == np.uint8 and result.sum() == 1 and result.shape == (3, 3)


@pytest.mark.parametrize("method", [*NUMPY_MODES, 0])
def test_result_is_a_copy(method):
    a = np.ones((2, 2))
    padarray(a, (0, 0), method)[:] = 5
    assert (a == 1).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.ones(3), (1, 1)), "a must be 2-D or 3-D"),
        ((np.ones((3, 3)), 1), "pad_size must be two whole numbers"),
        ((np.ones((3, 3)), (1, -1)), "pad_size must be two whole numbers"),
        ((np.ones((3, 3)), (1, 1), "reflect"), "method must be one of"),
        ((np.ones((3, 3)), (1, 1), None), "method must be one of"),
        ((np.ones((3, 3)), (1, 1), 0, "after"), "direction must be one of"),
        ((np.ones((0, 3)), (1, 1), "replicate"), "a must not be empty"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        padarray(*arguments)
