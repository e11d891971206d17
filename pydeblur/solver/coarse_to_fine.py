"""The whole blind solver: scale after scale, from the coarsest to the finest.

See section 4.2 of the paper, and docs/algorithm, section 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy

from pydeblur.backend.compiled import expect_saving
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
from pydeblur.solver.records import Callback, History, Reporter
from pydeblur.solver.single_scale import ScaleProblem, ScaleResult, splitting_of
from pydeblur.solver.threshold import initial_threshold

#: A pixel of a coarser scale counts as clipped where clipped pixels make up more than this share of it.
_SMALLEST_PART = 0.05


@dataclass(frozen=True, eq=False)
class BlindDeconvolution:
    """The result of :func:`blind_deconv`.

    Attributes
    ----------
    kernel : (n, n) ndarray
        Non-negative, of sum 1.
    latent : (H, W) ndarray
        The last intermediate latent image, of the image raised to ``gamma_correct``; where the run was stopped at a
        coarser scale, it has that scale's size.
    history : History
        One record for each iteration.
    options : SolverOptions
        The options as adapted to the image's noise.
    prior : dict
        The prior's ``name`` and, where it has settings, those.
    stopped : bool
        Whether a callback has ended the run before its end.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver import SolverOptions, blind_deconv
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = blind_deconv(image, SolverOptions(5, iterations=1))
    >>> result.prior, result.stopped, len(result.history)
    ({'name': 'gradient'}, False, 1)
    """

    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    stopped: bool = False


class Level(NamedTuple):
    """One scale of the pyramid: its index (0 is the finest), image (h, w), kernel size, and the clipped pixels (h, w).

    Examples
    --------
    >>> import numpy as np
    >>> level_at(1, np.zeros((60, 80)), 9).kernel_size
    7
    """

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
        Called with each iteration's :class:`~pydeblur.solver.IterationState`; it may end the run by raising
        StopIteration.
    clipped : (H, W) bool array_like or None
        Pixels that the sensor clipped, and their neighbours: they are taken for at least as bright as they are, in both
        the latent image's step and the kernel's. The paper and the MATLAB family take every pixel as it is.

    Returns
    -------
    BlindDeconvolution

    Raises
    ------
    InvalidInputError
        If the image is not grey and finite, is constant, or is too small for the kernel.
    KernelCollapseError
        If the kernel loses all its mass.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver import SolverOptions, blind_deconv
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = blind_deconv(image, SolverOptions(5, iterations=2))
    >>> result.kernel.shape, result.latent.shape, len(result.history)
    ((5, 5), (36, 36), 2)
    """
    run = CoarseToFine(image, options, prior, callback, clipped)
    run.advance_to(0)
    return run.result()


class CoarseToFine:
    """:func:`blind_deconv` in stages, with the same parameters and errors, and its results on the way.

    After a callback has raised StopIteration, ``stopped`` is True, and every further stage does nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver import CoarseToFine, SolverOptions
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> run = CoarseToFine(image, SolverOptions(9, iterations=1))
    >>> run.advance_to(1)
    >>> run.result().kernel.shape
    (7, 7)
    >>> run.advance_to(0)
    >>> run.result().kernel.shape
    (9, 9)
    """

    def __init__(
        self, image: np.ndarray, options: SolverOptions, prior=None, callback: Callback | None = None, clipped=None
    ):
        self._image = check_blurred_image(image, options)
        check_large_enough(self._image.shape, options.kernel_size)
        self._clipped = _check_clipped(clipped, self._image)
        self._options = adapt_to_noise(self._image, options)
        self._prior, self._described = prior, describe_prior(prior)
        self._report = Reporter(callback)
        self._lambda_prior = options.lambda_prior if prior is not None else 0.0
        self._lambda_grad = options.lambda_grad
        self._kernel = self._threshold = self._last = None
        self._left = len(kernel_sizes(options.kernel_size))

    @property
    def stopped(self) -> bool:
        """Whether the callback has ended the run."""
        return self._report.stopped

    @property
    def options(self) -> SolverOptions:
        """The options as adapted to the image's noise."""
        return self._options

    def advance_to(self, scale: int) -> None:
        """Go through the scales that are left, down to this one: 0 is the finest."""
        if self._left <= scale or self.stopped:
            return
        expect_saving(self._saving(range(scale, self._left)))
        # The image is made anew each time, so that a run that waits for others holds no images meanwhile.
        image = prepared_image(self._image, self._options)
        while self._left > scale and not self.stopped:
            self._solve(level_at(self._left - 1, image, self._options.kernel_size, self._clipped))
            self._left -= 1

    def _saving(self, scales) -> float:
        """How many seconds compiled loops save in the iterations of some scales."""
        splitting, ratios = splitting_of(self._options), scale_ratios(self._options.kernel_size)
        pixels = sum(
            self._options.iterations_at(scale) * math.prod(downsampled_shape(self._image.shape, ratios[scale]))
            for scale in scales
        )
        return splitting.saving(pixels, self._lambda_grad, self._lambda_prior)

    def extend(self, iterations: int, workers: int) -> None:
        """Go on at the finest scale, where the run has to be, to so many iterations there.

        The result is, to the bit, that of a run whose options had ``finest_iterations`` from the start. After a
        KernelCollapseError there is no result.

        Parameters
        ----------
        iterations : int
            How many there should be in all; with no more than were made, nothing happens.
        workers : int
            Threads of each FFT.
        """
        made = self._options.iterations_at(0)
        if iterations <= made or self.stopped:
            return
        self._options = replace(self._options, finest_iterations=iterations, workers=workers)
        level = level_at(0, prepared_image(self._image, self._options), self._options.kernel_size, self._clipped)
        self._iterate(level, self._last, made)

    def begin_at(self, scale: int, kernel: np.ndarray) -> None:
        """Begin with the iterations of a scale, from a kernel found elsewhere, in place of those of all coarser scales.

        The gradients' first threshold is that of the coarsest scale, as in a run that begins there.

        Parameters
        ----------
        scale : int
            0 is the finest.
        kernel : (n, n) ndarray
            Of the scale's size and sum 1.

        Examples
        --------
        >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
        >>> run = CoarseToFine(image, SolverOptions(9, iterations=1))
        >>> run.begin_at(1, np.full((7, 7), 1 / 49))
        >>> run.kernel.shape
        (7, 7)
        """
        image = prepared_image(self._image, self._options)
        coarsest, level = (
            level_at(each, image, self._options.kernel_size, self._clipped) for each in (self._left - 1, scale)
        )
        self._begin(coarsest)
        self._iterate_from(level, kernel.astype(self._options.dtype))
        self._left = scale

    @property
    def kernel(self) -> np.ndarray:
        """The kernel (n, n) of the last scale, before what is faint is cut off."""
        return self._kernel

    def _begin(self, coarsest):
        self._threshold = initial_threshold(coarsest.image, coarsest.kernel_size)
        self._adapt_weights()

    def _solve(self, level):
        if self._kernel is None:
            kernel = initial_kernel(level.kernel_size, self._options.initial_kernel)
            self._begin(level)
        else:
            kernel = upsample_kernel(self._kernel, level.kernel_size)
        self._iterate_from(level, kernel)

    def _iterate_from(self, level, kernel):
        if level.scale < self._options.finest_prior_scale:
            self._prior, self._lambda_prior = None, 0.0
        self._iterate(level, ScaleResult(kernel, None, self._lambda_prior, self._lambda_grad, self._threshold))

    def _adapt_weights(self):
        """Lower λ and μ to the gradients' first threshold where it is below a tenth of μ, if the prior's method does so."""
        if getattr(self._prior, "weights_follow_threshold", False) and 0 < self._threshold < self._lambda_grad / 10:
            self._lambda_prior = self._lambda_grad = float(self._threshold)

    def _iterate(self, level, start: ScaleResult, made: int = 0):
        """Make the iterations of one scale, from a kernel or from what earlier iterations have left."""
        prior = self._prior
        if hasattr(prior, "at_scale"):
            prior = prior.at_scale(level.scale, len(kernel_sizes(self._options.kernel_size)), self._image.shape)
        problem = ScaleProblem(
            level.image, level.kernel_size, prior, self._options, level.scale, level.clipped, start.completed
        )
        last = problem.solve(start.kernel, start.lambda_prior, start.lambda_grad, start.threshold, self._report, made)
        self._last, self._kernel = last, finish_scale_kernel(last.kernel)
        self._lambda_prior, self._lambda_grad = last.lambda_prior, last.lambda_grad

    @property
    def has_result(self) -> bool:
        """Whether an iteration has been made, so that there is a kernel."""
        return self._last is not None

    def result(self, at_full_size: bool = False) -> BlindDeconvolution:
        """Return what has been found so far.

        Parameters
        ----------
        at_full_size : bool
            Whether a kernel of a coarser scale is enlarged to the full size; after a stop it always is.

        Returns
        -------
        BlindDeconvolution
        """
        kernel = self._kernel
        if at_full_size or self.stopped:
            for size in reversed([size for size in kernel_sizes(self._options.kernel_size) if size > len(kernel)]):
                kernel = upsample_kernel(kernel, size)
        kernel = finish_kernel(kernel, self._options.kernel_threshold)
        latent, history = self._last.latent, History(self._report.history)
        return BlindDeconvolution(kernel, latent, history, self._options, self._described, self.stopped)


def describe_prior(prior) -> dict:
    """Return the name and the settings of a prior, for the record.

    Parameters
    ----------
    prior : object or None

    Returns
    -------
    dict
        With the key ``name``; None is "gradient".

    Examples
    --------
    >>> from pydeblur.priors import load_prior
    >>> describe_prior(load_prior("intensity"))
    {'name': 'intensity'}
    """
    if prior is None:
        return {"name": "gradient"}
    name = getattr(prior, "name", type(prior).__name__)
    return {"name": name, **getattr(prior, "settings", {})}


def prepared_image(image: np.ndarray, options: SolverOptions) -> np.ndarray:
    """Return what the pyramid is made of: the image in the options' dtype, raised to their gamma and smoothed.

    Parameters
    ----------
    image : (H, W) ndarray
    options : SolverOptions

    Returns
    -------
    (H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> prepared_image(np.full((2, 2), 0.5), SolverOptions(5, gamma_correct=2)).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    image = image.astype(options.dtype) ** options.gamma_correct
    return scipy.ndimage.gaussian_filter(image, options.prefilter, mode="nearest") if options.prefilter else image


def iteration_count(options: SolverOptions, last_scale: int = 0) -> int:
    """Return how many records a run makes down to a scale, for progress bars.

    Parameters
    ----------
    options : SolverOptions
    last_scale : int
        0 is the finest.

    Returns
    -------
    int

    Examples
    --------
    >>> iteration_count(SolverOptions(25, iterations=5))
    25
    """
    return sum(options.iterations_at(scale) for scale in range(last_scale, len(kernel_sizes(options.kernel_size))))


def level_at(scale: int, image: np.ndarray, kernel_size: int, clipped: np.ndarray | None = None) -> Level:
    """Return a scale of an image's pyramid.

    Parameters
    ----------
    scale : int
        0 is the finest.
    image : (H, W) ndarray
        The image of the finest scale.
    kernel_size : int
        The kernel's size at the finest scale.
    clipped : (H, W) ndarray of bool or None
        The clipped pixels of the finest scale.

    Returns
    -------
    Level

    Examples
    --------
    >>> import numpy as np
    >>> level_at(1, np.zeros((60, 80)), 9).image.shape
    (41, 55)
    """
    ratio, size = scale_ratios(kernel_size)[scale], kernel_sizes(kernel_size)[scale]
    clipped = None if clipped is None else _any_clipped(clipped, ratio)
    return Level(scale, downsample_image(image, ratio), size, clipped)


def check_large_enough(shape: tuple[int, int], kernel_size: int) -> None:
    """Check that an image (H, W) is larger than the kernel at every scale of :mod:`pydeblur.solver.pyramid`.

    Raises
    ------
    InvalidInputError
        If it is not.

    Examples
    --------
    >>> check_large_enough((40, 40), 9)
    """
    for scale, (ratio, size) in enumerate(zip(scale_ratios(kernel_size), kernel_sizes(kernel_size))):
        height, width = downsampled_shape(shape, ratio)
        if min(height, width) <= size:
            raise InvalidInputError(
                f"the image ({shape[0]}x{shape[1]}) is too small for a kernel of size {kernel_size}: "
                f"at scale {scale} it leaves {height}x{width} pixels for a kernel of size {size}"
            )


def _any_clipped(clipped: np.ndarray, ratio: float) -> np.ndarray:
    """Mark the pixels of a coarser scale that clipped ones have a part in."""
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
    """Check a grey image that a kernel is to be estimated from.

    Parameters
    ----------
    image : (H, W) array_like
        Real and finite, not constant, larger than the kernel; non-negative where ``gamma_correct`` is not 1.
    options : SolverOptions

    Returns
    -------
    (H, W) ndarray

    Raises
    ------
    InvalidInputError
        If the image is something else.

    Examples
    --------
    >>> import numpy as np
    >>> check_blurred_image(np.eye(8), SolverOptions(5)).shape
    (8, 8)
    """
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
