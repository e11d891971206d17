"""The Python face: estimate a kernel, deblur with it, or both."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from pydeblur.clipping import clipped_pixels, has_clipped_highlights, needs_more_light
from pydeblur.crop import Window, crop_window
from pydeblur.errors import InvalidOptionError, KernelCollapseWarning
from pydeblur.estimation import estimate, runs_of, total_iterations
from pydeblur.grey import grey_image
from pydeblur.median import median_filtered
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.checked_input import check_unit_image
from pydeblur.nonblind.methods import check_options, completed
from pydeblur.presets import resolve
from pydeblur.solver import BlindDeconvolution, History, ProgressBar, SolverOptions, check_blurred_image
from pydeblur.solver.options import is_integer

#: A kernel with more than this share of its mass in one pixel blurs nothing.
_DELTA_MASS = 0.99


@dataclass(frozen=True)
class DeblurResult:
    """What :func:`deblur` gives.

    ``image`` (H, W[, 3]) the deblurred image, not clipped; ``kernel`` (n, n); ``latent`` (H, W) the last intermediate
    image of the kernel estimation; ``history`` one record per iteration of the run that was chosen; ``options`` of the kernel estimation; ``prior``
    its prior's name and settings; ``candidates`` the runs that it was chosen from, see :mod:`pydeblur.estimation`;
    ``median`` the window of the median filter that the blurred image went through first; ``crop`` (top, left, height,
    width) the part of the image that the kernel was estimated from, whose size ``latent`` then has, or None for all;
    ``saturated`` whether the image was taken to have clipped highlights; ``nonblind`` the final step that was made, and
    ``nonblind_options`` those of its options that were given or followed from the image.
    """

    image: np.ndarray
    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    candidates: tuple[dict, ...] = ()
    median: int = 0
    crop: Window | None = None
    saturated: bool = False
    nonblind: str = "ringing"
    nonblind_options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class KernelEstimate(BlindDeconvolution):
    """What :func:`estimate_kernel` gives: the solver's result, the ``median`` filter before it, ``crop``, ``saturated``."""

    median: int = 0
    crop: Window | None = None
    saturated: bool = False


def deblur(
    image,
    kernel_size: int,
    *,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
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
        Prior and options in one name (:mod:`pydeblur.presets`): the paper's learned prior, the same in a twentieth of the
        time (docs/performance.md), or several runs that the classifier chooses from, which did best in docs/prior-study.md.
        "best" is the default, unless a prior is given. What is given beside a preset wins.
    prior : {"gradient", "intensity", "classifier"} or object, optional
        A name, or a prior as :mod:`pydeblur.priors.protocol` describes it; by default the preset's. Without a preset it
        is one run with the paper's values: ``prior="gradient"`` is the plain solver.
    prior_options : dict, optional
        Of a prior given by its name, see :func:`pydeblur.load_prior`: the classifier's ``weights``, ``form``, ``backend``,
        ``device`` and ``threads``. With the preset "best" and no prior, of the network that judges.
    nonblind : {"ringing", "tv", "l0", "hyper-laplacian", "epll", "whyte"}, optional
        The final step, see :func:`deconvolve`; by default "whyte" for a saturated image, else "ringing", whose weights
        then follow the noise found in the image unless options are given.
    saturated : bool, optional
        Whether the image has clipped highlights, as night scenes have. If so, the final step is "whyte", and the preset
        "best" takes clipped pixels for lower bounds of the light when it estimates the kernel. By default "best" decides by
        the image (:func:`pydeblur.clipping.has_clipped_highlights`), and on the final step once more with the kernel
        (:func:`pydeblur.clipping.needs_more_light`); all others take the image for unclipped. A final step that is given,
        or has options given, is never changed by that decision.
    nonblind_options : dict, optional
        Options of the final step.
    median : int
        Window of a median filter that the image goes through before anything else, odd, at least 3; 0 or 1 is none. It
        takes away outliers, such as salt-and-pepper noise, which both the kernel's estimate and the final step would
        take for structure, and with them fine detail (Fig. 14). Against ordinary noise see ``prefilter`` among the options.
    crop : "auto" or (int, int, int, int), optional
        The part of the image that the kernel is estimated from: (top, left, height, width) in pixels, or "auto" for a
        window of 12 kernel sizes, at least 512 pixels, with much texture in all directions and nothing clipped
        (:mod:`pydeblur.crop`). By default the whole image. The final step is always made on the whole image.
    callback : callable, optional
        Called with each :class:`~pydeblur.solver.IterationRecord` of every run, one at a time: run after run or, with wide
        kernels or ``workers`` above 1, the runs' records mixed; then with those of the finest scale that the best
        runs go on with. With ``workers`` above 1 from other threads.
    progress : bool
        Draw a progress bar on standard error.
    **options
        Fields of :class:`~pydeblur.solver.SolverOptions`: ``lambda_grad``, ``gamma_correct``, ``iterations``, ... With
        ``dtype="float32"`` the final step, too, is computed in it, with half the memory, and gives a float32 image. With
        ``device="cuda"`` a prior or preset given by its name computes there, too; the final step stays on the CPU.

    Returns
    -------
    DeblurResult

    Raises
    ------
    InvalidInputError
        A ValueError that says in one sentence which argument should be what.
    """
    method = _final_method(nonblind, saturated)
    final_options = {} if nonblind_options is None else nonblind_options
    check_options(method, final_options)
    image = median_filtered(check_unit_image(image), median)
    chosen = resolve(preset, prior, prior_options, options)
    is_saturated = _is_saturated(image, kernel_size, saturated, chosen)
    found, window = _estimated(image, kernel_size, chosen, is_saturated, crop, callback, progress)
    if saturated is None and is_saturated and nonblind is None and not final_options:
        method = "whyte" if needs_more_light(image, found.kernel) else method
    method, final_options = completed(image, method, final_options)
    if found.options.dtype == "float32":
        image = image.astype(np.float32, copy=False)
    final = deconvolve(image, found.kernel, method, **{"workers": found.options.workers, **final_options})
    return DeblurResult(
        final,
        found.kernel,
        found.latent,
        found.history,
        found.options,
        found.prior,
        found.candidates,
        median,
        window,
        is_saturated,
        method,
        final_options,
    )


def estimate_kernel(
    image,
    kernel_size: int,
    *,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
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
        With ``kernel`` (n, n), ``latent``, ``history``, ``options``, ``prior``, ``candidates``, ``median``, ``crop`` and
        ``saturated``.

    Warns
    -----
    KernelCollapseWarning
        If the kernel is a delta, so that deblurring with it would leave the image as it is.

    Raises
    ------
    InvalidInputError
    KernelCollapseError
        If nothing is left of the kernel.
    """
    _check_saturated(saturated)
    image = median_filtered(check_unit_image(image), median)
    chosen = resolve(preset, prior, prior_options, options)
    if saturated and not chosen.minds_clipping:
        raise InvalidOptionError("saturated belongs to the preset 'best': others take every pixel as it is")
    is_saturated = _is_saturated(image, kernel_size, saturated, chosen)
    found, window = _estimated(image, kernel_size, chosen, is_saturated, crop, callback, progress)
    return KernelEstimate(**vars(found), median=median, crop=window, saturated=is_saturated)


def _estimated(
    image, kernel_size, preset, saturated, crop, callback, progress
) -> tuple[BlindDeconvolution, Window | None]:
    first_options = runs_of(preset, kernel_size)[0].options
    window = crop_window(crop, image, kernel_size)
    part = image if window is None else window.part_of(image)
    grey = check_blurred_image(grey_image(part), first_options)
    clipped = clipped_pixels(part) if saturated and preset.minds_clipping else None
    with ProgressBar(total_iterations(preset, kernel_size, clipped), disable=not progress) as bar:
        result = estimate(grey, kernel_size, preset, _both(callback, bar), clipped)
    if result.kernel.max() > _DELTA_MASS:
        warnings.warn(
            "the estimated kernel collapsed to a delta: the image would be left as it is; try a larger kernel size "
            "or a part of the image with stronger edges",
            KernelCollapseWarning,
            stacklevel=3,  # the caller of deblur or estimate_kernel
        )
    return result, window


def _is_saturated(image, kernel_size, saturated, preset) -> bool:
    """What the user says, or what the image looks like to a preset that asks."""
    if saturated is None:
        return preset.minds_clipping and is_integer(kernel_size) and has_clipped_highlights(image, kernel_size)
    return bool(saturated)


def _check_saturated(saturated) -> None:
    if not (saturated is None or isinstance(saturated, (bool, np.bool_))):
        raise InvalidOptionError(f"saturated should be True, False or None, but is {saturated!r}")


def _final_method(nonblind, saturated) -> str | None:
    """As far as it does not hang on what the image looks like; None is :func:`deconvolve`'s default."""
    _check_saturated(saturated)
    if saturated and nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"a saturated image needs the final step 'whyte', not {nonblind!r}")
    return nonblind or ("whyte" if saturated else None)


def _both(callback, bar):
    def emit(record):
        bar(record)
        if callback is not None:
            callback(record)

    return emit
