"""Clipped highlights at the Python face: found by the image, told by the user, and what follows from them."""

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.light import LightOfBlur
from tests.night_scene import night_scene

#: A single iteration leaves some of the kernel's mass at its border.
pytestmark = pytest.mark.filterwarnings("ignore:.*of the kernel lies at its border")
WORDS = {"iterations": 1, "ranking_options": {"threads": 1}}


@pytest.fixture(scope="module")
def night():
    return night_scene(8.0)


def test_the_default_asks_the_image(night):
    found = pydeblur.deblur(night, 15, **WORDS)
    told = pydeblur.deblur(night, 15, saturated=True, **WORDS)
    denied = pydeblur.deblur(night, 15, saturated=False, **WORDS)
    assert (found.saturated, told.saturated, denied.saturated) == (True, True, False)
    np.testing.assert_array_equal(found.kernel, told.kernel)
    assert (found.nonblind, told.nonblind, denied.nonblind) == ("whyte", "whyte", "ringing")
    assert "more light than white" in found.nonblind_reason and told.nonblind_reason is denied.nonblind_reason is None
    own = {"light_gamma": 1.0} if "stored values leaves" in found.nonblind_reason else {}
    assert found.nonblind_options == own and told.nonblind_options == {}
    np.testing.assert_array_equal(found.unclipped, pydeblur.deconvolve(night, found.kernel, "whyte", **own))
    np.testing.assert_array_equal(told.unclipped, pydeblur.deconvolve(night, told.kernel, "whyte"))
    np.testing.assert_array_equal(denied.unclipped, pydeblur.deconvolve(night, denied.kernel))
    assert np.abs(found.kernel - denied.kernel).max() > 1e-3
    kernel = pydeblur.estimate_kernel(night, 15, **WORDS)
    assert kernel.saturated
    np.testing.assert_array_equal(kernel.kernel, found.kernel)


def test_what_is_given_is_not_changed(night):
    given_method = pydeblur.deblur(night, 15, nonblind="tv", **WORDS)
    np.testing.assert_array_equal(given_method.unclipped, pydeblur.deconvolve(night, given_method.kernel, "tv"))
    given_options = pydeblur.deblur(night, 15, nonblind_options={"lambda_tv": 2e-3}, **WORDS)
    expected = pydeblur.deconvolve(night, given_options.kernel, "ringing", lambda_tv=2e-3)
    np.testing.assert_array_equal(given_options.unclipped, expected)
    assert given_method.saturated and given_options.saturated


def test_other_presets_and_priors_take_every_pixel_as_it_is(night):
    part, words = night[:64, :64], {"prior": "gradient", "iterations": 1}
    plain, told = (pydeblur.deblur(part, 7, saturated=saturated, **words) for saturated in (None, True))
    assert not plain.saturated and told.saturated
    np.testing.assert_array_equal(plain.kernel, told.kernel)
    np.testing.assert_array_equal(told.unclipped, pydeblur.deconvolve(part, told.kernel, "whyte"))


def test_a_part_of_the_image_has_its_own_clipped_pixels(night):
    result = pydeblur.estimate_kernel(night, 15, crop=(20, 30, 90, 80), **WORDS)
    part = pydeblur.estimate_kernel(night[20:110, 30:110], 15, saturated=True, **WORDS)
    np.testing.assert_array_equal(result.kernel, part.kernel)


def test_a_final_step_for_lights_only_where_they_are_needed(night, monkeypatch):
    monkeypatch.setattr("pydeblur.nonblind.saturation.needs_more_light", lambda image, kernel: False)
    result = pydeblur.deblur(night, 15, **WORDS)
    assert result.saturated and result.nonblind == "ringing"
    assert result.nonblind_reason == "the clipped highlights need no light beyond white"
    np.testing.assert_array_equal(result.unclipped, pydeblur.deconvolve(night, result.kernel))


@pytest.mark.parametrize("is_stored", [True, False])
def test_the_light_of_the_blur_is_looked_at_unless_gamma_says_it(night, monkeypatch, is_stored):
    monkeypatch.setattr("pydeblur.nonblind.saturation.needs_more_light", lambda image, kernel: True)
    monkeypatch.setattr(
        "pydeblur.estimators.light.light_of_blur",
        lambda image, kernel, workers: LightOfBlur(1.0 if is_stored else 2.2, 0.25 if is_stored else 1.5, 0.0),
    )
    found = pydeblur.deblur(night, 15, **WORDS)
    gamma = 1.0 if is_stored else 2.2
    np.testing.assert_array_equal(found.unclipped, pydeblur.deconvolve(night, found.kernel, "whyte", light_gamma=gamma))
    said = "a blur of the stored values leaves 25%" if is_stored else "no blur of the stored values explains"
    assert said in found.nonblind_reason
    in_light = pydeblur.deblur(night, 15, gamma_correct=2.2, **WORDS)
    assert in_light.nonblind_reason == "the clipped highlights had more light than white"
    named = pydeblur.deblur(night, 15, nonblind="whyte", **WORDS)
    assert named.nonblind_options == {} and named.nonblind_reason is None


def test_kernels_of_others_count_every_pixel_and_say_so(night):
    with pytest.raises(InvalidOptionError, match="saturated belongs to the preset 'best'"):
        pydeblur.estimate_kernel(night[:64, :64], 7, prior="gradient", saturated=True)


@pytest.mark.parametrize(("side", "measure"), [(1000, "log odds"), (40, "log error")])
def test_the_ranking_minds_only_the_clipped_pixels_that_it_sees(night, monkeypatch, side, measure):
    monkeypatch.setattr(pydeblur.estimators.ranking, "_LARGEST_SIDE", side)
    monkeypatch.setattr("pydeblur.estimators.light_streaks.find_streaks", lambda *_: [])  # which would leave no choice
    found = pydeblur.estimate_kernel(night[:, :140], 15, saturated=True, **WORDS)
    assert {candidate.measure for candidate in found.candidates} == {measure}


@pytest.mark.parametrize("saturated", ["yes", 2, np.ones(3)], ids=str)
@pytest.mark.parametrize("function", [pydeblur.deblur, pydeblur.estimate_kernel])
def test_anything_else_is_refused(night, function, saturated):
    with pytest.raises(InvalidOptionError, match="saturated should be"):
        function(night, 15, saturated=saturated)
