"""The noise's standard deviation, on images whose noise is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.preprocess.noise import noise_level
from pydeblur.synthesis import blur, random_kernel

#: The mask of Immerkaer's estimate, which an image of planes and upright edges passes as 0.
MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


@pytest.fixture(scope="module")
def sharp():
    """A scene of rectangles."""
    rng = np.random.default_rng(3)
    scene = np.full((160, 160), 0.5)
    for _ in range(60):
        top, left, height, width = rng.integers((140, 140, 60, 60))
        scene[top : top + height + 8, left : left + width + 8] = rng.uniform(0.1, 0.9)
    return scene


@pytest.mark.parametrize("noise", [0.005, 0.01, 0.02, 0.05])
def test_noise_is_found_in_a_blurred_image(sharp, noise):
    assert noise_level(blur(sharp, random_kernel(11, 5), noise, 0)) == pytest.approx(noise, rel=0.15)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 0.1), st.floats(-2e-3, 2e-3), st.floats(-2e-3, 2e-3))
def test_a_slope_is_no_noise(seed, noise, down, right):
    rows, columns = np.mgrid[-60:60, -60:60]
    image = 0.5 + down * rows + right * columns + noise * np.random.default_rng(seed).standard_normal((120, 120))
    assert noise_level(image) == pytest.approx(noise, rel=0.12)


def test_it_is_proportional_to_the_image(sharp):
    image = blur(sharp, random_kernel(11, 5), 0.01, 0).astype(float)
    assert noise_level(0.5 * image + 0.25) == pytest.approx(0.5 * noise_level(image), rel=1e-9)


def test_quantisation_is_next_to_no_noise(sharp):
    assert noise_level(blur(sharp, random_kernel(11, 5), 0.0)) < 0.002


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8)), np.full((3, 3), 0.7), np.repeat([[0.0, 1.0]], 9, axis=0)],
    ids=["black", "grey", "two levels"],
)
def test_without_anything_between_the_extremes_there_is_none(image):
    assert noise_level(image) == 0


def test_clipped_ground_says_nothing_of_the_noise():
    rng = np.random.default_rng(0)
    page = np.ones((100, 100))
    page[30:70, 10:90] = 0.5 + 0.02 * rng.standard_normal((40, 80))
    assert noise_level(page) == pytest.approx(0.02, rel=0.25)


def test_texture_does_not_count_as_long_as_two_fifths_are_smooth():
    rng = np.random.default_rng(0)
    image = 0.5 + 0.01 * rng.standard_normal((100, 200))
    image[:, 90:] = rng.random((100, 110))
    assert noise_level(image) == pytest.approx(0.01, rel=0.15)


def test_it_is_the_median_response_of_the_mask_where_the_image_is_smooth():
    """On noise alone the smoothest 40 % are as good as any: the median of |mask * n| over all pixels is near."""
    image = 0.5 + 0.01 * np.random.default_rng(0).standard_normal((200, 200))
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    responses = np.abs((windows * MASK).sum(axis=(2, 3)))
    assert noise_level(image) == pytest.approx(np.median(responses) / 0.6744897501960817 / 6, rel=0.03)
