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
from pydeblur.estimators.presets import Preset, RankingOptions, Refinement, SuccessiveHalving
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
    """

    options: SolverOptions
    prior: PriorChoice
    changes: dict


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
    """

    runs: tuple[RunPlan, ...]
    halving: SuccessiveHalving | None = None
    refinements: tuple[Refinement, ...] = ()
    ranking: RankingOptions | None = None
    clipped: np.ndarray | None = None
    runs_at_a_time: int = 1

    @property
    def kernel_size(self) -> int:
        """Side of the kernel that is estimated."""
        return self.runs[0].options.kernel_size

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
        scale = self.halving.scale if self.halving else 0
        keep = self.halving.keep if self.halving else len(options)
        left = sorted(iteration_count(each) - iteration_count(each, scale) for each in options)
        total = sum(iteration_count(each, scale) for each in options) + sum(left[-keep:])
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
    # What wide kernels have was not tried on clipped images, whose coarse scales are too dark to rank kernels by.
    preset = preset if is_clipped else preset.for_size(kernel_size)
    wanted = [solver_options({**fields, "kernel_size": kernel_size}) for _, fields in preset.runs()]
    adapted = adapt_all_to_noise(check_blurred_image(image, wanted[0]), wanted)
    if not preset.variants:
        return EstimationPlan((RunPlan(adapted[0], preset.prior, {}),), clipped=clipped if is_clipped else None)
    runs = _distinct(
        RunPlan(options, prior, variant.described())
        for options, (prior, _), variant in zip(adapted, preset.runs(), preset.variants)
    )
    # A prior that was handed in may not bear two threads, and a GPU would gain nothing by them.
    side_by_side = preset.prior.is_named and is_on_cpu(wanted[0].device)
    return EstimationPlan(
        runs,
        _fitting(preset.halving, kernel_size, len(runs)),
        _refinements(preset, is_clipped),
        preset.ranking,
        clipped if is_clipped else None,
        min(wanted[0].workers, len(runs)) if side_by_side else 1,
    )


def _distinct(runs) -> tuple[RunPlan, ...]:
    """Without those that, in an image of so little noise, would give what one before them does."""
    found: dict[tuple, RunPlan] = {}
    for run in runs:
        prefilter = run.options.prefilter if run.options.prefilter > _LEAST_PREFILTER else 0.0
        kind = str(run.prior.prior), str(run.prior.options), replace(run.options, prefilter=prefilter)
        found.setdefault(kind, run)
    return tuple(found.values())


def _fitting(halving: SuccessiveHalving | None, kernel_size: int, runs: int) -> SuccessiveHalving | None:
    """The round for so many runs and scales; None where it would leave out nothing."""
    if halving is None:
        return None
    scale = min(halving.scale, len(kernel_sizes(kernel_size)) - 1)
    return SuccessiveHalving(scale, halving.keep) if scale > 0 and halving.keep < runs else None


def _refinements(preset: Preset, is_clipped: bool) -> tuple[Refinement, ...]:
    """All of them; where pixels are clipped the first, by one run."""
    if not is_clipped:
        return preset.refinements
    return tuple(replace(each, keep=1) for each in preset.refinements[:1])
