"""Latent images as training pairs: the right kernel's is nearer to the sharp image, and all comes from the seed."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis import random_kernel
from pydeblur.training.classifier.latents import latent_pair, scaled_kernel
from pydeblur.training.classifier.pairs import Synthesis, sample_block


@pytest.fixture(scope="module")
def sharp():
    rng = np.random.default_rng(1)
    return np.kron(rng.uniform(size=(20, 20)), np.ones((8, 8))).astype(np.float32)


def test_the_right_kernel_is_nearer_to_the_sharp_image(sharp):
    kernel = random_kernel(13, 4)
    wanted = sharp[6:-6, 6:-6]
    ratios = []
    for seed in range(16):
        good, bad = latent_pair(sharp, kernel, 0.005, seed)
        assert good.shape == bad.shape == wanted.shape and good.dtype == np.float32
        errors = [np.mean((image - wanted)[13:-13, 13:-13] ** 2) for image in (good, bad)]
        ratios.append(errors[0] / errors[1])
    assert np.median(ratios) < 0.6 and np.mean(np.array(ratios) < 0.9) >= 0.75


@pytest.mark.parametrize("scale", [0.2, 0.33, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("size", [7, 13, 31])
def test_scaled_kernels(scale, size):
    small = scaled_kernel(random_kernel(size, 0), scale)
    assert small.sum() == pytest.approx(1, abs=1e-5) and small.min() >= 0
    assert all(side % 2 == 1 and 3 <= side <= size for side in small.shape)


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_scale_out_of_range(scale):
    with pytest.raises(InvalidInputError, match="scale"):
        scaled_kernel(random_kernel(7, 0), scale)


def test_blocks_of_latents_come_from_the_seed(sharp):
    synthesis = Synthesis(latents=1.0, graphics=0.5, noise=(0, 0.01), scales=(0.6, 0.6))
    images, kernels = [(255 * sharp).astype(np.uint8)], [random_kernel(9, 0)]
    first, again, other = (sample_block(images, kernels, 6, 40, seed, synthesis) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == (6, 2, 40, 40) and first.min() >= 0 and first.max() <= 1
