"""The Python face: estimate a kernel, deblur with it, or both."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import signature
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pydeblur.errors import BlurNotFoundWarning, InvalidOptionError, KernelCollapseWarning, KernelSizeWarning
from pydeblur.estimators.confidence import doubt_about, step_in_doubt
from pydeblur.estimators.description import described_array, described_kernel, described_region, described_run
from pydeblur.estimators.kernel_size_search import (
    PROVISIONAL_SIZE,
    SMALLEST_SIZE,
    KernelSizeSearch,
    search_kernel_size,
    size_to_try,
    unblurred,
    with_other_sizes,
)
from pydeblur.estimators.light import step_for_highlights
from pydeblur.estimators.multistart import run_plan
from pydeblur.estimators.plan import EstimationPlan, check_brightness, check_fits
from pydeblur.estimators.presets import Preset, name_or_default, resolve
from pydeblur.estimators.protocol import Candidate, KernelEstimate, WholeEstimator
from pydeblur.estimators.registry import WHOLE_ESTIMATORS, check_method, load_whole_estimator, preset_and_prior
from pydeblur.nonblind.chosen_step import ChosenStep
from pydeblur.nonblind.options import LEARNED, PLUG_AND_PLAY
from pydeblur.nonuniform.plan import (
    NonuniformChoice,
    NonuniformPlan,
    check_nonuniform_step,
    resolve_nonuniform,
    with_solver,
)
from pydeblur.options import check_option, is_integer, listed, nearest_name, option_infos, shown
from pydeblur.preprocess.clipping import clipped_pixels, has_clipped_highlights
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.median import check_median, median_filtered
from pydeblur.preprocess.region import Region, check_crop, is_large, region_from
from pydeblur.preprocess.validation import host_value
from pydeblur.preprocess.value_range import (
    PictureConvention,
    RangedPicture,
    ValueRange,
    check_value_range,
    in_unit_range,
)
from pydeblur.progress.estimation_work import EstimationWork, counted_work
from pydeblur.progress.report import ProgressReport, report_for
from pydeblur.progress.whole_estimator import poses_work, unmeasured_work, whole_estimator_work
from pydeblur.progress.work import planned_work
from pydeblur.report.stages import Stage, StageCollector
from pydeblur.solver import History, SolverOptions
from pydeblur.solver.options import solver_options

if TYPE_CHECKING:
    import os

    from pydeblur.files import ImageFile
    from pydeblur.nonuniform.choose import ModelChoice
    from pydeblur.nonuniform.estimate import NonuniformEstimate

#: A kernel with more than this share of its mass in one pixel blurs nothing.
_DELTA_MASS = 0.99
_NOT_BLURRED, _POINT = "this picture is not blurred by camera shake", KernelCollapseWarning


@dataclass(frozen=True, eq=False)
class DeblurResult:
    """What :func:`deblur` gives.

    Attributes
    ----------
    image : (H, W) or (H, W, 3) ndarray
        The deblurred image in the type and the numbers of the blurred one, clipped to its value range: uint8 from 0 to 255 for
        uint8, uint16 from 0 to 4095 for 12 bits in uint16, and floating for floating types and bool. Where ``dtype="float32"``
        was given, floating results have it. It is made of `unclipped` when it is first asked for.
    unclipped : (H, W) or (H, W, 3) ndarray
        The same before clipping and rounding: float32 or float64, in the scale that ``im2double`` gives to bool, uint8, uint16
        and int16, and in the blurred image's own numbers for all other types.
    kernel : (n, n) ndarray
        The estimated kernel: non-negative, of sum 1; of non-uniform blur the local kernel at the middle of the picture.
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
        The final step that was made; "none" where the kernel is a point, so that the image is left as it is.
    nonblind_options : dict
        Those of its options that were given or followed from the image.
    nonblind_reason : str or None
        Why the final step is this one, in a sentence without a full stop, where the image or the kernel decided; None where it
        was given or is the default.
    stopped : bool
        Whether a callback has ended the estimation before its end, so that the kernel is the best until then.
    value_range : ValueRange or None
        The two numbers, in the blurred image's own scale, that were taken for black and white.
    nonuniform : NonuniformEstimate or None
        Where a camera that turned was taken for the blur: its poses and weights for the whole picture (``blur``), the
        ``reason`` and the ``options``; None where the blur is one kernel.
    model_choice : ModelChoice or None
        With ``nonuniform="auto"`` which of the two was taken (``nonuniform``), the ``reason`` and the scores.
    kernel_size_search : KernelSizeSearch or None
        How the kernel's size was found; None where it was given.
    confidence : float or None
        Of a kernel that was chosen among several: the probability, in [0, 1], that the image comes within 1.5 dB of what the
        true kernel would give; None where that can't be told (:class:`pydeblur.estimators.KernelEstimate`).
    blurred : array_like or None
        The blurred image itself, as it was given and not copied.
    stages : tuple of Stage
        The latent image, reduced, and the kernel at the end of every scale of the chosen run, the coarsest first.
    seconds : dict
        The time that the kernel's estimation (with all that is done to the image before) and the final step took.
    convention : PictureConvention or None
        The type and range of the blurred image, which `image` has; None leaves `image` as `unclipped` is.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", iterations=2)
    >>> type(result).__name__, result.image.shape, result.nonblind
    ('DeblurResult', (36, 36), 'ringing')
    """

    unclipped: np.ndarray
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
    nonblind_reason: str | None = None
    stopped: bool = False
    value_range: ValueRange | None = None
    nonuniform: NonuniformEstimate | None = None
    model_choice: ModelChoice | None = None
    confidence: float | None = None
    blurred: object = None
    stages: tuple[Stage, ...] = ()
    seconds: dict = field(default_factory=dict)
    convention: PictureConvention | None = None
    kernel_size_search: KernelSizeSearch | None = None

    @cached_property
    def image(self) -> np.ndarray:
        """The deblurred image, like the blurred one."""
        return self.unclipped if self.convention is None else self.convention.applied(self.unclipped)

    def __repr__(self) -> str:
        """What was found, in three lines."""
        return "\n".join(
            [
                f"DeblurResult: image {described_array(self.image)} by the final step {self.nonblind}",
                f"  {described_kernel(self.kernel, self.candidates)}",
                f"  {described_run(self.history, self.crop, self.saturated, self.stopped)}",
            ]
        )

    def report(
        self,
        path: str | os.PathLike,
        *,
        name: str = "",
        source: ImageFile | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        """Write a page about the result: one HTML file that needs no other and loads nothing.

        It has the image before and after, the kernel, both over the scales, the candidates, the iterations, all options,
        timings and versions.

        Parameters
        ----------
        path : str or os.PathLike
            A file named .html or .htm, which appears whole or not at all.
        name : str, optional
            What the image is called.
        source : ImageFile, optional
            The file that the image came from, as :func:`pydeblur.files.read_image` gives it: the page shows its opacity, and
            the colours by its profile.
        warnings : sequence of str, optional
            What the page warns of, beside what follows from the result itself.

        Raises
        ------
        FileFormatError
            If the file can't be written, or has another extension.
        InvalidInputError
            If the result has no ``blurred``.

        Examples
        --------
        >>> import tempfile, numpy as np, pydeblur
        >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
        >>> result = pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", iterations=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result.report(f"{folder}/result.html", name="tiles")
        """
        from pydeblur.report.page import write_report

        write_report(path, self, name=name, source=source, warnings=warnings)


def deblur(
    image,
    kernel_size: int | None = None,
    *,
    method: str | None = None,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    ranking_options: dict | None = None,
    nonblind: str | None = None,
    saturated: bool | None = None,
    nonblind_options: dict | None = None,
    denoiser=None,
    value_range: str | Sequence = "auto",
    median: int = 0,
    crop=None,
    nonuniform: bool | str = False,
    poses: str | None = None,
    focal_length: float | None = None,
    nonuniform_options: dict | None = None,
    callback=None,
    progress: bool | ProgressReport = False,
    **options,
) -> DeblurResult:
    """Deblur an image of unknown blur: that of one kernel, or of a camera that turned.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Blurred image of any real type and byte order. Its values need not lie in [0, 1], see `value_range`. Masked elements
        and pictures of Pillow with a palette are refused.
    kernel_size : int, optional
        Odd, at least 3, and not smaller than the blur, but smaller than the image. By default it is found by quick runs on
        the reduced image (:mod:`pydeblur.estimators.kernel_size_search`), and the result's ``kernel_size_search`` says how.
    method : str, optional
        One name for a preset, for a prior with its paper's weights, or for a method with a loop of its own
        ("normalized_sparsity", "marginal", "cho_lee", "xu_jia", "light_streaks"): see
        :data:`pydeblur.estimators.METHODS`. It stands in place of `preset` and `prior`.
    preset : {"faithful", "fast", "best"}, optional
        Prior and options in one name: the paper's learned prior, the same in a twentieth of the time, or several runs of
        which a ranking network chooses the best kernel. "best" is the default, unless a prior is given. What is given beside a
        preset wins.
    prior : {"gradient", "intensity", "dark_channel", "extreme_channels", "pmp", "null", "classifier"} or object, optional
        A name, or a prior as :mod:`pydeblur.priors.protocol` describes it; by default the preset's. Without a preset it
        is one run with the paper's values: ``prior="gradient"`` is the plain solver.
    prior_options : dict, optional
        Options of a prior given by its name or by the preset, see :func:`pydeblur.load_prior`: the classifier's ``weights``,
        ``form``, ``backend``, ``device`` and ``threads``, or the ``patch`` of the priors with local minima.
    ranking_options : dict, optional
        Options of the network that chooses among the runs of the preset "best": ``weights``, ``backend``, ``device`` and
        ``threads``.
    nonblind : {"ringing", "tv", "l0", "hyper-laplacian", "epll", "learned", "whyte", "plug-and-play"}, optional
        The final step, see :func:`deconvolve`; by default "whyte" for a saturated image, else "ringing", whose weights
        then follow the noise found in the image unless options are given. Where the kernel is doubted (``confidence``) it is
        "tv" with ``lambda_tv=4e-3``, which forgives more, unless a step or options are given. The result's
        ``nonblind_reason`` says why.
    saturated : bool, optional
        Whether the image has clipped highlights, as night scenes have. If so, the final step is "whyte", and the preset
        "best" takes clipped pixels for lower bounds of the light when it estimates the kernel. By default "best" decides by
        the image (:func:`pydeblur.preprocess.clipping.has_clipped_highlights`), and on the final step once more with the
        kernel (:func:`pydeblur.nonblind.saturation.needs_more_light`), and with "whyte" whether the blur was one of linear
        light or of the stored values (:func:`pydeblur.estimators.light.light_of_blur`), unless ``gamma_correct`` says it; all
        others take the image for unclipped. A final step that is given, or has options given, is never changed by that
        decision.
    nonblind_options : dict, optional
        Options of the final step. Where they are about intensities, these are in [0, 1], to which the value range is mapped.
    denoiser : callable, optional
        That of the final step "plug-and-play", as its option of this name: ``denoiser(image, sigma)`` returns the image without
        noise of the standard deviation sigma (:mod:`pydeblur.nonblind.plug_and_play`).
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
    crop : "auto", "all" or (int, int, int, int), optional
        The part of the image that the kernel is estimated from: (top, left, height, width) in pixels, or "auto" for a
        square of 12 kernel sizes, at least 512 pixels, with much texture in all directions and nothing clipped
        (:mod:`pydeblur.preprocess.region`), or "all". By default "auto" for images of 2 million pixels or more, of which the
        final step is then computed in single precision unless a ``dtype`` is given, and "all" for smaller ones. The final
        step is always made on the whole image.
        The poses of a turning camera are extended from the part to the whole.
    nonuniform : bool or "auto"
        Whether the blur changes over the picture, as it does where the camera has turned (section 5 of the paper). True
        estimates the camera's poses in place of a kernel; "auto" estimates both, and takes the poses only if the picture
        restored with them is clearly better. Then the final step is "ringing", "tv", "hyper-laplacian" or "whyte", each
        with the local kernels. The poses are estimated from the grey picture by one run, with the given prior or that of
        the preset; clipped pixels count like others there.
    poses : {"roll-xy", "rotations"}, optional
        What the camera does: a roll about its optical axis with shifts along x and y, the default, or all three rotations.
    focal_length : float, optional
        In pixels, for "rotations"; by default the longer side of the picture
        (:func:`pydeblur.nonuniform.focal_length_from_35mm` converts what EXIF data say).
    nonuniform_options : dict, optional
        Further fields of :class:`~pydeblur.nonuniform.NonuniformOptions`, such as ``pose_step``.
    callback : callable, optional
        Called with an :class:`~pydeblur.solver.IterationState` after each iteration of every run, from one thread at a time:
        it has the iteration's record, latent image and kernel, read-only. By raising StopIteration it ends the estimation; the
        final step is then made with the best kernel until then, and the result's ``stopped`` is True. Any other exception
        ends the call and is raised as it is.
    progress : bool or ProgressReport
        Say on standard error how far it is and how long it will still take: by a bar on a terminal, else by a line every few
        seconds. A :class:`pydeblur.progress.ProgressReport` of the caller's own says it in its own way.
    **options
        Fields of :class:`~pydeblur.SolverOptions`: ``lambda_grad``, ``gamma_correct``, ``iterations``, ... With
        ``dtype="float32"`` the final step, too, is computed in it, with half the memory, and gives a float32 image. With
        ``device="cuda"`` a prior or preset given by its name and the network of the final step "learned" compute there, too;
        other final steps stay on the CPU. A method with a loop of its own has options of its own instead.

    Returns
    -------
    DeblurResult

    Warns
    -----
    KernelCollapseWarning
        If the kernel is a point, or no size is given and the image looks sharp, so that the image is left as it is.
    KernelSizeWarning
        If the kernel presses against its border, so that the size is too small; it names the size to try.
    KernelBeyondTrainingWarning
        If the final step is "learned", and the kernel is larger than those that its network was trained with.
    BlurNotFoundWarning
        If the kernel is probably not the right one, by the result's ``confidence``, or hardly blurs.

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
    from pydeblur.nonblind.methods import check_final_step, completed

    begun = perf_counter()
    final_step = _final_step(nonblind, saturated)
    final_options = _final_options(nonblind, nonblind_options, denoiser, options.get("device", "cpu"))
    check_final_step(final_step, final_options)
    turning = resolve_nonuniform(nonuniform, poses, focal_length, nonuniform_options)
    if turning is not None:
        check_nonuniform_step(final_step)
    chosen = _chosen(
        deblur, method, options, callback, progress, (preset, prior, prior_options, ranking_options), turning
    )
    with report_for(progress) as report:
        prepared = _prepared(image, kernel_size, chosen, saturated, _Preparation(value_range, median, crop), report)
        single = chosen.gives_single(options) or (is_large(prepared.image.shape) and "dtype" not in options)
        _announce(report, prepared, (final_step, final_options, "float32" if single else "float64"))
        stages = StageCollector()
        found = _estimated(prepared, _both(callback, stages), report)
        estimated = perf_counter()
        decided = None
        if final_step is None and not final_options:
            decided = _step_of_picture(prepared, found, looks_for_lights=saturated is None)
        if decided is not None:
            final_step, final_options = decided.method, decided.options
        stays = _is_delta(found)
        final_step, final_options = ("none", {}) if stays else completed(prepared.image, final_step, final_options)
        dtype = "float32" if single else "float64"
        if not stays:
            _announce_final_step(report, prepared, found, (final_step, final_options, dtype))
        blurred = prepared.image.astype(np.float32, copy=False) if single else prepared.image
        workers = {"workers": found.options.workers}
        final = blurred if stays else _restored(blurred, found, final_step, {**workers, **final_options})
        if report is not None:
            report.finished()
    return DeblurResult(
        unclipped=prepared.picture.restored(final),
        nonblind=final_step,
        nonblind_options=final_options,
        nonblind_reason=None if decided is None else decided.reason,
        blurred=host_value(image),
        stages=stages.of_run(found.history),
        seconds={"kernel estimation": estimated - begun, "final step": perf_counter() - estimated},
        # The camera's poses are always estimated in single precision; the final step is not made so for that.
        convention=_convention(
            prepared.picture, single if found.nonuniform is not None else chosen.gives_single(options)
        ),
        **vars(found),
    )


def estimate_kernel(
    image,
    kernel_size: int | None = None,
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
    nonuniform: bool | str = False,
    poses: str | None = None,
    focal_length: float | None = None,
    nonuniform_options: dict | None = None,
    callback=None,
    progress: bool | ProgressReport = False,
    **options,
) -> KernelEstimate:
    """Estimate the blur kernel of an image; parameters as in :func:`deblur`, but `saturated` is for the preset "best" alone.

    Returns
    -------
    KernelEstimate

    Warns
    -----
    KernelCollapseWarning
        If the kernel is a point, or no size is given and the image looks sharp.
    KernelSizeWarning
        If the kernel presses against its border, so that the size is too small; it names the size to try.
    BlurNotFoundWarning
        If the kernel is probably not the right one, by the estimate's ``confidence``, or hardly blurs.

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
    turning = resolve_nonuniform(nonuniform, poses, focal_length, nonuniform_options)
    chosen = _chosen(
        estimate_kernel, method, options, callback, progress, (preset, prior, prior_options, ranking_options), turning
    )
    if saturated and not chosen.preset.handles_clipping:
        raise InvalidOptionError("saturated belongs to the preset 'best': others take every pixel as it is")
    if saturated and not chosen.estimates_kernel:
        raise InvalidOptionError("saturated belongs to a single kernel: nonuniform should be False or 'auto'")
    with report_for(progress) as report:
        prepared = _prepared(image, kernel_size, chosen, saturated, _Preparation(value_range, median, crop), report)
        _announce(report, prepared, None)
        return _estimated(prepared, callback, report)


class _Chosen(NamedTuple):
    """What estimates the blur: the runs of a preset, an estimator with a loop of its own, or camera poses."""

    preset: Preset
    estimator: WholeEstimator | None = None
    turning: NonuniformChoice | None = None

    @property
    def estimates_kernel(self) -> bool:
        """Whether one kernel is estimated, alone or beside the camera's poses."""
        return self.turning is None or self.turning.chooses

    def gives_single(self, options: dict) -> bool:
        """Whether the result is in single precision: as given, or as the preset has it."""
        return options["dtype"] == "float32" if "dtype" in options else self.preset.gives_single


def _chosen(function, method, options: dict, callback, progress, preset_arguments: tuple, turning) -> _Chosen:
    """What the arguments mean together; refuses what needs no image to be told."""
    if not (callback is None or callable(callback)):
        raise InvalidOptionError(f"callback should be callable or None, but is {shown(callback)}")
    if not isinstance(progress, (bool, np.bool_, ProgressReport)):
        raise InvalidOptionError(f"progress should be True, False or a ProgressReport, but is {shown(progress)}")
    preset, prior, prior_options, ranking_options = preset_arguments
    if method is not None:
        check_method(method)
        if preset is not None or prior is not None:
            raise InvalidOptionError(
                f"the method {method} can't be given beside a preset or a prior: it stands for them"
            )
        if method in WHOLE_ESTIMATORS:
            if turning is not None:
                raise InvalidOptionError(f"the method {method} estimates one kernel: nonuniform should be False")
            if prior_options or ranking_options:
                raise InvalidOptionError(f"the method {method} has no prior_options and no ranking_options")
            # The preset stands for what all methods share: a run that takes every pixel as it is.
            return _Chosen(resolve(prior="gradient"), load_whole_estimator(method, options))
        preset, prior, options = preset_and_prior(method, options)
    _check_options(function, options)
    resolved = resolve(preset, prior, prior_options, ranking_options, options)
    if turning is None:
        return _Chosen(resolved)
    if ranking_options and not turning.chooses:
        raise InvalidOptionError("ranking_options belong to a choice: nonuniform should be False or 'auto'")
    return _Chosen(resolved, turning=with_solver(turning, resolved, name_or_default(preset, prior), options))


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
    chosen: _Chosen
    nonuniform_plan: NonuniformPlan | None
    median: int
    region: Region | None
    is_saturated: bool
    search: KernelSizeSearch | None = None

    @property
    def image(self) -> np.ndarray:
        """The picture in [0, 1]."""
        return self.picture.pixels


def _prepared(
    image, kernel_size, chosen: _Chosen, saturated, preparation: _Preparation, report: ProgressReport | None
) -> _Prepared:
    """All that is decided before the first iteration."""
    preset = chosen.preset
    value_range, median, crop = preparation
    # All arguments are checked before anything is done with the image.
    check_value_range(value_range)
    check_median(median)
    check_crop(crop)
    checked_size = SMALLEST_SIZE if kernel_size is None else kernel_size
    options = solver_options({**preset.for_size(checked_size).runs()[0][1], "kernel_size": checked_size})
    picture = in_unit_range(image, value_range, lambda pixels: _filtered(pixels, median, options))
    check_brightness(picture.pixels, options)
    search = None
    if kernel_size is None:
        if report is not None:
            report.stage("looking for the kernel's size")
        seen = _seen(picture, PROVISIONAL_SIZE, preset, saturated, crop)
        search = search_kernel_size(
            seen.grey,
            gamma=options.gamma_correct,
            clipped=seen.clipped,
            ranking=preset.ranking,
            workers=options.workers,
        )
        kernel_size, preset = search.size, with_other_sizes(preset, search)
    seen = _seen(picture, kernel_size, preset, saturated, crop, chosen.turning is not None)
    plan = preset.for_image(seen.grey, kernel_size, seen.clipped)
    turning = None if search is not None and search.is_sharp else chosen.turning
    shape = picture.pixels.shape
    nonuniform_plan = None if turning is None else turning.for_image(seen.grey.shape, shape, kernel_size)
    return _Prepared(picture, seen.grey, plan, chosen, nonuniform_plan, median, seen.region, seen.is_saturated, search)


class _Seen(NamedTuple):
    """What the kernel is estimated from."""

    grey: np.ndarray
    clipped: np.ndarray | None
    region: Region | None
    is_saturated: bool


def _seen(picture: RangedPicture, kernel_size, preset: Preset, saturated, crop, turns: bool = False) -> _Seen:
    for_clipping = picture.for_clipping
    is_saturated = _is_saturated(for_clipping, kernel_size, saturated, preset)
    region = region_from(crop, for_clipping, kernel_size, turns)
    part, with_lights = (each if region is None else region.part_of(each) for each in (picture.pixels, for_clipping))
    clipped = clipped_pixels(with_lights) if is_saturated and preset.handles_clipping else None
    return _Seen(grey_image(part), clipped, region, is_saturated)


def _filtered(pixels: np.ndarray, median: int, options: SolverOptions) -> np.ndarray:
    """The image after its median filter, once it is known to be large enough for all that follows."""
    check_fits(pixels.shape, options)
    return median_filtered(pixels, median)


def _convention(picture: RangedPicture, gives_single: bool) -> PictureConvention:
    """That of the picture, but single precision where results are told to be in it."""
    convention = picture.convention
    is_single = gives_single and convention.dtype.kind == "f"
    return replace(convention, dtype=np.dtype(np.float32)) if is_single else convention


def _announce(report: ProgressReport | None, prepared: _Prepared, final_step: tuple | None) -> None:
    """Say what begins, and how long it will take; `final_step` is its method, its options and its type."""
    if report is None:
        return
    image, plan, search = prepared.image, prepared.plan, prepared.search
    if search is not None and search.is_sharp:
        return
    seconds = None
    if final_step is not None:
        method, options, dtype = final_step
        method = "whyte" if method is None and prepared.is_saturated and not options else method
        turns = prepared.nonuniform_plan is not None and not prepared.chosen.estimates_kernel
        seconds = _final_step_seconds(image, plan.kernel_size, (method, options, dtype), plan.workers, turns)
    size = f"{image.shape[1]}x{image.shape[0]} pixels"
    region = prepared.region
    from_region = "" if region is None else f"; the kernel is estimated from the region {described_region(region)}"
    found = "" if search is None else f"; kernel size {search.size}, since {search.reason}"
    report.estimation(_work(prepared), seconds, f"{size}{found}{from_region}")


def _announce_final_step(
    report: ProgressReport | None, prepared: _Prepared, found: KernelEstimate, final_step: tuple
) -> None:
    """Say that the kernel is known; the machine may have become slower or faster meanwhile."""
    if report is None:
        return
    turns = found.nonuniform is not None
    workers = found.options.workers
    seconds = _final_step_seconds(prepared.image, len(found.kernel), final_step, workers, turns)
    report.final_step(final_step[0], seconds)


def _final_step_seconds(image, kernel_size: int, final_step: tuple, workers: int, turns: bool) -> float | None:
    from pydeblur.progress.final_step import final_step_seconds, seconds_by_patches

    method, options, dtype = final_step
    if not turns or method == "whyte":
        return final_step_seconds(image, kernel_size, method, options, dtype, workers)
    from pydeblur.nonuniform.final_step import default_patches

    patches = default_patches(image.shape, kernel_size)
    return seconds_by_patches(image, patches, kernel_size, method, options, dtype, workers)


def _work(prepared: _Prepared) -> EstimationWork:
    estimator, plan, turning = prepared.chosen.estimator, prepared.plan, prepared.nonuniform_plan
    if turning is not None:
        if prepared.chosen.estimates_kernel:
            return _work_of_both(prepared, turning)
        return _poses_work(prepared, turning)
    if estimator is not None:
        return whole_estimator_work(estimator, prepared.grey, plan.kernel_size)
    return planned_work(plan, prepared.grey)


def _work_of_both(prepared: _Prepared, turning: NonuniformPlan) -> EstimationWork:
    """One kernel's and the camera's poses': their seconds add up, but how their iterations compare is not known."""
    both = [planned_work(prepared.plan, prepared.grey).seconds, _poses_work(prepared, turning).seconds]
    known = [seconds for seconds in both if seconds is not None]
    return replace(counted_work(_iteration_total(prepared)), seconds=sum(known) if len(known) == len(both) else None)


def _poses_work(prepared: _Prepared, planned: NonuniformPlan) -> EstimationWork:
    turning, iterations_at = prepared.chosen.turning, planned.options.iterations_at
    if (
        planned.obstacle or turning is None or not turning.prior.is_named
    ):  # a prior that is handed in may count its calls
        return unmeasured_work(iterations_at, prepared.grey.shape, prepared.plan.kernel_size)

    def estimate(part: np.ndarray, size: int):
        from pydeblur.nonuniform.estimate import estimate_poses

        return estimate_poses(turning.for_image(part.shape, part.shape, size), part, part.shape)

    return poses_work(estimate, iterations_at, prepared.grey, prepared.plan.kernel_size)


def _estimated(prepared: _Prepared, callback, report: ProgressReport | None) -> KernelEstimate:
    emit = callback if report is None else _both(callback, report)
    if prepared.search is not None and prepared.search.is_sharp:
        found = unblurred(prepared.grey, prepared.plan)
    else:
        found = _found(prepared, emit)
        if (grown := _grown(prepared, found)) is not None:
            prepared = grown
            if report is not None:
                report.estimation_anew(_work(prepared))
            found = _found(prepared, emit)
    for text, category in _doubts(prepared, found):
        warnings.warn(text, category, stacklevel=3)  # the caller of deblur or estimate_kernel
    return replace(
        found,
        median=prepared.median,
        crop=prepared.region,
        saturated=prepared.is_saturated,
        value_range=prepared.picture.value_range,
        kernel_size_search=prepared.search,
    )


def _grown(prepared: _Prepared, found: KernelEstimate) -> _Prepared | None:
    """The same with a larger kernel size, where the size was not given and the kernel presses against its border."""
    search, plan = prepared.search, prepared.plan
    if search is None or found.nonuniform is not None or prepared.nonuniform_plan is not None:
        return None
    larger = size_to_try(prepared.grey, found, plan, search)
    if larger is None:
        return None
    reason = f"{search.reason}; {larger.reason}"
    search = replace(search, size=larger.size, second_size=None, reason=reason)
    preset = with_other_sizes(prepared.chosen.preset, search)
    return prepared._replace(plan=preset.for_image(prepared.grey, larger.size, plan.clipped), search=search)


def _doubts(prepared: _Prepared, found: KernelEstimate) -> list[tuple[str, type[Warning]]]:
    """What a user should know of a kernel that was found."""
    search = prepared.search
    if search is not None and search.is_sharp:
        return [(f"{_NOT_BLURRED}, and is left as it is; give a kernel size to deblur it all the same", _POINT)]
    if _is_delta(found):
        why = "or its blur was not found: the kernel is a point, and the picture is left as it is"
        return [(f"{_NOT_BLURRED}, {why}; try a larger kernel size or a part with stronger edges", _POINT)]
    if found.nonuniform is not None:
        return []
    texts: list[tuple[str, type[Warning]]] = []
    if (size := size_to_try(prepared.grey, found, prepared.plan, search)) is not None:
        texts.append((f"{size.reason}; try a kernel size of {size.size}", KernelSizeWarning))
    if (doubt := doubt_about(found.kernel, found.confidence)) is not None:
        texts.append((doubt, BlurNotFoundWarning))
    return texts


def _is_delta(found: KernelEstimate) -> bool:
    if found.nonuniform is None:
        return bool(found.kernel.max() > _DELTA_MASS)
    from pydeblur.nonuniform.estimate import is_delta

    return is_delta(found, _DELTA_MASS)


def _iteration_total(prepared: _Prepared) -> int:
    """How many iterations there are at most."""
    estimator, plan = prepared.chosen.estimator, prepared.plan
    own = plan.iteration_total if estimator is None else estimator.iteration_count(plan.kernel_size)
    further = 0 if prepared.nonuniform_plan is None else prepared.nonuniform_plan.iteration_total
    return further + (own if prepared.chosen.estimates_kernel else 0)


def _found(prepared: _Prepared, emit) -> KernelEstimate:
    """The estimate of one kernel, of the camera's poses, or of what explains the picture better."""

    def uniform() -> KernelEstimate:
        estimator = prepared.chosen.estimator
        if estimator is None:
            return run_plan(prepared.plan, prepared.grey, emit)
        return estimator.estimate(prepared.grey, prepared.plan.kernel_size, callback=emit)

    plan, turning = prepared.nonuniform_plan, prepared.chosen.turning
    if plan is None or turning is None:
        return uniform()
    from pydeblur.nonuniform.estimate import estimate_either, estimate_poses

    picture = prepared.grey, prepared.image.shape[:2], prepared.region
    if turning.chooses:
        return estimate_either(turning, plan, *picture, uniform, emit)
    return estimate_poses(plan, *picture, emit)


def _restored(blurred: np.ndarray, found: KernelEstimate, final_step: str | None, options: dict) -> np.ndarray:
    """The final image, with the one kernel or with the local ones."""
    from pydeblur.nonblind.methods import deconvolve

    if found.nonuniform is not None:
        from pydeblur.nonuniform.final_step import deconvolve_nonuniform

        return deconvolve_nonuniform(blurred, found.nonuniform.blur, final_step, **options)
    return deconvolve(blurred, found.kernel, final_step, value_range="full", **options)


def _step_of_picture(prepared: _Prepared, found: KernelEstimate, looks_for_lights: bool) -> ChosenStep | None:
    """The final step where none is named and the picture or the kernel asks for another than the default."""
    in_doubt = step_in_doubt(found.confidence)
    if not (looks_for_lights and prepared.is_saturated):
        return in_doubt
    # In which light the blur adds up is known where the kernel was sought in linear light, and told by one kernel alone.
    is_known = found.options.gamma_correct != 1 or found.nonuniform is not None
    region = prepared.region
    part = None if is_known else prepared.image if region is None else region.part_of(prepared.image)
    for_lights = step_for_highlights(prepared.image, found.kernel, part, found.options.workers)
    return for_lights if for_lights.method is not None or in_doubt is None else in_doubt


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
    from pydeblur.nonblind.methods import check_step_name

    _check_saturated(saturated)
    check_step_name(nonblind)
    if saturated and nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"a saturated image needs the final step 'whyte', not {shown(nonblind)}")
    return "whyte" if saturated else nonblind


def _final_options(nonblind: str | None, given, denoiser, device):
    """The final step's options: the given ones, its denoiser, and the device that all networks compute on."""
    options = {} if given is None else given
    if denoiser is not None and nonblind != PLUG_AND_PLAY:
        raise InvalidOptionError(f"denoiser belongs to the final step {PLUG_AND_PLAY!r}, not {shown(nonblind)}")
    if not isinstance(options, Mapping):
        return options
    if denoiser is not None:
        return {**options, "denoiser": denoiser}
    return {"device": device, **options} if nonblind == LEARNED and device != "cpu" else options


def _both(callback, bar):
    def emit(state):
        bar(state)
        if callback is not None:
            callback(state)

    return emit
