"""The plan of a kernel estimation: made once, when the image is known, and read by everything that follows.

In a plan nothing is left to be decided: every run has its complete options, adapted to the image's noise; runs that would be
the same are left out; the rounds fit the number of runs and of scales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pydeblur.backend.arrays import is_on_cpu
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.estimators.kernel_size import scaled_size
from pydeblur.estimators.presets import (
    LOG_ERROR_ALONE,
    EvidenceWeights,
    Preset,
    RankingOptions,
    Refinement,
    SuccessiveHalving,
    Variant,
)
from pydeblur.options import shown
from pydeblur.priors.registry import PriorChoice
from pydeblur.solver import SolverOptions, check_blurred_image, iteration_count
from pydeblur.solver.noise import adapt_all_to_noise
from pydeblur.solver.options import solver_options
from pydeblur.solver.pyramid import kernel_sizes

#: In pixels: a narrower Gaussian leaves an image as it is, but for less than a hundredth.
_LEAST_PREFILTER = 0.3
#: In pixels: a wider one needs an image whose shorter side is four times as long.
_WIDEST_PREFILTER = 10
#: Of 10: what is raised to a power stays below this, whose square single precision can hold.
_LARGEST_EXPONENT = 15
#: The shorter side of an image, in kernels, from which on it can tell of a kernel that is larger than the one asked for.
_SIDE_IN_KERNELS = 2.2


@dataclass(frozen=True)
class RunPlan:
    """One run of the solver.

    Attributes
    ----------
    options : SolverOptions
        Complete, and adapted to the image's noise.
    prior : PriorChoice
    changes : dict
        What tells it from the preset's other runs, in plain values.
    handicap : float
        What is added to the scores of its kernels where runs are ranked.
    """

    options: SolverOptions
    prior: PriorChoice
    changes: dict
    handicap: float = 0.0


@dataclass(frozen=True)
class PlannedRestarts:
    """Runs that begin at the scale of the successive halving, each from every one of the best `keep` kernels there."""

    runs: tuple[RunPlan, ...]
    keep: int


@dataclass(frozen=True)
class PlannedProposal:
    """Runs that begin at the finest scale, with a kernel that a network proposes at that of the successive halving.

    Attributes
    ----------
    runs : tuple of RunPlan
    keep : int
        From so many of the best kernels the network starts.
    point_size : int
        The kernel's size at the finest scale where it starts from a point.
    alternations : int
    """

    runs: tuple[RunPlan, ...]
    keep: int
    point_size: int
    alternations: int


@dataclass(frozen=True, eq=False)
class EstimationPlan:
    """All that is done to estimate the kernel of one image.

    Attributes
    ----------
    runs : tuple of RunPlan
        One, or several of which the ranking network chooses.
    halving : SuccessiveHalving or None
        None where all runs go on to the end.
    refinements : tuple of Refinement
    ranking : RankingOptions or None
        None for a single run.
    clipped : (H, W) bool ndarray or None
        Pixels that are taken for lower bounds of the light; None where none is.
    runs_at_a_time : int
        How many runs are made side by side, each in a thread of its own.
    asked_size : int or None
        The kernel's size that was asked for; None is that of the first run.
    weights, coarse_weights : EvidenceWeights
        What counts in a kernel's score at the finest scale, and at that of the successive halving.
    restarts : PlannedRestarts or None
        Further runs that begin at the scale of the halving.
    proposal : PlannedProposal or None
        More runs, beside those that go on from the scale of the halving.
    light_streaks : bool
        Whether no run is made where streaks of small lights tell the kernel; only where pixels are clipped.
    result_dtype : str or None
        Type of the kernel and of the latent image that come of it; None is that of the solver's arithmetic.
    """

    runs: tuple[RunPlan, ...]
    halving: SuccessiveHalving | None = None
    refinements: tuple[Refinement, ...] = ()
    ranking: RankingOptions | None = None
    clipped: np.ndarray | None = None
    runs_at_a_time: int = 1
    asked_size: int | None = None
    weights: EvidenceWeights = LOG_ERROR_ALONE
    coarse_weights: EvidenceWeights = LOG_ERROR_ALONE
    restarts: PlannedRestarts | None = None
    light_streaks: bool = False
    result_dtype: str | None = None
    proposal: PlannedProposal | None = None

    @property
    def kernel_size(self) -> int:
        """Side of the kernel that is estimated: what was asked for, from which that of single runs may differ."""
        return self.runs[0].options.kernel_size if self.asked_size is None else self.asked_size

    @property
    def device(self) -> str:
        """Where the solver computes."""
        return self.runs[0].options.device

    @property
    def dtype(self) -> str:
        """The solver's arithmetic."""
        return self.runs[0].options.dtype

    @property
    def workers(self) -> int:
        """Threads in all."""
        return self.runs[0].options.workers

    @property
    def is_saturated(self) -> bool:
        """Whether some pixels are taken for lower bounds of the light."""
        return self.clipped is not None

    @property
    def iteration_total(self) -> int:
        """How many iterations all runs make at most: which runs go on, and how far, is not known before."""
        options = [run.options for run in self.runs]
        if len(options) == 1:
            return iteration_count(options[0])
        rounds = self.halving.rounds if self.halving else ()
        keep = len(options)
        scale = rounds[0].scale if rounds else 0
        total = sum(iteration_count(each, scale) for each in options)
        if self.restarts:
            again = [run.options for run in self.restarts.runs] * min(self.restarts.keep, len(options))
            total += sum(each.iterations_at(scale) for each in again)
            options += again
        if self.proposal and rounds:
            total += sum(run.options.iterations_at(0) for run in self.proposal.runs)
        for begun, following in zip(rounds, [each.scale for each in rounds[1:]] + [0]):
            keep = begun.keep
            left = sorted(iteration_count(each, following) - iteration_count(each, begun.scale) for each in options)
            total += sum(left[-keep:])
        made = min(each.iterations_at(0) for each in options)
        for refinement in self.refinements:
            total += max(refinement.iterations - made, 0) * min(refinement.keep, keep)
            made = max(made, refinement.iterations)
        return total


def check_fits(shape: tuple[int, ...], options: SolverOptions) -> None:
    """Check the options whose bounds follow from the size of the image, before any work is done on it.

    Parameters
    ----------
    shape : tuple of int
        Of the image, rows and columns first.
    options : SolverOptions

    Raises
    ------
    InvalidInputError
        If the image is not larger than the kernel, or ``prefilter`` is too wide for it.

    Examples
    --------
    >>> check_fits((40, 60, 3), SolverOptions(9, prefilter=0.7))
    >>> check_fits((40, 60), SolverOptions(9, prefilter=100))
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: prefilter should be at most 10 pixels for an image of 40 x 60, but is 100
    """
    side = min(shape[:2])
    if side <= options.kernel_size:
        raise InvalidInputError(
            f"the image should be larger than the kernel ({shown(options.kernel_size)}), but its shape is {shape[:2]}"
        )
    widest = max(_WIDEST_PREFILTER, side / 4)
    if options.prefilter > widest:
        raise InvalidOptionError(
            f"prefilter should be at most {widest:g} pixels for an image of {shape[0]} x {shape[1]}, but is "
            f"{shown(options.prefilter)}"
        )


def check_brightness(image: np.ndarray, options: SolverOptions) -> None:
    """Check that the power of an image whose values may pass 1 does not overflow.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
    options : SolverOptions

    Raises
    ------
    InvalidOptionError
        If ``gamma_correct`` is too large for the image.

    Examples
    --------
    >>> check_brightness(np.array([[0.5, 1.5]]), SolverOptions(3, gamma_correct=2.2))
    """
    brightest = float(np.max(image))
    if brightest <= 1:
        return
    largest = _LARGEST_EXPONENT / math.log10(brightest)
    if options.gamma_correct > largest:
        raise InvalidOptionError(
            f"gamma_correct should be at most {largest:.6g} for an image with values up to {brightest:.6g} times its range, "
            f"but is {shown(options.gamma_correct)}"
        )


def make_plan(preset: Preset, image: np.ndarray, kernel_size: int, clipped=None) -> EstimationPlan:
    """The plan of a preset for one image.

    Parameters
    ----------
    preset : Preset
    image : (H, W) ndarray
        Blurred, grey, finite, in [0, 1].
    kernel_size : int
    clipped : (H, W) bool ndarray or None
        Pixels that the sensor clipped.

    Returns
    -------
    EstimationPlan

    Raises
    ------
    InvalidOptionError
        If a field of the solver's options is out of its range.
    InvalidInputError
        If the image is something else, or too small.

    Examples
    --------
    >>> from pydeblur.estimators.presets import resolve
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> plan = make_plan(resolve(prior="gradient"), image, 9)
    >>> len(plan.runs), plan.iteration_total, plan.dtype
    (1, 10, 'float64')
    """
    is_clipped = clipped is not None and bool(np.any(clipped))
    # What wide kernels have was not tried on clipped images.
    preset = preset if is_clipped else preset.for_size(kernel_size)
    checked = check_blurred_image(image, solver_options({**preset.runs()[0][1], "kernel_size": kernel_size}))
    preset = _of_fitting_sizes(preset, checked.shape, kernel_size)
    again = () if preset.restarts is None else preset.restarts.variants
    proposed = () if preset.proposal is None else preset.proposal.variants
    again += proposed
    sizes = [scaled_size(kernel_size, variant.size_factor) for variant in preset.variants] or [kernel_size]
    fields = [own for _, own in preset.runs()] + [own for _, own in preset.runs_of(again)]
    sizes += [kernel_size] * len(again)
    wanted = [solver_options({**own, "kernel_size": size}) for size, own in zip(sizes, fields)]
    adapted = adapt_all_to_noise(checked, wanted)
    if not preset.variants:
        return EstimationPlan(
            (RunPlan(adapted[0], preset.prior, {}),),
            clipped=clipped if is_clipped else None,
            result_dtype=preset.result_dtype,
        )
    planned = [
        RunPlan(options, variant.prior or preset.prior, _described(variant, size), variant.handicap)
        for options, variant, size in zip(adapted, (*preset.variants, *again), sizes)
    ]
    planned, proposing = planned[: len(planned) - len(proposed)], planned[len(planned) - len(proposed) :]
    runs = _distinct(planned[: len(preset.variants)])
    # The coarse scales of an image with clipped pixels are too dark to rank kernels by.
    halving = None if is_clipped else _fitting(preset.halving, runs)
    # A prior that was handed in may not bear two threads, and a GPU would gain nothing by them.
    side_by_side = preset.prior.is_named and is_on_cpu(wanted[0].device)
    return EstimationPlan(
        runs,
        halving,
        _refinements(preset, is_clipped),
        preset.ranking,
        clipped if is_clipped else None,
        min(wanted[0].workers, len(runs)) if side_by_side else 1,
        kernel_size,
        preset.weights,
        preset.coarse_weights,
        _restarts(preset, halving, _distinct(planned[len(preset.variants) :])),
        preset.light_streaks and is_clipped,
        preset.result_dtype,
        _proposal(preset, halving, proposing, checked.shape),
    )


def _of_fitting_sizes(preset: Preset, shape: tuple[int, ...], kernel_size: int) -> Preset:
    """The preset without runs whose kernel is larger than the one asked for and too large for the image."""
    largest = min(shape) / _SIDE_IN_KERNELS
    fitting = [each for each in preset.variants if each.size_factor <= 1 or kernel_size * each.size_factor <= largest]
    return replace(preset, variants=tuple(fitting))


def _described(variant: Variant, size: int) -> dict:
    """What tells a run from the others, with its kernel's size where that is another than the one asked for."""
    changes = variant.described()
    return {**changes, "kernel_size": size} if changes.pop("size_factor", None) else changes


def _distinct(runs) -> tuple[RunPlan, ...]:
    """Without those that, in an image of so little noise, would give what one before them does."""
    found: dict[tuple, RunPlan] = {}
    for run in runs:
        prefilter = run.options.prefilter if run.options.prefilter > _LEAST_PREFILTER else 0.0
        kind = str(run.prior.prior), str(run.prior.options), replace(run.options, prefilter=prefilter)
        found.setdefault(kind, run)
    return tuple(found.values())


def _fitting(halving: SuccessiveHalving | None, runs: tuple[RunPlan, ...]) -> SuccessiveHalving | None:
    """The rounds for so many runs, at scales that all of them have; None where they would leave out nothing."""
    coarsest = min(len(kernel_sizes(run.options.kernel_size)) - 1 for run in runs)
    return _within(halving, coarsest, len(runs))


def _within(halving: SuccessiveHalving | None, coarsest: int, count: int) -> SuccessiveHalving | None:
    """The rounds that leave out some of `count` runs, none of them at a scale coarser than `coarsest`."""
    if halving is None:
        return None
    scale = min(halving.scale, coarsest)
    if scale > 0 and halving.keep < count:
        return SuccessiveHalving(scale, halving.keep, _within(halving.further, scale - 1, halving.keep))
    return _within(halving.further, coarsest, count)


def _restarts(preset: Preset, halving: SuccessiveHalving | None, runs) -> PlannedRestarts | None:
    """Those of a preset; None without a halving, at whose scale they begin."""
    if preset.restarts is None or halving is None or not runs:
        return None
    return PlannedRestarts(runs, preset.restarts.keep)


def _proposal(preset: Preset, halving: SuccessiveHalving | None, runs, shape) -> PlannedProposal | None:
    """That of a preset, whose runs are given; None without a halving, at whose scale the kernels are proposed."""
    proposal = preset.proposal
    if proposal is None or halving is None:
        return None
    size = runs[0].options.kernel_size
    larger = scaled_size(size, proposal.size_factor)
    point_size = larger if larger <= min(shape) / _SIDE_IN_KERNELS else size
    return PlannedProposal(_distinct(runs), proposal.keep, point_size, proposal.alternations)


def _refinements(preset: Preset, is_clipped: bool) -> tuple[Refinement, ...]:
    """All of them; where pixels are clipped the first, by one run."""
    if not is_clipped:
        return preset.refinements
    return tuple(replace(each, keep=1) for each in preset.refinements[:1])
