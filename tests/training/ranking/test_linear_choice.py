"""The linear rank: its losses, its fit, and its probability."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from pydeblur.errors import InvalidInputError
from pydeblur.estimators.evidence import KernelEvidence
from pydeblur.training.ranking import linear_choice
from pydeblur.training.ranking.linear_choice import (
    ScoredCase,
    area_under_curve,
    fit_logistic,
    fit_weights,
    held_out_loss,
    mean_loss,
    scores,
    share_preferred_to_truth,
)


def evidence(log_error, extent=0.2, change=-5.0):
    return KernelEvidence(log_error, -5.0, 0.0, 0.0, extent, 4.0, 0.1, 0.0, -8.0, change, -9.0)


def case(name, rng, blind=1.0):
    """Kernels whose log error forgives a small change: the true quality is the log error less half the change."""
    changes = rng.uniform(-8, -4, 12)
    quality = rng.uniform(0, 4, 12)
    kernels = tuple(
        evidence(-5 - quality_ / 4 + blind * 0.5 * change, change=change) for quality_, change in zip(quality, changes)
    )
    return ScoredCase(name, kernels, 20 + quality, evidence(-6.1 + blind * 0.5 * -4, change=-4), 24.1)


def test_losses_are_bounded_by_the_truth_and_from_above():
    kernels = tuple(evidence(error) for error in (-5.0, -4.0, -3.0, -2.0))
    one = ScoredCase("a", kernels, np.array([31.0, 30.2, 29.0, 10.0]), evidence(-6.0), 30.0)
    assert np.allclose(one.losses(), [0.0, 0.3, 1.5, 6.0])
    assert mean_loss([one], {}) == 0 and mean_loss([one], {"log_error": -2.0}) == 6.0
    assert np.array_equal(scores(one, {"extent": 5.0}), [-4.0, -3.0, -2.0, -1.0])


def test_a_preference_is_wrong_where_a_clearly_worse_kernel_has_the_lower_score():
    def of(psnr, error):
        return ScoredCase("a", (evidence(error),), np.array([psnr]), evidence(-5.0), 30.0)

    wrong, close, behind = of(28.9, -5.1), of(29.1, -5.1), of(20.0, -4.9)
    assert share_preferred_to_truth([wrong, close, behind], {}) == pytest.approx(1 / 3)
    assert share_preferred_to_truth([wrong], {"log_error": -2.0}) == 0


def test_the_fit_finds_what_the_log_error_does_not_see():
    rng = np.random.default_rng(0)
    cases = [case(str(number), rng) for number in range(30)]
    weights = fit_weights(cases, ["change", "extent"], ridge=1e-4)
    assert weights["change"] == pytest.approx(-0.5, abs=0.1) and abs(weights["extent"]) < 1
    others = [case(f"other {number}", rng) for number in range(30)]
    assert mean_loss(others, weights) < 0.2 < 0.5 < mean_loss(others, {})
    assert held_out_loss(cases[:10], ["change"]) < 0.5


def test_the_fit_is_the_minimum_of_what_it_says():
    """By finite differences of the expected loss, written anew."""
    rng = np.random.default_rng(1)
    cases = [case(str(number), rng, blind=0.3) for number in range(4)]
    deviation = np.std(np.concatenate([each.numbers(["change"]) - each.numbers(["change"]).mean() for each in cases]))

    def expected(weight):
        total = 0.0
        for each in cases:
            values = np.exp(-scores(each, {"change": float(weight[0])}) / 0.15)
            total += float(values @ each.losses() / values.sum())
        return total / len(cases) + 0.05 * (weight[0] * deviation) ** 2

    found = np.array([fit_weights(cases, ["change"])["change"]])
    assert abs(approx_fprime(found, expected, 1e-6)[0]) < 1e-3


def test_a_scene_is_never_in_the_fit_that_it_is_tried_on(monkeypatch):
    seen = []
    monkeypatch.setattr(
        linear_choice, "fit_weights", lambda cases, names, ridge: seen.append([c.name for c in cases]) or {}
    )
    rng = np.random.default_rng(2)
    held_out_loss([case(name, rng) for name in ("a", "a", "b")], ["change"])
    assert seen == [["b"], ["b"], ["a", "a"]]
    with pytest.raises(InvalidInputError, match="two scenes"):
        held_out_loss([case("a", rng), case("a", rng)], ["change"])


def test_the_logistic_regression_is_the_minimum():
    rng = np.random.default_rng(3)
    numbers = rng.standard_normal((60, 2))
    right = numbers[:, 0] + rng.standard_normal(60) > 0
    weights, intercept = fit_logistic(numbers, right, ridge=0.5)

    def loss(values):
        odds = numbers @ values[:2] + values[2]
        shares = 1 / (1 + np.exp(-odds))
        return -np.sum(np.where(right, np.log(shares), np.log(1 - shares))) + 0.5 * values[:2] @ values[:2]

    expected = minimize(loss, np.zeros(3)).x
    assert np.allclose([*weights, intercept], expected, atol=1e-3)
    assert area_under_curve(right, numbers @ weights) > 0.75


def test_the_area_counts_pairs():
    right = np.array([True, False, True, False])
    assert area_under_curve(right, np.array([4.0, 3.0, 2.0, 1.0])) == 0.75
    assert area_under_curve(right, np.zeros(4)) == 0.5
