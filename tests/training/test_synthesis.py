import subprocess
import sys

import imageio.v3 as imageio
import numpy as np
import pytest
import scipy.signal
from skimage import data

from pydeblur.errors import InvalidInputError
from pydeblur.training.kernels import random_kernel
from pydeblur.training.sheet import write_sheet
from pydeblur.training.synthesis import Synthesis, blur, resize, sample_block, sample_pair

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
    varied = dict(noise=(0, 0), presize=(0.5, 0.5), contrast=(0.5, 0.5), gamma=(2.0, 2.0), quantize=False)
    plain, _ = sample_pair(CAMERA, KERNEL, 0, Synthesis(**varied, untouched=1.0), scale=1.0)
    np.testing.assert_allclose(plain, CAMERA[7:-7, 7:-7] / 255, atol=1e-6)
    sharp, _ = sample_pair(CAMERA, KERNEL, 0, Synthesis(**varied), scale=1.0)
    assert sharp.shape == (256 - 14, 256 - 14)
    assert np.ptp(sharp) <= 0.5 + 1e-6
    assert np.corrcoef(sharp.ravel(), resize(CAMERA / 255, 0.5)[7:-7, 7:-7].ravel() ** 2)[0, 1] > 0.99


@pytest.mark.parametrize("filter", ["cubic", "linear", "box"])
def test_resize_keeps_constants_and_ramps_and_removes_what_cannot_be_shown(filter):
    np.testing.assert_allclose(resize(np.full((40, 60), 0.3), 0.37, filter), 0.3, rtol=1e-6)
    ramp = np.tile(np.arange(64.0), (64, 1))
    np.testing.assert_allclose(resize(ramp, 0.5, filter)[10, 4:-4], 2 * np.arange(32.0)[4:-4] + 0.5, atol=1e-4)
    stripes = np.tile([0.0, 1.0], (64, 32))
    assert np.std(resize(stripes, 0.25, filter)[:, 2:-2]) < 0.01


@pytest.mark.parametrize("factor", [0.5, 0.3, 0.83])
def test_resize_agrees_with_pillow(factor):
    from PIL import Image

    image = CAMERA[:200, :300].astype(np.float32)
    ours = resize(image, factor, "linear")
    theirs = np.asarray(Image.fromarray(image).resize(ours.shape[::-1], Image.Resampling.BILINEAR))
    assert np.sqrt(np.mean((ours - theirs)[4:-4, 4:-4] ** 2)) < 0.5  # of 255; Pillow stretches to the rounded side


def test_bad_arguments_are_refused():
    image = np.zeros((64, 64))
    cases = [
        (lambda: blur(image[0], KERNEL), "image and kernel"),
        (lambda: blur(image, np.ones((4, 5))), "odd"),
        (lambda: blur(image, KERNEL, noise=-1), "noise"),
        (lambda: blur(image, KERNEL, boundary="circular"), "boundary"),
        (lambda: blur(np.zeros((9, 9)), KERNEL, boundary="valid"), "kernel"),
        (lambda: resize(image, 0), "factor"),
        (lambda: resize(image, 0.5, "sinc"), "filter"),
        (lambda: sample_pair(image, KERNEL, 0, crop=60), "crop"),
        (lambda: sample_block([], [KERNEL], 1, 8, 0), "images"),
        (lambda: Synthesis(noise=(0.02, 0.01)), "noise"),
        (lambda: Synthesis(scales=(0.5, 2.0)), "scales"),
    ]
    for call, word in cases:
        with pytest.raises(InvalidInputError, match=word):
            call()


def test_sheet_is_written_and_repeats(tmp_path):
    picture = write_sheet(tmp_path / "sheet.png", [CAMERA], 0, columns=3, kernel_rows=2, pair_rows=1, crop=48)
    np.testing.assert_array_equal(imageio.imread(tmp_path / "sheet.png"), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
    np.testing.assert_array_equal(
        picture, write_sheet(tmp_path / "again.png", [CAMERA], 0, columns=3, kernel_rows=2, pair_rows=1, crop=48)
    )


def test_generators_need_no_torch():
    modules = ", ".join(f"pydeblur.training.{name}" for name in ("kernels", "synthesis", "images", "sheet"))
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
