"""Whether a blurred image, whose kernel is known, needs more light than a picture within [0, 1] has."""

import numpy as np
import pytest
from scipy.ndimage import convolve
from skimage import data

from pydeblur.nonblind import saturation
from pydeblur.nonblind.saturation import needs_more_light
from pydeblur.synthesis.kernels import random_kernel
from tests.night_scene import KERNEL, night_scene


@pytest.mark.parametrize("light", [4.0, 8.0])
def test_lights_brighter_than_1_are_missed(light):
    assert needs_more_light(night_scene(light), KERNEL)


def test_one_channel_is_enough():
    night = night_scene(8.0)
    assert needs_more_light(np.stack([night, 0 * night, 0 * night], axis=-1), KERNEL)


@pytest.mark.parametrize("light", [0.9, 1.0])
def test_lights_within_the_range_are_not(light):
    assert not needs_more_light(night_scene(light), KERNEL)


@pytest.mark.parametrize("size", [5, 9, 13])
@pytest.mark.parametrize("black", [0.0, 0.1])
def test_white_letters_need_no_more_than_white(size, black):
    letters = np.kron(data.page()[20:90, 20:130] < 100, np.ones((3, 3)))
    kernel = random_kernel(size, np.random.default_rng(0))
    seen = black + (1 - black) * np.round(255 * convolve(letters, kernel, mode="nearest")) / 255
    assert (seen >= 0.98).any() and not needs_more_light(seen, kernel)


def test_the_border_of_a_kernel_s_width_does_not_count():
    """What lies beyond it is not known: there, light may have come from outside."""
    image = np.full((60, 70), 0.2)
    image[:13] = image[:, -13:] = 1
    assert not needs_more_light(image, KERNEL)


@pytest.mark.parametrize("shape", [(13, 13), (26, 40), (20, 14)], ids=str)
def test_an_image_of_nothing_but_border_needs_none(shape):
    assert not needs_more_light(np.ones(shape), KERNEL)


@pytest.mark.parametrize(("light", "expected"), [(1.0, False), (1.5, True), (3.0, True)])
def test_the_mean_lack_over_the_clipped_pixels_decides(light, expected):
    """Of a square of 5 x 5 under a box of 3 x 3 the inner 3 x 3 pixels are clipped, for which white is enough.

    With a light of 1.5 the edges are clipped, too. A white square gives them no more than 2 / 3: on the mean over the 21
    pixels a lack of 0.19 or, as total variation takes corners off, a little more.
    """
    box = np.full((3, 3), 1 / 9)
    scene = np.full((60, 60), 0.1)
    scene[20:25, 30:35] = light
    assert needs_more_light(np.clip(convolve(scene, box), 0, 1), box) == expected


def test_a_point_of_light_lacks_most():
    """A point of light of 100 under a box of 3 x 3 makes 9 white pixels; one of at most 1 would make them 1 / 9."""
    box = np.full((3, 3), 1 / 9)
    scene = np.full((40, 40), 0.1)
    scene[20, 20] = 100
    seen = np.clip(convolve(scene, box), 0, 1)
    assert needs_more_light(seen, box)
    # A square that is white before the blur has white inside after it, and lacks nothing.
    scene[15:26, 15:26] = 1
    assert not needs_more_light(np.clip(convolve(scene, box), 0, 1), box)


@pytest.mark.parametrize("light", [1.0, 8.0])
def test_a_large_image_is_judged_alike_by_strips(light, monkeypatch):
    night = night_scene(light)
    whole = saturation._blurred(night, KERNEL)
    monkeypatch.setattr(saturation, "is_large", lambda shape: True)
    monkeypatch.setattr(saturation, "_STRIP", 17)
    assert np.allclose(saturation._blurred(night, KERNEL), whole, rtol=0, atol=1e-12)
    assert needs_more_light(night, KERNEL) == (light > 1)
