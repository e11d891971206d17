"""A natural image under a kernel and noise that are known."""

import numpy as np
import pytest
from scipy.signal import convolve2d


@pytest.fixture(scope="session")
def natural_case():
    """sharp (110, 120), blurred of that shape with 1 % noise, kernel (9, 9), and the mean squared error of a result."""
    from skimage import data

    from pydeblur.synthesis.kernels import random_kernel

    whole = data.camera()[100:336:2, 60:316:2] / 255.0
    kernel = random_kernel(9, 3)
    blurred = convolve2d(whole, kernel, "valid")
    blurred = blurred + 0.01 * np.random.default_rng(0).standard_normal(blurred.shape)
    sharp = whole[4:-4, 4:-4]

    def error(restored):
        return np.mean((restored - sharp)[8:-8, 8:-8] ** 2)

    return sharp, blurred, kernel, error
