"""The non-blind methods by name, with one check of what they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.nonblind.epll import deconvolve_epll
from pydeblur.nonblind.hyper_laplacian import deconvolve_hyper_laplacian
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.learned import deconvolve_learned
from pydeblur.nonblind.options import (
    DEFAULT,
    LEARNED,
    OPTIONS,
    PLUG_AND_PLAY,
    FinalStepOptions,
    LearnedOptions,
    PlugAndPlayOptions,
)
from pydeblur.nonblind.plug_and_play import deconvolve_plug_and_play
from pydeblur.nonblind.restoration_network import read_network
from pydeblur.nonblind.ringing import remove_ringing, weights_for_noise
from pydeblur.nonblind.tiles.steps import deconvolve_in_tiles
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.options import options_from, shown
from pydeblur.preprocess.region import is_large
from pydeblur.preprocess.validation import check_deconvolution_input
from pydeblur.preprocess.value_range import in_unit_range

#: Name of a method to its function ``(image, kernel, **options) -> image``. The method "plug-and-play" is none of them: it can't
#: do without an option, and the option can't be given at a shell.
METHODS: dict[str, Callable[..., np.ndarray]] = {
    "ringing": remove_ringing,
    "tv": deconvolve_tv,
    "l0": deconvolve_l0,
    "hyper-laplacian": deconvolve_hyper_laplacian,
    "epll": deconvolve_epll,
    LEARNED: deconvolve_learned,
    "whyte": deconvolve_saturated,
}
_OPTIONS: dict[str, type[FinalStepOptions]] = {**OPTIONS, PLUG_AND_PLAY: PlugAndPlayOptions}


def deconvolve(
    image, kernel, method: str | None = None, *, value_range="auto", out: np.ndarray | None = None, **options
) -> np.ndarray:
    """Deblur an image with a known kernel.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Blurred image of any real type and byte order; its values need not lie in [0, 1], see `value_range`.
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    method : {"ringing", "tv", "l0", "hyper-laplacian", "epll", "learned", "whyte", "plug-and-play"}, optional
        The final step (docs/algorithm, section 7).

        - "ringing" is TV less its ringing [26], with the options ``lambda_tv=1e-3, lambda_l0=5e-4, weight_ring=1``.
        - "tv" is anisotropic total variation (``lambda_tv``).
        - "l0" has L0 gradients [38] (``lambda_l0``).
        - "hyper-laplacian" has ``|∇I|^α`` (``lambda_hl``, which follows the noise found in the image where it is left out,
          and ``exponent=2/3``); it is the fast choice for natural images.
        - "epll" has a Gaussian mixture on patches [43] (``noise=0.01``, the noise's standard deviation).
        - "learned" is a network that chooses among cheap deconvolutions place by place (``noise``, which is found in the image
          where it is left out, ``weights="restoration"`` and ``device="cpu"``).
        - "whyte" is the method of Richardson and Lucy for saturated images (``iterations=50``, and ``light_gamma=2.2``: the
          blur adds up intensities to that power).
        - "plug-and-play" has a denoiser of your own for the prior: ``denoiser``, which is called as
          ``denoiser(image, sigma)`` and returns an image of the same shape (:mod:`pydeblur.nonblind.plug_and_play`), ``noise``,
          which is found in the image where it is left out, ``iterations=8`` and ``jointly=False``.

        None is "ringing"; if none of its options is given either, ``lambda_tv`` and ``lambda_l0`` follow the noise
        found in the image (:func:`pydeblur.nonblind.weights_for_noise`).
    value_range : {"auto", "full"} or (float, float)
        The numbers that stand for black and white in the image's own scale; they are mapped to [0, 1], which the options are
        meant for, and back. "full" is the range of an integer type, and [0, 1] of floating ones; "auto" finds another where
        the values say so, see :func:`pydeblur.preprocess.value_range.in_unit_range`.
    out : ndarray, optional
        Where the result is written, of its shape and dtype; it may be the image itself, which saves its memory.
    **options
        The method's own options; each method takes ``workers``, the threads, too.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The sharp image, not clipped; float32 for float32, else float64. Its scale is that of the image: as MATLAB's
        ``im2double`` makes it of bool, uint8, uint16 and int16, its own numbers for all other types.

    Notes
    -----
    Images of 2 million pixels or more are computed in tiles (:mod:`pydeblur.nonblind.tiles`), but for "plug-and-play", whose
    denoiser is shown all of the image. Beside image and result that takes up to 340 MB of memory and some 60 MB for each
    thread, with "learned" some 100 MB and 4 bytes for each pixel more, and what does not fit is in temporary files: up to 75
    bytes for each pixel of a colour image with "ringing" and "l0", 40 with "learned", and 25 with the others.

    Warns
    -----
    KernelBeyondTrainingWarning
        If the method is "learned", and the kernel is larger than those that its network was trained with.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above, the image is smaller than the kernel, `out` does not fit, or the folder for the
        temporary files of a large image has too little room.
    InvalidOptionError
        If the method, `value_range` or an option is unknown or out of its range.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> from pydeblur.metrics import psnr
    >>> from pydeblur.synthesis import blur
    >>> sharp = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((8, 8)))
    >>> kernel = np.full((1, 5), 1 / 5)
    >>> blurred = blur(sharp, kernel, noise=0.005, rng=0)
    >>> restored = pydeblur.deconvolve(blurred, kernel, "hyper-laplacian")
    >>> psnr(restored, sharp) > psnr(blurred, sharp) + 5
    True
    """
    check_final_step(method, options)
    picture = in_unit_range(image, value_range)
    pixels, kernel = check_deconvolution_input(picture.pixels, kernel)
    _check_out(out, pixels)
    method, options = completed(pixels, method, options)
    if is_large(pixels.shape) and method != PLUG_AND_PLAY:
        # Where the image had to be converted there is a copy of it that nobody else needs.
        room = pixels if _is_converted(image) else out
        result = picture.restored(deconvolve_in_tiles(pixels, kernel, method, options, room))
    else:
        result = picture.restored(step_function(method)(pixels, kernel, **options))
    if out is None or result is out:
        return result
    out[...] = result
    return out


def _is_converted(image) -> bool:
    """Whether the checked image is for sure a copy of the given one."""
    return isinstance(image, np.ndarray) and image.dtype.kind in "iub"


def _check_out(out, pixels: np.ndarray) -> None:
    if out is None or (isinstance(out, np.ndarray) and (out.shape, out.dtype) == (pixels.shape, pixels.dtype)):
        return
    is_array = isinstance(out, np.ndarray)
    raise InvalidInputError(
        f"out should be an array of {pixels.dtype} of the shape {pixels.shape}, but is "
        + (f"of {out.dtype} of the shape {out.shape}" if is_array else shown(out))
    )


def completed(image: np.ndarray, method: str | None, options) -> tuple[str, dict]:
    """Return the method and the options that :func:`deconvolve` uses for an image.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    method : str or None
    options : mapping
        The method and the options that are given.

    Returns
    -------
    method : str
    options : dict

    Examples
    --------
    >>> import numpy as np
    >>> completed(np.full((8, 8), 0.5), None, {})
    ('ringing', {'lambda_tv': 0.0005, 'lambda_l0': 0.00015})
    >>> completed(np.full((8, 8), 0.5), "tv", {"lambda_tv": 1e-2})
    ('tv', {'lambda_tv': 0.01})
    """
    if method is None and not set(options) - {"workers"}:
        return DEFAULT, {**weights_for_noise(image), **options}
    return method or DEFAULT, dict(options)


def check_final_step(method: str | None, options) -> None:
    """Check a final step's name and options, so that a long kernel estimation need not end in a misprint.

    Parameters
    ----------
    method : str or None
        None is the default, "ringing".
    options : mapping

    Raises
    ------
    InvalidOptionError
        If the method or an option is unknown or out of its range.
    FileFormatError
        If the weights of the method "learned" can't be read.

    Examples
    --------
    >>> check_final_step("tv", {"lambda_tv": -1.0})
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: lambda_tv should be a number from 1e-09 to 999, but is -1.0
    """
    checked = final_step_options(method, options)
    if isinstance(checked, LearnedOptions):
        read_network(checked.weights)


def check_step_name(method: str | None) -> None:
    """Check a final step's name alone.

    Parameters
    ----------
    method : str or None
        None is the default.

    Raises
    ------
    InvalidOptionError
        If there is no such final step.

    Examples
    --------
    >>> check_step_name("plug-and-play")
    """
    if method is not None and not (isinstance(method, str) and method in _OPTIONS):
        raise InvalidOptionError(f"the final step should be one of {', '.join(_OPTIONS)}, but is {shown(method)}")


def final_step_options(method: str | None, options) -> FinalStepOptions:
    """Return all options of a final step: the given ones, and the defaults of the others.

    Parameters
    ----------
    method : str or None
        None is the default, "ringing".
    options : mapping

    Returns
    -------
    FinalStepOptions
        Of the class that `OPTIONS` has for the method.

    Raises
    ------
    InvalidOptionError
        If the method or an option is unknown or out of its range.

    Examples
    --------
    >>> final_step_options("whyte", {"iterations": 20}).iterations
    20
    """
    check_step_name(method)
    method = DEFAULT if method is None else method
    if not isinstance(options, Mapping):
        raise InvalidOptionError(f"the options of the final step should be a dict, but are {shown(options)}")
    return options_from(_OPTIONS[method], options, f"the final step {method!r}")


def step_function(method: str) -> Callable[..., np.ndarray]:
    """Return the function ``(image, kernel, **options) -> image`` of a final step.

    Examples
    --------
    >>> step_function("plug-and-play").__name__
    'deconvolve_plug_and_play'
    """
    return deconvolve_plug_and_play if method == PLUG_AND_PLAY else METHODS[method]
