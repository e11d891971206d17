"""The Python face: estimate a kernel, deblur with it, or both."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidOptionError, KernelCollapseWarning
from pydeblur.estimators.multistart import run_plan
from pydeblur.estimators.plan import EstimationPlan, check_brightness, check_fits
from pydeblur.estimators.presets import Preset, resolve
from pydeblur.estimators.protocol import Candidate, KernelEstimate, WholeEstimator
from pydeblur.estimators.registry import WHOLE_ESTIMATORS, check_method, load_whole_estimator, preset_and_prior
from pydeblur.nonblind.methods import check_final_step, completed, deconvolve
from pydeblur.nonblind.saturation import needs_more_light
from pydeblur.options import check_option, is_integer, listed, nearest_name, option_infos, shown
from pydeblur.preprocess.clipping import clipped_pixels, has_clipped_highlights
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.median import check_median, median_filtered
from pydeblur.preprocess.region import Region, check_crop, region_from
from pydeblur.preprocess.value_range import RangedPicture, ValueRange, check_value_range, in_unit_range
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
        The deblurred image, not clipped, in the scale of the blurred one: as ``im2double`` makes it of bool, uint8, uint16
        and int16, in its own numbers for all other types.
    kernel : (n, n) ndarray
        The estimated kernel: non-negative, of sum 1.
    latent : (h, w) ndarray
        The last intermediate image of the kernel's estimation, of the size of the part that was looked at; in [0, 1],
        to which the value range was mapped.
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
    value_range : ValueRange or None
        The two numbers, in the blurred image's own scale, that were taken for black and white.

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
    value_range: ValueRange | None = None


def deblur(
    image,
    kernel_size: int,
    *,
    method: str | None = None,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    ranking_options: dict | None = None,
    nonblind: str | None = None,
    saturated: bool | None = None,
    nonblind_options: dict | None = None,
    value_range: str | Sequence = "auto",
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
        Blurred image of any real type and byte order. Its values need not lie in [0, 1], see `value_range`. Masked elements
        and pictures of Pillow with a palette are refused.
    kernel_size : int
        Odd, at least 3, and not smaller than the blur, but smaller than the image.
    method : str, optional
        One name for a preset, for a prior with its paper's weights, or for a method with a loop of its own
        ("normalized_sparsity", "marginal", "cho_lee", "xu_jia", "light_streaks"): see
        :data:`pydeblur.estimators.METHODS`. It stands in place of `preset` and `prior`.
    preset : {"faithful", "fast", "best"}, optional
        Prior and options in one name: the paper's learned prior, the same in a twentieth of the time, or several runs of
        which a ranking network chooses the best kernel. "best" is the default, unless a prior is given. What is given beside a
        preset wins.
    prior : {"gradient", "intensity", "dark_channel", "extreme_channels", "pmp", "classifier"} or object, optional
        A name, or a prior as :mod:`pydeblur.priors.protocol` describes it; by default the preset's. Without a preset it
        is one run with the paper's values: ``prior="gradient"`` is the plain solver.
    prior_options : dict, optional
        Options of a prior given by its name or by the preset, see :func:`pydeblur.load_prior`: the classifier's ``weights``,
        ``form``, ``backend``, ``device`` and ``threads``, or the ``patch`` of the priors with local minima.
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
        Options of the final step. Where they are about intensities, these are in [0, 1], to which the value range is mapped.
    value_range : {"auto", "full"} or (float, float)
        The numbers that stand for black and white in the image's own scale, for instance (0, 4095) for 12 bits in uint16. They
        are mapped to [0, 1], which all weights are meant for, and back. "full" is the range of an integer type, and [0, 1] of
        floating ones. "auto" takes it for uint8, and for whatever looks like a picture of its type, else it finds a range:
        data of 8 to 14 bits in uint16, floating values above 1 or far below, wide integers
        (:func:`pydeblur.preprocess.value_range.in_unit_range` has the rule). The result's ``value_range`` says which it was.
    median : int
        Window of a median filter that the image goes through before anything else, odd, at least 3, no larger than the image
        and at most 99; 0 or 1 is none. It takes away outliers, such as salt-and-pepper noise, which both the kernel's estimate
        and the final step would take for structure, and with them fine detail (Fig. 14). Against ordinary noise see
        ``prefilter`` among the options.
    crop : "auto" or (int, int, int, int), optional
        The part of the image that the kernel is estimated from: (top, left, height, width) in pixels, or "auto" for a
        square of 12 kernel sizes, at least 512 pixels, with much texture in all directions and nothing clipped
        (:mod:`pydeblur.preprocess.region`). By default the whole image. The final step is always made on the whole image.
    callback : callable, optional
        Called with an :class:`~pydeblur.solver.IterationState` after each iteration of every run, from one thread at a time:
        it has the iteration's record, latent image and kernel, read-only. By raising StopIteration it ends the estimation; the
        final step is then made with the best kernel until then, and the result's ``stopped`` is True. Any other exception
        ends the call and is raised as it is.
    progress : bool
        Draw a progress bar on standard error.
    **options
        Fields of :class:`~pydeblur.SolverOptions`: ``lambda_grad``, ``gamma_correct``, ``iterations``, ... With
        ``dtype="float32"`` the final step, too, is computed in it, with half the memory, and gives a float32 image. With
        ``device="cuda"`` a prior or preset given by its name computes there, too; the final step stays on the CPU. A method
        with a loop of its own has options of its own instead.

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
    final_step = _final_step(nonblind, saturated)
    final_options = {} if nonblind_options is None else nonblind_options
    check_final_step(final_step, final_options)
    chosen = _chosen(deblur, method, options, callback, progress, (preset, prior, prior_options, ranking_options))
    prepared = _prepared(image, kernel_size, chosen, saturated, _Preparation(value_range, median, crop))
    found = _estimated(prepared, callback, progress)
    if saturated is None and prepared.is_saturated and nonblind is None and not final_options:
        final_step = "whyte" if needs_more_light(prepared.image, found.kernel) else final_step
    final_step, final_options = completed(prepared.image, final_step, final_options)
    blurred = prepared.image
    if found.options.dtype == "float32":
        blurred = blurred.astype(np.float32, copy=False)
    final = deconvolve(
        blurred, found.kernel, final_step, value_range="full", **{"workers": found.options.workers, **final_options}
    )
    return DeblurResult(
        image=prepared.picture.restored(final), nonblind=final_step, nonblind_options=final_options, **vars(found)
    )


def estimate_kernel(
    image,
    kernel_size: int,
    *,
    method: str | None = None,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    ranking_options: dict | None = None,
    saturated: bool | None = None,
    value_range: str | Sequence = "auto",
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
    chosen = _chosen(
        estimate_kernel, method, options, callback, progress, (preset, prior, prior_options, ranking_options)
    )
    if saturated and not chosen.preset.handles_clipping:
        raise InvalidOptionError("saturated belongs to the preset 'best': others take every pixel as it is")
    prepared = _prepared(image, kernel_size, chosen, saturated, _Preparation(value_range, median, crop))
    return _estimated(prepared, callback, progress)


class _Chosen(NamedTuple):
    """What estimates the kernel: the runs of a preset, or an estimator with a loop of its own."""

    preset: Preset
    estimator: WholeEstimator | None = None


def _chosen(function, method, options: dict, callback, progress, preset_arguments: tuple) -> _Chosen:
    """What the arguments mean together; refuses what needs no image to be told."""
    if not (callback is None or callable(callback)):
        raise InvalidOptionError(f"callback should be callable or None, but is {shown(callback)}")
    if not isinstance(progress, (bool, np.bool_)):
        raise InvalidOptionError(f"progress should be True or False, but is {shown(progress)}")
    preset, prior, prior_options, ranking_options = preset_arguments
    if method is not None:
        check_method(method)
        if preset is not None or prior is not None:
            raise InvalidOptionError(
                f"the method {method} can't be given beside a preset or a prior: it stands for them"
            )
        if method in WHOLE_ESTIMATORS:
            if prior_options or ranking_options:
                raise InvalidOptionError(f"the method {method} has no prior_options and no ranking_options")
            # The preset stands for what all methods share: a run that takes every pixel as it is.
            return _Chosen(resolve(prior="gradient"), load_whole_estimator(method, options))
        preset, prior, options = preset_and_prior(method, options)
    _check_options(function, options)
    return _Chosen(resolve(preset, prior, prior_options, ranking_options, options))


def _check_options(function, options: dict) -> None:
    """Refuse names that are no options of the solver, and values out of their range."""
    infos = option_infos(SolverOptions)
    fields = [name for name in infos if name != "kernel_size"]
    known = [*fields, *(name for name, each in signature(function).parameters.items() if each.kind != each.VAR_KEYWORD)]
    for name, value in options.items():
        if name not in fields:
            nearest = nearest_name(name, known)
            meant = f"did you mean {nearest}?" if nearest else "see SolverOptions for its options"
            raise InvalidOptionError(f"{function.__name__} has no option {listed([name])}; {meant}")
        check_option(name, value, infos[name])


class _Preparation(NamedTuple):
    """What is done to the picture before anything else, as the caller gave it."""

    value_range: str | Sequence
    median: int
    crop: object


class _Prepared(NamedTuple):
    """A picture at the door: what its kernel is estimated from, the plan, and what was done to it."""

    picture: RangedPicture
    grey: np.ndarray
    plan: EstimationPlan
    estimator: WholeEstimator | None
    median: int
    region: Region | None
    is_saturated: bool

    @property
    def image(self) -> np.ndarray:
        """The picture in [0, 1]."""
        return self.picture.pixels


def _prepared(image, kernel_size, chosen: _Chosen, saturated, preparation: _Preparation) -> _Prepared:
    """All that is decided before the first iteration."""
    preset = chosen.preset
    value_range, median, crop = preparation
    # All arguments are checked before anything is done with the image.
    check_value_range(value_range)
    check_median(median)
    check_crop(crop)
    options = solver_options({**preset.for_size(kernel_size).runs()[0][1], "kernel_size": kernel_size})
    picture = in_unit_range(image, value_range, lambda pixels: _filtered(pixels, median, options))
    check_brightness(picture.pixels, options)
    for_clipping = picture.for_clipping
    is_saturated = _is_saturated(for_clipping, kernel_size, saturated, preset)
    region = region_from(crop, for_clipping, kernel_size)
    part, with_lights = (each if region is None else region.part_of(each) for each in (picture.pixels, for_clipping))
    grey = grey_image(part)
    clipped = clipped_pixels(with_lights) if is_saturated and preset.handles_clipping else None
    plan = preset.for_image(grey, kernel_size, clipped)
    return _Prepared(picture, grey, plan, chosen.estimator, median, region, is_saturated)


def _filtered(pixels: np.ndarray, median: int, options: SolverOptions) -> np.ndarray:
    """The image after its median filter, once it is known to be large enough for all that follows."""
    check_fits(pixels.shape, options)
    return median_filtered(pixels, median)


def _estimated(prepared: _Prepared, callback, progress: bool) -> KernelEstimate:
    plan, estimator = prepared.plan, prepared.estimator
    kernel_size = plan.runs[0].options.kernel_size
    total = plan.iteration_total if estimator is None else estimator.iteration_count(kernel_size)
    with ProgressBar(total, disable=not progress) as bar:
        emit = _both(callback, bar)
        if estimator is None:
            found = run_plan(plan, prepared.grey, emit)
        else:
            found = estimator.estimate(prepared.grey, kernel_size, callback=emit)
    if found.kernel.max() > _DELTA_MASS:
        warnings.warn(
            "the estimated kernel collapsed to a delta: the image would be left as it is; try a larger kernel size "
            "or a part of the image with stronger edges",
            KernelCollapseWarning,
            stacklevel=3,  # the caller of deblur or estimate_kernel
        )
    return replace(
        found,
        median=prepared.median,
        crop=prepared.region,
        saturated=prepared.is_saturated,
        value_range=prepared.picture.value_range,
    )


def _is_saturated(image, kernel_size, saturated, preset: Preset) -> bool:
    """What the user says, or what the image looks like to a preset that asks."""
    if saturated is None:
        return preset.handles_clipping and is_integer(kernel_size) and has_clipped_highlights(image, kernel_size)
    return bool(saturated)


def _check_saturated(saturated) -> None:
    if not (saturated is None or isinstance(saturated, (bool, np.bool_))):
        raise InvalidOptionError(f"saturated should be True, False or None, but is {shown(saturated)}")


def _final_step(nonblind, saturated) -> str | None:
    """As far as it does not depend on what the image looks like; None is :func:`deconvolve`'s default."""
    _check_saturated(saturated)
    check_final_step(nonblind, {})
    if saturated and nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"a saturated image needs the final step 'whyte', not {shown(nonblind)}")
    return "whyte" if saturated else nonblind


def _both(callback, bar):
    def emit(state):
        bar(state)
        if callback is not None:
            callback(state)

    return emit
