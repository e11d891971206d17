"""Blur is a convolution, and its noise is what was asked for."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.signal
from skimage import data

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis import add_noise, blur, random_kernel, valid_part

CAMERA = data.camera()
KERNEL = random_kernel(15, 0)


@pytest.mark.parametrize(("boundary", "mode"), [("valid", "valid"), ("replicate", "same")])
def test_blur_is_convolution(boundary, mode):
    image = CAMERA[100:181, 200:290] / 255
    kernel = KERNEL[:, 2:-2]
    blurred = blur(image, kernel, 0, quantize=False, boundary=boundary)
    if boundary == "replicate":
        image = np.pad(image, ((7, 7), (5, 5)), mode="edge")
    expected = scipy.signal.convolve2d(image, kernel, "valid")
    assert blurred.dtype == np.float32 and blurred.shape == expected.shape
    np.testing.assert_allclose(blurred, expected, atol=2e-6)


def test_noise_level_and_quantisation_of_blur():
    flat = np.full((200, 200), 0.5)
    noisy = blur(flat, KERNEL, 0.02, 0, quantize=False)
    assert np.std(noisy) == pytest.approx(0.02, rel=0.03)
    eight_bits = 255 * blur(flat, KERNEL, 0.02, 0)
    np.testing.assert_allclose(eight_bits, np.rint(eight_bits), atol=1e-4)
    np.testing.assert_array_equal(blur(flat, KERNEL, 0.02, 3), blur(flat, KERNEL, 0.02, 3))


def test_noise_needs_no_kernel():
    image = CAMERA / 255
    point = np.ones((1, 1))
    without_kernel, with_point = add_noise(image, 0.02, 3, quantize=False), blur(image, point, 0.02, 3, quantize=False)
    np.testing.assert_allclose(without_kernel, with_point, atol=1e-6)
    np.testing.assert_allclose(add_noise(image, 0.0), image, atol=1e-7)


def test_the_valid_part_is_where_the_blurred_image_lies():
    image, off_centre = CAMERA[100:181, 200:290] / 255, np.zeros((7, 5))
    off_centre[3, 2] = 1
    blurred = blur(image, off_centre, 0, boundary="valid")
    np.testing.assert_allclose(blurred, valid_part(image, off_centre.shape), atol=1e-7)


@pytest.mark.parametrize(
    "call, word",
    [
        (lambda image: blur(image[0], KERNEL), "image and kernel"),
        (lambda image: blur(image, np.ones((4, 5))), "odd"),
        (lambda image: blur(image, KERNEL, noise=-1), "noise"),
        (lambda image: blur(image, KERNEL, boundary="circular"), "boundary"),
        (lambda image: blur(image[:9, :9], KERNEL, boundary="valid"), "kernel"),
    ],
)
def test_bad_arguments_are_refused(call, word):
    with pytest.raises(InvalidInputError, match=word):
        call(np.zeros((64, 64)))


def test_synthesis_needs_no_torch():
    modules = ", ".join(f"pydeblur.synthesis.{name}" for name in ("blur", "cases", "kernels", "resize", "scenes"))
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
