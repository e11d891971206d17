"""What the estimation of a picture's blur costs: of one kernel, of the camera's poses, or of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pydeblur.deblurring.preparation import PreparedPicture
from pydeblur.nonuniform.plan import NonuniformPlan
from pydeblur.progress.estimation_work import EstimationWork, counted_work
from pydeblur.progress.whole_estimator import poses_work, unmeasured_work, whole_estimator_work
from pydeblur.progress.work import planned_work


def work_of(prepared: PreparedPicture) -> EstimationWork:
    """How much work each iteration is, and how many seconds all of them will take, of whatever estimates the blur."""
    estimator, plan, turning = prepared.chosen.estimator, prepared.plan, prepared.nonuniform_plan
    if turning is not None:
        if prepared.chosen.estimates_kernel:
            return _work_of_both(prepared, turning)
        return _poses_work(prepared, turning)
    if estimator is not None:
        return whole_estimator_work(estimator, prepared.grey, plan.kernel_size)
    return planned_work(plan, prepared.grey)


def _work_of_both(prepared: PreparedPicture, turning: NonuniformPlan) -> EstimationWork:
    """One kernel's and the camera's poses': their seconds add up, but how their iterations compare is not known."""
    both = [planned_work(prepared.plan, prepared.grey).seconds, _poses_work(prepared, turning).seconds]
    known = [seconds for seconds in both if seconds is not None]
    return replace(counted_work(iteration_total(prepared)), seconds=sum(known) if len(known) == len(both) else None)


def _poses_work(prepared: PreparedPicture, planned: NonuniformPlan) -> EstimationWork:
    turning, iterations_at = prepared.chosen.turning, planned.options.iterations_at
    # A prior that is handed in may count its calls.
    if planned.obstacle or turning is None or not turning.prior.is_named:
        return unmeasured_work(iterations_at, prepared.grey.shape, prepared.plan.kernel_size)

    def estimate(part: np.ndarray, size: int):
        from pydeblur.nonuniform.estimate import estimate_poses

        return estimate_poses(turning.for_image(part.shape, part.shape, size), part, part.shape)

    return poses_work(estimate, iterations_at, prepared.grey, prepared.plan.kernel_size)


def iteration_total(prepared: PreparedPicture) -> int:
    """How many iterations there are at most."""
    estimator, plan = prepared.chosen.estimator, prepared.plan
    own = plan.iteration_total if estimator is None else estimator.iteration_count(plan.kernel_size)
    further = 0 if prepared.nonuniform_plan is None else prepared.nonuniform_plan.iteration_total
    return further + (own if prepared.chosen.estimates_kernel else 0)
