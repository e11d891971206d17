"""The non-blind methods by name, with one check of what they are given."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import numpy as np

from pydeblur.errors import InvalidOptionError
from pydeblur.nonblind.checked_input import check_deconvolution_input
from pydeblur.nonblind.epll import deconvolve_epll
from pydeblur.nonblind.hyper_laplacian import deconvolve_hyper_laplacian
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.ringing import remove_ringing, weights_for_noise
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.solver.options import is_finite_number, is_integer

#: Name of a method to its function ``(image, kernel, **options) -> image``.
METHODS = {
    "ringing": remove_ringing,
    "tv": deconvolve_tv,
    "l0": deconvolve_l0,
    "hyper-laplacian": deconvolve_hyper_laplacian,
    "epll": deconvolve_epll,
    "whyte": deconvolve_saturated,
}
#: What is used where none is named.
DEFAULT = "ringing"

#: TV's penalty runs from 1 / lambda_tv down to 0.001: from 1000 on there would be no step at all.
_RANGES = {
    "lambda_tv": (1e-9, 999.0),
    "lambda_l0": (0.0, 1e9),
    "weight_ring": (0.0, 1e6),
    "lambda_hl": (1e-9, 1e6),
    "exponent": (0.01, 1.0),
    "noise": (1e-4, 1.0),
}
_COUNTS = ("iterations", "workers")


def deconvolve(image, kernel, method: str | None = None, **options) -> np.ndarray:
    """Deblur an image with a known kernel.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1]: float32 and float64 are kept; uint8, uint16 and bool are scaled to [0, 1] as MATLAB's
        ``im2double`` does.
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    method : {"ringing", "tv", "l0", "hyper-laplacian", "epll", "whyte"}, optional
        "ringing": TV less its ringing [26] (options ``lambda_tv=1e-3, lambda_l0=5e-4, weight_ring=1``);
        "tv": anisotropic total variation (``lambda_tv``); "l0": L0 gradients (``lambda_l0``);
        "hyper-laplacian": |∇I|^α (``lambda_hl``, left out it follows the noise found in the image; ``exponent=2/3``),
        the fast choice for natural images;
        "epll": a Gaussian mixture on patches (``noise=0.01``, the noise's standard deviation), the best for them;
        "whyte": Richardson-Lucy for saturated images (``iterations=50``).
        None is "ringing"; if none of its options is given either, ``lambda_tv`` and ``lambda_l0`` follow the noise found in
        the image (:func:`pydeblur.nonblind.weights_for_noise`).
    **options
        The method's own; each takes ``workers``, the threads of an FFT.

    Returns
    -------
    ndarray of the image's shape, not clipped.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above, or the image is smaller than the kernel.
    InvalidOptionError
        If the method or an option is unknown or out of its range.
    """
    check_options(method, options)
    image, kernel = check_deconvolution_input(image, kernel)
    method, options = completed(image, method, options)
    return METHODS[method](image, kernel, **options)


def completed(image: np.ndarray, method: str | None, options) -> tuple[str, dict]:
    """The method and the options that :func:`deconvolve` uses for an image (H, W[, 3]) in [0, 1], given these."""
    if method is None and not set(options) - {"workers"}:
        return DEFAULT, {**weights_for_noise(image), **options}
    return method or DEFAULT, dict(options)


def method_options(method: str) -> dict[str, object]:
    """Names and defaults of a method's options."""
    parameters = list(inspect.signature(METHODS[method]).parameters.values())[2:]
    return {parameter.name: parameter.default for parameter in parameters}


def check_options(method: str, options) -> None:
    """Check a method's name, or None, and its options, so that a long kernel estimation need not end in a misprint.

    Raises
    ------
    InvalidOptionError
        If the method or an option is unknown or out of its range.
    """
    method = DEFAULT if method is None else method
    if not isinstance(method, str) or method not in METHODS:
        raise InvalidOptionError(f"the final step should be one of {', '.join(METHODS)}, but is {method!r}")
    if not isinstance(options, Mapping):
        raise InvalidOptionError(f"the options of the final step should be a dict, but are {options!r}")
    known = method_options(method)
    for name, value in options.items():
        if name not in known:
            raise InvalidOptionError(f"the final step {method!r} has no option {name!r}; it has {', '.join(known)}")
        if name in _COUNTS and not (is_integer(value) and value >= 1):
            raise InvalidOptionError(f"{name} should be a whole number of at least 1, but is {value!r}")
        if name in _RANGES and not (is_finite_number(value) and _RANGES[name][0] <= value <= _RANGES[name][1]):
            low, high = _RANGES[name]
            raise InvalidOptionError(f"{name} should be a number from {low:g} to {high:g}, but is {value!r}")
