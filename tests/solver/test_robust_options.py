"""What goes beyond the paper: smoothing the noise away first, and weighing γ against the gradients."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pydeblur.errors import InvalidOptionError, KernelCollapseError
from pydeblur.solver import SolverOptions, blind_deconv, iteration_count
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem
from pydeblur.solver.noise import adapt_all_to_noise, adapt_to_noise
from pydeblur.synthesis import blur, random_kernel


@pytest.fixture(scope="module")
def scene():
    """A scene of rectangles, blurred, with 2 % noise."""
    rng = np.random.default_rng(3)
    sharp = np.full((160, 160), 0.5)
    for _ in range(60):
        top, left, height, width = rng.integers((140, 140, 60, 60))
        sharp[top : top + height + 8, left : left + width + 8] = rng.uniform(0.1, 0.9)
    kernel = random_kernel(11, 5)
    return sharp, kernel, blur(sharp, kernel, 0.02, rng).astype(float)


def test_prefilter_is_a_gaussian_before_anything_else(scene):
    _, _, blurred = scene
    filtered = gaussian_filter(blurred, 0.8, mode="nearest")
    inside = blind_deconv(blurred, SolverOptions(13, iterations=1, prefilter=0.8))
    outside = blind_deconv(filtered, SolverOptions(13, iterations=1))
    assert np.array_equal(inside.kernel, outside.kernel)


def test_relative_weight_is_the_weight_times_the_gradients_energy(scene):
    sharp, _, blurred = scene
    gradients = valid_gradients(sharp)
    energy = sum(np.sum(part**2) for part in gradients)
    relative = KernelProblem(*valid_gradients(blurred), 2.0, 0.3)
    absolute = KernelProblem(*valid_gradients(blurred), 2.0 + 0.3 * energy)
    for method in ("cg", "fft"):
        one, other = (problem.estimate(*gradients, (13, 13), method) for problem in (relative, absolute))
        assert np.max(np.abs(one - other)) < 1e-12
    assert relative.weight == pytest.approx(2.0 + 0.3 * energy)


def test_relative_weight_counts_so_many_pixels_at_most(scene):
    sharp, _, blurred = scene
    gradients, blurred = valid_gradients(sharp), valid_gradients(blurred)
    all_pixels = blurred[0].size
    found = {}
    for counted in (None, all_pixels + 1, all_pixels, all_pixels // 3):
        problem = KernelProblem(*blurred, 2.0, 0.3, weight_pixels=counted)
        found[counted] = problem.estimate(*gradients, (13, 13)), problem.weight - 2.0
    whole = found.pop(None)
    assert all(np.array_equal(kernel, whole[0]) == (counted >= all_pixels) for counted, (kernel, _) in found.items())
    assert found[all_pixels // 3][1] == pytest.approx(whole[1] * (all_pixels // 3) / all_pixels)


@pytest.mark.parametrize("pixels", [0, -1, 2.5, True, "all"])
def test_pixels_that_count_are_a_whole_number(pixels):
    with pytest.raises(InvalidOptionError, match="kernel_weight_pixels"):
        SolverOptions(13, kernel_weight_pixels=pixels)


def test_coarse_scales_are_weighted_as_ever(scene):
    """Only scales of more pixels than are counted are regularised less."""
    _, _, blurred = scene
    given = {"relative_kernel_weight": 0.3, "iterations": 2}
    half = (blurred.shape[0] // 2) * (blurred.shape[1] // 2)
    whole, counted = (
        blind_deconv(blurred, SolverOptions(13, **given, kernel_weight_pixels=pixels)) for pixels in (None, half)
    )
    for one, other in zip(whole.history, counted.history):
        same = one.height * one.width < half
        assert (one.kernel_term == other.kernel_term) == same
    assert {record.height * record.width < half for record in whole.history} == {True, False}


def test_relative_weight_makes_the_kernel_independent_of_contrast(scene):
    """The closed form is linear in both images but for γ: at a tenth of the contrast the absolute γ smooths more."""
    sharp, _, blurred = scene
    found = {}
    for weights in ((1e-6, 0.3), (5.0, 0.0)):
        full, dim = (
            KernelProblem(*valid_gradients(c * blurred), *weights).estimate(*valid_gradients(c * sharp), (13, 13))
            for c in (1.0, 0.1)
        )
        found[weights[1]] = np.max(np.abs(full - dim))
    assert found[0.3] < 1e-4 < found[0.0]


@pytest.mark.parametrize("method", ["cg", "fft"])
@pytest.mark.parametrize("relative_weight", [0.0, 0.3])
def test_no_gradients_leave_no_kernel(scene, method, relative_weight):
    _, _, blurred = scene
    problem = KernelProblem(*valid_gradients(blurred), 2.0, relative_weight)
    zero = np.zeros((159, 159))
    with pytest.raises(KernelCollapseError, match="no mass left"):
        problem.estimate(zero, zero, (13, 13), method)


def test_options_follow_the_noise(scene):
    sharp, kernel, _ = scene
    given = SolverOptions(13, prefilter=0.7, relative_kernel_weight=0.3, noise_reference=0.01)
    for noise, ratio in ((0.005, 0.5), (0.01, 1.0), (0.05, 1.5)):
        adapted = adapt_to_noise(blur(sharp, kernel, noise, 1), given)
        assert adapted.prefilter == pytest.approx(0.7 * ratio, rel=0.15)
        assert adapted.relative_kernel_weight == pytest.approx(0.3 * ratio**2, rel=0.3)
        assert adapted.noise_reference is None
    assert adapt_to_noise(sharp, SolverOptions(13, prefilter=0.7)).prefilter == 0.7


def test_options_of_several_runs_follow_the_noise_as_those_of_each(scene):
    _, _, blurred = scene
    several = [
        SolverOptions(13, prefilter=0.7, noise_reference=0.01),
        SolverOptions(13, prefilter=0.7),
        SolverOptions(13, relative_kernel_weight=0.3, noise_reference=0.02),
    ]
    assert adapt_all_to_noise(blurred, several) == [adapt_to_noise(blurred, options) for options in several]
    assert adapt_all_to_noise(blurred, several)[1] is several[1]


def test_iterations_of_the_finest_scale_are_its_own(scene):
    _, _, blurred = scene
    options = SolverOptions(13, iterations=2, finest_iterations=4)
    found = blind_deconv(blurred, options)
    scales = found.history.column("scale").tolist()
    assert scales.count(0) == 4 and scales.count(1) == 2 and len(scales) == iteration_count(options)
    fewer = blind_deconv(blurred, SolverOptions(13, iterations=2))
    number = len(fewer.history) - 1  # the last iteration that both have made
    assert fewer.history[number][:-1] == found.history[number][:-1] and not np.array_equal(fewer.kernel, found.kernel)
    with pytest.raises(InvalidOptionError, match="finest_iterations"):
        SolverOptions(13, finest_iterations=0)


def test_result_records_the_adapted_options(scene):
    _, _, blurred = scene
    result = blind_deconv(blurred, SolverOptions(13, iterations=1, prefilter=0.7, noise_reference=0.01))
    again = blind_deconv(blurred, result.options)
    assert 0.7 < result.options.prefilter <= 1.05
    assert np.array_equal(result.kernel, again.kernel)


class Recorder:
    """A prior without effect that notes the sizes of the images it is asked about."""

    name = "recorder"

    def __init__(self):
        self.sides = set()

    def value_and_grad(self, image):
        self.sides.add(image.shape[0])
        return 0.0, np.zeros_like(image)


@pytest.mark.parametrize("finest", [0, 1, 2, 9])
def test_the_prior_takes_part_from_its_finest_scale_on(scene, finest):
    _, _, blurred = scene
    prior = Recorder()
    options = SolverOptions(13, iterations=1, beta_growth=100, descent_steps=1, finest_prior_scale=finest)
    result = blind_deconv(blurred, options, prior)
    with_prior = [record for record in result.history if record.scale >= finest]
    assert prior.sides == {record.height for record in with_prior}
    assert all(np.isnan(record.prior_value) == (record.scale < finest) for record in result.history)
    assert result.prior == {"name": "recorder"}
