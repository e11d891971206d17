"""The Python face: deblur, estimate_kernel and deconvolve; what they take, what they give, and what they refuse."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

import pydeblur
from pydeblur.matlab import rgb2gray
from pydeblur.metrics import kernel_similarity
from pydeblur.nonblind import weights_for_noise
from pydeblur.solver.pyramid import kernel_sizes

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

#: A slanted stroke, 7 x 7.
KERNEL = np.zeros((7, 7))
KERNEL[[1, 2, 3, 4, 5], [2, 2, 3, 3, 4]] = 0.2


@pytest.fixture(scope="module")
def large_blurred(sharp_image):
    """(114, 126), which is enough for a kernel to be found."""
    return convolve2d(sharp_image, KERNEL, "valid")


@pytest.fixture(scope="module")
def blurred(large_blurred):
    """(60, 66)"""
    return large_blurred[20:80, 20:86]


def colour(image):
    return np.stack([image, image**1.3, 1 - image], axis=-1)


def as_given(image, dtype):
    """Clipped to [0, 1], as an array of that type has it."""
    clipped = np.clip(image, 0, 1)
    return (
        np.rint(clipped * np.iinfo(dtype).max).astype(dtype) if np.dtype(dtype).kind == "u" else clipped.astype(dtype)
    )


class TestDeblur:
    def test_it_undoes_a_blur(self, large_blurred, sharp_image):
        sharp = sharp_image[3:-3, 3:-3]
        result = pydeblur.deblur(large_blurred, 9)
        ssd_before, ssd_after = (pydeblur.comp_upto_shift(image, sharp)[0] for image in (large_blurred, result.image))
        assert ssd_after < 0.3 * ssd_before
        assert kernel_similarity(result.kernel, KERNEL) > 0.9

    @SLOW
    @given(
        st.tuples(st.integers(16, 48), st.integers(16, 48)),
        st.sampled_from([3, 5, 7]),
        st.booleans(),
        st.sampled_from([np.float64, np.float32, np.float16, np.uint8, np.uint16]),
        st.sampled_from(["gradient", "intensity"]),
    )
    def test_any_shape_and_dtype(self, blurred, shape, kernel_size, is_colour, dtype, prior):
        image = blurred[: shape[0], : shape[1]]
        image = colour(image) if is_colour else image
        image = (
            np.rint(image * np.iinfo(dtype).max).astype(dtype)
            if dtype in (np.uint8, np.uint16)
            else image.astype(dtype)
        )
        result = pydeblur.deblur(image, kernel_size, prior=prior, iterations=1)
        assert result.image.shape == image.shape and result.latent.shape == shape
        assert result.image.dtype == dtype
        assert result.unclipped.dtype == (np.float32 if dtype == np.float32 else np.float64)
        assert np.array_equal(result.image, as_given(result.unclipped, dtype))
        assert result.kernel.shape == (kernel_size, kernel_size)
        assert result.kernel.min() >= 0 and result.kernel.sum() == pytest.approx(1)
        assert np.all(np.isfinite(result.image)) and np.all(np.isfinite(result.latent))

    def test_the_pieces_make_the_whole(self, blurred):
        image = colour(blurred)
        words = {"prior": "gradient", "iterations": 2}
        whole = pydeblur.deblur(image, 7, nonblind="tv", nonblind_options={"lambda_tv": 3e-3}, **words)
        estimate = pydeblur.estimate_kernel(image, 7, **words)
        final = pydeblur.deconvolve(image, estimate.kernel, "tv", lambda_tv=3e-3)
        assert np.array_equal(whole.kernel, estimate.kernel) and np.array_equal(whole.latent, estimate.latent)
        assert np.array_equal(whole.unclipped, final)
        assert whole.options == estimate.options == pydeblur.SolverOptions(7, iterations=2)

    @pytest.mark.parametrize("words", [{}, {"prior": "gradient"}])
    def test_the_default_s_final_step_minds_the_noise(self, blurred, words):
        noisy = np.clip(blurred + 0.03 * np.random.default_rng(0).standard_normal(blurred.shape), 0, 1)
        words = {"iterations": 1, "saturated": False, **words}
        for image in (blurred, noisy):
            result = pydeblur.deblur(image, 7, **words)
            assert result.nonblind == "ringing" and result.nonblind_options == weights_for_noise(image)
            assert np.array_equal(result.unclipped, pydeblur.deconvolve(image, result.kernel))
            assert np.array_equal(
                result.unclipped, pydeblur.deconvolve(image, result.kernel, "ringing", **result.nonblind_options)
            )
        usual = pydeblur.deconvolve(noisy, result.kernel, "ringing")
        assert np.abs(result.unclipped - usual).max() > 0.01
        for given_words in ({"nonblind": "ringing"}, {"nonblind_options": {"lambda_l0": 5e-4}}):
            given_result = pydeblur.deblur(noisy, 7, **words, **given_words)
            assert given_result.nonblind_options == given_words.get("nonblind_options", {})
            assert np.array_equal(given_result.unclipped, usual)

    def test_the_input_is_left_alone(self, blurred):
        image = blurred.copy()
        pydeblur.deblur(image, 5, iterations=1, prior="intensity", saturated=True)
        assert np.array_equal(image, blurred)

    def test_saturated_means_whyte(self, blurred):
        results = [
            pydeblur.deblur(blurred, 5, iterations=1, **words).image
            for words in ({"saturated": True}, {"nonblind": "whyte"})
        ]
        assert np.array_equal(*results)


class TestEstimateKernel:
    def test_colour_images_are_turned_grey_by_their_luma(self, blurred):
        image = colour(blurred)
        of_colour, of_grey = (pydeblur.estimate_kernel(x, 7, iterations=1) for x in (image, rgb2gray(image)))
        assert np.array_equal(of_colour.kernel, of_grey.kernel)

    @pytest.mark.parametrize("dtype, largest", [(np.uint8, 255), (np.uint16, 65535)])
    def test_integers_are_scaled_as_im2double_does(self, blurred, dtype, largest):
        integers = np.rint(blurred * largest).astype(dtype)
        of_integers, of_floats = (pydeblur.estimate_kernel(x, 7, iterations=1) for x in (integers, integers / largest))
        assert np.array_equal(of_integers.kernel, of_floats.kernel)

    def test_bool_is_black_and_white(self, blurred):
        image = blurred > 0.5
        results = [pydeblur.estimate_kernel(x, 5, iterations=1).kernel for x in (image, image.astype(float))]
        assert np.array_equal(*results)

    def test_gamma_is_a_power_taken_first(self, blurred):
        words = {"prior": "gradient", "iterations": 2}
        by_option = pydeblur.estimate_kernel(blurred, 7, gamma_correct=2.2, **words)
        by_hand = pydeblur.estimate_kernel(blurred**2.2, 7, **words)
        assert np.array_equal(by_option.kernel, by_hand.kernel) and np.array_equal(by_option.latent, by_hand.latent)

    @pytest.mark.filterwarnings("ignore::pydeblur.KernelSizeWarning")  # the size is a tight one
    def test_float32_is_close_to_float64(self, large_blurred):
        # One start: among several candidates of nearly equal score, rounding alone may decide which one is chosen.
        double, single = (
            pydeblur.estimate_kernel(large_blurred, 9, prior="gradient", iterations=2, dtype=dtype)
            for dtype in ("float64", "float32")
        )
        assert single.latent.dtype == np.float32 and double.latent.dtype == np.float64
        assert 0 < np.max(np.abs(single.kernel - double.kernel)) < 0.01 * double.kernel.max()

    def test_the_number_of_threads_changes_nothing(self, blurred):
        one, two = (pydeblur.estimate_kernel(blurred, 7, iterations=2, workers=workers) for workers in (1, 2))
        assert np.array_equal(one.kernel, two.kernel)

    @pytest.mark.filterwarnings("ignore::pydeblur.KernelSizeWarning")  # the size is a tight one
    def test_fft_is_another_kernel_step(self, large_blurred):
        cg, closed = (
            pydeblur.estimate_kernel(large_blurred, 9, prior="gradient", iterations=2, kernel_solver=solver).kernel
            for solver in ("cg", "fft")
        )
        assert 0.9 < kernel_similarity(cg, closed) < 0.9999

    def test_kernel_threshold(self, blurred):
        runs = (pydeblur.estimate_kernel(blurred, 9, prior="gradient", kernel_threshold=x) for x in (0, 3))
        everything, cut = (run.kernel for run in runs)
        expected = np.where(everything < everything.max() / 3, 0, everything)
        assert np.allclose(cut, expected / expected.sum(), rtol=0, atol=1e-14)
        assert np.count_nonzero(cut) < np.count_nonzero(everything)

    @pytest.mark.parametrize("prior", ["gradient", "intensity"])
    def test_history_and_callback_tell_the_same_story(self, blurred, prior):
        seen = []
        result = pydeblur.estimate_kernel(
            blurred, 13, prior=prior, callback=seen.append, iterations=3, kernel_threshold=0
        )
        assert [state.record for state in seen] == list(result.history) and {state.candidate for state in seen} == {0}
        assert [state.record.iteration for state in seen] == [1, 2, 3] * 3
        assert [state.record.scale for state in seen] == [2] * 3 + [1] * 3 + [0] * 3
        assert [state.record.kernel_size for state in seen[::3]] == kernel_sizes(13)[::-1]
        assert (seen[-1].record.height, seen[-1].record.width) == blurred.shape == seen[-1].latent.shape
        expected = [max(4e-3 / 1.1**n, 1e-4) for n in range(9)]
        assert result.history.column("lambda_grad") == pytest.approx(expected)
        for record in (state.record for state in seen):
            terms = record.data_term, record.kernel_term, record.gradient_term, record.prior_term
            assert record.energy == pytest.approx(sum(terms), rel=1e-12) and min(terms) >= 0
            # Sparse gradients: a number of pixels times the weight.
            assert record.gradient_term / record.lambda_grad == pytest.approx(
                round(record.gradient_term / record.lambda_grad)
            )
            assert (record.prior_term > 0) == (prior == "intensity")
        assert seen[-1].record.kernel_term == pytest.approx(2 * np.sum(result.kernel**2), rel=1e-9)

    def test_prior_terms_are_those_of_eq_4(self, blurred):
        history = pydeblur.estimate_kernel(blurred, 5, prior="intensity", lambda_prior=0.02, iterations=2).history
        for record in history:
            assert (
                record.prior_value == round(record.prior_value)
                and 0 < record.prior_value <= record.height * record.width
            )
            assert record.prior_term == pytest.approx(record.lambda_prior * record.prior_value)
            assert 4 <= record.beta < 8 and record.auxiliary_change > 0
        assert history.column("lambda_prior") == pytest.approx([0.02, 0.02 / 1.1])

    def test_a_delta_warns_at_the_caller(self):
        dot = np.zeros((60, 60))
        dot[30, 30] = 1
        for function in (pydeblur.deblur, pydeblur.estimate_kernel):
            with pytest.warns(pydeblur.KernelCollapseWarning, match="is a point") as caught:
                function(dot, 13, prior="intensity", iterations=1)
            assert caught[0].filename == __file__

    def test_a_kernel_without_mass_is_an_error(self, blurred):
        with pytest.raises(pydeblur.KernelCollapseError, match="collapsed"):
            pydeblur.estimate_kernel(blurred * 1e-9, 5, gamma_correct=40, value_range="full")

    def test_an_interrupted_callback_stops_the_run(self, blurred):
        class Enough(Exception):
            pass

        def stop(state):
            raise Enough

        with pytest.raises(Enough):
            pydeblur.estimate_kernel(blurred, 5, callback=stop)


class TestPriors:
    def test_a_prior_that_changes_nothing_changes_nothing_but_the_schedule(self, blurred):
        """p = 0 by either protocol gives the same u = I, so the same kernel."""

        class Proximal:
            def value(self, image):
                return 0.0

            def prox(self, image, threshold):
                return image

        class Differentiable:
            def value_and_grad(self, image):
                return 0.0, np.zeros_like(image)

        results = [
            pydeblur.estimate_kernel(blurred, 5, prior=prior(), iterations=2) for prior in (Proximal, Differentiable)
        ]
        assert np.array_equal(results[0].kernel, results[1].kernel)
        assert np.all(results[0].history.column("auxiliary_change") == 0)

    def test_a_differentiable_prior_is_asked_about_the_image_s_own_area_by_default(self, blurred):
        shapes = set()

        class Spy:
            def value_and_grad(self, image):
                shapes.add(image.shape)
                return float(np.sum(image)), np.ones_like(image)

        pydeblur.estimate_kernel(blurred, 5, prior=Spy(), iterations=1, beta_start=4)
        assert shapes == {blurred.shape}
        result = pydeblur.estimate_kernel(blurred, 5, prior=Spy(), iterations=1, beta_start=4, prior_domain="padded")
        assert max(shapes) > blurred.shape
        record = result.history[-1]
        assert record.prior_term == pytest.approx(record.lambda_prior * np.prod(max(shapes)) * record.prior_value)

    def test_names(self):
        assert pydeblur.load_prior("gradient") is None
        assert pydeblur.load_prior("intensity").name == "intensity"


GREY = np.random.default_rng(0).random((20, 24))

BAD_IMAGES = {
    "a vector": np.ones(9),
    "four channels": np.ones((9, 9, 4)),
    "one channel": np.ones((9, 9, 1)),
    "four dimensions": np.ones((2, 9, 9, 3)),
    "a number": 0.5,
    "None": None,
    "text": "photo.png",
    "texts": [["a"] * 9] * 9,
    "objects": np.full((9, 9), None),
    "complex": GREY + 0j,
    "constant wide integers": np.ones((9, 9), int),
    "masked": np.ma.masked_less(GREY, 0.2),
    "dates": np.zeros((9, 9), "datetime64[s]"),
    "ragged": [[0.1, 0.2], [0.3]],
    "empty": np.ones((0, 9)),
    "NaN": np.where(GREY > 0.9, np.nan, GREY),
    "infinite": np.where(GREY > 0.9, -np.inf, GREY),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
@pytest.mark.parametrize(
    "function",
    [
        lambda image: pydeblur.deblur(image, 5),
        lambda image: pydeblur.estimate_kernel(image, 5),
        lambda image: pydeblur.deconvolve(image, np.ones((3, 3))),
    ],
    ids=["deblur", "estimate_kernel", "deconvolve"],
)
def test_bad_images_are_refused_in_one_sentence(function, name):
    with pytest.raises(pydeblur.InvalidInputError, match="^the image [^\n]+$") as caught:
        function(BAD_IMAGES[name])
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "image", [np.full((30, 30), 0.3), np.full((30, 30, 3), [0.1, 0.2, 0.7]), GREY[:5], GREY[:, :4]]
)
def test_images_that_say_nothing_about_a_kernel_are_refused(image):
    with pytest.raises(pydeblur.InvalidInputError, match="constant|larger than the kernel"):
        pydeblur.estimate_kernel(image, 5)


@SLOW
@given(st.integers(3, 40), st.integers(3, 40), st.integers(1, 20).map(lambda n: 2 * n + 1))
def test_small_images_are_deblurred_or_refused_but_never_break(height, width, kernel_size):
    image = np.random.default_rng(height * 41 + width).random((height, width))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for expected in (pydeblur.KernelCollapseWarning, pydeblur.BlurNotFoundWarning):
            warnings.simplefilter("ignore", expected)
        try:
            result = pydeblur.deblur(image, kernel_size, iterations=1)
        except pydeblur.InvalidInputError:
            assert min(height, width) < 2 * kernel_size + 12
        else:
            assert min(height, width) > kernel_size and np.all(np.isfinite(result.image))


@pytest.mark.parametrize("size", [4, 1, 0, -3, 5.0, "5", "auto", True, np.nan, 10**400 + 1])
def test_bad_kernel_sizes(size):
    with pytest.raises(pydeblur.InvalidInputError, match="kernel"):
        pydeblur.deblur(GREY, size)


BAD_OPTIONS = [
    *[{"lambda_grad": value} for value in (-1, np.nan, np.inf, "1", None, True, 10**400)],
    *[{"gamma_correct": value} for value in (0, -2.2, np.nan)],
    *[{"iterations": value} for value in (0, 1.0, "2")],
    *[{"kernel_threshold": value} for value in (-1, 0.5, np.inf)],
    {"lambda_prior": -1e-9},
    {"kernel_weight": 0},
    {"kernel_solver": "exact"},
    {"beta_start": 0},
    *[{"beta_growth": value} for value in (1, 1 + 1e-12)],
    {"alpha_growth": 0.5},
    {"eta": 0},
    {"descent_steps": 0},
    {"prior_scale": "image"},
    {"prior_scale": -1},
    {"prior_domain": "all"},
    {"lambda_decay": 0.9},
    {"dtype": "float16"},
    *[{"workers": value} for value in (0, 100_000, 1.5, "two")],
    *[{"prefilter": value} for value in (1e300, 11, -1, np.nan)],
    *[{"median": value} for value in (10_001, 21, 4, "3", None, -1, True)],
    *[
        {"crop": value}
        for value in ("left", 3, (0, 0, 5), (0, 0, 50, 50), [[0, 0], [5]], {}, (0, 0, 9.0, 9.0), b"auto")
    ],
    *[
        {"value_range": value}
        for value in ("wide", None, 3, (1, 0), (0, np.inf), (0, 0), [1], [[0, 1], [2]], "01", (None, 1))
    ],
    *[{"callback": value} for value in (5, "print")],
    *[{"progress": value} for value in (5, None, "yes")],
    *[{"preset": value} for value in ([], {}, "worst", 3)],
    *[{"prior_options": value} for value in ("abc", [], 3)],
    *[{"ranking_options": value} for value in ("abc", [], {"threads": 100_000}, {"weights": 5})],
    *[{"prior": value} for value in (object(), 3.5, [], dict)],
    *[{"device": value} for value in ("tpu", None, 0, "cuda:x")],
    *[{"dtype": value} for value in (np.float32, None, "double")],
    *[{"iterations": value} for value in (10**9, 10**5000)],
    {"nonblind_options": 3},
    {"nonblind": "whyte", "nonblind_options": {"iterations": 10**9}},
    {"no_such_option": 1},
    {"prior": "beauty"},
    {"prior": 5},
    {"nonblind": "magic"},
    {"nonblind": ["tv"]},
    {"saturated": True, "nonblind": "tv"},
    {"nonblind_options": {"lambda_tv": 0}},
    {"nonblind_options": {"no_such_option": 1}},
    {"nonblind_options": {"iterations": 5}},  # whyte's
    {"nonblind_options": [1]},
]


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=lambda options: ", ".join(options))
def test_bad_options_are_refused_before_any_work(options):
    def fail(state):
        raise AssertionError("the estimation has started")

    with pytest.raises(pydeblur.InvalidInputError) as caught:
        pydeblur.deblur(GREY, 5, **{"callback": fail, **options})
    (name, value), *_ = reversed(options.items())
    words = (name, "no_such_option", "lambda_tv", "iterations", "final step", "threads", "weights")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    assert any(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("misprint", "meant"), [("lamda_grad", "lambda_grad"), ("nonblnd", "nonblind"), ("valuerange", "value_range")]
)
def test_a_misprint_is_told_what_it_may_have_meant(misprint, meant):
    with pytest.raises(
        pydeblur.InvalidOptionError, match=f"^deblur has no option {misprint}; did you mean {meant}\\?$"
    ):
        pydeblur.deblur(GREY, 5, **{misprint: 1})


@pytest.mark.parametrize("preset", ["best", None])
def test_a_callback_s_error_passes_through_and_its_arrays_cannot_be_changed(blurred, preset):
    def change(state):
        state.latent[:] = 0

    with pytest.raises(ValueError, match="read-only") as caught:
        pydeblur.deblur(blurred, 5, callback=change, **({"preset": preset} if preset else {"prior": "gradient"}))
    assert not isinstance(caught.value, pydeblur.InvalidInputError)


def test_extreme_weights_still_give_finite_results(blurred):
    for options in ({"lambda_grad": 0}, {"lambda_grad": 1e9}, {"lambda_prior": 1e9, "prior": "intensity"}):
        result = pydeblur.deblur(blurred, 5, iterations=1, **options)
        assert np.all(np.isfinite(result.image)) and np.all(np.isfinite(result.kernel))
