"""PSNR by hand, SSIM by its formula."""

import math
import sys

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.metrics import aligned_psnr, psnr, ssim

RNG = np.random.default_rng(0)


class TestPsnr:
    @pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
    def test_of_a_known_difference(self, shape):
        assert psnr(np.full(shape, 0.6), np.full(shape, 0.5)) == pytest.approx(20, abs=1e-12)
        assert psnr(np.full(shape, 178, np.uint8), np.full(shape, 153, np.uint8), 255) == pytest.approx(
            20 * math.log10(255 / 25), abs=1e-12
        )

    def test_values_are_not_clipped(self):
        assert psnr(np.full((3, 3), 2.0), np.ones((3, 3))) == 0

    def test_of_equal_images(self):
        assert psnr(np.ones((3, 3)), np.ones((3, 3))) == math.inf

    def test_agrees_with_scikit_image(self):
        metrics = pytest.importorskip("skimage.metrics")
        a, b = RNG.random((2, 20, 30, 3))
        assert psnr(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(b, a, data_range=1), rel=1e-13)

    def test_wrong_input(self):
        with pytest.raises(InvalidInputError, match="shape"):
            psnr(np.ones((3, 3)), np.ones((3, 4)))
        with pytest.raises(InvalidInputError, match="finite"):
            psnr(np.full((3, 3), np.nan), np.ones((3, 3)))

    @pytest.mark.parametrize("data_range", [0, -1, np.inf, np.nan, "1", None])
    def test_wrong_range(self, data_range):
        for measure in (psnr, ssim, aligned_psnr):
            with pytest.raises(InvalidOptionError, match="data_range"):
                measure(np.ones((40, 40)), np.zeros((40, 40)), data_range=data_range)


class TestAlignedPsnr:
    def test_forgives_a_shift_and_leaves_the_border_out(self):
        reference = RNG.random((50, 60, 3))
        image = np.roll(reference, (2, -3), (0, 1))
        assert psnr(image, reference) < 10
        assert aligned_psnr(image, reference) == math.inf
        assert aligned_psnr(image + 0.1, reference) == pytest.approx(20, abs=1e-9)
        assert aligned_psnr(image, reference, max_shift=2) < 10

    def test_without_any_shift_or_border_it_is_plain_psnr(self):
        a, b = RNG.random((2, 20, 30))
        assert aligned_psnr(a, b, max_shift=0, border=0) == pytest.approx(psnr(a, b), rel=1e-14)


def wang_ssim(a, b):
    """Wang et al. 2004, eq. (13), where the window of 11 lies inside."""
    weights = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()

    def local(image):
        return correlate1d(correlate1d(image, weights, 0), weights, 1)[5:-5, 5:-5]

    mean_a, mean_b = local(a), local(b)
    covariance = local(a * b) - mean_a * mean_b
    variances = local(a * a) - mean_a**2 + local(b * b) - mean_b**2
    c1, c2 = 0.01**2, 0.03**2
    return np.mean(
        (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))
    )


class TestSsim:
    def test_is_that_of_wang_et_al(self):
        pytest.importorskip("skimage")
        a = RNG.random((30, 40))
        b = np.clip(a + 0.2 * RNG.standard_normal(a.shape), 0, 1)
        assert ssim(a, b) == pytest.approx(wang_ssim(a, b), abs=1e-12)
        assert ssim(a, a) == pytest.approx(1, abs=1e-15)
        colour_a, colour_b = np.dstack([a, a, b]), np.dstack([a, b, b])
        assert ssim(colour_a, colour_b) == pytest.approx((2 + wang_ssim(a, b)) / 3, abs=1e-12)

    def test_without_scikit_image(self, monkeypatch):
        for name in [name for name in sys.modules if name.startswith("skimage")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "skimage", None)
        with pytest.warns(UserWarning, match="needs scikit-image"):
            assert math.isnan(ssim(np.ones((20, 20)), np.ones((20, 20))))

    def test_wrong_input(self):
        with pytest.raises(InvalidInputError, match="at least 11 rows"):
            ssim(np.ones((10, 40)), np.ones((10, 40)))
        with pytest.raises(InvalidInputError, match="shape"):
            ssim(np.ones((20, 20)), np.ones((20, 21)))
