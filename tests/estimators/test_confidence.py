"""Whether the blur was found: what the probability follows, and what is said of it."""

import warnings

import numpy as np
import pytest
from skimage import data

import pydeblur
from pydeblur.estimators import resolve
from pydeblur.estimators.confidence import (
    DOUBTFUL,
    INTERCEPT,
    LAMBDA_TV_IN_DOUBT,
    REGRESSORS,
    SMALLEST_SIDE,
    agreement_of,
    confidence_in,
    doubt_about,
    numbers_of,
)
from pydeblur.estimators.evidence import KernelEvidence
from pydeblur.estimators.multistart import Multistart
from pydeblur.synthesis import blur, random_kernel

EVIDENCE = KernelEvidence(-5.5, -5.0, -6.0, -3.0, 0.25, 5.0, 0.05, 0.0, -8.5, -5.0, -9.0)


def test_it_is_a_logistic_regression():
    numbers = numbers_of(EVIDENCE, 0.01, 0.9)
    odds = INTERCEPT + sum(own.weight * (numbers[name] - own.mean) / own.deviation for name, own in REGRESSORS.items())
    assert confidence_in(EVIDENCE, 0.01, 0.9) == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-12)


@pytest.mark.parametrize("far", [-1e6, 1e6])
def test_it_stays_a_probability(far):
    found = confidence_in(KernelEvidence(*[far] * 11), 0.01, 0.5)
    assert 0 <= found <= 1


def test_kernels_that_are_alike_agree():
    kernels = [random_kernel(15, seed) for seed in range(6)]
    alike = [np.roll(np.pad(kernels[0], 3), (shift, -1), axis=(0, 1)) for shift in range(-2, 3)]
    assert agreement_of(kernels[0], alike) > 0.99
    assert agreement_of(kernels[0], kernels[1:]) < 0.9
    # The five most similar ones count.
    assert agreement_of(kernels[0], [*kernels[1:], *alike]) == agreement_of(kernels[0], alike)


def test_what_is_said():
    even, point = np.full((5, 5), 1 / 25), np.zeros((5, 5))
    point[2, 2], point[2, 3] = 0.9, 0.1
    assert doubt_about(even, DOUBTFUL) is None and doubt_about(even, None) is None
    assert "probably not found" in doubt_about(even, DOUBTFUL - 0.01)
    for confidence in (None, 0.9):
        assert "nearly a point" in doubt_about(point, confidence)
    assert max(len(doubt_about(each, 0.0)) for each in (even, point)) < 300


@pytest.fixture(scope="module")
def photograph():
    """A photograph whose blur is easily found."""
    return blur(data.camera()[:206, 90:300] / 255, random_kernel(9, 2), 0.005, 0).astype(float)


@pytest.fixture(scope="module")
def estimate(photograph):
    preset = resolve("best", solver={"iterations": 3})
    return Multistart(preset).estimate(photograph, 11)


def test_the_default_tells_how_sure_it_is(estimate):
    assert 0 <= estimate.confidence <= 1


def test_where_it_cannot_be_told(photograph, blurred):
    single = Multistart(resolve(prior="gradient", solver={"iterations": 1})).estimate(photograph, 5)
    assert single.confidence is None
    preset = resolve("best", solver={"iterations": 1})
    assert min(blurred.shape) < SMALLEST_SIDE and Multistart(preset).estimate(blurred, 5).confidence is None
    clipped = np.zeros(photograph.shape, bool)
    clipped[100:110, 100:110] = True
    assert Multistart(preset).estimate(photograph, 5, clipped=clipped).confidence is None

    def stop(state):
        raise StopIteration

    assert Multistart(preset).estimate(photograph, 5, callback=stop).confidence is None


def test_the_caller_is_told_where_it_is_low(photograph, monkeypatch):
    from pydeblur.estimators import multistart

    for confidence, count in ((0.1, 1), (0.9, 0)):
        monkeypatch.setattr(multistart, "confidence_in", lambda *_, told=confidence: told)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = pydeblur.estimate_kernel(photograph, 5, iterations=1)
        caught = [warning for warning in caught if warning.category is pydeblur.BlurNotFoundWarning]
        assert found.confidence == confidence and len(caught) == count
        for warning in caught:
            assert warning.filename == __file__
            assert "0.10" in str(warning.message)


def test_a_doubted_kernel_has_a_final_step_that_forgives_more(photograph, monkeypatch):
    from pydeblur.estimators import multistart

    steps = {}
    for confidence in (0.1, 0.9):
        monkeypatch.setattr(multistart, "confidence_in", lambda *_, told=confidence: told)
        with warnings.catch_warnings():
            # After one iteration the kernel may also reach its border.
            warnings.simplefilter("ignore", UserWarning)
            steps[confidence] = pydeblur.deblur(photograph, 5, iterations=1)
            given = pydeblur.deblur(photograph, 5, iterations=1, nonblind="hyper-laplacian")
        assert given.nonblind == "hyper-laplacian"
    assert (steps[0.1].nonblind, steps[0.1].nonblind_options) == ("tv", {"lambda_tv": LAMBDA_TV_IN_DOUBT})
    assert steps[0.1].nonblind_reason == "the kernel is doubted (confidence 0.10)"
    assert steps[0.9].nonblind == "ringing" and steps[0.9].nonblind_reason is None
