"""Poses that were found on a region, carried to the whole picture."""

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform import CameraPoses, PoseBlur, PoseOperator
from pydeblur.nonuniform.region import blur_of_whole_picture
from pydeblur.preprocess.region import Region
from pydeblur.synthesis import blur as uniform_blur

SHAPE = (240, 300)


def shake(region, model, rng, count=8):
    """A random shake of a region that has no mean."""
    units = np.array([4.0, 4.0, 0.02]) if model == "roll-xy" else np.array([4 / 500, 4 / 500, 0.02])
    parameters = rng.uniform(-1, 1, (count, 3)) * units
    weights = rng.random(count)
    return PoseBlur(CameraPoses(parameters, (region.height, region.width), model, 500.0), weights)


def spreads(blur, points):
    """Offsets about their mean at each of some points."""
    offsets = blur.poses.offsets(points)
    return offsets - np.einsum("t,pti->pi", blur.weights, offsets)[:, None]


@pytest.mark.parametrize("region", [Region(150, 20, 80, 120), Region(0, 200, 100, 100), Region(0, 0, *SHAPE)])
@pytest.mark.parametrize("model, tolerance", [("roll-xy", 0.05), ("rotations", 0.2)])
def test_within_the_region_the_kernels_stay_the_same(region, model, tolerance):
    blur = shake(region, model, np.random.default_rng(1))
    whole = blur_of_whole_picture(blur, region, SHAPE)
    points = np.random.default_rng(2).uniform(0, [region.width - 1, region.height - 1], (20, 2))
    there = spreads(whole, points + [region.left, region.top])
    # A common motion of a few pixels and half a degree turns the kernels by as much, and perspective differs by parts of a
    # pixel. Poses that were not carried would be wrong by more than a pixel.
    assert np.abs(there).max() > 3
    assert np.abs(there - spreads(blur, points)).max() < tolerance
    assert whole.shape == SHAPE and whole.poses.model == model


@pytest.mark.parametrize("model", ["roll-xy", "rotations"])
def test_the_carried_poses_have_no_common_motion(model):
    region = Region(0, 200, 100, 100)
    whole = blur_of_whole_picture(shake(region, model, np.random.default_rng(3)), region, SHAPE)
    mean = whole.weights @ whole.poses.parameters
    size = np.abs(whole.poses.parameters).max(axis=0)
    assert np.all(np.abs(mean) < 0.01 * size)


def test_the_picture_blurred_by_carried_poses_is_in_the_region_the_region_blurred_by_its_own():
    # A turn about the region's centre without a mean: nothing common is taken out but a translation, found here.
    rng = np.random.default_rng(4)
    picture = uniform_blur(rng.random(SHAPE), np.full((7, 7), 1 / 49), noise=0, quantize=False)
    region = Region(130, 10, 90, 130)
    angles = np.array([-0.02, 0.0, 0.02])
    blur = PoseBlur(CameraPoses(np.column_stack([3 * angles * 50, 0 * angles, angles]), (90, 130)), [1, 2, 1])
    whole = blur_of_whole_picture(blur, region, SHAPE)
    by_region = PoseOperator(blur.poses).blur(region.part_of(picture), blur.weights)
    by_picture = region.part_of(PoseOperator(whole.poses).blur(picture, whole.weights))
    inside = np.s_[8:-8, 8:-8]
    unblurred = region.part_of(picture)
    # The roll's mean is 0, and that of the translations a hundredth of a pixel.
    assert np.std((by_picture - by_region)[inside]) < 0.01 * np.std((unblurred - by_region)[inside])


def test_a_region_elsewhere_or_of_another_size_is_refused():
    blur = PoseBlur(CameraPoses([[0.0, 0.0, 0.0]], (20, 30)), [1.0])
    with pytest.raises(InvalidInputError, match="for a region of 20x30 pixels, but the region has 20x31"):
        blur_of_whole_picture(blur, Region(0, 0, 20, 31), (100, 100))
    for region in (Region(-1, 0, 20, 30), Region(90, 0, 20, 30), Region(0, 71, 20, 30)):
        with pytest.raises(InvalidInputError, match="should lie within the picture of 100x100"):
            blur_of_whole_picture(blur, region, (100, 100))


@pytest.mark.parametrize("nonuniform, side", [(True, 1024), (False, 512)])
def test_the_part_that_is_chosen_is_larger_where_the_blur_may_change(nonuniform, side):
    def stop(state):
        raise StopIteration

    picture = np.kron(np.random.default_rng(0).random((65, 70)), np.ones((16, 16)))
    found = pydeblur.estimate_kernel(picture, 31, crop="auto", nonuniform=nonuniform, prior="gradient", callback=stop)
    assert (found.crop.height, found.crop.width) == (side, side)
    assert found.stopped and picture.shape == (1040, 1120)
