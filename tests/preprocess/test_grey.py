"""The one conversion of a colour image to grey."""

import numpy as np
import pytest

from pydeblur.preprocess.grey import eight_bit_grey, grey_image


def test_a_grey_image_is_returned_as_it_is():
    image = np.random.default_rng(0).random((4, 5))
    assert grey_image(image) is image


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_colours_are_weighed_as_by_matlab(dtype):
    """The weights that MATLAB documents for rgb2gray, to their four digits."""
    image = np.random.default_rng(0).random((7, 9, 3)).astype(dtype)
    grey = grey_image(image)
    assert grey.shape == (7, 9) and grey.dtype == dtype
    np.testing.assert_allclose(grey, image @ [0.2989, 0.5870, 0.1140], rtol=0, atol=2e-4)


def test_equal_channels_give_that_channel():
    image = np.random.default_rng(0).random((7, 9))
    np.testing.assert_allclose(grey_image(np.stack([image] * 3, axis=-1)), image, rtol=0, atol=1e-15)


def test_grey_of_eight_bits_is_the_nearest_level():
    image = np.random.default_rng(1).random((7, 9, 3)).astype(np.float32)
    grey = eight_bit_grey(image)
    assert grey.dtype == np.float64
    np.testing.assert_allclose(255 * grey, np.round(255 * grey), rtol=0, atol=1e-12)
    assert np.abs(grey - grey_image(image)).max() <= 0.5 / 255 + 1e-6


def test_halves_go_away_from_zero_and_the_range_is_kept():
    levels = np.array([[0.5, 1.5, 254.5, 300.0, -3.0]]) / 255
    assert (255 * eight_bit_grey(levels)).round(9).tolist() == [[1.0, 2.0, 255.0, 255.0, 0.0]]
