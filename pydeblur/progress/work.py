"""How much work a kernel estimation is, iteration by iteration: what scales and candidates cost, not how many there are."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.backend.threads import processor_count
from pydeblur.estimators.plan import EstimationPlan, RunPlan
from pydeblur.progress.estimation_work import EstimationWork
from pydeblur.progress.iteration_time import relative_cost, unit_seconds
from pydeblur.solver.pyramid import downsampled_shape, scale_ratios
from pydeblur.solver.records import IterationRecord

#: Share of the time that goes into making pyramids, and what ranking a kernel costs, as an iteration on so many pixels does.
_BESIDE_ITERATIONS, _RANKING_PIXELS = 0.05, 200_000
#: What a second thread adds to the speed: of runs side by side, of which one is the last, and of Fourier transforms alone.
_SECOND_RUN, _SECOND_THREAD = 0.5, 0.2


def planned_work(plan: EstimationPlan, image: np.ndarray) -> EstimationWork:
    """Return the work of a plan, whose runs are measured on a small part of the picture.

    Parameters
    ----------
    plan : EstimationPlan
    image : (H, W) ndarray
        What the kernel is estimated from.

    Returns
    -------
    EstimationWork

    Examples
    --------
    >>> from pydeblur.estimators import resolve
    >>> picture = np.random.default_rng(0).random((64, 64))
    >>> work = planned_work(resolve(prior="gradient").for_image(picture, 9), picture)
    >>> work.seconds > 0, work.candidates
    (True, 1)
    """
    proposed = plan.proposal.runs if plan.proposal else ()
    runs = [*plan.runs, *(plan.restarts.runs if plan.restarts else ()), *proposed]
    units = _units(runs, image)
    known = [unit for unit in units if unit is not None]
    weights = [(max(known, default=1.0) if unit is None else unit) or 1.0 for unit in units]
    total = _total(plan, image.shape, weights)
    seconds = None
    if len(known) == len(units):
        ranking = _ranked_kernels(plan) * min(weights) * relative_cost(_RANKING_PIXELS)
        seconds = (total * (1 + _BESIDE_ITERATIONS) + ranking) / _speed_of_threads(plan)

    def work_of(record: IterationRecord, candidate: int) -> float:
        # Runs that begin anew are numbered after all others.
        return weights[min(candidate, len(weights) - 1)] * relative_cost(record.height * record.width)

    return EstimationWork(total, work_of, seconds, len(plan.runs))


def _ranked_kernels(plan: EstimationPlan) -> int:
    """How many kernels are compared at most; none of a single run."""
    if len(plan.runs) == 1:
        return 0
    kept = [each.keep for each in (plan.halving.rounds if plan.halving else ())]
    kept += [each.keep for each in plan.refinements]
    again = len(plan.restarts.runs) * plan.restarts.keep if plan.restarts else 0
    proposed = plan.proposal.keep + 1 + len(plan.proposal.runs) if plan.proposal else 0
    return len(plan.runs) + again + proposed + sum(kept)


def _units(runs: list[RunPlan], image: np.ndarray) -> list[float | None]:
    """Seconds of each run for a unit of work; runs that differ in nothing that costs are measured once."""
    found: dict[tuple, float | None] = {}
    for run in runs:
        key = _costs(run)
        if key not in found:
            found[key] = unit_seconds(run, image)
    return [found[_costs(run)] for run in runs]


def _costs(run: RunPlan) -> tuple:
    """What decides on the cost of a run's iterations."""
    options = run.options
    splitting = options.beta_start, options.beta_growth, options.beta_max, options.alpha_growth, options.alpha_max
    steps = options.descent_steps, options.dtype, options.kernel_solver
    return str(run.prior.prior), str(run.prior.options), splitting, steps


def _total(plan: EstimationPlan, shape: tuple[int, ...], weights: list[float]) -> float:
    """The work of all iterations that the runs make at most, in the manner of ``EstimationPlan.iteration_total``."""
    again = plan.restarts.runs if plan.restarts else ()
    costs = [_costs_of_scales(run, shape, weight) for run, weight in zip((*plan.runs, *again), weights)]
    if len(costs) == 1:
        return sum(costs[0])
    rounds = plan.halving.rounds if plan.halving else ()
    last, keep = rounds[0].scale if rounds else 0, len(plan.runs)
    total = sum(sum(each[last:]) for each in costs[: len(plan.runs)])
    if plan.restarts:
        kept = min(plan.restarts.keep, len(plan.runs))
        total += kept * sum(each[last] for each in costs[len(plan.runs) :])
    # Which of them go on, and to how many iterations at the finest scale, is not known before.
    for begun, following in zip(rounds, [each.scale for each in rounds[1:]] + [0]):
        keep = begun.keep
        total += keep * sum(sum(each[following : begun.scale]) for each in costs) / len(costs)
    if plan.proposal:
        total += sum(_costs_of_scales(run, shape, weights[-1])[0] for run in plan.proposal.runs)
    made = min(run.options.iterations_at(0) for run in plan.runs)
    finest = sum(each[0] / run.options.iterations_at(0) for each, run in zip(costs, (*plan.runs, *again))) / len(costs)
    for refinement in plan.refinements:
        total += max(refinement.iterations - made, 0) * min(refinement.keep, keep) * finest
        made = max(made, refinement.iterations)
    return total


def _costs_of_scales(run: RunPlan, shape: tuple[int, ...], weight: float) -> list[float]:
    """The work of a run's iterations at each of its scales, the finest first."""
    ratios = scale_ratios(run.options.kernel_size)
    areas = [math.prod(downsampled_shape((shape[0], shape[1]), ratio)) for ratio in ratios]
    return [weight * run.options.iterations_at(scale) * relative_cost(area) for scale, area in enumerate(areas)]


def _speed_of_threads(plan: EstimationPlan) -> float:
    """How many times as fast the runs are as one after the other on one thread."""
    usable = processor_count()
    side_by_side = min(plan.runs_at_a_time, usable)
    own = min(plan.workers // max(plan.runs_at_a_time, 1), usable // side_by_side)
    return (1 + _SECOND_RUN * (side_by_side - 1)) * (1 + _SECOND_THREAD * (max(own, 1) - 1))
