"""How long an iteration of the solver takes on this machine, measured on a small part of the picture itself.

A measurement of a tenth of a second tells the machine's speed as it is at this moment, with whatever else runs on it; a
stored one would have to know of that, and of every version of every library.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.estimators.plan import RunPlan
from pydeblur.solver.latent import Splitting
from pydeblur.solver.pyramid import initial_kernel
from pydeblur.solver.single_scale import ScaleProblem
from pydeblur.solver.threshold import initial_threshold

#: Least and greatest side of the part that is measured of an iteration, in pixels, and the share of the picture's side between.
_LEAST_SIDE, _GREATEST_SIDE, _SHARE = 128, 384, 0.5
#: Side of the part that one call of a network is measured on.
_NETWORK_SIDE = 128
#: What an iteration takes beside its pixels, as a number of pixels, and the growth of the rest (measured from 60 to 540 pixels
#: squared: the kernel's equations and the calls do not grow with the pixels).
_CALLS, _GROWTH = 10_000, 0.95
#: So many iterations without a prior are measured, since a scale is set up once for several of them.
_ITERATIONS_WITHOUT_PRIOR = 3
#: Share of the steps down a prior's gradient that are made where these end by a tolerance.
_STEPS_UNTIL_TOLERANCE = 0.45


def relative_cost(pixels: float) -> float:
    """Return what an iteration on so many pixels costs, in a unit of its own.

    Examples
    --------
    >>> 2.5 < relative_cost(512 * 512) / relative_cost(256 * 256) < 4
    True
    """
    return float((pixels + _CALLS) ** _GROWTH)


def unit_seconds(run: RunPlan, image: np.ndarray) -> float | None:
    """Measure how many seconds a run takes for each unit of :func:`relative_cost`.

    Parameters
    ----------
    run : RunPlan
    image : (H, W) ndarray
        The picture that the kernel is estimated from, in [0, 1].

    Returns
    -------
    float or None
        None where it can't be told beforehand: for a prior that is the caller's own, which might count its calls, and on a
        GPU.

    Examples
    --------
    >>> from pydeblur.estimators import resolve
    >>> picture = np.random.default_rng(0).random((64, 64))
    >>> unit_seconds(resolve(prior="gradient").for_image(picture, 9).runs[0], picture) > 0
    True
    """
    if run.options.device != "cpu" or not run.prior.is_named:
        return None
    with_network = run.prior.prior == "classifier"
    side = min(max(round(_SHARE * min(image.shape)), _LEAST_SIDE), _GREATEST_SIDE)
    part = middle(image, side).astype(run.options.dtype)
    seconds = _iteration_seconds(run, part, None if with_network else run.prior.load())
    unit = seconds / relative_cost(part.size)
    if with_network:
        part = middle(image, _NETWORK_SIDE)
        unit += _network_seconds(run, part) / relative_cost(part.size)
    return unit


def middle(image: np.ndarray, side: int) -> np.ndarray:
    """Return the middle of an image (H, W[, C]), of at most that side.

    Examples
    --------
    >>> middle(np.zeros((5, 9)), 3).shape
    (3, 3)
    """
    rows, columns = (max((length - side) // 2, 0) for length in image.shape[:2])
    return image[rows : rows + side, columns : columns + side]


def least_seconds(work: Callable[[], object], long: float = math.inf, times: int = 2) -> float:
    """Do something twice or more, and return the seconds of the quickest time: the first one pays for what is set up.

    Parameters
    ----------
    work : callable
    long : float
        What takes more than so many seconds is done once: what is set up then counts for little.
    times : int
        How often it is done; what takes a few milliseconds can be held up each time by what else runs on the machine.

    Examples
    --------
    >>> least_seconds(lambda: None) < 1
    True
    """
    found: list[float] = []
    while not found or (len(found) < times and found[0] < long):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def _iteration_seconds(run: RunPlan, part: np.ndarray, prior) -> float:
    """One iteration with the options of a run, but a kernel that fits into the part."""
    size = min(run.options.kernel_size, (min(part.shape) // 4) | 1)
    count = _ITERATIONS_WITHOUT_PRIOR if prior is None else 1
    options = replace(run.options, kernel_size=max(size, 3), iterations=count, finest_iterations=None, prefilter=0.0)
    if hasattr(prior, "at_scale"):
        prior = prior.at_scale(0, 1, part.shape)
    kernel = initial_kernel(options.kernel_size, options.initial_kernel)

    def iterate():
        problem = ScaleProblem(part, options.kernel_size, prior, options)
        threshold = initial_threshold(part, options.kernel_size)
        weight = options.lambda_prior if prior is not None else 0.0
        problem.solve(kernel, weight, options.lambda_grad, threshold, lambda state: False)

    try:
        return least_seconds(iterate) / count
    except InvalidInputError:  # a part without a single edge tells nothing, but this
        return 0.0


def _network_seconds(run: RunPlan, part: np.ndarray) -> float:
    """All calls of a network in one iteration."""
    prior = run.prior.load()
    side = max(getattr(prior, "smallest_side", 1), 1)
    short = [(0, max(side - length, 0)) for length in part.shape]
    image = np.ascontiguousarray(np.pad(part, short, mode="edge"), dtype=run.options.dtype)
    options = run.options
    splitting = Splitting(options.beta_start, options.beta_growth, options.beta_max)
    betas = len(list(splitting.betas(options.lambda_prior))) if options.lambda_prior else 0
    steps = options.descent_steps * (_STEPS_UNTIL_TOLERANCE if options.descent_tolerance else 1)
    return betas * steps * least_seconds(lambda: prior.value_and_grad(image))
