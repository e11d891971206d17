"""The solver's run iteration by iteration, with the latent image and the kernel of each: for figures that show them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pydeblur.solver import IterationRecord, SolverOptions
from pydeblur.solver.coarse_to_fine import prepared_image
from pydeblur.solver.noise import adapt_to_noise
from pydeblur.solver.pyramid import (
    downsample_image,
    finish_scale_kernel,
    initial_kernel,
    kernel_sizes,
    scale_ratios,
    upsample_kernel,
)
from pydeblur.solver.single_scale import ScaleProblem
from pydeblur.solver.threshold import initial_threshold


class Step(NamedTuple):
    """One iteration: its record, latent image (h, w) and new kernel (n, n), not centred."""

    record: IterationRecord
    latent: np.ndarray
    kernel: np.ndarray


def trace(image: np.ndarray, options: SolverOptions, prior=None):
    """The iterations of :func:`pydeblur.solver.blind_deconv`, coarsest scale first.

    The solver carries nothing from one iteration to the next but kernel, weights and threshold, so that many runs of
    one iteration are one run of many.

    Parameters
    ----------
    image : (H, W) ndarray
    options : SolverOptions
    prior : object or None

    Yields
    ------
    Step

    Raises
    ------
    KernelCollapseError
        If the kernel loses all its mass.
    """
    options = adapt_to_noise(image, options)
    image = prepared_image(image, options)
    lambda_prior, lambda_grad = (options.lambda_prior if prior is not None else 0.0), options.lambda_grad
    once, kernel, first_threshold = replace(options, iterations=1, finest_iterations=None), None, None
    levels = list(enumerate(zip(scale_ratios(options.kernel_size), kernel_sizes(options.kernel_size))))
    for scale, (ratio, size) in reversed(levels):
        coarse = downsample_image(image, ratio)
        if kernel is None:
            kernel, first_threshold = initial_kernel(size, options.initial_kernel), initial_threshold(coarse, size)
        else:
            kernel = upsample_kernel(kernel, size)
        if scale < options.finest_prior_scale:
            prior, lambda_prior = None, 0.0
        problem, threshold = ScaleProblem(coarse, size, prior, once, scale), first_threshold
        for iteration in range(1, options.iterations_at(scale) + 1):
            records = []
            result = problem.solve(kernel, lambda_prior, lambda_grad, threshold, records.append)
            kernel, threshold = result.kernel, result.threshold
            lambda_prior, lambda_grad = result.lambda_prior, result.lambda_grad
            yield Step(records[0]._replace(iteration=iteration), result.latent, kernel)
        kernel = finish_scale_kernel(kernel)
