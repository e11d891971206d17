"""Pictures blurred by a random shake of the camera: their truth is true, and their shakes are as asked for."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.nonuniform import PoseOperator
from pydeblur.nonuniform.poses import MODELS
from pydeblur.nonuniform.shake import shaken_case


def scene(shape=(150, 190)):
    return np.kron(np.random.default_rng(0).random((shape[0] // 10, shape[1] // 10)), np.ones((10, 10)))


@pytest.mark.parametrize("model", MODELS)
def test_the_truth_makes_the_blurred_picture(model):
    case = shaken_case(scene(), 5, noise=0.0, model=model, extent=(6.0, 30.0))
    again = PoseOperator(case.poses).blur(case.sharp, case.weights)
    # At the border the operator repeats pixels, where the camera has seen the scene.
    margin = int(np.ceil(case.poses.largest_offset())) + 1
    inside = np.s_[margin:-margin, margin:-margin]
    assert np.abs(again - case.blurred)[inside].max() <= 0.5 / 255 + 1e-6
    assert case.sharp.shape == case.blurred.shape == case.poses.shape
    assert case.weights.sum() == pytest.approx(1) and case.weights.min() >= 0


@pytest.mark.parametrize("seed", range(4))
def test_the_shake_is_as_asked_for(seed):
    case = shaken_case(scene(), seed, roll=(1.5, 2.0), way=(3.0, 4.0), extent=(6.0, 20.0))
    rolls = np.rad2deg(case.poses.parameters[:, 2])
    assert 3.0 <= np.ptp(rolls) <= 4.0
    centre = np.ptp(case.poses.offsets([case.poses.centre])[0], axis=0)
    assert 2.8 <= centre.max() <= 4.2
    assert 6.0 <= case.extent <= 20.0
    assert case.extent < case.kernel_size and case.kernel_size % 2 == 1


def test_at_constant_speed_a_places_weight_is_the_way_that_the_corners_move_there():
    case, dwelling = (shaken_case(scene(), 3, extent=(6.0, 30.0), constant_speed=steady) for steady in (True, False))
    height, width = case.poses.shape
    corners = case.poses.offsets([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]])
    ways = np.hypot(*np.moveaxis(np.diff(corners, axis=1), 2, 0)).mean(0)
    assert case.weights.sum() == pytest.approx(1)
    # A place has half of the ways to the two beside it.
    expected = (ways[1:] + ways[:-1]) / 2
    assert np.corrcoef(case.weights[1:-1], expected)[0, 1] > 0.98
    assert abs(np.corrcoef(dwelling.weights[1:-1], expected)[0, 1]) < 0.8
    assert np.allclose(case.weights @ case.poses.parameters, 0, atol=1e-9)


def test_the_seed_decides():
    one, same, other = (shaken_case(scene(), seed, extent=(6.0, 30.0)).blurred for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)


@pytest.mark.parametrize(
    "picture", [np.zeros((20, 200)), np.zeros((1, 1)), np.zeros((50, 50, 3)), np.full((150, 190), np.nan)]
)
def test_a_bad_scene_is_refused(picture):
    with pytest.raises(InvalidInputError, match="scene"):
        shaken_case(picture, 0)


def test_an_impossible_extent_is_refused_with_what_to_change():
    with pytest.raises(InvalidInputError, match="no shake with a roll of 1 to 2.5 degrees .* other rolls or extents"):
        shaken_case(scene(), 0, extent=(90.0, 95.0))


def test_a_bad_focal_length_is_refused():
    with pytest.raises(InvalidOptionError, match="focal length"):
        shaken_case(scene(), 0, focal_length=0)
