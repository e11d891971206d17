"""The Python face: estimate a kernel, deblur with it, or both."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import InvalidOptionError, KernelCollapseWarning
from pydeblur.estimation import estimate, run_options, total_iterations
from pydeblur.grey import grey_image
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.checked_input import check_unit_image
from pydeblur.nonblind.methods import check_options
from pydeblur.presets import resolve
from pydeblur.solver import BlindDeconvolution, History, ProgressBar, SolverOptions, check_blurred_image

#: A kernel with more than this share of its mass in one pixel blurs nothing.
_DELTA_MASS = 0.99


@dataclass(frozen=True)
class DeblurResult:
    """What :func:`deblur` gives.

    ``image`` (H, W[, 3]) the deblurred image, not clipped; ``kernel`` (n, n); ``latent`` (H, W) the last intermediate
    image of the kernel estimation; ``history`` one record per iteration; ``options`` of the kernel estimation; ``prior``
    its prior's name and settings; ``candidates`` the runs that it was chosen from, see :mod:`pydeblur.estimation`.
    """

    image: np.ndarray
    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    candidates: tuple[dict, ...] = ()


def deblur(
    image,
    kernel_size: int,
    *,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    nonblind: str | None = None,
    saturated: bool = False,
    nonblind_options: dict | None = None,
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
    preset : {"faithful", "best"}, optional
        Prior and options in one name (:mod:`pydeblur.presets`): the paper's learned prior, or what did best in
        docs/prior-study.md. What is given beside it wins.
    prior : {"gradient", "intensity", "classifier"} or object, optional
        A name, or a prior as :mod:`pydeblur.priors.protocol` describes it; by default the preset's, else "gradient".
    prior_options : dict, optional
        Of a prior given by its name, see :func:`pydeblur.load_prior`: the classifier's ``weights``, ``form``, ``backend``,
        ``device`` and ``threads``. With the preset "best" alone, of the classifier that judges.
    nonblind : {"ringing", "tv", "l0", "whyte"}, optional
        The final step, see :func:`deconvolve`; "ringing" unless `saturated`.
    saturated : bool
        The image has clipped highlights: the final step is "whyte".
    nonblind_options : dict, optional
        Options of the final step.
    callback : callable, optional
        Called with each :class:`~pydeblur.solver.IterationRecord`.
    progress : bool
        Draw a progress bar on standard error.
    **options
        Fields of :class:`~pydeblur.solver.SolverOptions`: ``lambda_grad``, ``gamma_correct``, ``iterations``, ...

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
    image = check_unit_image(image)
    found = _estimated(image, kernel_size, (preset, prior, prior_options), callback, progress, options)
    final = deconvolve(image, found.kernel, method, **{"workers": found.options.workers, **final_options})
    return DeblurResult(
        final, found.kernel, found.latent, found.history, found.options, found.prior, found.candidates
    )


def estimate_kernel(
    image,
    kernel_size: int,
    *,
    preset: str | None = None,
    prior=None,
    prior_options: dict | None = None,
    callback=None,
    progress: bool = False,
    **options,
) -> BlindDeconvolution:
    """Estimate the blur kernel of an image; parameters as in :func:`deblur`.

    Returns
    -------
    BlindDeconvolution
        With ``kernel`` (n, n), ``latent``, ``history``, ``options``, ``prior`` and ``candidates``.

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
    choice = (preset, prior, prior_options)
    return _estimated(check_unit_image(image), kernel_size, choice, callback, progress, options)


def _estimated(image, kernel_size, choice, callback, progress, options) -> BlindDeconvolution:
    preset = resolve(*choice, options)
    grey = check_blurred_image(grey_image(image), run_options(preset, kernel_size)[0])
    with ProgressBar(total_iterations(preset, kernel_size), disable=not progress) as bar:
        result = estimate(grey, kernel_size, preset, _both(callback, bar))
    if result.kernel.max() > _DELTA_MASS:
        warnings.warn(
            "the estimated kernel collapsed to a delta: the image would be left as it is; try a larger kernel size "
            "or a part of the image with stronger edges",
            KernelCollapseWarning,
            stacklevel=3,  # the caller of deblur or estimate_kernel
        )
    return result


def _final_method(nonblind, saturated) -> str:
    if saturated and nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"a saturated image needs the final step 'whyte', not {nonblind!r}")
    return nonblind or ("whyte" if saturated else "ringing")


def _both(callback, bar):
    def emit(record):
        bar(record)
        if callback is not None:
            callback(record)

    return emit
