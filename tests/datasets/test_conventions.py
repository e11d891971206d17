"""That the research data is what its loaders say, fitted on the data."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from pydeblur import datasets

pytestmark = pytest.mark.needs_data


def blurred_by(sharp, kernel):
    """conv2(sharp, kernel) at the same size, the border replicated."""
    margin = len(kernel)
    padded = np.pad(sharp, margin, mode="edge")
    return fftconvolve(padded, kernel, "same")[margin:-margin, margin:-margin]


def residuals(prediction, blurred, reach=5, border=25):
    """rms of blurred[i, j] - prediction[i + rows, j + columns] inside the border, by (rows, columns)."""
    middle = blurred[border:-border, border:-border]
    height, width = blurred.shape
    return {
        (i, j): np.sqrt(
            np.mean((prediction[border + i : height - border + i, border + j : width - border + j] - middle) ** 2)
        )
        for i in range(-reach, reach + 1)
        for j in range(-reach, reach + 1)
    }


def test_levin_has_32_cases_that_can_be_had(research_data):
    cases = datasets.load("levin", research_data)
    assert [case.name for case in cases] == [f"im{i:02d}_ker{k:02d}" for i in range(1, 5) for k in range(1, 9)]
    assert [case.kernel_size for case in cases[:8]] == [25, 25, 25, 31, 25, 25, 25, 25]
    for case in cases:
        assert case.blurred.shape == case.sharp.shape == (255, 255)
        assert 0 <= case.blurred.min() < case.blurred.max() <= 1
        assert len(case.kernel) < case.kernel_size


@pytest.mark.parametrize("number", range(1, 9))
def test_levin_is_a_convolution_with_the_turned_kernel_and_a_shift(research_data, number):
    for case in datasets.load("levin", research_data, [f"im{image:02d}_ker{number:02d}" for image in (1, 2, 3, 4)]):
        kernel = case.kernel
        assert kernel.sum() == pytest.approx(1, abs=1e-12)
        found = residuals(blurred_by(case.sharp, kernel), case.blurred)
        best = min(found, key=found.get)
        assert best == case.shift
        assert found[best] < 0.013
        other_way = residuals(blurred_by(case.sharp, kernel[::-1, ::-1]), case.blurred)
        assert min(other_way.values()) > 1.2 * found[best]


def test_text_has_120_cases(research_data):
    cases = datasets.load("text", research_data)
    assert [case.name for case in cases] == [f"im{i:02d}_ker{k:02d}" for i in range(1, 16) for k in range(1, 9)]
    assert [case.kernel_size for case in cases[:8]] == [23, 21, 19, 33, 17, 27, 29, 29]
    assert [len(case.kernel) for case in cases[:8]] == [19, 17, 15, 27, 13, 21, 23, 23]


@pytest.mark.parametrize("name", ["im01_ker04", "im03_ker01", "im08_ker06", "im13_ker08", "im12_ker03"])
def test_text_is_a_convolution_with_the_kernel_rounded_to_8_bits(research_data, name):
    (case,) = datasets.load("text", research_data, name)
    sharp, blurred, kernel = case.sharp, case.blurred, case.kernel
    assert sharp.shape == blurred.shape
    assert sharp.ndim == 3
    residual = blurred - np.dstack([blurred_by(sharp[..., c], kernel) for c in range(3)])
    # Rounding leaves 1 / (255 sqrt(12)) = 0.00113 rms; the kernel's own 8 bits shift edges a little more.
    assert np.sqrt(np.mean(residual**2)) < 0.0012
    assert np.abs(residual).max() < 0.0052  # the border included: it is replicated


def test_text_kernels_are_levins(research_data):
    texts = datasets.load("text", research_data, [f"im01_ker{k:02d}" for k in range(1, 9)])
    levins = datasets.load("levin", research_data, [f"im01_ker{k:02d}" for k in range(1, 9)])
    for text, levin in zip(texts, levins, strict=True):
        assert np.abs(text.kernel - levin.kernel).max() < 0.004 * levin.kernel.max()


def test_real_photographs_and_settings(research_data):
    cases = datasets.load("real", research_data)
    assert len(cases) == 8
    for case in cases:
        assert case.sharp is None
        assert case.kernel is None
        assert case.kernel_size % 2 == 1
        assert case.saturated == case.name.startswith("lowlight")
        assert case.gamma == (2.2 if case.name == "text_8_patch" else 1)
        assert case.blurred.ndim == 3
        assert min(case.blurred.shape[:2]) > case.kernel_size


def test_kohler(research_data):
    cases = datasets.load("kohler", research_data)
    assert [case.name for case in cases] == [f"im{i:02d}_ker{k:02d}" for i in range(1, 5) for k in range(1, 13)]
    sizes = {case.name: case.kernel_size for case in cases}
    assert [sizes[name] for name in ("im01_ker08", "im02_ker10", "im03_ker04", "im04_ker09")] == [121, 151, 21, 101]
    assert cases[-1].blurred.shape == cases[-1].sharp.shape == (800, 800, 3)
    assert cases[0].kernel is None


def test_sun_is_made_of_its_photograph_kernel_and_noise(research_data):
    cases = datasets.load("sun", research_data)
    assert len(cases) == 640
    (case,) = datasets.load("sun", research_data, "im23_ker04")
    assert (case.kernel_size, case.kernel.shape) == (31, (27, 27))
    sharp, blurred = case.sharp, case.blurred
    assert sharp.shape == blurred.shape == (324, 924)
    # Away from the cut, and where nothing is clipped, what is left is the noise: 1 %, white, of mean 0.
    inner = (blurred - blurred_by(sharp, case.kernel))[30:-30, 30:-30]
    inner = inner[(blurred[30:-30, 30:-30] > 0.05) & (blurred[30:-30, 30:-30] < 0.95)]
    assert np.std(inner) == pytest.approx(np.hypot(0.01, 1 / 255 / np.sqrt(12)), rel=0.01)
    assert abs(np.mean(inner)) < 1e-4
    assert np.array_equal(blurred, case.blurred)
    (neighbour,) = datasets.load("sun", research_data, "im23_ker05")
    assert not np.array_equal(neighbour.blurred, blurred)
