"""conv2 against its definition in plain loops, integer arithmetic, SciPy and Octave."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import conv2, conv2_separable

MAGIC4 = np.array([[16, 2, 3, 13], [5, 11, 10, 8], [9, 7, 6, 12], [4, 14, 15, 1]])
SHAPES = ("full", "same", "valid")


def full_by_definition(a, b):
    out = np.zeros((a.shape[0] + b.shape[0] - 1, a.shape[1] + b.shape[1] - 1), np.result_type(a, b))
    for i, j in np.ndindex(a.shape):
        for m, n in np.ndindex(b.shape):
            out[i + m, j + n] += a[i, j] * b[m, n]
    return out


def by_definition(a, b, shape):
    """MATLAB's documentation: 'same' is the central part, which starts at ceil((size(b) + 1) / 2) of 1-based rows."""
    full = full_by_definition(a, b)
    if shape == "full":
        return full
    if shape == "same":
        first = [int(np.ceil((n + 1) / 2)) - 1 for n in b.shape]
        return full[first[0] : first[0] + a.shape[0], first[1] : first[1] + a.shape[1]]
    return full[b.shape[0] - 1 : max(a.shape[0], b.shape[0] - 1), b.shape[1] - 1 : max(a.shape[1], b.shape[1] - 1)]


sizes = st.tuples(st.integers(1, 7), st.integers(1, 7))


@settings(deadline=None)
@given(sizes, sizes, st.sampled_from(SHAPES), st.integers(0, 99))
def test_integers_are_convolved_exactly(a_size, b_size, shape, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-50, 50, a_size), rng.integers(-50, 50, b_size)
    result = conv2(a, b, shape)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, by_definition(a, b, shape))


@settings(deadline=None, max_examples=40)
@given(sizes, sizes, st.sampled_from(SHAPES), st.integers(0, 99))
def test_separable_is_the_outer_product(a_size, lengths, shape, seed):
    rng = np.random.default_rng(seed)
    a, u, v = rng.random(a_size), rng.random(lengths[0]), rng.random(lengths[1])
    expected = by_definition(a, np.outer(u, v), shape)
    result = conv2_separable(u, v, a, shape)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-14)


def test_magic4_with_a_box():
    """Sums of 2 x 2 neighbours; the middle one is the magic square's 34."""
    expected = [[34, 26, 34], [32, 34, 36], [34, 42, 34]]
    np.testing.assert_array_equal(conv2(MAGIC4, np.ones((2, 2)), "valid"), expected)


def test_magic4_with_an_even_kernel_same():
    """'same' takes rows and columns 2 … 5 of the full result: the sum of a pixel and those right of and below it."""
    padded = np.pad(MAGIC4, ((0, 1), (0, 1)))
    expected = padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]
    np.testing.assert_array_equal(conv2(MAGIC4, np.ones((2, 2)), "same"), expected)


def test_gradient_filters_of_the_matlab_family():
    """conv2 flips its kernel: dx is B(i+1, j) - B(i+1, j+1), dy is B(i, j+1) - B(i+1, j+1)."""
    b = np.arange(12.0).reshape(3, 4) ** 2
    np.testing.assert_array_equal(conv2(b, [[-1, 1], [0, 0]], "valid"), b[1:, :-1] - b[1:, 1:])
    np.testing.assert_array_equal(conv2(b, [[-1, 0], [1, 0]], "valid"), b[:-1, 1:] - b[1:, 1:])


@pytest.mark.parametrize("b_size", [(3, 5), (11, 1), (1, 9), (15, 15)])
@pytest.mark.parametrize("shape", SHAPES)
def test_scipy_agrees_on_images_of_several_blocks(b_size, shape, rng):
    """300 x 250 is summed in several blocks of rows."""
    a, b = rng.normal(size=(300, 250)), rng.normal(size=b_size)
    np.testing.assert_allclose(conv2(a, b, shape), scipy.signal.convolve2d(a, b, shape), rtol=0, atol=1e-12)


def test_one_row_longer_than_a_block(rng):
    a = rng.normal(size=(2, 40000))
    expected = [np.convolve(row, [1, 2, 3]) for row in a]
    np.testing.assert_allclose(conv2(a, [[1, 2, 3]]), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "a_size, b_size, expected", [((3, 3), (4, 2), (0, 2)), ((3, 3), (5, 9), (0, 0)), ((2, 5), (3, 3), (0, 3))]
)
def test_valid_is_empty_when_b_is_larger(a_size, b_size, expected):
    result = conv2(np.ones(a_size), np.ones(b_size), "valid")
    assert result.shape == expected and result.size == 0
    assert conv2_separable(np.ones(b_size[0]), np.ones(b_size[1]), np.ones(a_size), "valid").shape == expected


def test_a_nan_spreads_as_far_as_the_kernel_and_no_farther():
    a = np.zeros((7, 7))
    a[3, 3] = np.nan
    expected = np.zeros((7, 7), bool)
    expected[2:5, 2:5] = True
    np.testing.assert_array_equal(np.isnan(conv2(a, np.eye(3), "same")), expected)  # 0 * NaN is NaN too, as in MATLAB


@pytest.mark.parametrize(
    "first, second, expected",
    [
        (np.float64, np.float64, np.float64),
        (np.float32, np.float64, np.float32),
        (np.float64, np.float32, np.float32),
        (np.float32, np.uint8, np.float32),
        (np.uint8, bool, np.float64),
        (np.complex128, np.float64, np.complex128),
        (np.complex64, np.float64, np.complex64),
    ],
)
def test_result_class(first, second, expected):
    result = conv2(np.ones((4, 4), first), np.ones((2, 2), second), "valid")
    assert result.dtype == expected
    np.testing.assert_array_equal(result, 4)


def test_complex(rng):
    a, b = rng.normal(size=(5, 6)) + 1j * rng.normal(size=(5, 6)), rng.normal(size=(2, 3)) * 1j
    np.testing.assert_allclose(conv2(a, b), full_by_definition(a, b), rtol=1e-13)


def test_uint8_does_not_wrap():
    assert conv2(np.full((2, 2), 200, np.uint8), np.full((2, 2), 200, np.uint8))[1, 1] == 160000


def test_row_and_column_vectors_as_separable_kernels(rng):
    a = rng.random((6, 7))
    expected = conv2(a, np.outer([1, 2], [3, 4, 5]))
    np.testing.assert_allclose(conv2_separable([[1], [2]], [[3, 4, 5]], a), expected, rtol=1e-13)
    np.testing.assert_allclose(conv2_separable([[1, 2]], [[3], [4], [5]], a), expected, rtol=1e-13)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.ones(3), np.ones((2, 2))), "a must be 2-D"),
        ((np.ones((3, 3)), np.ones((2, 2, 2))), "b must be 2-D"),
        ((np.ones((0, 3)), np.ones((2, 2))), "a must not be empty"),
        ((np.ones((3, 3)), np.ones((2, 0))), "b must not be empty"),
        (([["x"]], np.ones((2, 2))), "a must be a numeric array"),
        ((np.ones((3, 3)), np.ones((2, 2)), "central"), "shape must be one of"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        conv2(*arguments)


@pytest.mark.parametrize("u", [np.ones((2, 2)), [], np.ones((0, 1))])
def test_bad_separable_kernel(u):
    with pytest.raises(InvalidInputError, match="u must be a vector"):
        conv2_separable(u, [1], np.ones((3, 3)))


@pytest.mark.octave
def test_octave_agrees(octave, rng):
    a, u, v = rng.normal(size=(9, 8)), rng.normal(size=4), rng.normal(size=5)
    kernels = {f"b{k}": rng.normal(size=size) for k, size in enumerate([(3, 3), (4, 2), (2, 5), (10, 3)])}
    code = "separable = conv2(u, v, a, 'same');"
    for b in kernels:
        code += "".join(f"{b}_{shape} = conv2(a, {b}, '{shape}');" for shape in SHAPES)
    names = [f"{b}_{shape}" for b in kernels for shape in SHAPES]
    theirs = octave(code, "separable", *names, a=a, u=u, v=v, **kernels)
    for b, shape in itertools.product(kernels, SHAPES):
        np.testing.assert_allclose(conv2(a, kernels[b], shape), theirs[f"{b}_{shape}"], rtol=0, atol=1e-14)
    np.testing.assert_allclose(conv2_separable(u, v, a, "same"), theirs["separable"], rtol=0, atol=1e-14)
