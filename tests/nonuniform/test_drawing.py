"""Pictures of a blur: that kernels stand where they blur, and weights where their poses are."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform import CameraPoses, KernelGridBlur, PoseBlur
from pydeblur.nonuniform.drawing import draw_kernels, draw_poses
from pydeblur.nonuniform.single_kernel import grid_of_kernel, kernel_of_grid, poses_of_kernel
from pydeblur.synthesis import random_kernel

SHAPE = (90, 120)


def test_each_kernel_stands_in_its_place():
    kernels = np.zeros((2, 2, 3, 3))
    kernels[..., 1, 1] = 1
    kernels[0, 1] = np.array([[0, 0, 0], [1, 0, 1], [0, 0, 0]]) / 2
    blur = KernelGridBlur(kernels, [22, 67], [29.5, 89.5], SHAPE)
    picture = draw_kernels(blur, counts=(2, 2))
    quarters = {
        (top, left): picture[45 * top : 45 * top + 45, 60 * left : 60 * left + 60, 0] > 0.99
        for top in (0, 1)
        for left in (0, 1)
    }
    assert [int(part.sum()) for part in quarters.values()] == [144, 288, 144, 144]
    # Two elements beside the middle, which is empty.
    middle = quarters[0, 1][22]
    assert middle.sum() == 24 and not middle[30]


def test_the_picture_below_is_dark_and_grey():
    colours = np.random.default_rng(0).random((*SHAPE, 3))
    picture = draw_kernels(grid_of_kernel(np.eye(3), SHAPE), colours, counts=(1, 1))
    corner = picture[:10, :10]
    np.testing.assert_allclose(corner, np.repeat(corner[..., :1], 3, axis=-1))
    assert picture.shape == (*SHAPE, 3) and corner.max() < 0.5 and picture.max() <= 1


def test_as_many_kernels_as_there_is_room_for():
    wide = grid_of_kernel(np.ones((61, 61)), SHAPE)
    assert (draw_kernels(wide)[..., 0] > 0.9).sum() == 61 * 61
    small = grid_of_kernel(np.pad([[1.0]], 4), SHAPE)
    enlarged = 12 * 12
    assert (draw_kernels(small)[..., 0] > 0.9).sum() == 8 * 6 * enlarged


def test_poses_are_drawn_where_they_are():
    # One pose to the right and rolled to the negative side has all of the weight.
    blur = PoseBlur(CameraPoses([[4.0, 0.0, -0.01], [-4.0, 0.0, 0.01]], SHAPE), [1.0, 0.0])
    picture = draw_poses(blur)
    panels = np.split(picture, 3, axis=1)
    places = [np.unravel_index(np.argmax(_yellow(panel)), panel.shape[:2]) for panel in panels]
    centre = [panel.shape[1] // 2 + 24 for panel in panels]
    assert places[0][1] > centre[0] and places[1][1] > centre[1] and places[2][1] < centre[2]
    assert places[1][0] < 146


def _yellow(panel):
    """The inside of the panel's frame alone: its surroundings are white."""
    return (panel[..., 0] - panel[..., 2]) * (panel[..., 0] < 1.01)


@pytest.mark.parametrize("counts", [(0, 2), (2,), "ab", (2.5, 1), (91, 2), 4])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(InvalidInputError, match="counts should be two whole numbers"):
        draw_kernels(grid_of_kernel(np.eye(3), SHAPE), counts=counts)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(InvalidInputError, match="the blur is for a picture of 90x120 pixels"):
        draw_kernels(grid_of_kernel(np.eye(3), SHAPE), np.zeros((90, 121)))


def test_one_kernel_is_the_same_as_translations_and_as_a_grid():
    kernel = random_kernel(11, rng=3)
    moving, grid = poses_of_kernel(kernel, SHAPE), grid_of_kernel(kernel, SHAPE)
    points = [[5.0, 7.0], [100.0, 80.0]]
    cut = 5 - moving.radius
    np.testing.assert_allclose(moving.kernels_at(points)[0], kernel[cut : 11 - cut, cut : 11 - cut], atol=1e-12)
    np.testing.assert_allclose(grid.kernels_at(points)[1], kernel, atol=1e-12)
    np.testing.assert_allclose(kernel_of_grid(grid), kernel, atol=1e-15)
    assert kernel_of_grid(moving) is None
