"""Pairs of a clear and a blurred crop differ in nothing but the blur."""

import numpy as np
import pytest
import scipy.signal
from skimage import data

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis import random_kernel, resize
from pydeblur.training.classifier.pairs import Synthesis, sample_block, sample_pair

CAMERA = data.camera()
KERNEL = random_kernel(15, 0)


def test_both_classes_carry_the_same_noise_level():
    image = np.full((300, 300), 0.5, np.float32)
    sharp, blurred = sample_pair(image, KERNEL, 0, Synthesis(noise=(0.01, 0.01), quantize=False), crop=200, scale=1.0)
    assert np.std(sharp) == pytest.approx(0.01, rel=0.03)
    assert np.std(blurred) == pytest.approx(0.01, rel=0.03)


def test_noise_comes_before_the_down_sampling():
    image = np.full((400, 400), 0.5, np.float32)
    pair = sample_pair(image, KERNEL, 0, Synthesis(quantize=False), crop=90, scale=0.25)
    for member in pair:
        assert np.std(member) < 0.005


def test_pair_shows_the_same_part():
    sharp, blurred = sample_pair(CAMERA, KERNEL, 5, Synthesis(), crop=96, scale=1.0)
    assert sharp.shape == blurred.shape == (96, 96)
    turned = [np.rot90(kernel, turn) for kernel in (KERNEL, KERNEL.T) for turn in range(4)]
    candidates = [scipy.signal.convolve2d(sharp, kernel, "valid") for kernel in turned]
    errors = [np.std(candidate - blurred[7:-7, 7:-7]) for candidate in candidates]
    assert min(errors) < 0.012  # the noise; the crop may have been flipped, and the kernel with it


def test_block_is_decided_by_its_seed():
    images, kernels = [CAMERA, data.coins()], [KERNEL, random_kernel(31, 1)]
    synthesis = Synthesis(noise=(0, 0.02), presize=(0.6, 1), contrast=(0.5, 1), gamma=(0.7, 1.4), flat_share=0.2)
    first = sample_block(images, kernels, 10, 48, (1, 2), synthesis)
    assert first.shape == (10, 2, 48, 48) and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(first, sample_block(images, kernels, 10, 48, (1, 2), synthesis))
    assert not np.array_equal(first, sample_block(images, kernels, 10, 48, (1, 3), synthesis))


def test_classes_differ_in_nothing_but_blur():
    # A 1x1 kernel does not blur: the classes must then have the same statistics.
    pairs = sample_block([CAMERA], [np.ones((1, 1))], 200, 32, 0, Synthesis(noise=(0.01, 0.01)))
    gradient = np.abs(np.diff(pairs, axis=-1)).mean(axis=(0, 2, 3))
    assert gradient[0] == pytest.approx(gradient[1], rel=0.01)
    assert pairs[:, 0].mean() == pytest.approx(pairs[:, 1].mean(), abs=1e-3)


def test_variation_and_its_absence():
    varied = {"noise": (0, 0), "presize": (0.5, 0.5), "contrast": (0.5, 0.5), "gamma": (2.0, 2.0), "quantize": False}
    plain, _ = sample_pair(CAMERA, KERNEL, 0, Synthesis(**varied, untouched=1.0), scale=1.0)
    np.testing.assert_allclose(plain, CAMERA[7:-7, 7:-7] / 255, atol=1e-6)
    sharp, _ = sample_pair(CAMERA, KERNEL, 0, Synthesis(**varied), scale=1.0)
    assert sharp.shape == (256 - 14, 256 - 14)
    assert np.ptp(sharp) <= 0.5 + 1e-6
    assert np.corrcoef(sharp.ravel(), resize(CAMERA / 255, 0.5)[7:-7, 7:-7].ravel() ** 2)[0, 1] > 0.99


@pytest.mark.parametrize("share, flat", [(0.0, 0.0), (1.0, 0.43)])
def test_crops_without_content_are_drawn_again(share, flat):
    """Of a picture half of which is sky, all crops have something in them, or half of them have not."""
    image = np.full((120, 240), 0.6)
    image[:, :120] = np.random.default_rng(0).random((120, 120))
    synthesis = Synthesis(noise=(0, 0), scales=(1, 1), flat_share=share)
    sharp = sample_block([image], [np.ones((1, 1))], 150, 24, 0, synthesis)[:, 0]
    # A crop counts as flat by its inner part, since what is cut out is a little larger.
    found = np.mean([np.ptp(crop) < 0.05 for crop in sharp])
    # Four attempts, of which each finds sky in two of five cases.
    assert found == pytest.approx(flat, abs=0.1)


def test_shares_decide_which_images_are_drawn():
    images = [np.full((60, 60), value) for value in (0.2, 0.8)]
    synthesis = Synthesis(noise=(0, 0), scales=(1, 1), quantize=False)
    pairs = sample_block(images, [np.ones((1, 1))], 60, 16, 0, synthesis, crops_per_sheet=1, shares=[0, 1])
    np.testing.assert_allclose(pairs, 0.8, atol=1e-6)


@pytest.mark.parametrize(
    "call, word",
    [
        (lambda: sample_pair(np.zeros((64, 64)), KERNEL, 0, crop=60), "crop"),
        (lambda: sample_block([], [KERNEL], 1, 8, 0), "images"),
        (lambda: sample_block([CAMERA], [], 1, 8, 0), "kernels"),
        (lambda: Synthesis(noise=(0.02, 0.01)), "noise"),
        (lambda: Synthesis(gamma=(0, 1)), "gamma"),
        (lambda: Synthesis(scales=(0.5, 2.0)), "scales"),
    ],
)
def test_bad_arguments_are_refused(call, word):
    with pytest.raises(InvalidInputError, match=word):
        call()
