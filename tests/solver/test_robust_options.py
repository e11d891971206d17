"""What goes beyond the paper: smoothing the noise away first, and weighing γ against the gradients."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem
from pydeblur.training import blur, random_kernel


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
    relative = KernelProblem(*valid_gradients(blurred), 0.3, relative=True)
    absolute = KernelProblem(*valid_gradients(blurred), 0.3 * energy)
    for method in ("cg", "fft"):
        one, other = (problem.estimate(*gradients, (13, 13), method) for problem in (relative, absolute))
        assert np.max(np.abs(one - other)) < 1e-12
    assert relative.weight == pytest.approx(0.3 * energy)


def test_relative_weight_makes_the_kernel_independent_of_contrast(scene):
    """The closed form is linear in both images but for γ: at a tenth of the contrast the absolute γ smooths more."""
    sharp, _, blurred = scene
    found = {}
    for unit in (True, False):
        full, dim = (
            KernelProblem(*valid_gradients(c * blurred), 5.0, unit).estimate(*valid_gradients(c * sharp), (13, 13))
            for c in (1.0, 0.1)
        )
        found[unit] = np.max(np.abs(full - dim))
    assert found[True] < 1e-4 < found[False]


def test_no_gradients_leave_an_error_not_a_nan(scene):
    from pydeblur.errors import KernelCollapseError

    _, _, blurred = scene
    problem = KernelProblem(*valid_gradients(blurred), 0.3, relative=True)
    zero = np.zeros((159, 159))
    try:
        assert np.all(np.isfinite(problem.estimate(zero, zero, (13, 13))))
    except KernelCollapseError:
        pass
