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

#: Share of the time that goes into ranking kernels and making pyramids.
_BESIDE_ITERATIONS = 0.08
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
    units = _units(plan, image)
    known = [unit for unit in units if unit is not None]
    weights = [(max(known, default=1.0) if unit is None else unit) or 1.0 for unit in units]
    total = _total(plan, image.shape, weights)
    seconds = None
    if len(known) == len(units):
        seconds = total * (1 + _BESIDE_ITERATIONS) / _speed_of_threads(plan)

    def work_of(record: IterationRecord, candidate: int) -> float:
        return weights[min(candidate, len(weights) - 1)] * relative_cost(record.height * record.width)

    return EstimationWork(total, work_of, seconds, len(plan.runs))


def _units(plan: EstimationPlan, image: np.ndarray) -> list[float | None]:
    """Seconds of each run for a unit of work; runs that differ in nothing that costs are measured once."""
    found: dict[tuple, float | None] = {}
    for run in plan.runs:
        key = _costs(run)
        if key not in found:
            found[key] = unit_seconds(run, image)
    return [found[_costs(run)] for run in plan.runs]


def _costs(run: RunPlan) -> tuple:
    """What decides on the cost of a run's iterations."""
    options = run.options
    splitting = options.beta_start, options.beta_growth, options.beta_max, options.alpha_growth, options.alpha_max
    steps = options.descent_steps, options.dtype, options.kernel_solver
    return str(run.prior.prior), str(run.prior.options), splitting, steps


def _total(plan: EstimationPlan, shape: tuple[int, ...], weights: list[float]) -> float:
    """The work of all iterations that the runs make at most, in the manner of ``EstimationPlan.iteration_total``."""
    ratios = scale_ratios(plan.kernel_size)
    costs = [relative_cost(math.prod(downsampled_shape((shape[0], shape[1]), ratio))) for ratio in ratios]

    def down_to(run: RunPlan, weight: float, scales) -> float:
        return weight * sum(run.options.iterations_at(scale) * costs[scale] for scale in scales)

    pairs = list(zip(plan.runs, weights))
    if len(pairs) == 1:
        return down_to(*pairs[0], range(len(ratios)))
    last = plan.halving.scale if plan.halving else 0
    keep = plan.halving.keep if plan.halving else len(pairs)
    total = sum(down_to(*pair, range(last, len(ratios))) for pair in pairs)
    left = [down_to(*pair, range(last)) for pair in pairs]
    total += keep * sum(left) / len(left)
    made = min(run.options.iterations_at(0) for run, _ in pairs)
    for refinement in plan.refinements:
        more = max(refinement.iterations - made, 0)
        total += more * min(refinement.keep, keep) * costs[0] * sum(weights) / len(weights)
        made = max(made, refinement.iterations)
    return total


def _speed_of_threads(plan: EstimationPlan) -> float:
    """How many times as fast the runs are as one after the other on one thread."""
    usable = processor_count()
    side_by_side = min(plan.runs_at_a_time, usable)
    own = min(plan.workers // max(plan.runs_at_a_time, 1), usable // side_by_side)
    return (1 + _SECOND_RUN * (side_by_side - 1)) * (1 + _SECOND_THREAD * (max(own, 1) - 1))
