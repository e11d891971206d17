"""graythresh against Otsu's criterion in exact rational arithmetic and scikit-image."""

from fractions import Fraction

import numpy as np
import pytest
import skimage.data
import skimage.filters
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import graythresh


def between_class_variances(levels):
    """Return Otsu's criterion of each threshold 0 … 254 as Fractions, times the squared number of pixels."""
    levels = np.sort(np.asarray(levels).ravel()).astype(int)
    sums = np.concatenate([[0], np.cumsum(levels)])
    out = []
    for threshold in range(255):
        below = int(np.searchsorted(levels, threshold, side="right"))
        above = levels.size - below
        if below == 0 or above == 0:
            out.append(Fraction(-1))
            continue
        gap = Fraction(int(sums[below]), below) - Fraction(int(sums[-1] - sums[below]), above)
        out.append(below * above * gap**2)
    return out


def otsu_by_definition(levels):
    variances = between_class_variances(levels)
    best = max(variances)
    if best < 0:
        return 0.0, True
    at = [k for k, v in enumerate(variances) if v == best]
    clear = all(v == best or v < best * (1 - Fraction(1, 10**10)) for v in variances)
    return float(Fraction(sum(at), len(at)) / 255), clear and at[-1] - at[0] == len(at) - 1


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_is_otsus_threshold(image):
    expected, clear = otsu_by_definition(image)
    assume(clear)  # two thresholds apart whose criteria differ by round-off only are settled by round-off
    assert graythresh(image) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("low, high", [(0, 255), (50, 200), (10, 11), (254, 255)])
def test_two_levels_give_the_middle_of_the_plateau(low, high):
    """Every threshold from `low` to `high` - 1 separates them equally well; MATLAB takes the mean of these."""
    image = np.array([low] * 3 + [high] * 5, np.uint8)
    assert graythresh(image) == pytest.approx((low + high - 1) / 2 / 255, abs=1e-15)


@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_constant_image_gives_0(value):
    assert graythresh(np.full((4, 5), value, np.uint8)) == 0
    assert graythresh(np.full(7, value / 255)) == 0


def test_skimage_agrees_within_a_level():
    image = skimage.data.camera()
    assert graythresh(image) * 255 == pytest.approx(skimage.filters.threshold_otsu(image), abs=1)


@pytest.mark.parametrize("name", ["camera", "coins", "page", "text"])
def test_photos_reach_the_greatest_variance(name):
    image = getattr(skimage.data, name)()
    variances = between_class_variances(image)
    assert variances[round(graythresh(image) * 255)] == max(variances)


def test_floats_are_quantised_first(rng):
    image = rng.random((40, 30)) ** 2
    levels = np.floor(image * 255 + 0.5).astype(np.uint8)
    assert graythresh(image) == graythresh(levels) == otsu_by_definition(levels)[0]
    assert graythresh(image.astype(np.float32)) == graythresh(levels)


def test_floats_outside_are_clipped_and_nan_is_black():
    image = [-3.0, np.nan, 0.0, -np.inf, 1.0, 2.0, np.inf]
    assert graythresh(image) == graythresh(np.array([0, 0, 0, 0, 255, 255, 255], np.uint8))


def test_uint16_and_bool_are_converted():
    image = np.array([0, 10000, 30000, 65535], np.uint16)
    assert graythresh(image) == graythresh(np.floor(image / 257 + 0.5).astype(np.uint8))
    assert graythresh(np.array([True, False])) == pytest.approx(127 / 255)


def test_vectors_and_colour_make_one_histogram(rng):
    image = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    assert graythresh(image) == graythresh(image.ravel()) == graythresh(image.reshape(-1, 1))


@pytest.mark.parametrize(
    "bad, message",
    [([], "image must not be empty"), ([1j], "image must be real"), ([1, 2], "image must be bool")],
)
def test_bad_input(bad, message):
    with pytest.raises(InvalidInputError, match=message):
        graythresh(bad)
