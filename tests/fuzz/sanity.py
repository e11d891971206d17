"""Whether what a reader returned can be right: None, or what is wrong with it in a few words."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.files.decoded_image import upright
from tests.fuzz.seeds.seed import Pixels

#: Differences of decoders' last bits, and of a kernel's division by its sum.
_TOLERANCE = 1e-6


def wrong_image(image) -> str | None:
    """What contradicts the description of `ImageFile`."""
    pixels = image.pixels
    if pixels.dtype != np.float64 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)) or not pixels.size:
        return f"pixels are {pixels.dtype} {pixels.shape}"
    if not np.isfinite(pixels).all():
        return "pixels are not finite"
    if image.depth not in ("uint8", "uint16", "float32"):
        return f"depth is {image.depth!r}"
    if image.depth != "float32" and not 0 <= pixels.min() <= pixels.max() <= 1:
        return f"pixels of integers lie in [{pixels.min()}, {pixels.max()}]"
    if image.alpha is not None and (image.alpha.shape != pixels.shape[:2] or not np.isfinite(image.alpha).all()):
        return "alpha does not fit"
    return None


def other_pixels(image, expected: Pixels, turned: bool) -> str | None:
    """In which way an image differs from what it should be; `turned` lets it be rotated or mirrored."""
    for orientation in range(1, 9) if turned else (1,):
        values = upright(expected.values.reshape(*expected.values.shape[:2], -1), orientation)
        alpha = expected.alpha if expected.alpha is None else upright(expected.alpha[..., None], orientation)[..., 0]
        if _same(_as_colour(image.pixels), _as_colour(values)) and _same_alpha(image.alpha, alpha):
            return None
    if image.pixels.shape[:2] not in (expected.values.shape[:2], expected.values.shape[1::-1]):
        return f"its shape is {image.pixels.shape}, not {expected.values.shape}"
    if (image.alpha is None) != (expected.alpha is None):
        return "it has an alpha channel" if expected.alpha is None else "its alpha channel is gone"
    if not turned and _same(_as_colour(image.pixels), _as_colour(expected.values)):
        return "its alpha channel differs from the trusted one"
    return f"{image.pixels.shape} pixels differ from the trusted ones"


def wrong_kernel(kernel) -> str | None:
    """What contradicts the description of `read_kernel`."""
    if kernel.dtype != np.float64 or kernel.ndim != 2 or not kernel.shape[0] % 2 or not kernel.shape[1] % 2:
        return f"the kernel is {kernel.dtype} {kernel.shape}"
    if not np.isfinite(kernel).all() or kernel.min() < 0 or abs(kernel.sum() - 1) > 1e-5:
        return f"the kernel's sum is {kernel.sum()}"
    return None


def other_kernel(kernel, expected) -> str | None:
    """Whether a kernel is none of those that a trusted reader finds, whose negative rounding errors may be gone."""
    if any(_same(kernel, each) for each in expected):
        return None
    return f"a kernel of {kernel.shape} differs from the trusted ones of {[each.shape for each in expected]}"


def wrong_finished(finished) -> str | None:
    """What contradicts the description of `Finished`, of which tables are made."""
    for result in finished.values():
        if not isinstance(result.figures, dict) or not isinstance(result.date, str):
            return f"figures are {type(result.figures).__name__}, the date is {type(result.date).__name__}"
        for seconds in (result.wall_seconds, result.cpu_seconds):
            if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not math.isfinite(seconds):
                return f"the seconds are {seconds!r}"
        result.row()
    return None


def _same(actual, expected):
    return actual.shape == expected.shape and np.allclose(actual, expected, rtol=0, atol=_TOLERANCE)


def _same_alpha(actual, expected):
    if actual is None or expected is None:
        return actual is expected
    return _same(actual, expected)


def _as_colour(values):
    """Grey as colour: a palette of greys may be read as either."""
    values = values[..., None] if values.ndim == 2 else values
    return np.broadcast_to(values, (*values.shape[:2], 3))
