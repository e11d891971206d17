"""Whyte et al.'s method against physics: light that the sensor has cut off comes back.

Where nothing is cut off it is Richardson and Lucy's method.
"""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d

import pydeblur
from pydeblur.nonblind.whyte import _saturate, deconvolve_saturated
from pydeblur.synthesis.kernels import random_kernel

#: Top left pixels of the lamps, each of 2 x 2 pixels; what is within 4 pixels of one is its own light.
LAMPS, SIDE, REACH = ((30, 28), (34, 68), (70, 46)), 2, 4
#: Brightness of a lamp, where the sensor sees no more than 1.
LIGHT = 20.0


def dark_scene():
    """A textured scene (100, 100) in linear light, of 0.02 to 0.2, with three lamps."""
    texture = gaussian_filter(np.random.default_rng(0).random((100, 100)), 1.5)
    scene = 0.02 + 0.18 * (texture - texture.min()) / np.ptp(texture)
    for top, left in LAMPS:
        scene[top : top + SIDE, left : left + SIDE] = LIGHT
    return scene


def sensor(light):
    """What an 8-bit file says of linear light: a response that bends at 1, then the gamma curve."""
    seen = light - np.logaddexp(0, 50 * (light - 1)) / 50
    return np.round(255 * np.clip(seen, 0, 1) ** (1 / 2.2)) / 255


def excess(light):
    """What the lamps have beyond 1, one after another."""
    places = [(slice(top - REACH, top + SIDE + REACH), slice(left - REACH, left + SIDE + REACH)) for top, left in LAMPS]
    return np.array([np.maximum(light[place] - 1, 0).sum() for place in places])


def richardson_lucy(blurred, kernel, iterations):
    """As published in 1972 and 1974, the border replicated."""
    margins = [length // 2 for length in kernel.shape]

    def filtered(image, weights):
        return convolve2d(np.pad(image, [(margin, margin) for margin in margins], mode="edge"), weights, "valid")

    latent = blurred.copy()
    for _ in range(iterations):
        latent *= filtered(blurred / filtered(latent, kernel), kernel[::-1, ::-1])
    return latent


@pytest.fixture(scope="module", params=[1, 2])
def photograph(request):
    """Scene, photograph, and the kernel (11, 11) that lies between them."""
    scene, kernel = dark_scene(), random_kernel(11, np.random.default_rng(request.param))
    light = convolve2d(np.pad(scene, 5, mode="edge"), kernel, "valid")
    # The clipping matters: a third of the lamps' light and more is not in the photograph.
    assert (light - np.minimum(light, 1)).sum() > 0.3 * excess(scene).sum()
    return scene, sensor(light), kernel


def test_the_light_of_a_clipped_lamp_comes_back(photograph):
    scene, seen, kernel = photograph
    restored = np.maximum(pydeblur.deconvolve(seen, kernel, "whyte", iterations=200), 0) ** 2.2
    np.testing.assert_allclose(excess(restored), excess(scene), rtol=0.12)
    # It comes back as a lamp, not as a cloud.
    for top, left in LAMPS:
        lamp = np.s_[top : top + SIDE, left : left + SIDE]
        assert restored[lamp].sum() == pytest.approx(scene[lamp].sum(), rel=0.12)


def test_methods_that_know_of_no_clipping_find_far_less(photograph):
    """Even in linear light, which the image files do not hold."""
    scene, seen, kernel = photograph
    linear = np.maximum(seen, 1 / 255) ** 2.2
    for restored in (
        richardson_lucy(linear, kernel, 200),
        pydeblur.deconvolve(linear, kernel, "tv"),
        pydeblur.deconvolve(linear, kernel, "hyper-laplacian"),
    ):
        assert np.all(excess(restored) < 0.8 * excess(scene))


def test_the_dark_ground_stays_dark(photograph):
    """Where no lamp's light reaches, nothing rings."""
    scene, seen, kernel = photograph
    restored = np.maximum(pydeblur.deconvolve(seen, kernel, "whyte"), 0) ** 2.2
    far = np.ones(scene.shape, bool)
    for top, left in LAMPS:
        far[top - 11 : top + 13, left - 11 : left + 13] = False
    far[:8], far[-8:], far[:, :8], far[:, -8:] = False, False, False, False
    assert np.sqrt(np.mean((restored - scene)[far] ** 2)) < 0.01 and restored[far].max() < 0.25


def test_without_bright_pixels_it_is_richardson_and_lucy_s_method():
    """In linear light; the border differs, so it is left out."""
    scene = dark_scene()
    scene[scene > 1] = 0.2
    kernel = random_kernel(7, np.random.default_rng(1))
    kernel = np.where(kernel < kernel.max() / 100, 0, kernel)
    kernel /= kernel.sum()
    blurred = convolve2d(np.pad(scene, 3, mode="edge"), kernel, "valid")
    found = deconvolve_saturated(blurred ** (1 / 2.2), kernel, iterations=5) ** 2.2
    inner = np.s_[35:-35, 35:-35]
    np.testing.assert_allclose(found[inner], richardson_lucy(blurred, kernel, 5)[inner], rtol=0, atol=1e-9)


def test_the_response_bends_at_1_and_its_slope_is_its_derivative():
    light = np.linspace(0, 3, 601)
    response, slope = _saturate(light)
    np.testing.assert_allclose(response, light - np.logaddexp(0, 50 * (light - 1)) / 50, rtol=0, atol=1e-15)
    step = 1e-6
    differences = (_saturate(light + step)[0] - _saturate(light - step)[0]) / (2 * step)
    np.testing.assert_allclose(slope, differences, rtol=0, atol=1e-8)
    assert np.all(np.diff(response) > -1e-15) and response[-1] == pytest.approx(1, abs=1e-12)
    with np.errstate(over="raise", invalid="raise"):
        assert [part.item() for part in _saturate(np.array(1e6))] == [1.0, 0.0]


def test_the_blur_may_add_up_any_power_of_the_intensities():
    """A picture whose stored values were blurred is one of linear light, coded by the gamma curve."""
    blurred = np.random.default_rng(0).random((40, 44))
    kernel = random_kernel(7, np.random.default_rng(1))
    found = pydeblur.deconvolve(blurred, kernel, "whyte", light_gamma=1.0, iterations=5)
    np.testing.assert_allclose(
        found, deconvolve_saturated(blurred ** (1 / 2.2), kernel, iterations=5) ** 2.2, rtol=0, atol=1e-9
    )
    for gamma in (0.0, -1.0, 10.0, "linear"):
        with pytest.raises(pydeblur.errors.InvalidOptionError, match="light_gamma should be a number from 0.2 to 5"):
            pydeblur.deconvolve(blurred, kernel, "whyte", light_gamma=gamma)
