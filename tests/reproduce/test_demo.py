"""The demo's images and its picture."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from pydeblur.reproduce import demo

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


def test_psnr_is_taken_after_the_best_shift():
    sharp = np.random.default_rng(0).random((60, 60))
    image = demo.DemoImage("noise", np.clip(sharp + 0.1, 0, 2), 3, {}, sharp=sharp)
    result = type("Result", (), {"image": np.roll(sharp + 0.01, (1, 2), (0, 1))})
    before, after = demo.psnr_before_and_after(image, result)
    assert before == pytest.approx(20) and after == pytest.approx(40)


def test_side_by_side_has_a_row_per_image_and_shows_kernel_and_detail():
    rng = np.random.default_rng(0)
    images = [
        demo.DemoImage("a", rng.random((40, 50)), 5, {}),
        demo.DemoImage("b", rng.random((60, 70)), 5, {}, detail=np.s_[10:40, 10:50]),
    ]
    results = [type("Result", (), {"image": image.blurred, "kernel": np.eye(5) / 5}) for image in images]
    picture = demo.side_by_side(images, results)
    gap = 8
    assert picture.shape == (40 + gap + 60 + gap, 2 * 80 + 2 * gap + 20)
    assert picture.min() >= 0 and picture.max() <= 1
    assert np.array_equal(picture[:40, :50], images[0].blurred)
    assert np.array_equal(picture[:20, 2 * 50 + 2 * gap :][:, :20], np.kron(np.eye(5), np.ones((4, 4))))
