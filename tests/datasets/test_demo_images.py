"""The demo's images and its picture."""

import pytest
from scipy.signal import convolve2d

from pydeblur.datasets import demo_images as demo

pytest.importorskip("skimage")


def test_images_are_a_real_photo_and_one_with_known_truth():
    clock, camera = demo.demo_images()
    assert clock.sharp is None and clock.blurred.shape == (300, 400) and clock.kernel_size % 2 == 1
    assert camera.blurred.shape == camera.sharp.shape
    assert camera.kernel.sum() == pytest.approx(1) and len(camera.kernel) <= camera.kernel_size
    reblurred = convolve2d(camera.sharp, camera.kernel, "valid")
    margin = len(camera.kernel) // 2
    residual = camera.blurred[margin:-margin, margin:-margin] - reblurred
    assert 0.008 < residual.std() < 0.012  # 1 % noise, and 8 bits
