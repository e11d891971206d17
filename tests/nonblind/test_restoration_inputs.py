"""What the restoring network is shown is what its names say, and nothing is lost on the way to its scales."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from pydeblur.nonblind.hyper_laplacian import deconvolve_hyper_laplacian, weight_for_noise
from pydeblur.nonblind.restoration_inputs import BASE, INPUTS, corrected, network_inputs, restoration_inputs
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.synthesis import blur, random_kernel


@pytest.fixture(scope="module")
def shown():
    """Sharp, blurred, kernel and planes of blocks under a shake of 9 pixels, with 1 % noise."""
    sharp = np.kron(np.random.default_rng(0).random((9, 10)), np.ones((8, 8)))
    kernel = random_kernel(9, 1)
    blurred = blur(sharp, kernel, 0.01, 2).astype(float)
    return sharp, blurred, kernel, dict(zip(INPUTS, restoration_inputs(blurred, kernel, 0.01)))


def test_the_base_is_the_hyper_laplacian_step(shown):
    _, blurred, kernel, planes = shown
    expected = deconvolve_hyper_laplacian(blurred.astype(np.float32), kernel, weight_for_noise(0.01))
    np.testing.assert_allclose(planes["hyper-laplacian"], expected, atol=1e-5)


def test_noise_and_blurred_image_are_given_as_they_are(shown):
    _, blurred, _, planes = shown
    assert np.all(planes["noise"] == np.float32(0.01))
    np.testing.assert_array_equal(planes["blurred"], blurred.astype(np.float32))


def test_the_residual_is_what_the_base_does_not_explain(shown):
    _, blurred, kernel, planes = shown
    # Where the convolution sees no border.
    expected = blurred[4:-4, 4:-4] - convolve2d(planes["hyper-laplacian"], kernel, "valid")
    np.testing.assert_allclose(planes["residual"][4:-4, 4:-4], expected, atol=1e-4)


def test_stronger_weights_give_smoother_images(shown):
    _, _, _, planes = shown
    for method in ("l2", "tv"):
        roughness = [
            np.abs(np.diff(planes[f"{method}-{weight}"], axis=axis)).mean()
            for axis in (0, 1)
            for weight in ("weak", "medium", "strong")
        ]
        assert roughness[:3] == sorted(roughness[:3], reverse=True) and roughness[3:] == sorted(
            roughness[3:], reverse=True
        )


def test_total_variation_is_near_its_minimum(shown):
    """The plane is about as good as the step "tv", which takes four times as many iterations."""
    sharp, blurred, kernel, planes = shown
    expected = deconvolve_tv(blurred, kernel, 1.2e-3)
    errors = [((image - sharp)[8:-8, 8:-8] ** 2).mean() for image in (planes["tv-medium"], expected, planes["blurred"])]
    assert errors[0] < 1.5 * errors[1] < 0.5 * errors[2]


@pytest.mark.parametrize("name, weight", [("l2-weak", 3e-3), ("l2-medium", 2e-2), ("l2-strong", 0.12)])
def test_closed_forms_solve_their_equations(shown, name, weight):
    """k^T (k * I - B) + w times the negative Laplacian of I is 0 where no border is near."""
    _, blurred, kernel, planes = shown
    image = planes[name].astype(float)
    misfit = convolve2d(image, kernel, "valid") - blurred[4:-4, 4:-4]
    back = convolve2d(misfit, kernel[::-1, ::-1], "valid")
    laplacian = convolve2d(image, [[0, -1, 0], [-1, 4, -1], [0, -1, 0]], "same")[8:-8, 8:-8]
    np.testing.assert_allclose(back + weight * laplacian, 0, atol=1e-5)
    assert np.abs(back).max() > 1e-4


def test_flat_pictures_stay_flat():
    planes = restoration_inputs(np.full((24, 30), 0.25), np.full((3, 5), 1 / 15), 0.02)
    np.testing.assert_allclose(planes[2:], 0.25, atol=1e-4)


def test_the_networks_scales_can_be_undone(shown):
    *_, planes = shown
    stack = np.stack(list(planes.values()))
    scaled = network_inputs(stack[None])[0]
    base = scaled[BASE] / 2 + 0.5
    np.testing.assert_allclose(base, stack[BASE], atol=1e-6)
    for number, name in enumerate(INPUTS):
        if name.startswith(("l2", "tv", "blurred")):
            np.testing.assert_allclose(base + scaled[number] / 8, stack[number], atol=1e-5)
    wanted = stack[INPUTS.index("tv-medium")]
    np.testing.assert_allclose(corrected(stack, 8 * (wanted - stack[BASE])[None]), wanted, atol=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_any_noise_gives_finite_planes(shown, noise):
    _, blurred, kernel, _ = shown
    planes = restoration_inputs(blurred, kernel, noise)
    assert planes.dtype == np.float32 and np.isfinite(planes).all()
