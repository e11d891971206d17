"""Clipped highlights: found where they are, kept out of the kernel's estimation, and told to the final step."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import convolve
from skimage import data

import pydeblur
from pydeblur.clipping import clipped_pixels, has_clipped_highlights, needs_more_light
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.estimation import estimate
from pydeblur.metrics import kernel_similarity
from pydeblur.presets import Preset, preset_named
from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentProblem
from pydeblur.training.kernels import random_kernel

KERNEL = random_kernel(13, np.random.default_rng(1))


def night_scene(light, side=160):
    """A dark photograph with a dozen lights of that brightness, blurred and clipped: (side, side) in 8 bits."""
    rng = np.random.default_rng(1)
    sharp = 0.35 * data.camera()[100 : 100 + side, 180 : 180 + side] / 255
    for _ in range(12):
        top, left = rng.integers(8, side - 12, 2)
        sharp[top : top + rng.integers(2, 5), left : left + rng.integers(2, 5)] = light
    seen = convolve(sharp, KERNEL, mode="nearest") + 0.004 * rng.standard_normal(sharp.shape)
    return np.round(255 * np.clip(seen, 0, 1)) / 255


@pytest.fixture(scope="module")
def night():
    return night_scene(8.0)


class TestDetection:
    @pytest.mark.parametrize("light", [4.0, 8.0, 30.0])
    def test_lights_that_were_clipped(self, light):
        assert has_clipped_highlights(night_scene(light), 15)

    def test_in_one_channel_only(self, night):
        assert has_clipped_highlights(np.stack([night, 0.3 * night, 0.2 * night], axis=-1), 15)

    def test_lights_that_were_not(self):
        assert not has_clipped_highlights(night_scene(0.9), 15)

    def test_a_plateau_that_is_reached_smoothly(self):
        """White squares wider than the kernel under a long even blur: their plateaus are 1, and nothing was clipped."""
        sharp = np.full((200, 200), 0.1)
        for top in range(20, 170, 50):
            for left in range(20, 170, 50):
                sharp[top : top + 30, left : left + 30] = 1
        seen = convolve(sharp, np.full((21, 21), 1 / 441), mode="nearest")
        assert (seen >= 0.98).any() and not has_clipped_highlights(seen, 25)

    def test_bright_pages_black_drawings_and_small_kernels_are_never_clipped(self, night):
        assert not has_clipped_highlights(np.maximum(night, 0.5), 15)
        assert not has_clipped_highlights(np.where(night < 0.3, 0, night), 15)
        assert not has_clipped_highlights(night, 13)

    @pytest.mark.parametrize("size", [5, 9, 13])
    def test_white_letters_on_black(self, size):
        """Steep edges up to white, none of which were clipped."""
        letters = np.kron(data.page()[20:90, 20:130] < 100, np.ones((3, 3)))
        kernel = random_kernel(size, np.random.default_rng(0))
        seen = np.round(255 * convolve(letters, kernel, mode="nearest")) / 255
        assert not has_clipped_highlights(seen, 17) and not needs_more_light(seen, kernel)
        grey = 0.1 + 0.9 * seen
        assert has_clipped_highlights(grey, 17)  # which is why the kernel is asked
        assert not needs_more_light(grey, kernel)

    def test_lights_need_more_than_one(self, night):
        assert needs_more_light(night, KERNEL) and needs_more_light(np.stack([night, 0 * night, 0 * night], -1), KERNEL)
        assert not needs_more_light(night_scene(0.9), KERNEL)

    @settings(max_examples=60, deadline=None)
    @given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 0.5, 1.0])))
    def test_any_shape(self, image):
        has_clipped_highlights(image, 15)
        assert clipped_pixels(image).shape == image.shape

    def test_clipped_pixels_and_their_neighbours(self):
        image = np.zeros((9, 9, 3))
        image[4, 3, 1] = 0.99
        expected = np.zeros((9, 9), bool)
        expected[2:7, 1:6] = True
        np.testing.assert_array_equal(clipped_pixels(image), expected)


class TestSolver:
    def test_the_kernel_gains(self, night):
        preset = Preset(solver=preset_named("best").solver)
        plain, minded = (
            kernel_similarity(estimate(night, 15, preset, clipped=clipped).kernel, KERNEL)
            for clipped in (None, clipped_pixels(night))
        )
        assert minded > plain + 0.05

    def test_where_nothing_is_clipped_nothing_changes(self, night):
        options, part = SolverOptions(7, iterations=2), night[:64, :64]
        plain = blind_deconv(part, options)
        minded = blind_deconv(part, options, clipped=np.zeros(part.shape, bool))
        np.testing.assert_array_equal(minded.kernel, plain.kernel)
        np.testing.assert_array_equal(minded.latent, plain.latent)

    def test_only_clipped_pixels_are_completed_and_only_upwards(self, night):
        clipped = clipped_pixels(night)[:150, :150]
        problem = LatentProblem(night, (150, 150), clipped=clipped)
        problem.set_kernel(KERNEL)
        problem.solve(4e-3)
        change = (problem.completed - problem.blurred)[:150, :150]
        assert change.min() == 0 and change[~clipped].max() == 0 and change[clipped].max() > 0.1
        np.testing.assert_array_equal(problem.completed[150:], night[150:])

    def test_the_completed_problem_fits_better(self, night):
        """The data term of the clipped problem is at most that of the plain one at its own minimum."""
        residuals = []
        for clipped in (None, clipped_pixels(night)):
            problem = LatentProblem(
                wrap_boundary(night, padded_shape(night.shape, KERNEL.shape)), night.shape, clipped=clipped
            )
            problem.set_kernel(KERNEL)
            residuals.append(problem.residual_energy(problem.solve(1e-4)))
        assert residuals[1] < 0.9 * residuals[0]

    def test_with_a_prior_of_gradients(self, night):
        class Quadratic:
            name = "quadratic"

            def value_and_grad(self, u):
                return float((u * u).sum()), 2 * u

        part = night[:64, :64]
        options = SolverOptions(7, iterations=1, prior_scale=0.01, beta_growth=8.0)
        result = blind_deconv(part, options, Quadratic(), clipped=clipped_pixels(part))
        assert np.all(np.isfinite(result.kernel)) and np.all(np.isfinite(result.history.column("energy")))

    def test_on_other_arrays(self, night):
        pytest.importorskip("torch")
        pytest.importorskip("array_api_compat")
        part = night[:96, :96]
        ours, theirs = (
            blind_deconv(part, SolverOptions(7, kernel_solver="fft", device=device), clipped=clipped_pixels(part)).kernel
            for device in ("cpu", "torch/cpu")
        )
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-8)

    @pytest.mark.parametrize("clipped", [np.zeros((64, 63), bool), np.zeros((64, 64)), True, "all"])
    def test_anything_else_is_refused(self, night, clipped):
        with pytest.raises(InvalidInputError, match="clipped should be a bool array"):
            blind_deconv(night[:64, :64], SolverOptions(7), clipped=clipped)


class TestFaces:
    WORDS = {"iterations": 1, "prior_options": {"threads": 1}}

    def test_the_default_asks_the_image(self, night):
        found = pydeblur.deblur(night, 15, **self.WORDS)
        told = pydeblur.deblur(night, 15, saturated=True, **self.WORDS)
        denied = pydeblur.deblur(night, 15, saturated=False, **self.WORDS)
        assert (found.saturated, told.saturated, denied.saturated) == (True, True, False)
        np.testing.assert_array_equal(found.image, told.image)
        assert (found.nonblind, denied.nonblind) == ("whyte", "ringing")
        np.testing.assert_array_equal(found.image, pydeblur.deconvolve(night, found.kernel, "whyte"))
        np.testing.assert_array_equal(denied.image, pydeblur.deconvolve(night, denied.kernel))
        assert np.abs(found.kernel - denied.kernel).max() > 1e-3
        kernel = pydeblur.estimate_kernel(night, 15, **self.WORDS)
        assert kernel.saturated
        np.testing.assert_array_equal(kernel.kernel, found.kernel)

    def test_what_is_given_is_not_changed(self, night):
        given_method = pydeblur.deblur(night, 15, nonblind="tv", **self.WORDS)
        np.testing.assert_array_equal(given_method.image, pydeblur.deconvolve(night, given_method.kernel, "tv"))
        given_options = pydeblur.deblur(night, 15, nonblind_options={"lambda_tv": 2e-3}, **self.WORDS)
        expected = pydeblur.deconvolve(night, given_options.kernel, "ringing", lambda_tv=2e-3)
        np.testing.assert_array_equal(given_options.image, expected)
        assert given_method.saturated and given_options.saturated

    def test_other_presets_and_priors_take_every_pixel_as_it_is(self, night):
        part, words = night[:64, :64], {"prior": "gradient", "iterations": 1}
        plain, told = (pydeblur.deblur(part, 7, saturated=saturated, **words) for saturated in (None, True))
        assert not plain.saturated and told.saturated
        np.testing.assert_array_equal(plain.kernel, told.kernel)
        np.testing.assert_array_equal(told.image, pydeblur.deconvolve(part, told.kernel, "whyte"))

    def test_the_crop_has_its_own_pixels(self, night):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            window = (20, 30, 90, 80)
            result = pydeblur.estimate_kernel(night, 15, crop=window, **self.WORDS)
            part = pydeblur.estimate_kernel(night[20:110, 30:110], 15, saturated=True, **self.WORDS)
        np.testing.assert_array_equal(result.kernel, part.kernel)

    def test_a_final_step_for_lights_only_where_they_are_needed(self, night, monkeypatch):
        monkeypatch.setattr(pydeblur.api, "needs_more_light", lambda image, kernel: False)
        result = pydeblur.deblur(night, 15, **self.WORDS)
        assert result.saturated and result.nonblind == "ringing"
        np.testing.assert_array_equal(result.image, pydeblur.deconvolve(night, result.kernel))

    def test_kernels_of_others_count_every_pixel_and_say_so(self, night):
        with pytest.raises(InvalidOptionError, match="saturated belongs to the preset 'best'"):
            pydeblur.estimate_kernel(night[:64, :64], 7, prior="gradient", saturated=True)

    def test_the_judge_minds_only_the_clipped_pixels_that_it_sees(self, night, monkeypatch):
        seen = {}
        for side in (1000, 40):
            monkeypatch.setattr(pydeblur.judge, "_JUDGED_SIDE", side)
            found = pydeblur.estimate_kernel(night[:, :140], 15, saturated=True, **self.WORDS)
            seen[side] = {candidate["log_error"] is None for candidate in found.candidates}
        assert seen == {1000: {True}, 40: {False}}

    @pytest.mark.parametrize("saturated", ["yes", 2, np.ones(3)])
    @pytest.mark.parametrize("function", [pydeblur.deblur, pydeblur.estimate_kernel])
    def test_anything_else_is_refused(self, night, function, saturated):
        with pytest.raises(InvalidOptionError, match="saturated should be"):
            function(night, 15, saturated=saturated)
