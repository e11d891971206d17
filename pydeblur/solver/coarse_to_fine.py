"""The whole blind solver: scale after scale from the coarsest (ALGORITHM section 1, `blind_deconv`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from pydeblur.errors import InvalidInputError
from pydeblur.solver.noise import adapt_to_noise
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import (
    downsample_image,
    downsampled_shape,
    finish_kernel,
    finish_scale_kernel,
    initial_kernel,
    kernel_sizes,
    scale_ratios,
    upsample_kernel,
)
from pydeblur.solver.records import Callback, History, IterationRecord
from pydeblur.solver.single_scale import ScaleProblem, ScaleResult
from pydeblur.solver.threshold import initial_threshold


#: A pixel of a coarser scale of which clipped pixels make more than this counts as clipped.
_SMALLEST_PART = 0.05


@dataclass(frozen=True)
class BlindDeconvolution:
    """Result of :func:`blind_deconv`.

    ``kernel`` (n, n) non-negative, of sum 1; ``latent`` (H, W) the last intermediate latent image, of the image raised to
    ``gamma_correct``; ``history`` one record per iteration; ``options`` and ``prior`` what it was made with: the options
    as adapted to the noise, the prior's ``name`` and, where it has settings, those. ``candidates`` describes the runs that
    this one was chosen from (:mod:`pydeblur.estimation`); empty where there was no choice.
    """

    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    candidates: tuple[dict, ...] = ()


class Level(NamedTuple):
    """One scale of the pyramid: its index (0 is the finest), image (h, w), kernel size, and the clipped pixels (h, w)."""

    scale: int
    image: np.ndarray
    kernel_size: int
    clipped: np.ndarray | None = None


def blind_deconv(
    image: np.ndarray, options: SolverOptions, prior=None, callback: Callback | None = None, clipped=None
) -> BlindDeconvolution:
    """Estimate the blur kernel of a grey image, eq. (4), Algorithm 1 and section 4.2 of the paper.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred image, finite, in [0, 1]; any real dtype, computed in ``options.dtype``.
    options : SolverOptions
    prior : object or None
        The image prior p, see :mod:`pydeblur.priors.protocol`; None leaves the L0 gradient prior alone [38].
    callback : callable or None
        Called with each :class:`IterationRecord` as it is made.
    clipped : (H, W) bool array_like or None
        Pixels that the sensor clipped, and their neighbours: they are taken for at least as bright as they are, in both
        the latent image's step and the kernel's. The paper and the MATLAB family take every pixel as it is.

    Raises
    ------
    InvalidInputError
        If the image is not grey and finite, is constant, or is too small for the kernel.
    KernelCollapseError
        If the kernel loses all its mass.
    """
    search = CoarseToFine(image, options, prior, callback, clipped)
    search.advance_to(0)
    return search.result()


class CoarseToFine:
    """:func:`blind_deconv` in stages: its parameters and errors, and its results on the way."""

    def __init__(
        self, image: np.ndarray, options: SolverOptions, prior=None, callback: Callback | None = None, clipped=None
    ):
        self._image = check_blurred_image(image, options)
        _check_large_enough(self._image.shape, options.kernel_size)
        self._clipped = _check_clipped(clipped, self._image)
        self._options = adapt_to_noise(self._image, options)
        self._prior, self._described = prior, describe_prior(prior)
        self._callback = callback
        self._history = History()
        self._lambda_prior = options.lambda_prior if prior is not None else 0.0
        self._lambda_grad = options.lambda_grad
        self._kernel = self._threshold = self._last = None
        self._left = len(kernel_sizes(options.kernel_size))

    @property
    def options(self) -> SolverOptions:
        """As adapted to the image's noise."""
        return self._options

    def advance_to(self, scale: int) -> None:
        """Go through the scales that are left, down to this one: 0 is the finest."""
        if self._left <= scale:
            return
        # Made anew each time: whoever waits for others holds no images meanwhile.
        image = prepared_image(self._image, self._options)
        while self._left > scale:
            self._solve(level_at(self._left - 1, image, self._options.kernel_size, self._clipped))
            self._left -= 1

    def extend(self, iterations: int, workers: int) -> None:
        """Go on at the finest scale, where the search has to be, to so many iterations there.

        The result is, to the bit, that of a search whose options had ``finest_iterations`` from the start. After a
        KernelCollapseError there is none.
        """
        made = self._options.iterations_at(0)
        if iterations <= made:
            return
        self._options = replace(self._options, finest_iterations=iterations, workers=workers)
        level = level_at(0, prepared_image(self._image, self._options), self._options.kernel_size, self._clipped)
        self._iterate(level, self._last, made)

    def _solve(self, level):
        if self._kernel is None:
            kernel = initial_kernel(level.kernel_size, self._options.initial_kernel)
            self._threshold = initial_threshold(level.image, level.kernel_size)
        else:
            kernel = upsample_kernel(self._kernel, level.kernel_size)
        if level.scale < self._options.finest_prior_scale:
            self._prior, self._lambda_prior = None, 0.0
        self._iterate(level, ScaleResult(kernel, None, self._lambda_prior, self._lambda_grad, self._threshold))

    def _iterate(self, level, start: ScaleResult, made: int = 0):
        """At one scale, from a kernel or from what some iterations have left."""
        problem = ScaleProblem(
            level.image, level.kernel_size, self._prior, self._options, level.scale, level.clipped, start.completed
        )
        last = problem.solve(start.kernel, start.lambda_prior, start.lambda_grad, start.threshold, self._emit, made)
        self._last, self._kernel = last, finish_scale_kernel(last.kernel)
        self._lambda_prior, self._lambda_grad = last.lambda_prior, last.lambda_grad

    def _emit(self, record: IterationRecord):
        self._history.append(record)
        if self._callback is not None:
            self._callback(record)

    def result(self) -> BlindDeconvolution:
        """What has been found so far, of the last scale's size; there has to be one."""
        kernel = finish_kernel(self._kernel, self._options.kernel_threshold)
        return BlindDeconvolution(kernel, self._last.latent, History(self._history), self._options, self._described)


def describe_prior(prior) -> dict:
    """Name and settings of a prior, for the record."""
    if prior is None:
        return {"name": "gradient"}
    name = getattr(prior, "name", type(prior).__name__)
    return {"name": name, **getattr(prior, "settings", {})}


def prepared_image(image: np.ndarray, options: SolverOptions) -> np.ndarray:
    """What the pyramid is made of: the image in the options' dtype, raised to their gamma and smoothed."""
    image = image.astype(options.dtype) ** options.gamma_correct
    return gaussian_filter(image, options.prefilter, mode="nearest") if options.prefilter else image


def iteration_count(options: SolverOptions, last_scale: int = 0) -> int:
    """How many records a run makes down to a scale: for progress bars."""
    return sum(options.iterations_at(scale) for scale in range(last_scale, len(kernel_sizes(options.kernel_size))))


def level_at(scale: int, image: np.ndarray, kernel_size: int, clipped: np.ndarray | None = None) -> Level:
    """A scale of an image (H, W) for kernels of that size at the finest, 0."""
    ratio, size = scale_ratios(kernel_size)[scale], kernel_sizes(kernel_size)[scale]
    clipped = None if clipped is None else _any_clipped(clipped, ratio)
    return Level(scale, downsample_image(image, ratio), size, clipped)


def _check_large_enough(shape: tuple[int, int], kernel_size: int) -> None:
    """InvalidInputError if an image (H, W) is not larger than the kernel at some scale."""
    for scale, (ratio, size) in enumerate(zip(scale_ratios(kernel_size), kernel_sizes(kernel_size))):
        height, width = downsampled_shape(shape, ratio)
        if min(height, width) <= size:
            raise InvalidInputError(
                f"the image ({shape[0]}x{shape[1]}) is too small for a kernel of size {kernel_size}: "
                f"at scale {scale} it leaves {height}x{width} pixels for a kernel of size {size}"
            )


def _any_clipped(clipped: np.ndarray, ratio: float) -> np.ndarray:
    """Pixels of a coarser scale that clipped ones have a part in."""
    return downsample_image(clipped.astype(float), ratio) > _SMALLEST_PART


def _check_clipped(clipped, image: np.ndarray) -> np.ndarray | None:
    if clipped is None:
        return None
    clipped = np.asarray(clipped)
    if clipped.dtype != bool or clipped.shape != image.shape:
        raise InvalidInputError(
            f"clipped should be a bool array of the image's shape {image.shape}, but is {clipped.dtype} of {clipped.shape}"
        )
    return clipped


def check_blurred_image(image, options: SolverOptions) -> np.ndarray:
    """A grey image (H, W) that a kernel can be estimated from; InvalidInputError for anything else."""
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype.kind not in "fiub":
        raise InvalidInputError(f"the image should be a real array (H, W), but is {image.dtype} of shape {image.shape}")
    if min(image.shape) <= options.kernel_size:
        raise InvalidInputError(
            f"the image should be larger than the kernel ({options.kernel_size}), but its shape is {image.shape}"
        )
    if not np.all(np.isfinite(image)):
        raise InvalidInputError("the image should be finite, but holds NaN or infinite values")
    if image.min() < 0 and options.gamma_correct != 1:
        raise InvalidInputError("the image should be non-negative when gamma_correct is not 1")
    if image.min() == image.max():
        raise InvalidInputError("the image is constant: there is nothing in it to estimate a kernel from")
    return image
