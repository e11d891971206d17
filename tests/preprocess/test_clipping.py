"""Clipped highlights: which pixels are clipped, and which photographs have any, by loops over the pixels."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import convolve
from skimage import data

from pydeblur.preprocess.clipping import brightness_of, clipped_pixels, has_clipped_highlights
from pydeblur.synthesis.kernels import random_kernel
from tests.night_scene import night_scene

#: Pixels in a row: a highlight that is reached at full steepness from the left, and one that no slope leads up to.
BROKEN_OFF, SMOOTH = (0.5, 0.9, 1.0, 1.0), (0.1, 0.1, 1.0, 1.0)
LEVELS = (0.0, 0.03, 0.1, 0.2, 0.5, 0.9, 0.979, 0.98, 1.0)


@pytest.fixture(scope="module")
def night():
    return night_scene(8.0)


def has_clipped_highlights_by_loops(image, kernel_size):
    """The definition: of all edges of highlights, in four directions, some pass 1.05 when they go on as they come."""
    height, width = image.shape
    reached = []
    for row, column in np.ndindex(height, width):
        for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            places = [(row + step * down, column + step * right) for step in range(4)]
            if all(0 <= i < height and 0 <= j < width for i, j in places):
                before, last, first, second = (image[place] for place in places)
                if before < 0.98 and last < 0.98 and first >= 0.98 and second >= 0.98:
                    reached.append(2 * last - before)
    broken_off = sum(value > 1.05 for value in reached)
    is_dark = 0.03 <= np.median(image) < 0.4
    return kernel_size >= 15 and is_dark and broken_off >= 20 and broken_off >= 0.05 * len(reached)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.sampled_from(LEVELS)),
    st.integers(1, 6),
    st.sampled_from([13, 15, 31]),
)
@example(np.array([[0.1, 0.1, 0.1, 0.1, 0.1, *BROKEN_OFF]]), 5, 15)
@example(np.array([[0.1, 0.1, 0.1, 0.1, 0.1, *SMOOTH]]), 6, 15)
@example(np.array([BROKEN_OFF]), 6, 15)
@example(np.array([[0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.9, 1.0]]), 6, 15)  # points of light have no plateau
def test_detection_is_that_of_loops_over_the_pixels(tile, times, kernel_size):
    """The tile is repeated, as a few edges say nothing."""
    image = np.tile(tile, (times, times))
    found = has_clipped_highlights(image, kernel_size)
    assert type(found) is bool and found == has_clipped_highlights_by_loops(image, kernel_size)


def rows_of_highlights(broken_off, smooth):
    """A dark image with so many highlights of each kind, none next to another.

    Each has two edges, on its left and on its right; the right one is smooth. Down the columns no two clipped pixels
    follow each other, so that no edge is found there.
    """
    kinds = [BROKEN_OFF] * broken_off + [SMOOTH] * smooth
    image = np.full((2 * len(kinds), 12), 0.1)
    for number, kind in enumerate(kinds):
        image[2 * number, 3:7] = kind
    return image


@pytest.mark.parametrize(
    ("broken_off", "smooth", "expected"),
    [
        (19, 0, False),  # too few
        (20, 0, True),
        (20, 180, True),  # 20 of 400 edges are 5 %
        (20, 181, False),
        (21, 181, True),
    ],
)
def test_so_many_edges_that_break_off_are_enough(broken_off, smooth, expected):
    image = rows_of_highlights(broken_off, smooth)
    assert has_clipped_highlights(image, 15) == has_clipped_highlights(image.T, 15) == expected
    assert has_clipped_highlights(image[:, ::-1], 15) == expected


@pytest.mark.parametrize(("kernel_size", "expected"), [(13, False), (15, True), (41, True)])
def test_small_kernels_make_edges_as_steep_as_clipping_does(kernel_size, expected):
    assert has_clipped_highlights(rows_of_highlights(30, 0), kernel_size) == expected


@pytest.mark.parametrize(
    ("ground", "expected"), [(0.0, False), (0.029, False), (0.03, True), (0.39, True), (0.4, False)]
)
def test_bright_scenes_may_be_paper_and_black_ones_drawings(ground, expected):
    image = rows_of_highlights(30, 0)
    image[image == 0.1] = ground
    assert has_clipped_highlights(image, 15) == expected


@pytest.mark.parametrize("light", [4.0, 8.0, 30.0])
def test_lights_that_were_clipped(light):
    assert has_clipped_highlights(night_scene(light), 15)


def test_lights_in_one_channel_only(night):
    assert has_clipped_highlights(np.stack([night, 0.3 * night, 0.2 * night], axis=-1), 15)


def test_lights_that_were_not_clipped():
    assert not has_clipped_highlights(night_scene(0.9), 15)


def test_a_plateau_that_is_reached_smoothly():
    """White squares wider than the kernel under a long even blur: their plateaus are 1, and nothing was clipped."""
    sharp = np.full((200, 200), 0.1)
    for top in range(20, 170, 50):
        for left in range(20, 170, 50):
            sharp[top : top + 30, left : left + 30] = 1
    seen = convolve(sharp, np.full((21, 21), 1 / 441), mode="nearest")
    assert (seen >= 0.98).any() and not has_clipped_highlights(seen, 25)


@pytest.mark.parametrize("size", [5, 9, 13])
def test_white_letters_on_black_and_on_grey(size):
    """Steep edges up to white, none of them clipped: on black they are known for a drawing, on grey they are not."""
    letters = np.kron(data.page()[20:90, 20:130] < 100, np.ones((3, 3)))
    seen = np.round(255 * convolve(letters, random_kernel(size, np.random.default_rng(0)), mode="nearest")) / 255
    assert not has_clipped_highlights(seen, 17)
    assert has_clipped_highlights(0.1 + 0.9 * seen, 17)


@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from(LEVELS)))
def test_clipped_pixels_lie_within_two_of_a_bright_one(image):
    bright = np.argwhere(image >= 0.98)
    expected = [
        [any(max(abs(i - row), abs(j - column)) <= 2 for i, j in bright) for column in range(image.shape[1])]
        for row in range(image.shape[0])
    ]
    np.testing.assert_array_equal(clipped_pixels(image), expected)


def test_one_channel_is_enough_for_a_pixel_to_be_clipped():
    image = np.zeros((9, 9, 3))
    image[4, 3, 1] = 0.99
    expected = np.zeros((9, 9), bool)
    expected[2:7, 1:6] = True
    np.testing.assert_array_equal(clipped_pixels(image), expected)
    np.testing.assert_array_equal(brightness_of(image), image[..., 1])
