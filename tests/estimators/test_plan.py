"""The plan: everything is decided in it, and what it says of its length is true."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.estimators import PRESETS, Multistart, RankingOptions, Refinement, SuccessiveHalving, Variant, resolve
from pydeblur.estimators.presets import WIDE_KERNEL
from pydeblur.preprocess.noise import noise_level
from pydeblur.solver import SolverOptions


def test_a_plan_is_complete_and_cannot_be_changed(blurred):
    plan = resolve("best", solver={"workers": 3}).for_image(blurred, 9)
    assert (plan.kernel_size, plan.device, plan.dtype, plan.workers) == (9, "cpu", "float32", 3)
    assert plan.runs_at_a_time == 3 and plan.ranking == RankingOptions() and plan.result_dtype == "float64"
    assert plan.halving == SuccessiveHalving(1, 4) and plan.refinements == PRESETS["best"].refinements
    assert [run.changes for run in plan.runs] == [variant.described() for variant in PRESETS["best"].variants]
    assert all(isinstance(run.options, SolverOptions) for run in plan.runs)
    with pytest.raises(FrozenInstanceError):
        plan.ranking = None


def test_options_are_adapted_to_the_noise_once(blurred, monkeypatch):
    from pydeblur.solver import noise

    calls = []
    monkeypatch.setattr(noise, "noise_level", lambda image: calls.append(1) or noise_level(image))
    plan = resolve("best").for_image(blurred, 9)
    assert len(calls) == 1
    ratio = min(noise_level(blurred) / 0.01, 1.5)
    assert all(run.options.noise_reference is None for run in plan.runs)
    assert plan.runs[0].options.prefilter == pytest.approx(0.7 * ratio)
    assert plan.runs[0].options.relative_kernel_weight == pytest.approx(0.3 * ratio**2)


def test_a_single_run(blurred):
    plan = resolve(prior="gradient").for_image(blurred, 9)
    assert len(plan.runs) == 1 and plan.ranking is None and plan.runs_at_a_time == 1 and not plan.refinements
    assert plan.runs[0].options == SolverOptions(9) and plan.iteration_total == 10
    assert plan.dtype == "float64" and plan.result_dtype is None


def test_a_prior_of_the_caller_runs_alone_at_a_time(blurred):
    plan = resolve("best", pydeblur.load_prior("intensity"), solver={"workers": 2}).for_image(blurred, 9)
    assert plan.runs_at_a_time == 1 and len(plan.runs) == 5


def test_without_noise_a_stronger_prefilter_is_no_other_run(blurred):
    image = np.tile(blurred, (2, 2))
    changes = [run.changes for run in resolve("best").for_image(image, WIDE_KERNEL).runs]
    clean = np.kron(np.random.default_rng(0).uniform(size=(16, 16)), np.ones((8, 8)))
    few = [run.changes for run in resolve("best").for_image(clean, WIDE_KERNEL).runs]
    assert {"prefilter": 1.4} in changes and few == [each for each in changes if each != {"prefilter": 1.4}]


def test_coarse_scales_of_clipped_images_rank_no_kernels(blurred):
    narrow, clipped = (resolve("best").for_image(blurred, 13, mask) for mask in (None, blurred > 0.9))
    assert narrow.halving == SuccessiveHalving(1, 4) and clipped.halving is None


def test_clipped_pixels_mean_the_runs_of_narrow_kernels_and_one_refinement(blurred):
    image = np.tile(blurred, (2, 2))
    clipped = image > 0.9
    plan = resolve("best").for_image(image, WIDE_KERNEL, clipped)
    assert plan.is_saturated and plan.clipped is clipped and plan.halving is None
    assert [run.changes for run in plan.runs] == [variant.described() for variant in PRESETS["best"].variants]
    assert plan.refinements == (Refinement(10, keep=1),)
    nothing = resolve("best").for_image(image, WIDE_KERNEL, np.zeros_like(clipped))
    assert not nothing.is_saturated and nothing.clipped is None and nothing.halving is not None


def test_halving_that_would_leave_out_nothing_is_none(blurred, several):
    for scale, keep in ((1, 4), (0, 1)):
        plan = replace(several, halving=SuccessiveHalving(scale, keep)).for_image(blurred, 13)
        assert plan.halving is None
    assert replace(several, halving=SuccessiveHalving(9, 2)).for_image(blurred, 13).halving == SuccessiveHalving(2, 2)


def test_rounds_fit_the_scales_and_the_number_of_runs(blurred, several):
    def fitting(scale, keep, *further):
        halving = None
        for each in [*further[::-1], (scale, keep)]:
            halving = SuccessiveHalving(*each, halving)
        found = replace(several, halving=halving).for_image(blurred, 13).halving
        return [] if found is None else [(each.scale, each.keep) for each in found.rounds]

    assert fitting(2, 3, (1, 2)) == [(2, 3), (1, 2)]
    assert fitting(9, 3, (8, 2)) == [(2, 3), (1, 2)]  # a pyramid of three scales
    assert fitting(2, 3, (2, 2), (1, 1)) == [(2, 3), (1, 2)]  # at the scale 1 two are all that may be left
    assert fitting(2, 3, (1, 3)) == [(2, 3)]  # nothing is left out
    assert fitting(2, 4, (1, 2)) == [(1, 2)] and fitting(2, 4, (1, 4)) == []


def test_the_iteration_total_of_several_rounds_is_exact(blurred, several):
    rounds = SuccessiveHalving(2, 3, SuccessiveHalving(1, 2))
    preset = replace(several, halving=rounds, refinements=(Refinement(3, 1),), ranking=RankingOptions(threads=1))
    states = []
    Multistart(preset).estimate(blurred, 13, callback=states.append)
    assert len(states) == preset.for_image(blurred, 13).iteration_total == 4 + 3 + 2 + 2


@pytest.mark.parametrize("kernel_size", [5, 13])
def test_the_iteration_total_is_an_upper_bound_and_exact_for_equal_runs(blurred, several, kernel_size):
    ranked = replace(
        several, halving=SuccessiveHalving(1, 2), refinements=(Refinement(3, 2),), ranking=RankingOptions(threads=1)
    )
    variants = (Variant(), Variant({"iterations": 4}), Variant({"iterations": 2, "initial_kernel": "column"}))
    unequal = replace(ranked, variants=variants)
    for preset, is_exact in ((ranked, True), (replace(unequal, halving=None), False), (unequal, False)):
        states = []
        Multistart(preset).estimate(blurred, kernel_size, callback=states.append)
        total = preset.for_image(blurred, kernel_size).iteration_total
        # With unequal runs, which of them are the best decides how much is left to do.
        assert len(states) == total if is_exact else total - 6 <= len(states) <= total


@pytest.mark.parametrize("fixed", [{"finest_iterations": 2}, {"iterations": 2}], ids=str)
def test_what_is_refined_already_is_not_run_again(blurred, fixed):
    states = []
    best = pydeblur.estimate_kernel(blurred, 5, preset="best", callback=states.append, **fixed)
    plan = resolve("best", solver=fixed).for_image(blurred, 5)
    assert len(states) == plan.iteration_total and len(best.candidates) == len(plan.runs)


def test_a_wide_kernel(blurred):
    states = []
    image = np.tile(blurred, (2, 2))
    found = pydeblur.estimate_kernel(image, WIDE_KERNEL, iterations=1, callback=states.append)
    assert found.kernel.shape == (WIDE_KERNEL, WIDE_KERNEL)
    preset = PRESETS["best"].for_wide_kernels
    first, second = preset.halving.rounds
    scales = [candidate.scale for candidate in found.candidates if "proposed" not in candidate.changes]
    assert len(found.candidates) - len(scales) == len(preset.proposal.variants)
    assert scales.count(0) == second.keep and scales.count(second.scale) == first.keep - second.keep
    assert scales.count(first.scale) == len(scales) - first.keep > 0
    plan = resolve("best", solver={"iterations": 1}).for_image(image, WIDE_KERNEL)
    assert len(states) == plan.iteration_total


def test_clipped_images_are_planned_at_the_door(blurred):
    image = np.clip(1.5 * np.tile(blurred, (2, 2)), 0, 1)
    states = []
    words = {"saturated": True, "iterations": 1, "median": 3, "workers": 2}
    found = pydeblur.estimate_kernel(image, WIDE_KERNEL, callback=states.append, **words)
    assert found.saturated and {candidate.scale for candidate in found.candidates} == {0}
    narrow = resolve("best", solver={"iterations": 1})
    assert [candidate.changes for candidate in found.candidates] == [each.described() for each in narrow.variants]
    assert len(states) == narrow.for_image(image, WIDE_KERNEL, image == 1).iteration_total


def test_bad_input_is_refused_before_anything_runs(blurred):
    with pytest.raises(InvalidOptionError, match="kernel_size"):
        resolve("best").for_image(blurred, 4)
    with pytest.raises(InvalidInputError, match="larger than the kernel"):
        resolve("best").for_image(blurred, 65)
    with pytest.raises(InvalidOptionError, match="the solver has no option etta"):
        resolve("best", solver={"etta": 1}).for_image(blurred, 5)
