"""What every α computes takes the same memory: no bit of any result changes by that, and nobody sees it happen."""

import numpy as np
import pytest

from pydeblur.solver.auxiliary import FilterStep, ProximalStep
from pydeblur.solver.latent import LatentProblem

RNG = np.random.default_rng(11)
KERNEL = np.outer([1, 2, 1], [1, 3, 1, 1, 1]) / 28


class Half:
    """A prior whose auxiliary image is half of the image."""

    def prox(self, image, threshold):
        return image / 2


class Keeping:
    """A prior that keeps every image that it is asked to change, and a copy of it."""

    filter_passes = 2

    def __init__(self):
        self.seen = []

    def filtered(self, image, lambda_prior):
        self.seen.append((image, image.copy()))
        return image


def problem_of(image):
    problem = LatentProblem(image, (20, 24))
    problem.set_kernel(KERNEL)
    return problem


@pytest.mark.parametrize("shape", [(24, 30), (3, 24, 30)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_those_of_new_memory_for_each_step(each_fft, each_loop, shape, dtype):
    image = RNG.random(shape).astype(dtype)
    for arguments in ((4e-3,), (10.0,), (0.0,), (4e-3, 4e-3, ProximalStep(Half(), (20, 24)))):
        reused, anew = problem_of(image), problem_of(image)
        anew._spectrum_memory = anew._image_memory = None
        found, expected = reused.solve(*arguments), anew.solve(*arguments)
        np.testing.assert_array_equal(found.image, expected.image)
        assert (found.gradients, reused.residual_energy(found)) == (expected.gradients, anew.residual_energy(expected))


def test_an_image_is_its_callers(each_loop):
    problem = problem_of(RNG.random((24, 30)))
    first = problem.solve(4e-3).image
    kept = first.copy()
    problem.set_kernel(KERNEL[::-1, ::-1])
    assert not np.array_equal(problem.solve(1e-2).image, kept)
    np.testing.assert_array_equal(first, kept)


def test_a_filter_may_keep_what_it_was_given():
    prior = Keeping()
    problem_of(RNG.random((24, 30))).solve(4e-3, 4e-3, FilterStep(prior, (20, 24)))
    assert len(prior.seen) > 10
    for image, copy in prior.seen:
        np.testing.assert_array_equal(image, copy)
