"""Pixels that the sensor clipped, in the solver: taken for at least as bright as they are."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.metrics import kernel_similarity
from pydeblur.preprocess.clipping import clipped_pixels
from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentProblem
from tests.night_scene import KERNEL, night_scene


@pytest.fixture(scope="module")
def night():
    return night_scene(8.0)


def test_the_kernel_gains(night):
    options = SolverOptions(15, prefilter=0.7, relative_kernel_weight=0.3, noise_reference=0.01)
    plain, minded = (
        kernel_similarity(blind_deconv(night, options, clipped=clipped).kernel, KERNEL)
        for clipped in (None, clipped_pixels(night))
    )
    assert minded > plain + 0.05


def test_where_nothing_is_clipped_nothing_changes(night):
    options, part = SolverOptions(7, iterations=2), night[:64, :64]
    plain = blind_deconv(part, options)
    minded = blind_deconv(part, options, clipped=np.zeros(part.shape, bool))
    np.testing.assert_array_equal(minded.kernel, plain.kernel)
    np.testing.assert_array_equal(minded.latent, plain.latent)


def test_only_clipped_pixels_are_completed_and_only_upwards(night):
    clipped = clipped_pixels(night)[:150, :150]
    problem = LatentProblem(night, (150, 150), clipped=clipped)
    problem.set_kernel(KERNEL)
    problem.solve(4e-3)
    change = (problem.completed - problem.blurred)[:150, :150]
    assert change.min() == 0 and change[~clipped].max() == 0 and change[clipped].max() > 0.1
    np.testing.assert_array_equal(problem.completed[150:], night[150:])


def test_the_completed_problem_fits_better(night):
    """The data term of the clipped problem is at most that of the plain one at its own minimum."""
    residuals = []
    for clipped in (None, clipped_pixels(night)):
        problem = LatentProblem(
            wrap_boundary(night, padded_shape(night.shape, KERNEL.shape)), night.shape, clipped=clipped
        )
        problem.set_kernel(KERNEL)
        residuals.append(problem.residual_energy(problem.solve(1e-4)))
    assert residuals[1] < 0.9 * residuals[0]


def test_with_a_prior_of_gradients(night):
    class Quadratic:
        name = "quadratic"

        def value_and_grad(self, u):
            return float((u * u).sum()), 2 * u

    part = night[:64, :64]
    options = SolverOptions(7, iterations=2, prior_scale=0.01, beta_growth=4.0)
    result = blind_deconv(part, options, Quadratic(), clipped=clipped_pixels(part))
    assert np.all(np.isfinite(result.kernel)) and np.all(np.isfinite(result.history.column("energy")))


def test_on_other_arrays(night):
    pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    part = night[:96, :96]
    ours, theirs = (
        blind_deconv(part, SolverOptions(7, kernel_solver="fft", device=device), clipped=clipped_pixels(part)).kernel
        for device in ("cpu", "torch/cpu")
    )
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    "clipped", [np.zeros((64, 63), bool), np.zeros((64, 64)), True, "all"], ids=["shape", "dtype", "bool", "text"]
)
def test_anything_else_is_refused(night, clipped):
    with pytest.raises(InvalidInputError, match="clipped should be a bool array"):
        blind_deconv(night[:64, :64], SolverOptions(7), clipped=clipped)
