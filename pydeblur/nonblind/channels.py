"""Between the public layout (H, W[, C]) and the solver's (C, H, W)."""

from __future__ import annotations

import numpy as np


def channels_first(image: np.ndarray) -> np.ndarray:
    """(H, W) stays; (H, W, C) becomes a contiguous (C, H, W)."""
    return image if image.ndim == 2 else np.ascontiguousarray(np.moveaxis(image, -1, 0))


def channels_last(image: np.ndarray) -> np.ndarray:
    """The inverse of :func:`channels_first`."""
    return image if image.ndim == 2 else np.ascontiguousarray(np.moveaxis(image, 0, -1))


def each_channel(function, image: np.ndarray) -> np.ndarray:
    """Apply a function of an image (H, W) to every channel of (H, W[, C])."""
    if image.ndim == 2:
        return function(image)
    return np.stack([function(image[..., channel]) for channel in range(image.shape[-1])], axis=-1)
