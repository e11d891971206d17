"""The Python face: estimate a kernel, deblur with it, or both."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from pydeblur.deblurring.announcement import announce, announce_final_step
from pydeblur.deblurring.choice import choose
from pydeblur.deblurring.estimation import calling_both, estimate, is_point
from pydeblur.deblurring.final_step import (
    check_saturated,
    checked_final_options,
    checked_final_step,
    restored,
    step_of_picture,
)
from pydeblur.deblurring.preparation import Preparation, convention_of, prepare
from pydeblur.deblurring.result import DeblurResult
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.nonuniform.plan import check_nonuniform_step, resolve_nonuniform
from pydeblur.preprocess.region import is_large
from pydeblur.preprocess.validation import host_value
from pydeblur.progress.report import ProgressReport, report_for
from pydeblur.report.stages import StageCollector

__all__ = ["DeblurResult", "deblur", "estimate_kernel"]


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
    final_step = checked_final_step(nonblind, saturated)
    final_options = checked_final_options(nonblind, nonblind_options, denoiser, options.get("device", "cpu"))
    check_final_step(final_step, final_options)
    turning = resolve_nonuniform(nonuniform, poses, focal_length, nonuniform_options)
    if turning is not None:
        check_nonuniform_step(final_step)
    chosen = choose(
        deblur, method, options, callback, progress, (preset, prior, prior_options, ranking_options), turning
    )
    with report_for(progress) as report:
        prepared = prepare(image, kernel_size, chosen, saturated, Preparation(value_range, median, crop), report)
        single = chosen.gives_single(options) or (is_large(prepared.image.shape) and "dtype" not in options)
        announce(report, prepared, (final_step, final_options, "float32" if single else "float64"))
        stages = StageCollector()
        found = estimate(prepared, calling_both(callback, stages), report)
        kernel_known = perf_counter()
        decided = None
        if final_step is None and not final_options:
            decided = step_of_picture(prepared, found, looks_for_lights=saturated is None)
        if decided is not None:
            final_step, final_options = decided.method, decided.options
        stays = is_point(found)
        final_step, final_options = ("none", {}) if stays else completed(prepared.image, final_step, final_options)
        dtype = "float32" if single else "float64"
        if not stays:
            announce_final_step(report, prepared, found, (final_step, final_options, dtype))
        blurred = prepared.image.astype(np.float32, copy=False) if single else prepared.image
        workers = {"workers": found.options.workers}
        final = blurred if stays else restored(blurred, found, final_step, {**workers, **final_options})
        if report is not None:
            report.finished()
    return DeblurResult(
        unclipped=prepared.picture.restored(final),
        nonblind=final_step,
        nonblind_options=final_options,
        nonblind_reason=None if decided is None else decided.reason,
        blurred=host_value(image),
        stages=stages.of_run(found.history),
        seconds={"kernel estimation": kernel_known - begun, "final step": perf_counter() - kernel_known},
        # The camera's poses are always estimated in single precision; the final step is not made so for that.
        convention=convention_of(
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
    check_saturated(saturated)
    turning = resolve_nonuniform(nonuniform, poses, focal_length, nonuniform_options)
    chosen = choose(
        estimate_kernel, method, options, callback, progress, (preset, prior, prior_options, ranking_options), turning
    )
    if saturated and not chosen.preset.handles_clipping:
        raise InvalidOptionError("saturated belongs to the preset 'best': others take every pixel as it is")
    if saturated and not chosen.estimates_kernel:
        raise InvalidOptionError("saturated belongs to a single kernel: nonuniform should be False or 'auto'")
    with report_for(progress) as report:
        prepared = prepare(image, kernel_size, chosen, saturated, Preparation(value_range, median, crop), report)
        announce(report, prepared, None)
        return estimate(prepared, callback, report)
