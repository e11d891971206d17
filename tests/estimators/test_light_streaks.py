"""Light streaks: made night scenes whose kernel is known, and pictures that have none."""

import numpy as np
import pytest
from scipy.signal import fftconvolve
from skimage import data

import pydeblur
from pydeblur.estimators import light_streaks
from pydeblur.estimators.light_streaks import LightStreaks, LightStreaksOptions, Streak, find_streaks, kernel_of_streaks
from pydeblur.estimators.multistart import Multistart
from pydeblur.estimators.presets import resolve
from pydeblur.estimators.protocol import KernelEstimator
from pydeblur.metrics import kernel_similarity
from pydeblur.preprocess.clipping import clipped_pixels
from pydeblur.synthesis.kernels import random_kernel

SIDE = 240


def night(seed, size=21, lights=8, largest_light=1, ground=0.3):
    """A dark photograph (240, 240) with lights, blurred, clipped, with noise and in 8 bits; and the kernel."""
    rng = np.random.default_rng(seed)
    sharp = ground * data.camera()[50 : 50 + SIDE, 100 : 100 + SIDE] / 255
    for row, column in rng.integers(24, SIDE - 28, (lights, 2)):
        height, width = rng.integers(1, largest_light + 1, 2)
        sharp[row : row + height, column : column + width] = np.exp(rng.uniform(np.log(8), np.log(60)))
    kernel = random_kernel(size, rng)
    return photographed(sharp, kernel, rng), kernel


def photographed(sharp, kernel, rng):
    size = len(kernel)
    seen = fftconvolve(np.pad(sharp, size, mode="edge"), kernel, "same")[size:-size, size:-size]
    seen = np.clip(seen, 0, 1) + 0.004 * rng.standard_normal(seen.shape)
    return np.round(255 * np.clip(seen, 0, 1)) / 255


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_the_streaks_of_points_are_the_kernel(seed):
    image, kernel = night(seed)
    estimate = LightStreaks().estimate(image, 25)
    assert kernel_similarity(estimate.kernel, kernel) > 0.97
    assert estimate.kernel.shape == (25, 25) and estimate.kernel.min() >= 0
    assert estimate.kernel.sum() == pytest.approx(1, abs=1e-12) and estimate.prior["name"] == "light_streaks"
    assert estimate.latent.shape == image.shape and len(estimate.history) == 1


def test_the_lights_own_shapes_are_told_from_the_kernel():
    """Streaks of larger lights are wider than the kernel; found with a light for each it is nearer to the truth."""
    together, alone = [], []
    for seed in (5, 6, 7, 8):
        image, kernel = night(seed, lights=14, largest_light=4)
        streaks = find_streaks(image, 25)
        found, votes = kernel_of_streaks(streaks)
        assert votes >= 2
        together.append(kernel_similarity(found, kernel))
        alone.append(np.mean([kernel_similarity(streak.pixels, kernel) for streak in streaks]))
    assert np.mean(together) > np.mean(alone) + 0.03


def test_unclipped_streaks_tell_what_the_clipped_ones_lack():
    rng = np.random.default_rng(5)
    kernel = random_kernel(17, rng)
    peak = kernel.max()
    true = [factor * kernel / peak for factor in (0.5, 3.0, 4.0)]
    streaks = [Streak(0, 0, np.minimum(each, 0.9), each > 0.9, float(each[each > 0].mean())) for each in true]
    clipped_only = kernel_similarity(streaks[2].pixels, kernel)
    found, votes = kernel_of_streaks(streaks, agreement=0.5)
    assert votes == 3 and kernel_similarity(found, kernel) > 0.995 > clipped_only


def test_a_bright_thing_of_another_shape_is_outvoted():
    image, kernel = night(3)
    image = image.copy()
    image[100:103, 60:84] = 0.9
    estimate = LightStreaks().estimate(image, 25)
    assert kernel_similarity(estimate.kernel, kernel) > 0.97


def test_streaks_near_the_border_count_and_those_that_it_cuts_do_not():
    image = np.full((80, 80), 0.05)
    image[3:12, 4] = image[40, 30:39] = image[70:80, 60] = 0.7
    found = {(streak.row, streak.column) for streak in find_streaks(image, 15)}
    assert found == {(7, 4), (40, 34)}


def test_the_kernel_turns_with_the_picture():
    image, _ = night(2)
    kernel = LightStreaks().estimate(image, 25).kernel
    turned = LightStreaks().estimate(np.rot90(image).copy(), 25).kernel
    assert kernel_similarity(np.rot90(kernel), turned) > 0.99


@pytest.mark.parametrize(
    "image",
    [
        data.camera()[:200, :200] / 255,
        0.4 * data.camera()[:200, :200] / 255,
        data.page()[:190, :380] / 255,
        1 - data.page()[:190, :380] / 255,
        data.moon()[100:300, 100:300] / 255,
        np.tile(np.linspace(0, 1, 100), (100, 1)),
        np.random.default_rng(0).random((100, 100)),
    ],
    ids=["day", "dusk", "page", "negative of a page", "moon", "ramp", "noise"],
)
def test_pictures_without_lights_are_refused_in_one_sentence(image):
    rng = np.random.default_rng(0)
    blurred = photographed(image, random_kernel(13, rng), rng)
    with pytest.raises(pydeblur.KernelCollapseError, match="^[^\n]{1,299}$") as caught:
        LightStreaks().estimate(blurred, 15)
    assert "light streaks" in str(caught.value)


def test_a_single_faint_streak_is_no_proof():
    image = np.full((80, 80), 0.05)
    image[40, 30:39] = 0.25
    assert len(find_streaks(image, 15)) == 1
    with pytest.raises(pydeblur.KernelCollapseError, match="that stands alone"):
        LightStreaks().estimate(image, 15)
    image[40, 30:39] = 0.6
    assert LightStreaks().estimate(image, 15).kernel[7].sum() == pytest.approx(1)


def test_it_is_an_estimator_whose_callback_sees_the_kernel():
    image, _ = night(1)
    seen = []
    estimate = LightStreaks().estimate(image, 25, callback=seen.append)
    assert isinstance(LightStreaks(), KernelEstimator)
    (state,) = seen
    assert np.array_equal(state.kernel, estimate.kernel) and not estimate.stopped


def test_the_python_face_takes_it_as_a_method():
    image, kernel = night(0)
    result = pydeblur.deblur(image, 25, method="light_streaks", nonblind="tv")
    assert np.array_equal(result.kernel, LightStreaks().estimate(image, 25).kernel)
    assert kernel_similarity(result.kernel, kernel) > 0.97
    with pytest.raises(pydeblur.InvalidOptionError, match="agreement"):
        pydeblur.deblur(image, 25, method="light_streaks", agreement=2)


@pytest.mark.parametrize("options", [{"agreement": 1.5}, {"largest_count": 0}, {"least_contrast": float("nan")}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(pydeblur.InvalidOptionError, match=next(iter(options))):
        LightStreaksOptions(**options)


def test_the_default_takes_streaks_that_agree_for_the_kernel():
    image, kernel = night(0)
    found = pydeblur.deblur(image, 25)
    assert found.saturated and found.prior["name"] == "light_streaks" and found.candidates == ()
    assert kernel_similarity(found.kernel, kernel) > 0.97
    alone = LightStreaks().estimate(image, 25, clipped=clipped_pixels(image))
    np.testing.assert_array_equal(found.kernel, alone.kernel)


def test_the_default_looks_for_streaks_in_linear_light():
    image, kernel = night(0)
    encoded = np.round(255 * image ** (1 / 2.2)) / 255
    found = pydeblur.estimate_kernel(encoded, 25, gamma_correct=2.2)
    assert found.prior["name"] == "light_streaks" and found.options.gamma_correct == 2.2
    assert kernel_similarity(found.kernel, kernel) > 0.95


@pytest.mark.parametrize(("prior", "is_clipped"), [("gradient", True), (None, False)])
def test_a_prior_that_is_given_is_used_and_nothing_is_looked_for_where_nothing_is_clipped(prior, is_clipped):
    image, _ = night(0)
    best = Multistart(resolve("best", prior, ranking_options={"threads": 1}, solver={"iterations": 1}))
    found = best.estimate(image, 9, clipped=clipped_pixels(image) if is_clipped else None)
    assert found.prior["name"] in ("gradient", "intensity") and len(found.candidates) > 1


def test_one_streak_alone_does_not_decide_the_default(monkeypatch):
    image, _ = night(0)
    streaks = find_streaks(image, 25)[:1]
    assert kernel_of_streaks(streaks)[1] == 1
    monkeypatch.setattr(light_streaks, "find_streaks", lambda *_: streaks)
    assert LightStreaks(least_contrast=0.05).estimate(image, 25).prior["streaks"] == 1
    assert light_streaks.estimate_of_agreeing(image, 25) is None
