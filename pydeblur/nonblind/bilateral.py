"""The bilateral filter that cleans the ringing of a TV result (ALGORITHM section 6), in single precision."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.matlab import fspecial, padarray, rgb2lab


def bilateral_filter(image: np.ndarray, sigma_s: float = 3.0, sigma_r: float = 0.1) -> np.ndarray:
    """Bilateral filter with replicated borders and a window of radius ceil(3 sigma_s).

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Values may be negative (it is a difference image in `ringing_artifacts_removal`). Distances are taken in the
        grey values, or in CIE Lab (of the values clipped to [0, 1]) with 100 * sigma_r.
    sigma_s, sigma_r : float
        Widths in space (pixels) and in range.

    Returns
    -------
    ndarray float32 of the same shape: the MATLAB family accumulates in single precision, and so do we.
    """
    is_colour = image.ndim == 3
    guide = rgb2lab(np.clip(image.astype(np.float64), 0, 1)) if is_colour else image[..., None]
    radius = math.ceil(3 * sigma_s)
    variance = np.float32((sigma_r * 100 if is_colour else sigma_r) ** 2)
    weights = fspecial("gaussian", 2 * radius + 1, sigma_s).astype(np.float32)
    values = _channel_planes(image if is_colour else image[..., None])
    guide = _channel_planes(guide)
    filtered = _weighted_mean(values, guide, weights, variance)
    return np.moveaxis(filtered, 0, -1) if is_colour else filtered[0]


def _channel_planes(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(image, -1, 0).astype(np.float32))


def _weighted_mean(values, guide, weights, variance):
    radius = weights.shape[0] // 2
    height, width = values.shape[1:]
    padded_values, padded_guide = (
        np.stack([padarray(plane, (radius, radius), "replicate") for plane in planes]) for planes in (values, guide)
    )
    total = np.zeros_like(values)
    mass = np.zeros((height, width), np.float32)
    for row in range(2 * radius + 1):
        for column in range(2 * radius + 1):
            window = np.s_[:, row : row + height, column : column + width]
            distance = _squared_distance(guide, padded_guide[window])
            # The exponential is taken in double and rounded, so that every platform gives the same number.
            similarity = np.exp((np.float32(-0.5) * (distance / variance)).astype(np.float64)).astype(np.float32)
            weight = weights[row, column] * similarity
            total += padded_values[window] * weight
            mass += weight
    return total / mass


def _squared_distance(guide, window) -> np.ndarray:
    difference = guide - window
    difference *= difference
    distance = difference[0].copy()
    for plane in difference[1:]:
        distance += plane
    return distance
