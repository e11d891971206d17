"""The final step that nobody names is the one that `deblur` takes, for each of its three reasons."""

import numpy as np
import pytest

import pydeblur
from pydeblur.estimators.confidence import DOUBTFUL
from pydeblur.evaluation.own_step import own_step, restored_by_own_step
from tests.night_scene import KERNEL, night_scene


def test_a_usual_picture_has_the_default_whose_weights_follow_its_noise():
    image = np.random.default_rng(2).random((40, 48))
    kernel = np.full((1, 5), 0.2)
    restored = restored_by_own_step(image, kernel)
    np.testing.assert_array_equal(restored, pydeblur.deconvolve(image, kernel))
    assert np.abs(restored - pydeblur.deconvolve(image, kernel, "ringing")).max() > 1e-3


@pytest.mark.parametrize("confidence", [0.0, DOUBTFUL - 1e-6])
def test_a_doubted_kernel_has_the_step_that_forgives_more(confidence):
    image, kernel = np.random.default_rng(2).random((40, 48)), np.full((3, 3), 1 / 9)
    step = own_step(image, kernel, confidence)
    assert step.method == "tv"
    expected = pydeblur.deconvolve(image, kernel, "tv", **step.options)
    np.testing.assert_array_equal(restored_by_own_step(image, kernel, confidence), expected)
    assert own_step(image, kernel, DOUBTFUL).method is None


def test_lights_beyond_white_have_the_step_that_knows_of_them():
    kernel = np.pad(KERNEL, 1)
    step = own_step(night_scene(3.0), kernel)
    assert step.method == "whyte" and "more light than white" in step.reason
    assert own_step(night_scene(0.9), kernel).method is None
    assert own_step(night_scene(3.0), kernel, confidence=0.0).method == "whyte"
