"""The Python face: estimate a kernel, deblur with it, or both."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidOptionError, KernelCollapseWarning
from pydeblur.estimators.multistart import run_plan
from pydeblur.estimators.plan import EstimationPlan
from pydeblur.estimators.presets import Preset, resolve
from pydeblur.estimators.protocol import Candidate, KernelEstimate
from pydeblur.nonblind.methods import check_final_step, completed, deconvolve
from pydeblur.nonblind.saturation import needs_more_light
from pydeblur.options import is_integer
from pydeblur.preprocess.clipping import clipped_pixels, has_clipped_highlights
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.median import median_filtered
from pydeblur.preprocess.region import Region, region_from
from pydeblur.preprocess.validation import check_unit_image
from pydeblur.solver import History, ProgressBar, SolverOptions
from pydeblur.solver.options import solver_options

#: A kernel with more than this share of its mass in one pixel blurs nothing.
_DELTA_MASS = 0.99


@dataclass(frozen=True, eq=False)
class DeblurResult:
    """What :func:`deblur` gives.

    Attributes
    ----------
    image : (H, W) or (H, W, 3) ndarray
        The deblurred image, not clipped.
    kernel : (n, n) ndarray
        The estimated kernel: non-negative, of sum 1.
    latent : (h, w) ndarray
        The last intermediate image of the kernel's estimation, of the size of the part that was looked at.
    history : History
        One record for each iteration of the chosen run.
    options : SolverOptions
        Those of the chosen run.
    prior : dict
        The chosen run's prior: its ``name`` and settings.
    candidates : tuple of Candidate
        The runs that the kernel was chosen from; empty where there was no choice.
    median : int
        Window of the median filter that the blurred image went through first; 0 is none.
    crop : Region or None
        The part of the image that the kernel was estimated from: (top, left, height, width); None is all of it.
    saturated : bool
        Whether the image was taken to have clipped highlights.
    nonblind : str
        The final step that was made.
    nonblind_options : dict
        Those of its options that were given or followed from the image.
    stopped : bool
        Whether a callback has ended the estimation before its end, so that the kernel is the best until then.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", iterations=2)
    >>> type(result).__name__, result.image.shape, result.nonblind
    ('DeblurResult', (36, 36), 'ringing')
    """

    image: np.ndarray
    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    candidates: tuple[Candidate, ...] = ()
    median: int = 0
    crop: Region | None = None
    saturated: bool = False
    nonblind: str = "ringing"
    nonblind_options: dict = field(default_factory=dict)
    stopped: bool = False


def deblur(
    image,
    kernel_size: int,
    *,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    ranking_options: dict | None = None,
    nonblind: str | None = None,
    saturated: bool | None = None,
    nonblind_options: dict | None = None,
    median: int = 0,
    crop=None,
    callback=None,
    progress: bool = False,
    **options,
) -> DeblurResult:
    """Deblur an image of unknown, uniform blur.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1]; uint8, uint16 and bool are scaled to that as MATLAB's ``im2double`` does.
    kernel_size : int
        Odd, at least 3, and not smaller than the blur.
    preset : {"faithful", "fast", "best"}, optional
        Prior and options in one name: the paper's learned prior, the same in a twentieth of the time, or several runs of
        which a ranking network chooses the best kernel. "best" is the default, unless a prior is given. What is given beside a
        preset wins.
    prior : {"gradient", "intensity", "classifier"} or object, optional
        A name, or a prior as :mod:`pydeblur.priors.protocol` describes it; by default the preset's. Without a preset it
        is one run with the paper's values: ``prior="gradient"`` is the plain solver.
    prior_options : dict, optional
        Options of a prior given by its name or by the preset, see :func:`pydeblur.load_prior`: the classifier's ``weights``,
        ``form``, ``backend``, ``device`` and ``threads``.
    ranking_options : dict, optional
        Options of the network that chooses among the runs of the preset "best": ``weights``, ``backend``, ``device`` and
        ``threads``.
    nonblind : {"ringing", "tv", "l0", "hyper-laplacian", "epll", "whyte"}, optional
        The final step, see :func:`deconvolve`; by default "whyte" for a saturated image, else "ringing", whose weights
        then follow the noise found in the image unless options are given.
    saturated : bool, optional
        Whether the image has clipped highlights, as night scenes have. If so, the final step is "whyte", and the preset
        "best" takes clipped pixels for lower bounds of the light when it estimates the kernel. By default "best" decides by
        the image (:func:`pydeblur.preprocess.clipping.has_clipped_highlights`), and on the final step once more with the
        kernel (:func:`pydeblur.nonblind.saturation.needs_more_light`); all others take the image for unclipped. A final step
        that is given, or has options given, is never changed by that decision.
    nonblind_options : dict, optional
        Options of the final step.
    median : int
        Window of a median filter that the image goes through before anything else, odd, at least 3; 0 or 1 is none. It
        takes away outliers, such as salt-and-pepper noise, which both the kernel's estimate and the final step would
        take for structure, and with them fine detail (Fig. 14). Against ordinary noise see ``prefilter`` among the options.
    crop : "auto" or (int, int, int, int), optional
        The part of the image that the kernel is estimated from: (top, left, height, width) in pixels, or "auto" for a
        square of 12 kernel sizes, at least 512 pixels, with much texture in all directions and nothing clipped
        (:mod:`pydeblur.preprocess.region`). By default the whole image. The final step is always made on the whole image.
    callback : callable, optional
        Called with an :class:`~pydeblur.solver.IterationState` after each iteration of every run, from one thread at a time:
        it has the iteration's record, latent image and kernel. By raising StopIteration it ends the estimation; the final
        step is then made with the best kernel until then, and the result's ``stopped`` is True.
    progress : bool
        Draw a progress bar on standard error.
    **options
        Fields of :class:`~pydeblur.SolverOptions`: ``lambda_grad``, ``gamma_correct``, ``iterations``, ... With
        ``dtype="float32"`` the final step, too, is computed in it, with half the memory, and gives a float32 image. With
        ``device="cuda"`` a prior or preset given by its name computes there, too; the final step stays on the CPU.

    Returns
    -------
    DeblurResult

    Warns
    -----
    KernelCollapseWarning
        If the kernel is a point, so that the image is left as it is.

    Raises
    ------
    InvalidInputError
        A ValueError that says in one sentence which argument should be what.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", nonblind="tv")
    >>> result.image.shape, result.kernel.shape, result.nonblind
    ((48, 48), (5, 5), 'tv')
    """
    method = _final_method(nonblind, saturated)
    final_options = {} if nonblind_options is None else nonblind_options
    check_final_step(method, final_options)
    chosen = resolve(preset, prior, prior_options, ranking_options, options)
    prepared = _prepared(image, kernel_size, chosen, saturated, median, crop)
    found = _estimated(prepared, callback, progress)
    if saturated is None and prepared.is_saturated and nonblind is None and not final_options:
        method = "whyte" if needs_more_light(prepared.image, found.kernel) else method
    method, final_options = completed(prepared.image, method, final_options)
    blurred = prepared.image
    if found.options.dtype == "float32":
        blurred = blurred.astype(np.float32, copy=False)
    final = deconvolve(blurred, found.kernel, method, **{"workers": found.options.workers, **final_options})
    return DeblurResult(image=final, nonblind=method, nonblind_options=final_options, **vars(found))


def estimate_kernel(
    image,
    kernel_size: int,
    *,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    ranking_options: dict | None = None,
    saturated: bool | None = None,
    median: int = 0,
    crop=None,
    callback=None,
    progress: bool = False,
    **options,
) -> KernelEstimate:
    """Estimate the blur kernel of an image; parameters as in :func:`deblur`, but `saturated` is for the preset "best" alone.

    Returns
    -------
    KernelEstimate

    Warns
    -----
    KernelCollapseWarning
        If the kernel is a point, so that deblurring with it would leave the image as it is.

    Raises
    ------
    InvalidInputError
        If an argument is not what it should be.
    KernelCollapseError
        If nothing is left of the kernel.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> estimate = pydeblur.estimate_kernel(image, 5, prior="gradient")
    >>> round(float(estimate.kernel.sum()), 9), len(estimate.history)
    (1.0, 5)
    """
    _check_saturated(saturated)
    chosen = resolve(preset, prior, prior_options, ranking_options, options)
    if saturated and not chosen.handles_clipping:
        raise InvalidOptionError("saturated belongs to the preset 'best': others take every pixel as it is")
    return _estimated(_prepared(image, kernel_size, chosen, saturated, median, crop), callback, progress)


class _Prepared(NamedTuple):
    """A picture at the door: what its kernel is estimated from, the plan, and what was done to it."""

    image: np.ndarray
    grey: np.ndarray
    plan: EstimationPlan
    median: int
    region: Region | None
    is_saturated: bool


def _prepared(image, kernel_size, preset: Preset, saturated, median, crop) -> _Prepared:
    """All that is decided before the first iteration."""
    image = median_filtered(check_unit_image(image), median)
    is_saturated = _is_saturated(image, kernel_size, saturated, preset)
    # The options are checked before anything is done with the kernel's size.
    solver_options({**preset.for_size(kernel_size).runs()[0][1], "kernel_size": kernel_size})
    region = region_from(crop, image, kernel_size)
    part = image if region is None else region.part_of(image)
    grey = grey_image(part)
    clipped = clipped_pixels(part) if is_saturated and preset.handles_clipping else None
    return _Prepared(image, grey, preset.for_image(grey, kernel_size, clipped), median, region, is_saturated)


def _estimated(prepared: _Prepared, callback, progress: bool) -> KernelEstimate:
    plan = prepared.plan
    with ProgressBar(plan.iteration_total, disable=not progress) as bar:
        found = run_plan(plan, prepared.grey, _both(callback, bar))
    if found.kernel.max() > _DELTA_MASS:
        warnings.warn(
            "the estimated kernel collapsed to a delta: the image would be left as it is; try a larger kernel size "
            "or a part of the image with stronger edges",
            KernelCollapseWarning,
            stacklevel=3,  # the caller of deblur or estimate_kernel
        )
    return replace(found, median=prepared.median, crop=prepared.region, saturated=prepared.is_saturated)


def _is_saturated(image, kernel_size, saturated, preset: Preset) -> bool:
    """What the user says, or what the image looks like to a preset that asks."""
    if saturated is None:
        return preset.handles_clipping and is_integer(kernel_size) and has_clipped_highlights(image, kernel_size)
    return bool(saturated)


def _check_saturated(saturated) -> None:
    if not (saturated is None or isinstance(saturated, (bool, np.bool_))):
        raise InvalidOptionError(f"saturated should be True, False or None, but is {saturated!r}")


def _final_method(nonblind, saturated) -> str | None:
    """As far as it does not depend on what the image looks like; None is :func:`deconvolve`'s default."""
    _check_saturated(saturated)
    if saturated and nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"a saturated image needs the final step 'whyte', not {nonblind!r}")
    return nonblind or ("whyte" if saturated else None)


def _both(callback, bar):
    def emit(state):
        bar(state)
        if callback is not None:
            callback(state)

    return emit
