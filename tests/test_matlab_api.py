"""The MATLAB family's names: argument order, defaults, shapes, and that they are the package's own stages."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import convolve2d

import pydeblur

KERNEL = np.zeros((5, 5))
KERNEL[[0, 1, 2, 3, 4], [0, 1, 2, 2, 3]] = 0.2

SIGNATURES = {
    "blind_deconv": "(y, lambda_pixel, lambda_grad, opts)",
    "ringing_artifacts_removal": "(y, kernel, lambda_tv, lambda_l0, weight_ring)",
    "whyte_deconv": "(blurred, kernel)",
    "L0Restoration": "(Im, kernel, lambda_, kappa=2.0)",
    "estimate_psf": "(blurred_x, blurred_y, latent_x, latent_y, weight, psf_size)",
    "wrap_boundary_liu": "(img, img_size)",
    "opt_fft_size": "(n)",
    "threshold_pxpy_v1": "(latent, psf_size, threshold=None)",
    "adjust_psf_center": "(psf)",
    "comp_upto_shift": "(I1, I2, maxshift=5)",
}


@pytest.fixture(scope="module")
def blurred(sharp_image):
    """(60, 64)"""
    return convolve2d(sharp_image[18:82, 18:86], KERNEL, "valid")


@pytest.mark.parametrize("name, signature", SIGNATURES.items())
def test_names_and_argument_order(name, signature):
    assert str(inspect.signature(getattr(pydeblur, name))) == signature


class TestBlindDeconv:
    def test_is_the_python_face_with_the_family_s_defaults(self, blurred):
        kernel, latent = pydeblur.blind_deconv(blurred, 4e-3, 4e-3, {"kernel_size": 7})
        expected = pydeblur.estimate_kernel(blurred, 7, prior="intensity", iterations=5, kernel_threshold=20)
        assert np.array_equal(kernel, expected.kernel) and np.array_equal(latent, expected.latent)

    def test_without_lambda_pixel_there_is_the_gradient_prior_alone(self, blurred):
        kernel, _ = pydeblur.blind_deconv(
            blurred, 0, 5e-3, {"kernel_size": 7, "xk_iter": 2, "gamma_correct": 1.8, "k_thresh": 5}
        )
        options = {"lambda_grad": 5e-3, "iterations": 2, "gamma_correct": 1.8, "kernel_threshold": 5}
        expected = pydeblur.estimate_kernel(blurred, 7, prior="gradient", **options)
        assert np.array_equal(kernel, expected.kernel)

    def test_opts_is_a_dict_or_an_object(self, blurred):
        class Options:
            """As a class with methods."""

            kernel_size = 7
            xk_iter = 1
            prescale = 1

            def describe(self):
                return "a method is no option"

        fields = {"kernel_size": 7, "xk_iter": 1, "prescale": 1}
        results = [
            pydeblur.blind_deconv(blurred, 0, 4e-3, opts) for opts in (fields, SimpleNamespace(**fields), Options())
        ]
        assert all(np.array_equal(kernel, results[0][0]) for kernel, _ in results)

    def test_opts_may_name_or_be_a_prior(self, blurred):
        prior = pydeblur.load_prior("intensity")
        options = {"kernel_size": 5, "xk_iter": 1}
        results = [pydeblur.blind_deconv(blurred, 4e-3, 4e-3, {**options, "prior": p})[0] for p in ("intensity", prior)]
        assert np.array_equal(*results)
        gradient = [
            pydeblur.blind_deconv(blurred, *x)[0] for x in ((1, 4e-3, {**options, "prior": None}), (0, 4e-3, options))
        ]
        assert np.array_equal(*gradient) and not np.array_equal(results[0], gradient[0])

    def test_uint8_is_scaled(self, blurred):
        image = np.rint(blurred * 255).astype(np.uint8)
        kernels = [pydeblur.blind_deconv(x, 0, 4e-3, {"kernel_size": 5, "xk_iter": 1})[0] for x in (image, image / 255)]
        assert np.array_equal(*kernels)

    @pytest.mark.parametrize(
        "weights, opts",
        [
            ((0, 4e-3), {}),
            ((0, 4e-3), None),
            ((0, 4e-3), {"kernel_size": 6}),
            ((0, 4e-3), {"kernel_size": 5, "xk_iters": 3}),
            ((0, 4e-3), {"kernel_size": 5, 3: 3}),
            ((4e-3, 4e-3), {"kernel_size": 5, "prior": "beauty"}),
            ((4e-3, 4e-3), {"kernel_size": 5, "prior": 7}),
            ((-1, 4e-3), {"kernel_size": 5}),
            ((0, np.nan), {"kernel_size": 5}),
            ((None, 4e-3), {"kernel_size": 5}),
        ],
    )
    def test_bad_options(self, blurred, weights, opts):
        with pytest.raises(pydeblur.InvalidInputError, match=r"^[^\n]+$"):
            pydeblur.blind_deconv(blurred, *weights, opts)

    def test_colour_is_refused(self, blurred):
        with pytest.raises(pydeblur.InvalidInputError, match=r"\(H, W\)"):
            pydeblur.blind_deconv(np.stack([blurred] * 3, axis=-1), 0, 4e-3, {"kernel_size": 5})


class TestFinalSteps:
    def test_ringing_artifacts_removal(self, blurred):
        expected = pydeblur.deconvolve(blurred, KERNEL, "ringing", lambda_tv=2e-3, lambda_l0=1e-3, weight_ring=0.5)
        assert np.array_equal(pydeblur.ringing_artifacts_removal(blurred, KERNEL, 2e-3, 1e-3, 0.5), expected)

    def test_whyte_deconv(self, blurred):
        assert np.array_equal(pydeblur.whyte_deconv(blurred, KERNEL), pydeblur.deconvolve(blurred, KERNEL, "whyte"))

    def test_l0_restoration(self, blurred):
        image = np.stack([blurred, blurred**2, 1 - blurred], axis=-1)
        default = pydeblur.L0Restoration(image, KERNEL, 2e-3)
        assert np.array_equal(default, pydeblur.deconvolve(image, KERNEL, "l0", lambda_l0=2e-3))
        assert default.shape == image.shape
        assert not np.allclose(default, pydeblur.L0Restoration(image, KERNEL, 2e-3, 3.0), atol=1e-6)

    @pytest.mark.parametrize("weights", [(-1,), (np.nan,), ("a",), (1e-3, 1), (1e-3, np.nan), (1e-3, np.inf)])
    def test_bad_weights(self, blurred, weights):
        with pytest.raises(pydeblur.InvalidOptionError):
            pydeblur.L0Restoration(blurred, KERNEL, *weights)


@pytest.fixture(scope="module")
def gradients():
    """Of a periodic image and its periodic blur, so that the equation holds exactly."""
    image = np.random.default_rng(0).random((48, 50))
    latent = [np.roll(image, -1, axis) - image for axis in (1, 0)]
    spectrum = np.fft.fft2(np.roll(np.pad(KERNEL, ((0, 43), (0, 45))), (-2, -2), (0, 1)))
    blurred = [np.fft.ifft2(np.fft.fft2(gradient) * spectrum).real for gradient in latent]
    return *blurred, *latent


class TestEstimatePsf:
    def test_finds_the_kernel(self, gradients):
        kernel = pydeblur.estimate_psf(*gradients, 1e-3, (7, 9))
        assert kernel.shape == (7, 9) and kernel.sum() == pytest.approx(1)
        assert np.max(np.abs(kernel - np.pad(KERNEL, ((1, 1), (2, 2))))) < 0.01

    def test_a_larger_weight_spreads_the_kernel(self, gradients):
        strict, loose = (pydeblur.estimate_psf(*gradients, weight, [5, 5]) for weight in (1e-3, 1e4))
        assert np.sum(loose**2) < np.sum(strict**2)

    @pytest.mark.parametrize("size", [7, [7], [7, 7], np.array([7, 7]), (7.0, 7.0), (7, 7, 3)])
    def test_sizes_as_matlab_gives_them(self, gradients, size):
        assert pydeblur.estimate_psf(*gradients, 2, size).shape == (7, 7)

    @pytest.mark.parametrize("size", [0, (7, 0), 7.5, "7", None, [], np.nan, (60, 7)])
    def test_bad_sizes(self, gradients, size):
        with pytest.raises(pydeblur.InvalidInputError, match="psf_size"):
            pydeblur.estimate_psf(*gradients, 2, size)

    @pytest.mark.parametrize(
        "bad", [np.ones((48, 49)), np.ones(48), "a", np.full((48, 50), np.nan), np.ones((48, 50)) * 1j]
    )
    def test_bad_gradients(self, gradients, bad):
        with pytest.raises(pydeblur.InvalidInputError):
            pydeblur.estimate_psf(gradients[0], gradients[1], bad, gradients[3], 2, 5)
        with pytest.raises(pydeblur.InvalidOptionError, match="weight"):
            pydeblur.estimate_psf(*gradients, -1, 5)


class TestSmallOnes:
    @pytest.mark.parametrize("shape", [(21, 17), (21, 17, 3)])
    def test_wrap_boundary_liu(self, shape):
        image = np.random.default_rng(0).random(shape)
        wrapped = pydeblur.wrap_boundary_liu(image, [28, 25])
        assert wrapped.shape == (28, 25, *shape[2:]) and np.array_equal(wrapped[:21, :17], image)
        with pytest.raises(pydeblur.InvalidInputError, match="img_size"):
            pydeblur.wrap_boundary_liu(image, (20, 25))

    def test_opt_fft_size(self):
        assert pydeblur.opt_fft_size(121) == 125
        assert np.array_equal(pydeblur.opt_fft_size([[97, 121], [280, 4097]]), [[98, 125], [280, 4116]])

    @pytest.mark.parametrize("bad", [0, -1, 1.5, np.nan, np.inf, "a", None, [], [[1], [1, 2]], 1j, True])
    def test_bad_lengths(self, bad):
        with pytest.raises(pydeblur.InvalidInputError, match=r"^n should be"):
            pydeblur.opt_fft_size(bad)

    def test_threshold_pxpy_v1_with_a_threshold(self, blurred):
        px, py, following = pydeblur.threshold_pxpy_v1(blurred, 5, 0.01)
        x = convolve2d(blurred, [[-1, 1], [0, 0]], "valid")
        y = convolve2d(blurred, [[-1, 0], [1, 0]], "valid")
        strong = x**2 + y**2 >= 0.01
        assert np.allclose(px, x * strong, rtol=0, atol=1e-15) and np.allclose(py, y * strong, rtol=0, atol=1e-15)
        assert following == pytest.approx(0.01 / 1.1)

    def test_threshold_pxpy_v1_finds_the_first_one(self, blurred):
        px, py, threshold = pydeblur.threshold_pxpy_v1(blurred, (5, 5))
        x = convolve2d(blurred, [[-1, 1], [0, 0]], "valid")
        y = convolve2d(blurred, [[-1, 0], [1, 0]], "valid")
        with np.errstate(divide="ignore", invalid="ignore"):
            angle, power = np.arctan(y / x), x**2 + y**2
        quarters = [(0, 1), (1, 2), (-1, 0), (-2, -1)]
        # In each direction at least 20 times the kernel's size, and in one no more than a bin's width allows.
        counts = [
            np.sum((power >= threshold) & (angle >= a * np.pi / 4) & (angle < b * np.pi / 4)) for a, b in quarters
        ]
        assert 100 <= min(counts) < 110
        assert np.array_equal(px != 0, (power >= threshold) & (px != 0))

    def test_threshold_pxpy_v1_falls_until_something_is_left(self):
        image = np.zeros((9, 9))
        image[4, 4] = 0.1
        px, _, following = pydeblur.threshold_pxpy_v1(image, 3, 1.0)
        assert np.count_nonzero(px) > 0 and following < 0.02

    @pytest.mark.parametrize(
        "words",
        [(np.ones((1, 5)), 5), (np.ones((5, 5, 3)), 5), (np.eye(5), "a"), (np.eye(5), 5, -1), (np.eye(5), 5, np.nan)],
    )
    def test_bad_threshold_arguments(self, words):
        with pytest.raises(pydeblur.InvalidInputError):
            pydeblur.threshold_pxpy_v1(*words)

    def test_adjust_psf_center(self):
        kernel = np.zeros((7, 9))
        kernel[0:2, 6:9] = 1 / 6
        centred = pydeblur.adjust_psf_center(kernel)
        assert np.array_equal(centred, np.roll(kernel, (3, -3), (0, 1)))  # centroid (0.5, 7): half away from zero
        for bad in (np.ones(3), "a", np.full((3, 3), np.nan), np.ones((3, 3)) * 1j):
            with pytest.raises(pydeblur.InvalidInputError, match="psf"):
                pydeblur.adjust_psf_center(bad)

    def test_comp_upto_shift(self, sharp_image):
        image = sharp_image[:80, :90]
        ssd, aligned = pydeblur.comp_upto_shift(np.roll(image, (2, -3), (0, 1)), image)
        assert ssd == pytest.approx(0, abs=1e-12) and np.allclose(aligned, image[15:-15, 15:-15])
        assert pydeblur.comp_upto_shift(np.roll(image, (2, -3), (0, 1)), image, 1)[0] > 1
