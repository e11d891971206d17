"""A blurred case's truth: the sharp image convolved with the kernel is the blurred one, but for noise and rounding."""

import dataclasses

import numpy as np
import pytest
from scipy.signal import convolve2d

from pydeblur.synthesis import BlurredCase, blurred_case, random_kernel
from pydeblur.synthesis.cases import asked_size

SCENE = np.random.default_rng(0).random((90, 120))
KERNEL = random_kernel(13, 4)


@pytest.mark.parametrize("side", [None, 40, 78])
def test_the_sharp_image_lies_where_the_blurred_one_does(side):
    case = blurred_case("noise", SCENE, KERNEL, 0.0, 1, side=side)
    shape = (78, 108) if side is None else (side, side)
    assert case.sharp.shape == case.blurred.shape == shape
    assert case.sharp.dtype == case.blurred.dtype == case.kernel.dtype == np.float64
    inner = convolve2d(case.sharp, KERNEL, "valid")
    # Half a step of 8 bits, and single precision.
    assert np.abs(inner - case.blurred[6:-6, 6:-6]).max() < 0.5 / 255 + 1e-6
    np.testing.assert_allclose(255 * case.blurred, np.rint(255 * case.blurred), atol=1e-4)
    np.testing.assert_array_equal(case.kernel, KERNEL)


def test_the_sharp_image_is_a_part_of_the_scene():
    case = blurred_case("noise", SCENE, KERNEL, 0.01, 3, side=40)
    places = np.argwhere(np.abs(SCENE[6:-45, 6:-45] - case.sharp[0, 0]) < 1e-12) + 6
    assert any(np.array_equal(SCENE[top : top + 40, left : left + 40], case.sharp) for top, left in places)


def test_noise_is_what_was_asked_for():
    flat = np.full((150, 150), 0.5)
    clean, noisy = (blurred_case("flat", flat, KERNEL, noise, 0) for noise in (0.0, 0.02))
    assert np.ptp(clean.blurred) == 0 and np.std(noisy.blurred) == pytest.approx(0.02, rel=0.03)
    assert (clean.noise, noisy.noise) == (0.0, 0.02)


@pytest.mark.parametrize("light_gamma", [1.0, 2.2])
def test_the_kernel_blurs_intensities_to_a_power(light_gamma):
    scene = np.random.default_rng(0).random((30, 34))
    kernel = np.array([[0.0, 0, 0], [0.25, 0, 0.75], [0, 0, 0]])
    case = blurred_case("noise", scene, kernel, 0.0, 0, light_gamma=light_gamma)
    light = case.sharp**light_gamma
    # A convolution turns the kernel round.
    expected = (0.75 * light[:, :-2] + 0.25 * light[:, 2:]) ** (1 / light_gamma)
    np.testing.assert_allclose(case.blurred[:, 1:-1], expected, rtol=0, atol=0.51 / 255)


def test_the_seed_decides_the_part_and_the_noise():
    first, again, other = (blurred_case("noise", SCENE, KERNEL, 0.01, seed, side=40) for seed in (1, 1, 2))
    assert np.array_equal(first.blurred, again.blurred) and not np.array_equal(first.sharp, other.sharp)
    generator = blurred_case("noise", SCENE, KERNEL, 0.01, np.random.default_rng(1), side=40)
    assert np.array_equal(first.blurred, generator.blurred)


def test_the_part_with_most_texture_is_taken():
    scene = np.full((60, 400), 0.7)
    scene[:, 340:] = SCENE[:60, :60]
    textured = [np.std(blurred_case("sky", scene, KERNEL, 0.0, seed, side=40).sharp) > 0 for seed in range(200)]
    # A part begins at one of 349 columns, and the last 54 of them show the texture; the best of four is taken.
    assert np.mean(textured) == pytest.approx(1 - (1 - 54 / 349) ** 4, abs=0.1)


@pytest.mark.parametrize(
    "shape, side, fits", [((52, 52), 40, True), ((51, 90), 40, False), ((13, 13), None, True), ((12, 90), None, False)]
)
def test_a_scene_that_is_too_small_gives_no_case(shape, side, fits):
    case = blurred_case("small", SCENE[: shape[0], : shape[1]], KERNEL, 0.0, 0, side=side)
    assert isinstance(case, BlurredCase) == fits and (fits or case is None)


@pytest.mark.parametrize("size", range(3, 62, 2))
@pytest.mark.parametrize("room", [1.0, 1.1, 1.2, 1.3])
def test_the_size_to_ask_for_is_the_next_odd_number(size, room):
    asked = asked_size(size, room)
    assert asked % 2 == 1 and asked >= room * size - 1e-9 and asked - 2 < room * size
    if room == 1.2:
        assert blurred_case("c", SCENE, np.full((size, size), 1 / size**2), 0.0, 0).kernel_size == asked


def test_a_case_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        blurred_case("noise", SCENE, KERNEL, 0.0, 0).noise = 1.0
