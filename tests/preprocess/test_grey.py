"""The one conversion of a colour image to grey."""

import numpy as np
import pytest

from pydeblur.preprocess.grey import grey_image


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
