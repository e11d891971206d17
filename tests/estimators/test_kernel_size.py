"""Sizes near the one asked for, and kernels given in another size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.estimators import PRESETS, Multistart, Preset, RankingOptions, Variant, resolve
from pydeblur.estimators.kernel_size import border_mass, in_size, scaled_size, support_size
from pydeblur.estimators.presets import WIDE_KERNEL
from pydeblur.metrics import kernel_similarity
from pydeblur.synthesis import random_kernel


@given(st.integers(1, 200).map(lambda half: 2 * half + 1), st.floats(0.3, 2.0))
def test_a_scaled_size_is_the_nearest_odd_number(size, factor):
    found = scaled_size(size, factor)
    assert found % 2 == 1 and found >= 3
    assert found == 3 or abs(found - size * factor) <= 1


def test_mass_in_the_frame():
    kernel = np.zeros((9, 9))
    kernel[1, 4] = kernel[4, 4] = kernel[4, 7] = kernel[4, 6] = 0.25
    assert border_mass(kernel) == 0.5 and border_mass(kernel, 1) == 0.0
    assert border_mass(np.full((3, 3), 1 / 9)) == pytest.approx(1)


@given(st.integers(2, 12).map(lambda half: 2 * half + 1), st.integers(0, 50))
def test_a_kernel_stays_itself_in_any_size_that_holds_it(size, seed):
    kernel = random_kernel(size, seed)
    larger = in_size(kernel, size + 6)
    assert larger.shape == (size + 6, size + 6) and np.array_equal(larger[3:-3, 3:-3], kernel)
    assert np.allclose(in_size(larger, size), kernel, rtol=1e-12)
    again = in_size(np.roll(larger, (2, -3), axis=(0, 1)), size)
    assert again.shape == (size, size) and again.sum() == pytest.approx(1)
    assert kernel_similarity(again, kernel) > 0.999


def test_a_kernel_that_does_not_fit_is_left_as_it_is():
    kernel = random_kernel(21, 0)
    assert in_size(kernel, 11) is kernel
    nearly = kernel.copy()
    nearly *= 0.995 / nearly.sum()
    wide = np.pad(nearly, 5)
    wide[0, 0] = 0.005  # half a per cent far out
    assert in_size(wide, 21).shape == (21, 21)


def test_support():
    kernel = np.zeros((15, 15))
    kernel[3:7, 5:12] = 1
    assert support_size(kernel) == 7
    kernel[3:11, 5] = 1
    assert support_size(kernel) == 9


def test_kernels_of_other_sizes_are_candidates_and_given_in_the_size_asked_for(blurred):
    preset = Preset(
        solver={"iterations": 1},
        variants=(Variant(size_factor=0.75), Variant({"iterations": 2}, size_factor=1.25)),
        ranking=RankingOptions(threads=1),
    )
    plan = preset.for_image(blurred, 13)
    assert [run.options.kernel_size for run in plan.runs] == [9, 17]
    assert [run.changes for run in plan.runs] == [{"kernel_size": 9}, {"iterations": 2, "kernel_size": 17}]
    assert plan.kernel_size == 13
    found = Multistart(preset).estimate(blurred, 13)
    assert {candidate.scale for candidate in found.candidates} == {0}
    assert found.kernel.shape in ((13, 13), (17, 17)) and found.kernel.sum() == pytest.approx(1)
    assert found.options.kernel_size in (9, 17)


def test_a_larger_kernel_than_the_image_can_tell_of_is_no_candidate(blurred):
    preset = Preset(variants=(Variant(), Variant({"iterations": 2}), Variant(size_factor=1.25)))
    assert len(preset.for_image(blurred, 13).runs) == 3 and len(preset.for_image(blurred, 27).runs) == 2


def test_what_is_given_counts_for_all_sizes():
    variants = resolve("best", solver={"iterations": 2}).for_size(WIDE_KERNEL).variants
    factors = {each.size_factor for each in PRESETS["best"].for_size(WIDE_KERNEL).variants}
    assert {each.size_factor for each in variants} == factors
    assert Variant({"iterations": 2}, size_factor=0.75).without({"iterations"}) == Variant(size_factor=0.75)
    assert Variant(size_factor=0.75) != Variant() and len({Variant(size_factor=0.75), Variant()}) == 2
