"""The final step of pictures with clipped highlights: pictures are made in either light, so that the answer is known."""

import math

import numpy as np
import pytest

from pydeblur.estimators.light import BELIEVED_BELOW, EYE_WEIGHT, light_of_blur, step_for_highlights
from pydeblur.nonblind.light import LINEAR, STORED
from tests.night_scene import KERNEL, photographed_in


@pytest.mark.parametrize("gamma", [STORED, LINEAR])
@pytest.mark.parametrize("colour", [False, True])
def test_the_light_that_the_picture_was_made_in(gamma, colour):
    picture = photographed_in(gamma)
    if colour:
        # The brightest channel counts.
        picture = np.stack([picture, 0.2 * picture, 0.1 * picture], axis=-1)
    found = light_of_blur(picture, KERNEL)
    assert found.gamma == gamma and found.is_stored == (gamma == STORED)
    told = math.log(found.residual_ratio) + EYE_WEIGHT * found.error_difference
    assert (told < BELIEVED_BELOW) == found.is_stored


def test_noise_leaves_the_question_open_and_linear_light_is_the_rule():
    assert light_of_blur(photographed_in(STORED, noise=0.05), KERNEL).gamma == LINEAR


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_flat_picture_tells_nothing(value):
    assert light_of_blur(np.full((60, 60), value), KERNEL).gamma == LINEAR


@pytest.mark.parametrize("gamma", [STORED, LINEAR])
def test_the_step_for_highlights_says_what_it_is_and_why(gamma):
    picture = photographed_in(gamma)
    step = step_for_highlights(picture, KERNEL, picture)
    assert step.method == "whyte" and step.options == ({"light_gamma": STORED} if gamma == STORED else {})
    assert ("of the stored values leaves" if gamma == STORED else "no blur of the stored values") in step.reason
    assert step_for_highlights(picture, KERNEL).options == {}
    dark = step_for_highlights(0.5 * picture, KERNEL, 0.5 * picture)
    assert dark.method is None and "no light beyond white" in dark.reason
