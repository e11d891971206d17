"""How much work a method with a loop of its own is, measured on a small part of the picture, and that of camera poses."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.estimators.protocol import WholeEstimator
from pydeblur.progress.estimation_work import EstimationWork
from pydeblur.progress.iteration_time import least_seconds, middle, relative_cost
from pydeblur.solver.pyramid import downsampled_shape, scale_ratios
from pydeblur.solver.records import IterationRecord

#: Side of the part that is measured, and the largest kernel that is looked for in it.
_SIDE, _LARGEST = 80, 13
#: In seconds: what takes longer is measured once.
_LONG = 0.8
#: What an iteration takes beside its pixels, as a number of pixels, and how the rest grows with them, in all methods and in some
#: (measured from 80 to 600 pixels squared; the kernel that is looked for is larger in larger pictures, which is part of it).
_CALLS, _GROWTH = 3000, 1.08
_GROWTHS = {"xu_jia": 0.84, "normalized_sparsity": 1.3}
#: The same of a camera's poses.
_GROWTH_OF_POSES = 0.85


def whole_estimator_work(estimator: WholeEstimator, image: np.ndarray, kernel_size: int) -> EstimationWork:
    """Return the work of an estimator whose iterations are spread evenly over its scales.

    Parameters
    ----------
    estimator : WholeEstimator
    image : (H, W) ndarray
        What the kernel is estimated from.
    kernel_size : int

    Returns
    -------
    EstimationWork

    Examples
    --------
    >>> from pydeblur.estimators import load_estimator
    >>> picture = np.random.default_rng(0).random((60, 60))
    >>> whole_estimator_work(load_estimator("cho_lee", passes=1), picture, 9).seconds > 0
    True
    """

    def even_work(size: int) -> Callable[[int], float]:
        return lambda scale: estimator.iteration_count(size) / len(scale_ratios(size))

    growth = _GROWTHS.get(getattr(estimator, "name", ""), _GROWTH)
    return _measured(estimator.estimate, even_work, image, kernel_size, growth)


def poses_work(
    estimate: Callable[[np.ndarray, int], object],
    iterations_at: Callable[[int], float],
    image: np.ndarray,
    kernel_size: int,
) -> EstimationWork:
    """Return the work of estimating a camera's poses, whose iterations pay more for calls than those of one kernel.

    Parameters
    ----------
    estimate : callable
        Called with a part of the image and a kernel size; estimates the poses of the part.
    iterations_at : callable
        Iterations at a scale; 0 is the finest.
    image : (H, W) ndarray
        What the poses are estimated from.
    kernel_size : int

    Returns
    -------
    EstimationWork

    Examples
    --------
    >>> picture = np.random.default_rng(0).random((60, 60))
    >>> poses_work(lambda part, size: sum(range(1000)), lambda scale: 5, picture, 9).seconds > 0
    True
    """
    return _measured(estimate, lambda size: iterations_at, image, kernel_size, _GROWTH_OF_POSES)


def _measured(estimate, iterations: Callable, image: np.ndarray, kernel_size: int, growth: float) -> EstimationWork:
    """The work by a measurement on a part; `iterations` of a kernel size is a function of the scale."""

    def cost(pixels: float) -> float:
        return (pixels + _CALLS) ** growth

    work = unmeasured_work(iterations(kernel_size), image.shape, kernel_size, cost)
    part = np.ascontiguousarray(middle(image, _SIDE))
    size = min(kernel_size, _LARGEST, max((min(part.shape) // 5) | 1, 3))
    try:
        seconds = least_seconds(lambda: estimate(part, size), _LONG)
    except InvalidInputError:  # a part without a single edge tells nothing
        return work
    unit = seconds / unmeasured_work(iterations(size), part.shape, size, cost).total
    return EstimationWork(work.total, work.of, unit * work.total)


def unmeasured_work(
    iterations_at: Callable[[int], float],
    shape: tuple[int, ...],
    kernel_size: int,
    cost: Callable[[float], float] = relative_cost,
) -> EstimationWork:
    """Return the work of iterations whose time is not known, but grows with the pixels of their scale.

    Parameters
    ----------
    iterations_at : callable
        Iterations at a scale; 0 is the finest.
    shape : (int, int)
        Of the image.
    kernel_size : int
    cost : callable
        What an iteration on so many pixels costs, in any unit.

    Returns
    -------
    EstimationWork
        Without ``seconds``.

    Examples
    --------
    >>> work = unmeasured_work(lambda scale: 5, (60, 80), 9)
    >>> round(work.total / (relative_cost(60 * 80) + relative_cost(41 * 55)), 9), work.seconds
    (5.0, None)
    """
    areas = [math.prod(downsampled_shape((shape[0], shape[1]), ratio)) for ratio in scale_ratios(kernel_size)]
    total = sum(iterations_at(scale) * cost(area) for scale, area in enumerate(areas))

    def work_of(record: IterationRecord, candidate: int) -> float:
        return cost(record.height * record.width)

    return EstimationWork(float(total), work_of)
