"""The network that ranks kernels: what it prefers, and what it looks at."""

import numpy as np
import pytest
from scipy.signal import convolve2d
from skimage import data

import pydeblur
from pydeblur.estimators import PRESETS, KernelRanker, RankingOptions, ranking, resolve
from pydeblur.estimators.ranking import (
    log_error,
    log_mean_error,
    log_odds,
    restored_by_tv,
    restored_with_highlights,
    shown_planes,
    shown_to,
)
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.priors.classifier.options import NetworkOptions
from pydeblur.solver.pyramid import downsample_image
from pydeblur.synthesis import blur, random_kernel

ONE_THREAD = RankingOptions(threads=1)
FOR_WIDE = RankingOptions("kernel-ranking-wide", threads=1)


def point(size):
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1
    return kernel


@pytest.fixture(scope="module")
def camera():
    """A blurred photograph and its kernel."""
    kernel = random_kernel(15, 2)
    return blur(data.camera()[:256, 100:356] / 255, kernel, 0.005, 0).astype(float), kernel


def test_it_prefers_the_right_kernel_to_none(camera):
    image, kernel = camera
    ranker = KernelRanker(image, 15, options=ONE_THREAD)
    right, nothing = ranker.score(kernel), ranker.score(point(15))
    assert right.measure == nothing.measure == "log error" and right.value < nothing.value - 0.5


def test_it_knows_a_wrong_kernel_by_its_ringing(camera):
    image, kernel = camera
    ranker = KernelRanker(image, 15, options=ONE_THREAD)
    assert ranker.score(kernel).value < ranker.score(kernel.T.copy()).value - 1


@pytest.mark.parametrize("restore", [restored_by_tv, restored_with_highlights])
def test_the_classifier_sees_the_blur_that_a_point_leaves(camera, restore):
    image, kernel = camera
    classifier = ClassifierNetwork(NetworkOptions("classifier-compact", threads=1))
    right, wrong = (log_odds(restore(image, each), classifier) for each in (kernel, point(15)))
    assert right < wrong - 1


def test_scores_are_those_of_the_parts(camera):
    image, kernel = camera
    network = ClassifierNetwork(ONE_THREAD)
    expected = log_error(restored_by_tv(image, kernel, 2.0), network)
    assert KernelRanker(image, 15, options=ONE_THREAD).score(kernel, gamma=2.0).value == expected


def test_a_part_of_a_large_image_is_looked_at(blurred, monkeypatch):
    seen = []
    monkeypatch.setattr(ranking, "_LARGEST_SIDE", 40)
    monkeypatch.setattr(
        ranking, "log_error", lambda image, *others: seen.append(image.shape) or log_error(image, *others)
    )
    result = pydeblur.estimate_kernel(blurred[:, :60], 5, preset="best", iterations=1)
    assert set(seen) == {(40, 40)} and result.latent.shape == (64, 60)


@pytest.mark.parametrize(
    "kernel_size, seen_shape",
    [(5, (512, 512)), (43, (516, 516)), (91, (600, 610))],
    ids=["at least 512", "12 kernel sizes", "all there is"],
)
def test_the_part_follows_the_kernel(monkeypatch, kernel_size, seen_shape):
    image = np.kron(np.random.default_rng(0).random((60, 61)), np.ones((10, 10)))
    seen = []
    monkeypatch.setattr(ranking, "log_error", lambda restored, network: seen.append(restored.shape) or 0.0)
    KernelRanker(image, kernel_size, options=ONE_THREAD).score(point(3))
    assert seen == [seen_shape]


def test_a_classifier_can_rank(blurred):
    best = pydeblur.estimate_kernel(blurred, 5, iterations=1, ranking_options={"weights": "classifier-compact"})
    assert {candidate.measure for candidate in best.candidates} == {"log odds"}
    (chosen,) = (candidate for candidate in best.candidates if candidate.chosen)
    assert chosen.score == min(candidate.score for candidate in best.candidates)


def test_an_image_smaller_than_the_network_needs_is_padded(blurred):
    assert np.isfinite(log_error(blurred[:9, :70], ClassifierNetwork(ONE_THREAD)))


def test_what_leaves_the_range_stays_with_gamma():
    image = np.random.default_rng(3).uniform(size=(40, 40))
    found = restored_by_tv(0.3 + 0.4 * image, point(5), gamma=2.0)
    assert found.min() > 0.2 and found.max() < 0.8
    mean = np.full((5, 5), 1 / 25)
    restored = pydeblur.deconvolve(image, mean, "tv")
    assert restored.min() < -0.3 and np.allclose(restored_by_tv(image, mean), np.clip(restored, -0.3, 1.3))
    with_gamma = restored_by_tv(image, mean, gamma=2.0)
    assert with_gamma.min() < 0 and with_gamma.max() > 1


def test_with_clipped_pixels_the_log_odds_decide(blurred):
    clipped = np.clip(1.5 * blurred, 0, 1)
    assert clipped.max() == 1
    best = pydeblur.estimate_kernel(clipped, 5, saturated=True, iterations=1)
    assert {candidate.measure for candidate in best.candidates} == {"log odds"}
    (chosen,) = (candidate for candidate in best.candidates if candidate.chosen)
    assert chosen.score == min(candidate.score for candidate in best.candidates)


def test_threads_follow_the_workers_unless_they_are_given(blurred, monkeypatch):
    made = []
    network = ranking.ClassifierNetwork
    monkeypatch.setattr(ranking, "ClassifierNetwork", lambda options: made.append(options.threads) or network(options))
    KernelRanker(blurred, 5, workers=2)
    KernelRanker(blurred, 5, options=ONE_THREAD, workers=2)
    assert made == [2, 1]


@pytest.fixture(scope="module")
def wide():
    """A photograph under a kernel of 45 pixels, the kernel, and a ranker as the default uses it for that size."""
    kernel = random_kernel(45, 5, 1.2)
    image = blur(data.camera()[:330, 80:410] / 255, kernel, 0.01, 0).astype(float)
    preset = PRESETS["best"].for_size(45)
    return image, kernel, KernelRanker(image, 45, options=FOR_WIDE, weights=preset.weights)


def test_wide_kernels_have_a_network_of_their_own():
    best = PRESETS["best"]
    assert [best.for_size(size).ranking.weights for size in (39, 41)] == ["kernel-ranking", "kernel-ranking-wide"]
    other = resolve("best", ranking_options={"weights": "classifier-compact"})
    assert {other.for_size(size).ranking.weights for size in (39, 41)} == {"classifier-compact"}


def test_of_wide_kernels_the_right_one_is_preferred(wide):
    image, kernel, ranker = wide
    right = ranker.score(kernel)
    assert right.measure == "log error"
    half = np.where(np.arange(45) < 22, kernel, 0)
    wrong = (point(45), kernel[::-1].copy(), kernel.T.copy(), half / half.sum(), 0.5 * kernel + 0.5 * point(45))
    assert all(ranker.score(each).value > right.value + 0.1 for each in wrong)


def test_the_planes_are_the_restored_image_its_change_and_the_residual(wide):
    image, kernel, _ = wide
    image = image[:100, :120]
    for gamma in (1.0, 2.0):
        restored = restored_by_tv(image, kernel, gamma)
        planes = shown_planes(image, restored, kernel, gamma)
        assert planes.shape == (3, 100, 120) and planes.dtype == np.float32
        np.testing.assert_allclose(planes[:2], [restored, restored - image], atol=1e-6)
        again = convolve2d(np.clip(restored, 0, 1) ** gamma, kernel, mode="valid")
        residual = np.clip(8 * (image[22:-22, 22:-22] ** gamma - again), -1, 1)
        np.testing.assert_allclose(planes[2, 22:-22, 22:-22], residual, atol=1e-5)
        outside = np.ones(image.shape, bool)
        outside[22:-22, 22:-22] = False
        assert not planes[2][outside].any()


def test_a_network_is_shown_as_much_as_it_was_trained_on(wide):
    image, kernel, _ = wide
    image = image[:60, :70]
    restored = restored_by_tv(image, kernel)
    assert shown_to(ClassifierNetwork(ONE_THREAD), image, restored, kernel) is restored
    shown = shown_to(ClassifierNetwork(FOR_WIDE), image, restored, kernel)
    assert np.array_equal(shown, shown_planes(image, restored, kernel))


def test_the_mean_error_is_a_mean_of_errors(wide):
    image, kernel, ranker = wide
    restored, network = restored_by_tv(image, kernel), ClassifierNetwork(FOR_WIDE)
    shown = shown_planes(image, restored, kernel)
    logarithms = network.activation_map(shown)[2:-2, 2:-2].astype(float)
    assert log_mean_error(shown, network) == pytest.approx(np.log(np.exp(logarithms).mean()), rel=1e-6)
    assert log_error(shown, network) == pytest.approx(logarithms.mean(), rel=1e-5)
    evidence = ranker.evidence(kernel)
    assert ranker.score(kernel).value == pytest.approx(evidence.log_mean_error - 0.1 * evidence.change, rel=1e-9)
    assert (evidence.log_mean_error, evidence.log_error) == (log_mean_error(shown, network), log_error(shown, network))
    halved = np.stack([downsample_image(each, 0.5) for each in shown])
    assert evidence.half_log_error == log_error(halved, network)


def test_a_square_that_is_hopeless_does_not_count_for_more_than_hopeless(monkeypatch):
    class Network:
        def activation_map(self, shown):
            return np.where(np.arange(9) == 4, 50.0, 3.0)[None] * np.ones((7, 1))

    assert log_mean_error(np.zeros((72, 56)), Network()) == pytest.approx(3.0)


def test_planes_smaller_than_the_network_needs_are_padded():
    shown = np.random.default_rng(0).random((3, 9, 50)).astype(np.float32)
    assert np.isfinite(log_mean_error(shown, ClassifierNetwork(FOR_WIDE)))
