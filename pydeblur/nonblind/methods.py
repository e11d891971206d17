"""The non-blind methods by name, with one check of what they are given."""

from __future__ import annotations

import inspect

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.ringing import remove_ringing
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.solver.options import is_finite_number, is_integer

#: Name of a method to its function ``(image, kernel, **options) -> image``.
METHODS = {"ringing": remove_ringing, "tv": deconvolve_tv, "l0": deconvolve_l0, "whyte": deconvolve_saturated}

_POSITIVE = ("lambda_tv",)
_NOT_NEGATIVE = ("lambda_l0", "weight_ring")
_COUNTS = ("iterations", "workers")


def deconvolve(image, kernel, method: str = "ringing", **options) -> np.ndarray:
    """Deblur an image with a known kernel.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1]: float32 and float64 are kept, anything else is taken as float64.
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    method : {"ringing", "tv", "l0", "whyte"}
        "ringing": TV less its ringing [26] (options ``lambda_tv=1e-3, lambda_l0=5e-4, weight_ring=1``);
        "tv": anisotropic total variation (``lambda_tv``); "l0": L0 gradients (``lambda_l0``);
        "whyte": Richardson-Lucy for saturated images (``iterations=50``).
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
    if method not in METHODS:
        raise InvalidOptionError(f"method should be one of {', '.join(METHODS)}, but is {method!r}")
    image, kernel = check_deconvolution_input(image, kernel)
    _check_options(method, options)
    return METHODS[method](image, kernel, **options)


def method_options(method: str) -> dict[str, object]:
    """Names and defaults of a method's options."""
    parameters = list(inspect.signature(METHODS[method]).parameters.values())[2:]
    return {parameter.name: parameter.default for parameter in parameters}


def check_deconvolution_input(image, kernel) -> tuple[np.ndarray, np.ndarray]:
    """Image and kernel as float arrays that fit together, the kernel of sum 1; see `deconvolve`."""
    image = check_image(image)
    kernel = np.asarray(kernel)
    if kernel.ndim != 2 or kernel.dtype.kind not in "fiub":
        raise InvalidInputError(f"the kernel should be a real array (n, m), but is {kernel.dtype} {kernel.shape}")
    kernel = kernel.astype(np.float64)
    if min(kernel.shape) < 1 or kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise InvalidInputError(f"both sides of the kernel should be odd, but its shape is {kernel.shape}")
    if not np.all(np.isfinite(kernel)) or kernel.min() < 0 or kernel.sum() <= 0:
        raise InvalidInputError("the kernel should be finite, non-negative and of positive sum")
    if image.shape[0] < kernel.shape[0] or image.shape[1] < kernel.shape[1]:
        raise InvalidInputError(f"the image {image.shape[:2]} should not be smaller than the kernel {kernel.shape}")
    return image, kernel / kernel.sum()


def check_image(image) -> np.ndarray:
    """A finite grey or RGB image as float32 or float64.

    Raises
    ------
    InvalidInputError
        If it is something else.
    """
    image = np.asarray(image)
    if image.dtype.kind not in "fiub" or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise InvalidInputError(
            f"the image should be a real array (H, W) or (H, W, 3), but is {image.dtype} of shape {image.shape}"
        )
    if image.size == 0:
        raise InvalidInputError("the image is empty")
    if not np.all(np.isfinite(image)):
        raise InvalidInputError("the image should be finite, but holds NaN or infinite values")
    return image if image.dtype in (np.float32, np.float64) else image.astype(np.float64)


def _check_options(method, options):
    known = method_options(method)
    for name, value in options.items():
        if name not in known:
            raise InvalidOptionError(f"the method {method!r} has no option {name!r}; it has {', '.join(known)}")
        if name in _COUNTS and not (is_integer(value) and value >= 1):
            raise InvalidOptionError(f"{name} should be a whole number of at least 1, but is {value!r}")
        if name in _POSITIVE and not (is_finite_number(value) and value > 0):
            raise InvalidOptionError(f"{name} should be a positive number, but is {value!r}")
        if name in _NOT_NEGATIVE and not (is_finite_number(value) and value >= 0):
            raise InvalidOptionError(f"{name} should be a number of at least 0, but is {value!r}")
