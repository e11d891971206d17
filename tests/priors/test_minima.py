"""Dark channel, extreme channels and patch-wise minimal pixels: their minima by brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pydeblur.errors import InvalidOptionError
from pydeblur.priors import load_prior
from pydeblur.priors.block_minimum import block_minimum
from pydeblur.priors.sliding_minimum import sliding_minimum

# Few values, so that minima are often equal; some negative.
IMAGES = arrays(
    np.float64,
    st.tuples(st.integers(1, 13), st.integers(1, 13)),
    elements=st.sampled_from([-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.5, 0.9]),
)
SIZES = st.sampled_from([3, 5, 7])


pytestmark = pytest.mark.usefixtures("each_loop")


def minima_by_loops(image, size):
    """Values, rows and columns (in the padded image) of each window's first minimum in column-major order."""
    padded = np.pad(image, size // 2, mode="edge")
    values, rows, columns = np.empty(image.shape), np.empty(image.shape, int), np.empty(image.shape, int)
    for i, j in np.ndindex(image.shape):
        window = padded[i : i + size, j : j + size].ravel(order="F")
        first = int(window.argmin())
        values[i, j], rows[i, j], columns[i, j] = window[first], i + first % size, j + first // size
    return padded, values, rows, columns


def written_back_by_loops(image, size, threshold):
    """The write-back as [27] describes it: window after window, each looking at what stands there by then."""
    padded, values, rows, columns = minima_by_loops(image, size)
    refined = np.where(values**2 < threshold, 0, values)
    for i, j in np.ndindex(image.shape):
        if padded[i : i + size, j : j + size].min() != refined[i, j]:
            padded[rows[i, j], columns[i, j]] = refined[i, j]
    border, result = size // 2, image.copy()
    inner = np.s_[border : image.shape[0] - border, border : image.shape[1] - border]
    result[inner] = padded[border : border + image.shape[0], border : border + image.shape[1]][inner]
    return result


@given(IMAGES, SIZES)
def test_sliding_minima(image, size):
    found = sliding_minimum(image, size)
    _, values, rows, columns = minima_by_loops(image, size)
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found.positions, rows * found.padded.shape[1] + columns)


@given(IMAGES, SIZES, st.sampled_from([0.005, 0.02, 0.05, 0.3, 2.0]))
def test_written_back_minima(image, size, threshold):
    actual = sliding_minimum(image, size).written_back(threshold)
    np.testing.assert_array_equal(actual, written_back_by_loops(image, size, threshold))


@given(IMAGES, st.integers(1, 6))
def test_block_minima(image, size):
    values, positions = block_minimum(image, size)
    for i, j in np.ndindex(values.shape):
        block = image[i * size : (i + 1) * size, j * size : (j + 1) * size]
        column, row = divmod(int(block.ravel(order="F").argmin()), block.shape[0])
        assert values[i, j] == block.min()
        assert positions[i, j] == (i * size + row) * image.shape[1] + j * size + column


def test_single_precision_stays():
    image = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    for prior in (load_prior("dark_channel", patch=5), load_prior("extreme_channels", patch=5)):
        assert prior.prox(image, 0.05).dtype == np.float32
    assert load_prior("pmp", patch=4).filtered(image, 0.05).dtype == np.float32


def test_bright_channel_is_the_dark_one_of_the_negative():
    image = np.random.default_rng(1).random((30, 28))
    dark, both = load_prior("dark_channel", patch=7), load_prior("extreme_channels", patch=7)
    expected = (dark.prox(image, 0.04) + 1 - dark.prox(1 - image, 0.04)) / 2
    np.testing.assert_allclose(both.prox(image, 0.04), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", ["dark_channel", "extreme_channels"])
@pytest.mark.parametrize("patch", [0, 4, -3, 2.5, "7", None])
def test_even_windows_are_refused(name, patch):
    with pytest.raises(InvalidOptionError, match="odd"):
        load_prior(name, patch=patch)
