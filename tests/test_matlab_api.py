"""The MATLAB family's names: argument order, defaults, shapes, and that they are the package's own stages."""

import array
import inspect
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import convolve2d

import pydeblur
from pydeblur import matlab_api
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.matlab import padarray
from pydeblur.matlab_api.options import FIELDS_OF_SCRIPTS, UnknownFieldWarning, read_options

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
#: Those that are in `matlab_api` alone.
FURTHER_SIGNATURES = {
    "blind_deconv_main": "(blur_B, k, lambda_pixel, lambda_grad, threshold, opts)",
    "deblurring_adm_aniso": "(B, k, lambda_, alpha=1.0)",
    "bilateral_filter": "(img, sigma_s=3.0, sigma_r=0.1, boundary='replicate')",
    "L0Deblur_whole": "(Im, kernel, lambda_, wei_grad, kappa=2.0)",
    "init_kernel": "(minsize)",
    "downSmpImC": "(I, ret)",
    "resizeKer": "(k, ret, k1, k2)",
    "fixsize": "(f, nk1, nk2)",
    "imread": "(filename)",
    "imwrite": "(A, filename)",
    "rgb2gray": "(image)",
    "im2double": "(image)",
}


@pytest.fixture(scope="module")
def blurred(sharp_image):
    """(60, 64)"""
    return convolve2d(sharp_image[18:82, 18:86], KERNEL, "valid")


@pytest.mark.parametrize("name, signature", (SIGNATURES | FURTHER_SIGNATURES).items())
def test_names_and_argument_order(name, signature):
    assert str(inspect.signature(getattr(matlab_api, name))) == signature
    assert name not in SIGNATURES or getattr(pydeblur, name) is getattr(matlab_api, name)


def test_these_are_all_names():
    assert set(matlab_api.__all__) == set(SIGNATURES | FURTHER_SIGNATURES)


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


class TestNumbersOfMatlab:
    """Every number is a double, and MATLAB's ``py.`` hands arrays over as views of memory."""

    def test_doubles_sizes_and_fields_of_scripts(self, blurred):
        fields = {
            "kernel_size": np.array([[7.0, 7.0]]),
            "xk_iter": np.array([[2.0]]),
            "k_thresh": 20.0,
            "kernel_step": "cg",
        }
        of_scripts = dict.fromkeys(FIELDS_OF_SCRIPTS, 7.0)
        found = matlab_api.blind_deconv(blurred, np.array([[4e-3]]), 4e-3, fields | of_scripts)
        expected = matlab_api.blind_deconv(blurred, 4e-3, 4e-3, {"kernel_size": 7, "xk_iter": 2})
        assert all(map(np.array_equal, found, expected))

    def test_views_of_memory(self, blurred):
        view, kernel = memoryview(np.asfortranarray(blurred)), memoryview(np.asfortranarray(KERNEL))
        opts = {"kernel_size": array.array("d", [5, 5]), "xk_iter": 1.0}
        expected = matlab_api.blind_deconv(blurred, 0, 4e-3, {"kernel_size": 5, "xk_iter": 1})
        assert all(map(np.array_equal, matlab_api.blind_deconv(view, 0.0, 4e-3, opts), expected))
        assert np.array_equal(matlab_api.whyte_deconv(view, kernel), matlab_api.whyte_deconv(blurred, KERNEL))
        colour = np.rint(255 * np.stack([blurred] * 3, axis=-1)).astype(np.uint8)
        grey = matlab_api.im2double(memoryview(matlab_api.rgb2gray(memoryview(np.asfortranarray(colour)))))
        assert np.max(np.abs(grey - blurred)) < 0.003
        sizes = array.array("d", [64, 70])
        assert matlab_api.wrap_boundary_liu(view, sizes).shape == (64, 70)
        assert matlab_api.opt_fft_size(array.array("d", [17, 121])).tolist() == [18, 125]

    @pytest.mark.parametrize("size", [[7, 9], [7.5, 7.5], [[7, 7], [7, 9]], "7", None, [], 7.5, np.nan, [7, [7, 7]]])
    def test_bad_kernel_sizes(self, size):
        with pytest.raises(InvalidOptionError, match="kernel_size"):
            read_options({"kernel_size": size}, lambda_prior=0, lambda_grad=4e-3)

    def test_patch_belongs_to_the_prior(self):
        weights = {"lambda_prior": 0.1, "lambda_grad": 4e-3}
        options, prior = read_options({"kernel_size": 7, "prior": "pmp", "patch": 5.0}, **weights)
        assert prior.patch == 5 and options.lambda_prior_min == 0.01
        assert (
            read_options({"kernel_size": 7, "prior": "pmp", "lambda_prior_min": 0.02}, **weights)[0].lambda_prior_min
            == 0.02
        )
        with pytest.raises(InvalidOptionError, match="patch"):
            read_options({"kernel_size": 7, "patch": 5.0}, **weights)

    def test_scripts_may_have_even_sizes_and_fields_that_nobody_knows(self):
        weights = {"lambda_prior": 0, "lambda_grad": 4e-3, "as_in_scripts": True}
        with warnings.catch_warnings():
            assert read_options({"kernel_size": 26.0}, **weights)[0].kernel_size == 26
        with pytest.warns(
            UnknownFieldWarning, match=r"opts\.xk_itr is not known, and is left unused; did you mean xk_iter\?"
        ):
            assert read_options({"kernel_size": 9, "xk_itr": 3}, **weights)[0].iterations == 5
        with pytest.raises(InvalidOptionError, match="kernel_size"):
            read_options({"kernel_size": 2}, **weights)


class TestMain:
    """``blind_deconv_main``; its numbers are compared with matlab_ref's golden outputs elsewhere."""

    def test_one_scale_is_what_blind_deconv_does_there(self, blurred):
        """A kernel of 5 has one scale."""
        opts = {"kernel_size": 5, "xk_iter": 2, "prior": "intensity"}
        threshold = matlab_api.threshold_pxpy_v1(blurred, 5)[2]
        k, lambda_pixel, lambda_grad, S = matlab_api.blind_deconv_main(
            blurred, matlab_api.init_kernel(5), 4e-3, 5e-3, np.array([[threshold]]), opts
        )
        kernel, latent = matlab_api.blind_deconv(blurred, 4e-3, 5e-3, {**opts, "k_thresh": 0})
        assert np.allclose(matlab_api.adjust_psf_center(k), kernel, rtol=0, atol=1e-12) and np.array_equal(S, latent)
        assert (lambda_pixel, lambda_grad) == pytest.approx((4e-3 / 1.21, 5e-3 / 1.21))

    def test_pmp_knows_its_scale(self, blurred):
        def latent(**opts):
            opts = {"xk_iter": 1, "prior": "pmp", "patch": 5, **opts}
            return matlab_api.blind_deconv_main(blurred, matlab_api.init_kernel(5), 0.1, 4e-3, 0.01, opts)[3]

        assert np.array_equal(latent(), latent(is_fine=True))
        assert not np.allclose(latent(), latent(is_fine=0.0), atol=1e-6)

    @pytest.mark.parametrize(
        "change",
        [
            {"blur_B": np.ones((30, 30))},
            {"blur_B": np.ones((30, 30, 3))},
            {"k": np.ones((5, 7)) / 35},
            {"k": np.ones((4, 4)) / 16},
            {"k": -np.ones((5, 5))},
            {"threshold": -1},
            {"threshold": "a"},
            {"lambda_grad": np.nan},
            {"opts": {"xk_iter": 0}},
            {"opts": {"prior": "beauty"}},
            {"opts": 5},
        ],
    )
    def test_bad_arguments(self, blurred, change):
        given = {
            "blur_B": blurred,
            "k": KERNEL,
            "lambda_pixel": 4e-3,
            "lambda_grad": 4e-3,
            "threshold": 0.01,
            "opts": {},
        }
        with pytest.raises(InvalidInputError, match=r"^[^\n]+$"):
            matlab_api.blind_deconv_main(**{**given, **change})


class TestFurtherSteps:
    def test_deblurring_adm_aniso_is_the_tv_step_on_the_wrapped_image(self, blurred):
        image = np.stack([blurred, blurred**2, 1 - blurred], axis=-1)
        shape = matlab_api.opt_fft_size([side + 4 for side in blurred.shape])
        whole = matlab_api.deblurring_adm_aniso(matlab_api.wrap_boundary_liu(image, shape), KERNEL, [[2e-3]][0][0], 1.0)
        expected = pydeblur.deconvolve(image, KERNEL, "tv", lambda_tv=2e-3)
        assert np.allclose(whole[: image.shape[0], : image.shape[1]], expected, rtol=0, atol=1e-12)
        for bad in ((image, KERNEL, 0), (image, KERNEL, "a"), (image, KERNEL, 1e-3, 2), (image, KERNEL[:4], 1e-3)):
            with pytest.raises(InvalidInputError):
                matlab_api.deblurring_adm_aniso(*bad)

    def test_l0deblur_whole_without_intensities_is_l0restoration_on_the_wrapped_image(self, blurred):
        shape = matlab_api.opt_fft_size([side + 4 for side in blurred.shape])
        wrapped = matlab_api.wrap_boundary_liu(blurred, shape)
        whole = matlab_api.L0Deblur_whole(wrapped, KERNEL, 0, 2e-3)[: blurred.shape[0], : blurred.shape[1]]
        assert np.allclose(whole, matlab_api.L0Restoration(blurred, KERNEL, 2e-3), rtol=0, atol=1e-12)
        sparse = matlab_api.L0Deblur_whole(wrapped, KERNEL, 4e-3, 2e-3, 2.0)
        assert np.sum(np.abs(sparse) < 0.02) > np.sum(
            np.abs(matlab_api.L0Deblur_whole(wrapped, KERNEL, 0, 2e-3)) < 0.02
        )
        for bad in ((wrapped, KERNEL, -1, 1e-3), (wrapped, KERNEL, 0, np.nan), (wrapped, KERNEL, 0, 1e-3, 1)):
            with pytest.raises(InvalidOptionError):
                matlab_api.L0Deblur_whole(*bad)

    def test_bilateral_filter_by_its_definition(self, blurred):
        image, sigma_s, sigma_r = blurred[:12, :14], 1.0, 0.2
        padded = padarray(image, (3, 3), "replicate")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7))
        y, x = np.mgrid[-3:4, -3:4]
        weights = np.exp(-(x**2 + y**2) / (2 * sigma_s**2))
        weights = weights * np.exp(-((windows - image[..., None, None]) ** 2) / (2 * sigma_r**2))
        expected = (windows * weights).sum(axis=(2, 3)) / weights.sum(axis=(2, 3))
        found = matlab_api.bilateral_filter(image, sigma_s, sigma_r)
        assert found.dtype == np.float32 and np.allclose(found, expected, rtol=0, atol=1e-6)
        for bad in ((image, 0), (image, 1000), (image, 3, -1), (image, 3, 0.1, "symmetric"), (image[0], 3)):
            with pytest.raises(InvalidInputError):
                matlab_api.bilateral_filter(*bad)

    def test_the_pyramid_s_steps(self, blurred):
        assert matlab_api.init_kernel(7.0)[2, 2:4].tolist() == [0.5, 0.5] and matlab_api.init_kernel(7).sum() == 1
        assert np.array_equal(matlab_api.downSmpImC(blurred, 1), blurred)
        constant = matlab_api.downSmpImC(np.full((40, 60), 0.5), np.sqrt(0.5))
        assert np.ptp(constant) < 1e-12 and 0.4 < constant[0, 0] < 0.5  # the cut taps are not normalised again
        larger = matlab_api.resizeKer(KERNEL, np.sqrt(2), 7, 9)
        assert larger.shape == (7, 9) and larger.min() >= 0 and larger.sum() == pytest.approx(1)
        assert np.array_equal(matlab_api.resizeKer(np.zeros((3, 3)), 2, 5, 5), np.zeros((5, 5)))
        assert matlab_api.fixsize(KERNEL, 3.0, 5).shape == (3, 5)

    @pytest.mark.parametrize(
        "name, words",
        [
            ("init_kernel", (4,)),
            ("init_kernel", (1,)),
            ("init_kernel", (2.5,)),
            ("downSmpImC", (np.ones((9, 9)), 0)),
            ("downSmpImC", (np.ones((9, 9)), 1.5)),
            ("downSmpImC", (np.ones((3, 3)), 0.1)),
            ("downSmpImC", (np.ones((9, 9, 3)), 0.5)),
            ("resizeKer", (KERNEL, 1e6, 3, 3)),
            ("resizeKer", (KERNEL, 2, 0, 3)),
            ("fixsize", (KERNEL, 3, "a")),
            ("fixsize", (np.ones(3), 3, 3)),
        ],
    )
    def test_bad_steps(self, name, words):
        with pytest.raises(InvalidInputError, match=r"^[^\n]+$"):
            getattr(matlab_api, name)(*words)


class TestPictures:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_integers_come_back_as_they_are(self, tmp_path, dtype):
        image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (9, 8, 3), dtype, endpoint=True)
        matlab_api.imwrite(image, tmp_path / "colour.png")
        found = matlab_api.imread(tmp_path / "colour.png")
        assert found.dtype == dtype and np.array_equal(found, image)

    def test_floats_are_written_with_8_bits(self, tmp_path):
        matlab_api.imwrite([[-1.0, 0.2, 0.5, 2.0]], tmp_path / "grey.tif")
        assert matlab_api.imread(tmp_path / "grey.tif").tolist() == [[0, 51, 128, 255]]
        matlab_api.imwrite([[True, False]], tmp_path / "mask.bmp")
        assert matlab_api.imread(tmp_path / "mask.bmp").tolist() == [[255, 0]]

    def test_floats_of_a_file(self, tmp_path):
        import tifffile

        tifffile.imwrite(tmp_path / "deep.tif", np.float32([[0.25, 1.5]]))
        found = matlab_api.imread(tmp_path / "deep.tif")
        assert found.dtype == np.float32 and found.tolist() == [[0.25, 1.5]]

    def test_bad_pictures(self, tmp_path):
        for bad in (np.ones(3), np.ones((2, 2), np.int16), np.ones((2, 2)) * np.nan, "a"):
            with pytest.raises(InvalidInputError):
                matlab_api.imwrite(bad, tmp_path / "bad.png")
        with pytest.raises(pydeblur.FileFormatError):
            matlab_api.imread(tmp_path / "missing.png")
