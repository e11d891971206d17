"""The auxiliary image u, eq. (11), against a closed form and against brute force."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.priors.intensity import IntensityPrior
from pydeblur.solver.auxiliary import GradientDescentStep, ProximalStep, make_auxiliary_step
from pydeblur.solver.options import SolverOptions

CROP, PADDED = (9, 11), (14, 15)
IMAGE = np.random.default_rng(0).random(PADDED)


class QuadraticPrior:
    """p(u) = mean((u - c)²), whose gradient is 2 (u - c) / N."""

    name = "quadratic"

    def __init__(self, centre):
        self.centre = centre

    def value_and_grad(self, image):
        difference = image - self.centre
        return float(np.mean(difference**2)), 2 * difference / difference.size


def after_descent(image, beta, weight, centre, eta, steps):
    """u after `steps` of u ← u - η [β (u - I) + weight · 2 (u - c)]: a geometric approach to the minimum."""
    minimum = (beta * image + 2 * weight * centre) / (beta + 2 * weight)
    return minimum + (1 - eta * (beta + 2 * weight)) ** steps * (image - minimum)


@settings(deadline=None)
@given(
    st.sampled_from(["crop", "padded"]),
    st.sampled_from([1, 7.5, "pixels"]),
    st.floats(1e-3, 8),
    st.floats(1e-4, 1),
    st.integers(1, 12),
    st.floats(0.01, 0.2),
)
def test_algorithm_1_on_a_quadratic_prior(domain, scale, beta, lambda_prior, steps, eta):
    options = SolverOptions(3, prior_domain=domain, prior_scale=scale, descent_steps=steps, eta=eta)
    step = make_auxiliary_step(QuadraticPrior(0.3), options, CROP, PADDED)
    u = step(IMAGE, beta, lambda_prior)
    seen = CROP if domain == "crop" else PADDED
    pixels = seen[0] * seen[1]
    area = np.s_[: seen[0], : seen[1]]
    expected = IMAGE.copy()
    weight = lambda_prior * (pixels if scale == "pixels" else scale) / pixels
    expected[area] = after_descent(IMAGE[area], beta, weight, 0.3, eta, steps)
    assert np.max(np.abs(u - expected)) < 1e-12
    assert step.weight == (pixels if scale == "pixels" else scale)
    assert step.value(IMAGE[area]) == pytest.approx(np.mean((IMAGE[area] - 0.3) ** 2))


def test_descent_leaves_its_input_alone_and_keeps_float32():
    image = IMAGE.astype(np.float32)
    before = image.copy()
    u = make_auxiliary_step(QuadraticPrior(np.float32(0.3)), SolverOptions(3), CROP, PADDED)(image, 1.0, 0.1)
    assert u.dtype == np.float32 and np.array_equal(image, before) and not np.array_equal(u, before)


class CountingPrior(QuadraticPrior):
    """Counts how often it is asked."""

    calls = 0

    def value_and_grad(self, image):
        self.calls += 1
        return super().value_and_grad(image)


def counted_descent(tolerance, steps=12):
    """u, and how often the prior was asked, for β = 1, λw = 1 and η = 0.1: each step is 0.7 times the one before."""
    prior = CountingPrior(0.3)
    options = SolverOptions(3, descent_steps=steps, descent_tolerance=tolerance)
    u = make_auxiliary_step(prior, options, CROP, PADDED)(IMAGE, 1.0, 1.0)
    return u, prior.calls


@pytest.mark.parametrize("stop_after", [1, 2, 5, 11])
def test_descent_ends_with_the_first_step_within_the_tolerance(stop_after):
    area = np.s_[: CROP[0], : CROP[1]]
    longest = [0.1 * 2 * np.max(np.abs(IMAGE[area] - 0.3)) * 0.7**number for number in range(12)]
    u, calls = counted_descent(longest[stop_after - 1] * 1.001)
    assert calls == stop_after
    assert np.array_equal(u, counted_descent(0.0, steps=stop_after)[0])


def test_without_a_tolerance_every_step_is_made():
    """Not even steps of length 0 end the descent: the number of evaluations stays the paper's."""
    prior = CountingPrior(IMAGE[: CROP[0], : CROP[1]])
    make_auxiliary_step(prior, SolverOptions(3, descent_steps=7), CROP, PADDED)(IMAGE, 1.0, 1.0)
    assert prior.calls == 7
    assert counted_descent(0.0)[1] == 12 and counted_descent(1e-300)[1] == 12


def test_the_prior_is_asked_once_about_the_image_that_every_iteration_starts_from():
    prior = CountingPrior(0.3)
    step = make_auxiliary_step(prior, SolverOptions(3, descent_steps=4), CROP, PADDED)
    first, again = step(IMAGE, 1.0, 1.0), step(IMAGE, 1.0, 1.0)
    assert np.array_equal(first, again) and prior.calls == 4 + 3
    elsewhere = step(IMAGE + 0.1, 1.0, 1.0)
    fresh = make_auxiliary_step(CountingPrior(0.3), SolverOptions(3, descent_steps=4), CROP, PADDED)
    assert np.array_equal(elsewhere, fresh(IMAGE + 0.1, 1.0, 1.0)) and prior.calls == 4 + 3 + 4


@pytest.mark.parametrize("tolerance", [-1e-3, np.nan, np.inf, "1", None, True])
def test_a_bad_descent_tolerance_is_refused(tolerance):
    with pytest.raises(InvalidInputError, match=r"^descent_tolerance should be a number from 0 to"):
        SolverOptions(3, descent_tolerance=tolerance)


@settings(deadline=None)
@given(st.floats(1e-3, 8), st.floats(1e-4, 2))
def test_intensity_step_minimises_eq_11_by_brute_force(beta, lambda_prior):
    """Nothing that each pixel could be gives less than β (u - I)² + λ [u ≠ 0]."""
    step = make_auxiliary_step(IntensityPrior(), SolverOptions(3), CROP, PADDED)
    assert isinstance(step, ProximalStep)
    image = IMAGE - 0.3
    candidates = np.concatenate([np.zeros(1), np.linspace(-1, 1, 41)])[:, None, None]
    candidates = np.concatenate([np.broadcast_to(candidates, (42, *PADDED)), image[None], image[None] / 2])

    def objective(u):
        return beta * (u - image) ** 2 + lambda_prior * (u != 0)

    u = step(image, beta, lambda_prior)
    assert np.all(objective(u) <= objective(candidates).min(axis=0) + 1e-12)
    assert step.value(image) == np.count_nonzero(u[: CROP[0], : CROP[1]])


def test_a_prior_may_ask_for_its_first_beta():
    class Asking(QuadraticPrior):
        def first_beta(self, image, lambda_prior):
            return lambda_prior / image.mean()

    image = np.full(PADDED, 0.25)
    assert make_auxiliary_step(Asking(0.5), SolverOptions(3), CROP, PADDED).first_beta(image, 0.01) == pytest.approx(
        0.04
    )
    assert make_auxiliary_step(QuadraticPrior(0.5), SolverOptions(3), CROP, PADDED).first_beta(image, 0.01) is None


def test_what_a_prior_can_do_decides_the_step():
    both = SimpleNamespace(prox=None, value=None, value_and_grad=None)
    assert isinstance(make_auxiliary_step(both, SolverOptions(3), CROP, PADDED), ProximalStep)
    assert isinstance(make_auxiliary_step(QuadraticPrior(0), SolverOptions(3), CROP, PADDED), GradientDescentStep)
    assert make_auxiliary_step(None, SolverOptions(3), CROP, PADDED) is None
    with pytest.raises(InvalidInputError, match="prox, filtered or value_and_grad"):
        make_auxiliary_step("classifier", SolverOptions(3), CROP, PADDED)
