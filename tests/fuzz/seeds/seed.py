"""A valid file, and what a reader has to make of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Pixels(NamedTuple):
    """What `read_image` has to return for a valid file.

    Attributes
    ----------
    values : (H, W) or (H, W, 3) float64 ndarray
    alpha : (H, W) float64 ndarray or None
    """

    values: np.ndarray
    alpha: np.ndarray | None = None


class Seed(NamedTuple):
    """A valid file.

    Attributes
    ----------
    name : str
        Tells its variant, such as "grey 16 bit, interlaced".
    data : bytes
    expected : Pixels, ndarray or None
        What its reader has to return; None where that is not known, or where the reader may refuse it.
    suffix : str
        Of its file, with the dot.
    """

    name: str
    data: bytes
    expected: object = None
    suffix: str = ""


def plain_pixels(samples: np.ndarray) -> Pixels:
    """(H, W, C) unsigned or floating samples as `Pixels`: alpha is the last of 2 or 4 channels."""
    whole = samples.dtype.kind == "u"
    values = samples / np.float64(np.iinfo(samples.dtype).max) if whole else samples.astype(np.float64)
    channels = values.shape[2]
    return Pixels(
        values[..., :3] if channels >= 3 else values[..., 0],
        values[..., -1] if channels in (2, 4) else None,
    )
