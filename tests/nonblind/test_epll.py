"""EPLL's parts against plain loops, and what it makes of noisy and of blurred images."""

import numpy as np
import pytest

import pydeblur
from pydeblur.nonblind.epll import deconvolve_epll, denoise_epll, expected_image, filtered_patches
from pydeblur.nonblind.mixture import JointDensity, PatchMixture, load_mixture
from pydeblur.nonblind.tv import deconvolve_tv


@pytest.fixture(scope="module")
def small_mixture():
    """Three components on 3x3 patches: flat, and two textures."""
    roots = np.random.default_rng(0).standard_normal((3, 8, 8)) * np.array([0.01, 0.1, 0.3])[:, None, None]
    return PatchMixture.from_frequencies(np.array([0.5, 0.3, 0.2]), roots @ roots.transpose(0, 2, 1) + 1e-5 * np.eye(8))


def test_every_patch_gets_its_component_s_filter(small_mixture):
    patches = np.random.default_rng(1).random((9, 40)).astype(np.float32)
    patches[:, ::2] = 0.5 + 0.02 * patches[:, ::2]
    density, filters = JointDensity(small_mixture, 1e-3), small_mixture.wiener_filters(1e-3)
    found = filtered_patches(patches, density, filters.astype(np.float32))
    labels = density(patches).argmax(axis=0)
    assert len(set(labels)) > 1
    for label, patch, result in zip(labels, patches.T, found.T):
        expected = patch.mean() + filters[label] @ (patch - patch.mean())
        assert np.allclose(result, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 3), (3, 11), (7, 5), (2, 6, 5)])
def test_expected_image_is_the_mean_over_all_periodic_patches(small_mixture, shape):
    image = np.random.default_rng(2).random(shape)
    found = expected_image(image, small_mixture, 0.01)
    density, filters = JointDensity(small_mixture, 0.01), small_mixture.wiener_filters(0.01).astype(np.float32)
    height, width = shape[-2:]
    expected = np.zeros(shape)
    for plane, total in zip(image.reshape(-1, height, width), expected.reshape(-1, height, width)):
        for row in range(height):
            for column in range(width):
                place = np.ix_((row + np.arange(3)) % height, (column + np.arange(3)) % width)
                patch = plane[place].reshape(9, 1).astype(np.float32)
                total[place] += filtered_patches(patch, density, filters).reshape(3, 3) / 9
    assert found.dtype == image.dtype and np.allclose(found, expected, rtol=0, atol=1e-5)


def test_denoising_takes_most_of_the_noise_away(natural_case):
    sharp, *_, error = natural_case
    noisy = sharp + 25 / 255 * np.random.default_rng(0).standard_normal(sharp.shape)
    assert error(denoise_epll(noisy, 25 / 255)) < error(noisy) / 4


def test_denoising_of_colour_is_by_channel(natural_case):
    sharp = natural_case[0][:24, :30]
    colour = np.stack([sharp, 1 - sharp, sharp**2], axis=-1)
    alone = np.stack([denoise_epll(colour[..., channel], 0.05) for channel in range(3)], axis=-1)
    assert np.allclose(denoise_epll(colour, 0.05), alone, rtol=0, atol=1e-6)


def test_better_than_total_variation_on_a_natural_image(natural_case):
    sharp, blurred, kernel, error = natural_case
    mine, other = error(deconvolve_epll(blurred, kernel)), error(deconvolve_tv(blurred, kernel))
    assert mine < 0.9 * other < error(blurred) / 3


def test_more_noise_makes_it_smoother(natural_case):
    _, blurred, kernel, _ = natural_case
    blurred = blurred[:60, :60]
    little, much = (pydeblur.deconvolve(blurred, kernel, "epll", noise=noise) for noise in (0.01, 0.1))
    assert np.abs(np.diff(much)).mean() < 0.8 * np.abs(np.diff(little)).mean()


@pytest.mark.parametrize("noise", [0, -0.1, 2, np.nan, "0.1", None])
def test_bad_noise_is_refused_in_one_sentence(noise):
    for call in (
        lambda: denoise_epll(np.zeros((20, 20)), noise),
        lambda: pydeblur.deconvolve(np.zeros((20, 20)), np.ones((3, 3)), "epll", noise=noise),
    ):
        with pytest.raises(pydeblur.InvalidOptionError, match=r"^[^\n]*noise[^\n]*$"):
            call()


def test_denoising_refuses_what_is_no_image():
    with pytest.raises(pydeblur.InvalidInputError, match=r"^[^\n]*image[^\n]*$"):
        denoise_epll(np.full((20, 20), np.nan), 0.1)


def test_the_mixture_is_read_once():
    assert load_mixture() is load_mixture()
