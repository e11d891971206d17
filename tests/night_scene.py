"""A dark scene with lights, blurred and then clipped, as several tests of clipped highlights use it."""

import numpy as np
from scipy.ndimage import convolve

from pydeblur.synthesis.kernels import random_kernel

KERNEL = random_kernel(13, np.random.default_rng(1))


def night_scene(light, side=160):
    """A dark photograph (side, side) with a dozen lights of that brightness, blurred by KERNEL, clipped, in 8 bits."""
    from skimage import data

    rng = np.random.default_rng(1)
    sharp = 0.35 * data.camera()[100 : 100 + side, 180 : 180 + side] / 255
    for _ in range(12):
        top, left = rng.integers(8, side - 12, 2)
        sharp[top : top + rng.integers(2, 5), left : left + rng.integers(2, 5)] = light
    seen = convolve(sharp, KERNEL, mode="nearest") + 0.004 * rng.standard_normal(sharp.shape)
    return np.round(255 * np.clip(seen, 0, 1)) / 255


def photographed_in(gamma, noise=0.001):
    """A dark photograph (150, 150) with lights, blurred by KERNEL in intensities to a power, clipped, in 8 bits."""
    from skimage import data

    rng = np.random.default_rng(1)
    sharp = 0.35 * data.camera()[100:250, 180:330] / 255
    for _ in range(12):
        top, left = rng.integers(8, 135, 2)
        sharp[top : top + rng.integers(2, 5), left : left + rng.integers(2, 5)] = 2.5
    seen = convolve(sharp**gamma, KERNEL, mode="nearest") ** (1 / gamma)
    return np.round(255 * np.clip(seen + noise * rng.standard_normal(seen.shape), 0, 1)) / 255
