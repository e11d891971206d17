"""The final steps by name: what they do to a blurred image, to colour, to one's dtype; and what they refuse."""

import inspect

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d
from skimage import data

import pydeblur
from pydeblur.nonblind import weights_for_noise
from pydeblur.nonblind.methods import METHODS, check_final_step, completed, final_step_options
from pydeblur.nonblind.options import DEFAULT, OPTIONS
from pydeblur.synthesis.kernels import random_kernel

KERNEL = np.zeros((5, 7))
KERNEL[[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]] = 0.2
BOX = np.ones((5, 5)) / 25


@pytest.fixture(scope="module")
def sharp(sharp_image):
    return sharp_image[20:80, 20:84]


@pytest.fixture(scope="module")
def blurred(sharp_image):
    return convolve2d(sharp_image[18:82, 17:87], KERNEL, "valid")


def colour(image):
    return np.stack([image, image**1.3, 1 - image], axis=-1)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_brings_the_image_nearer_to_the_truth(method, sharp, blurred):
    restored = pydeblur.deconvolve(blurred, KERNEL, method)
    inner = np.s_[8:-8, 8:-8]
    before, after = (np.mean((image - sharp)[inner] ** 2) for image in (blurred, restored))
    assert after < before / 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_colour", [False, True])
def test_shape_and_floating_dtype_are_kept(method, dtype, is_colour, blurred):
    image = (colour(blurred) if is_colour else blurred).astype(dtype)
    before = image.copy()
    restored = pydeblur.deconvolve(image, KERNEL, method)
    assert restored.shape == image.shape and restored.dtype == dtype and np.array_equal(image, before)
    exact = pydeblur.deconvolve(image.astype(np.float64), KERNEL, method)
    assert np.mean(np.abs(restored - exact)) < 2e-3


@pytest.mark.parametrize("method", ["tv", "whyte"])
def test_channels_are_independent(method, blurred):
    image = colour(blurred)
    restored = pydeblur.deconvolve(image, KERNEL, method)
    alone = np.stack([pydeblur.deconvolve(image[..., c], KERNEL, method) for c in range(3)], axis=-1)
    assert np.allclose(restored, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["l0", "ringing"])
def test_equal_channels_stay_equal(method, blurred):
    restored = pydeblur.deconvolve(np.stack([blurred] * 3, axis=-1), KERNEL, method)
    assert np.ptp(restored, axis=-1).max() < 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_the_kernel_s_sum_does_not_matter(method, blurred):
    results = [pydeblur.deconvolve(blurred, factor * KERNEL, method) for factor in (1, 4)]
    assert np.allclose(*results, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype, largest", [(np.uint8, 255), (np.uint16, 65535), (bool, 1)])
def test_integers_are_scaled_as_im2double_does(dtype, largest, blurred):
    image = np.rint(blurred * largest).astype(dtype)
    results = [pydeblur.deconvolve(x, KERNEL, "tv") for x in (image, image / np.float64(largest))]
    assert np.array_equal(*results)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_image_stays_constant(method):
    restored = pydeblur.deconvolve(np.full((30, 31), 0.4), KERNEL, method)
    assert np.max(np.abs(restored - 0.4)) < 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_black_stays_black(method):
    assert np.max(np.abs(pydeblur.deconvolve(np.zeros((20, 20)), KERNEL, method))) < 1e-9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "method, options", [("l0", {"lambda_l0": 0}), ("ringing", {"lambda_l0": 0}), ("tv", {"lambda_tv": 1e-9})]
)
def test_frequencies_that_the_kernel_has_cut_off_give_no_nan(method, options, dtype):
    """On 46 + 4 = 50 samples a box of 5 has exact zeros in its spectrum."""
    image = np.random.default_rng(0).random((46, 46)).astype(dtype)
    assert np.all(np.isfinite(pydeblur.deconvolve(image, BOX, method, **options)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(5, 7), (5, 30), (31, 7)])
def test_images_no_larger_than_the_kernel(method, shape):
    image = np.random.default_rng(0).random(shape)
    assert np.all(np.isfinite(pydeblur.deconvolve(image, KERNEL, method)))


def test_every_method_has_its_options_and_they_are_the_function_s_own():
    assert METHODS.keys() == OPTIONS.keys() and DEFAULT in METHODS
    for method, function in METHODS.items():
        parameters = list(inspect.signature(function).parameters.values())[2:]
        assert vars(OPTIONS[method]()) == {parameter.name: parameter.default for parameter in parameters}


def test_the_options_of_a_final_step_are_the_given_ones_and_the_defaults():
    assert vars(final_step_options("ringing", {"lambda_tv": 2e-3})) == {
        "lambda_tv": 2e-3,
        "lambda_l0": 5e-4,
        "weight_ring": 1.0,
        "workers": 1,
    }
    assert vars(final_step_options("whyte", {})) == {
        "iterations": 50,
        "light_gamma": 2.2,
        "workers": 1,
    }
    assert type(final_step_options(None, {})) is OPTIONS[DEFAULT]


def test_only_where_nothing_is_said_the_weights_follow_the_image(blurred):
    assert completed(blurred, None, {}) == ("ringing", weights_for_noise(blurred))
    assert completed(blurred, None, {"workers": 2}) == ("ringing", {**weights_for_noise(blurred), "workers": 2})
    for method, options in ((None, {"lambda_l0": 1e-3}), ("ringing", {}), ("tv", {"lambda_tv": 1e-2})):
        assert completed(blurred, method, options) == (method or "ringing", options)


@pytest.mark.parametrize("options", [None, 3, [("lambda_tv", 1e-3)]], ids=str)
def test_options_are_a_mapping(options):
    with pytest.raises(pydeblur.InvalidOptionError, match="the options of the final step should be a dict"):
        check_final_step("tv", options)


def test_without_ringing_removal_it_is_total_variation(blurred):
    ringing = pydeblur.deconvolve(blurred, KERNEL, "ringing", weight_ring=0)
    assert np.allclose(ringing, pydeblur.deconvolve(blurred, KERNEL, "tv"), rtol=0, atol=1e-12)


def test_weight_ring_is_linear(blurred):
    none, half, whole = (pydeblur.deconvolve(blurred, KERNEL, "ringing", weight_ring=weight) for weight in (0, 0.5, 1))
    assert np.allclose(half, (none + whole) / 2, rtol=0, atol=1e-6)


BAD_KERNELS = {
    "vector": np.ones(5),
    "cube": np.ones((3, 3, 3)),
    "even": np.ones((4, 4)),
    "half even": np.ones((3, 4)),
    "empty": np.ones((0, 0)),
    "zero": np.zeros((3, 3)),
    "negative": -np.ones((3, 3)),
    "partly negative": np.array([[1, -0.1, 1]] * 3),
    "NaN": np.full((3, 3), np.nan),
    "infinite": np.full((3, 3), np.inf),
    "complex": np.full((3, 3), 1j),
    "text": "kernel.tif",
    "None": None,
    "ragged": [[1, 2, 3], [1]],
    "larger than the image": np.ones((71, 3)),
}


@pytest.mark.parametrize("name", BAD_KERNELS)
def test_bad_kernels_are_refused_in_one_sentence(name, blurred):
    with pytest.raises(pydeblur.InvalidInputError, match=r"^[^\n]*kernel[^\n]*$"):
        pydeblur.deconvolve(blurred, BAD_KERNELS[name])


BAD_OPTIONS = [
    ("magic", {}),
    (3, {}),
    (["tv"], {}),
    *[("tv", {"lambda_tv": value}) for value in (0, -1, 1e-300, 1e4, np.nan, np.inf, "1", None, True)],
    *[("l0", {"lambda_l0": value}) for value in (-1, np.nan, 1e300)],
    *[("ringing", {"weight_ring": value}) for value in (-1, np.inf)],
    *[("whyte", {"iterations": value}) for value in (0, 1.5)],
    ("tv", {"workers": 0}),
    ("tv", {"lambda_l0": 1e-3}),
    ("whyte", {"no_such_option": 1}),
]


@pytest.mark.parametrize("method, options", BAD_OPTIONS, ids=str)
def test_bad_options_are_refused_in_one_sentence(method, options, blurred):
    with pytest.raises(pydeblur.InvalidOptionError, match=r"^[^\n]+$"):
        pydeblur.deconvolve(blurred, KERNEL, method, **options)


def test_saturated_images_in_single_precision_stay_finite():
    """A wrong kernel leaves pixels without light, where rounding must not pass for some."""
    image = data.astronaut()[::3, ::3] / 255
    kernel = random_kernel(33, np.random.default_rng(1))
    double, single = (pydeblur.deconvolve(image.astype(dtype), kernel, "whyte") for dtype in (np.float64, np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=0, atol=5e-3)


def test_weights_follow_the_noise(sharp_image):
    blurred = gaussian_filter(sharp_image, 3)
    noise = np.random.default_rng(0).standard_normal(blurred.shape)
    weights = [weights_for_noise(blurred + sigma * noise) for sigma in (0, 0.01, 0.03)]
    for name, least, growth in (("lambda_tv", 5e-4, 6.0), ("lambda_l0", 1.5e-4, 1.1)):
        clean, noisy, noisier = (each[name] for each in weights)
        assert least <= clean < 1.2 * least
        assert noisy == pytest.approx(least + growth * 0.01**2, rel=0.2)
        assert noisier == pytest.approx(least + growth * 0.03**2, rel=0.2)
    assert weights_for_noise(blurred + 5 * noise) == pytest.approx({"lambda_tv": 0.0605, "lambda_l0": 0.01115})


def test_weights_of_a_colour_image_follow_its_noisiest_channel(blurred):
    noisy = blurred + 0.02 * np.random.default_rng(0).standard_normal(blurred.shape)
    weights = weights_for_noise(noisy)
    assert weights_for_noise(np.stack([blurred, noisy, blurred], -1)) == weights
    default, usual = (pydeblur.deconvolve(noisy, KERNEL, workers=2), pydeblur.deconvolve(noisy, KERNEL, "ringing"))
    assert np.array_equal(default, pydeblur.deconvolve(noisy, KERNEL, "ringing", **weights))
    assert np.array_equal(usual, pydeblur.deconvolve(noisy, KERNEL, lambda_tv=1e-3)) and not np.array_equal(
        usual, default
    )


def test_weights_for_much_noise_restore_more(sharp_image):
    """With the true kernel and noise of 0.03: what the usual weights leave of it is gone."""
    blurred = convolve2d(sharp_image, BOX, "valid")
    noisy = blurred + 0.03 * np.random.default_rng(0).standard_normal(blurred.shape)
    inner, sharp = np.s_[8:-8, 8:-8], sharp_image[2:-2, 2:-2]
    usual, adapted = (
        np.mean((pydeblur.deconvolve(noisy, BOX, method) - sharp)[inner] ** 2) for method in ("ringing", None)
    )
    assert adapted < 0.8 * usual
