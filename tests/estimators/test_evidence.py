"""The numbers that speak for and against a kernel, and the score that they make."""

import numpy as np
import pytest
from skimage import data

from pydeblur.estimators import KernelRanker, RankingOptions, evidence, ranking
from pydeblur.estimators.evidence import KernelEvidence, image_numbers, kernel_numbers, radius
from pydeblur.estimators.presets import LOG_ERROR_ALONE, EvidenceWeights
from pydeblur.estimators.ranking import log_error, log_odds, restored_by_tv, weighted
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.solver.pyramid import downsample_image
from pydeblur.synthesis import blur, random_kernel

ONE_THREAD = RankingOptions(threads=1)


@pytest.fixture(scope="module")
def camera():
    """A blurred photograph and its kernel."""
    kernel = random_kernel(15, 2)
    return blur(data.camera()[:200, 100:320] / 255, kernel, 0.005, 0).astype(float), kernel


def test_the_radius_is_that_of_a_cloud_of_points():
    rng = np.random.default_rng(0)
    kernel = random_kernel(21, 3)
    places = rng.choice(kernel.size, 200_000, p=kernel.ravel())
    points = np.stack(np.unravel_index(places, kernel.shape), axis=1)
    spread = np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean())
    assert radius(kernel) == pytest.approx(spread, rel=0.01)
    assert radius(np.roll(np.pad(kernel, 4), 3, axis=1)) == pytest.approx(radius(kernel))


def test_numbers_of_an_even_kernel():
    found = kernel_numbers(np.full((5, 5), 1 / 25), 10)
    assert found["entropy"] == pytest.approx(np.log(25)) and found["peak"] == pytest.approx(1 / 25)
    assert found["extent"] == pytest.approx(2 / 10) and found["border"] == pytest.approx(24 / 25)


def test_numbers_of_images():
    rng = np.random.default_rng(1)
    sharp = rng.random((40, 50))
    kernel = random_kernel(7, 5)
    blurred = sum(
        kernel[i, j] * np.roll(sharp, (i - 3, j - 3), axis=(0, 1)) for i in range(7) for j in range(7)
    )  # correct but near the border, which does not count
    exact = image_numbers(blurred, sharp, kernel)
    assert exact["residual"] == pytest.approx(np.log(1e-8), abs=1e-6) and exact["overshoot"] == pytest.approx(
        np.log(1e-8)
    )
    assert exact["change"] == pytest.approx(np.log(np.mean((sharp - blurred) ** 2) + 1e-8))
    beyond = image_numbers(blurred, sharp + 0.5, kernel)
    expected = np.mean(np.maximum(sharp - 0.5, 0) ** 2)
    assert beyond["overshoot"] == pytest.approx(np.log(expected + 1e-8)) and beyond["residual"] > exact["residual"]


def test_what_a_gamma_does_to_the_residual():
    sharp = np.random.default_rng(2).random((40, 40))
    linear = sharp**2.2
    kernel = np.full((1, 3), 1 / 3)
    blurred = ((np.roll(linear, 1, axis=1) + linear + np.roll(linear, -1, axis=1)) / 3) ** (1 / 2.2)
    residuals = [image_numbers(blurred, sharp, kernel, gamma)["residual"] for gamma in (1.0, 2.2)]
    assert residuals[1] < np.log(1e-7) < residuals[0]


def test_the_evidence_is_that_of_its_parts(camera):
    image, kernel = camera
    found = KernelRanker(image, 19, options=ONE_THREAD).evidence(kernel)
    restored = restored_by_tv(image, kernel)
    ranking, classifier = (
        ClassifierNetwork(RankingOptions(name, threads=1)) for name in ("kernel-ranking", "classifier-compact")
    )
    assert found.log_error == log_error(restored, ranking)
    assert found.half_log_error == log_error(downsample_image(restored, 0.5), ranking)
    assert found.log_odds == log_odds(restored, classifier)
    assert found.half_log_odds == log_odds(downsample_image(np.clip(restored, 0, 1), 0.5), classifier)
    shape = kernel_numbers(kernel, 19)
    assert {name: getattr(found, name) for name in shape} == shape


def test_only_what_is_asked_for_is_computed(camera, monkeypatch):
    image, kernel = camera
    ranker = KernelRanker(image, 19, options=ONE_THREAD)
    whole = ranker.evidence(kernel)

    def unwanted(*arguments):
        raise AssertionError("nobody has asked for it")

    monkeypatch.setattr(ranking, "log_error", unwanted)
    monkeypatch.setattr(evidence, "unexplained", unwanted)
    part = ranker.evidence(kernel, names=("half_log_odds", "change"))
    for name, value in vars(part).items():
        known = name in ("half_log_odds", "change", "extent", "entropy", "peak", "border")
        assert value == getattr(whole, name) if known else np.isnan(value)


def test_single_precision_ranks_as_double_does(camera):
    image, kernel = camera
    kernels = [kernel, kernel.T.copy(), np.full((15, 15), 1 / 225)]
    double, single = (
        [KernelRanker(image, 19, options=ONE_THREAD, dtype=dtype).score(each).value for each in kernels]
        for dtype in (np.float64, np.float32)
    )
    np.testing.assert_allclose(single, double, atol=2e-3)


def test_the_score_is_the_weighted_sum(camera):
    image, kernel = camera
    weights = EvidenceWeights(log_error=0.5, half_log_odds=0.1, extent=-2.0)
    ranker = KernelRanker(image, 19, options=ONE_THREAD, weights=weights)
    found = ranker.evidence(kernel)
    expected = 0.5 * found.log_error + 0.1 * found.half_log_odds - 2 * found.extent
    score = ranker.score(kernel)
    assert score.value == pytest.approx(expected, rel=1e-12) and score.measure == "log error"
    assert weighted(found, LOG_ERROR_ALONE) == found.log_error
    assert set(vars(weights)) == set(KernelEvidence.__dataclass_fields__)


def test_without_a_network_of_errors_log_odds_decide_whatever_the_weights(camera):
    image, kernel = camera
    options = RankingOptions("classifier-compact", threads=1)
    plain, weighed = (
        KernelRanker(image, 19, options=options, weights=weights)
        for weights in (LOG_ERROR_ALONE, EvidenceWeights(extent=-9.0))
    )
    assert plain.score(kernel) == weighed.score(kernel) and plain.score(kernel).measure == "log odds"
    assert not plain.gives_evidence and KernelRanker(image, 19, options=ONE_THREAD).gives_evidence
