"""The bilateral filter that cleans the ringing of a TV result (docs/algorithm, section 7), in single precision.

A window of 19x19 pixels costs 361 exponentials per pixel, unless it is noticed that two pixels weigh each other alike:
half of them are computed, tile by tile, and kept until the other half's turn comes, so that all sums are made in the
order of the definition and every bit of the result is what a loop over the window gives.
"""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pydeblur.backend.compiled import compiled_loops, expect_saving, imported_loops
from pydeblur.matlab import fspecial, padarray, rgb2lab

#: Rows and columns of a tile: small enough for the processor's caches, large enough for few calls of NumPy.
_TILE = (64, 1024)
#: What compiled loops save for each pixel and channel.
_SAVED_SECONDS = 1.3e-6


def bilateral_filter(
    image: np.ndarray, sigma_s: float = 3.0, sigma_r: float = 0.1, workers: int = 1, radius: int | None = None
) -> np.ndarray:
    """Filter an image by the bilateral filter with replicated borders.

    For float64 the exponentials are taken in double and rounded, so that every platform gives the same number. For
    float32 they are taken in single, which is five times as fast and right to a few units in the last place, unless
    Numba's loops are used: those always take double.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Values may be negative (it is a difference image in :func:`~pydeblur.nonblind.ringing.remove_ringing`).
        Distances are taken in the grey values, or in CIE Lab (of the values clipped to [0, 1]) with 100 * sigma_r.
    sigma_s, sigma_r : float
        Widths in space (pixels) and in range.
    workers : int
        Threads, >= 1; the result does not depend on their number.
    radius : int, optional
        The window's: its side is twice that and 1. By default it is ceil(3 sigma_s).

    Returns
    -------
    (H, W) or (H, W, 3) float32 ndarray
        It is of single precision because the MATLAB family accumulates in single precision, too.

    Examples
    --------
    >>> import numpy as np
    >>> step = np.repeat([[0.0, 1.0]], 8, axis=1)
    >>> bool(np.allclose(bilateral_filter(step), step, atol=1e-6))  # edges stay
    True
    """
    is_colour = image.ndim == 3
    radius = window_radius(sigma_s) if radius is None else radius
    variance = np.float32((sigma_r * 100 if is_colour else sigma_r) ** 2)
    weights = fspecial("gaussian", 2 * radius + 1, sigma_s).astype(np.float32)
    values = _channel_planes(image if is_colour else image[..., None])
    guide = _lab_planes(image) if is_colour else values
    precision = np.float32 if image.dtype == np.float32 else np.float64
    filtered = _weighted_mean(values, guide, weights, variance, precision, workers)
    return np.moveaxis(filtered, 0, -1) if is_colour else filtered[0]


def window_radius(sigma_s: float = 3.0) -> int:
    """Return how far :func:`bilateral_filter` looks to each side: ceil(3 sigma_s).

    Examples
    --------
    >>> window_radius()
    9
    """
    return math.ceil(3 * sigma_s)


def _channel_planes(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(image, -1, 0).astype(np.float32))


def _lab_planes(image: np.ndarray) -> np.ndarray:
    """CIE Lab (3, H, W) float32, a few rows at a time: in double the whole would take many times the image."""
    planes = np.empty((3, *image.shape[:2]), np.float32)
    for top in range(0, image.shape[0], _TILE[0]):
        rows = slice(top, top + _TILE[0])
        planes[:, rows] = np.moveaxis(rgb2lab(np.clip(image[rows].astype(np.float64), 0, 1)), -1, 0)
    return planes


def _weighted_mean(values, guide, weights, variance, precision, workers):
    radius = weights.shape[0] // 2
    height, width = values.shape[1:]
    padded_values, padded_guide = (
        np.stack([padarray(plane, (radius, radius), "replicate") for plane in planes]) for planes in (values, guide)
    )
    result = np.empty_like(values)
    expect_saving(_SAVED_SECONDS * result.size)
    loops = (compiled_loops if precision == np.float64 else imported_loops)("pydeblur.nonblind._bilateral_numba")
    if loops is not None:
        bands = [height * part // workers for part in range(workers + 1)]

        def filter_band(first, last):
            loops.filter_rows(padded_values, padded_guide, weights, _divisor(variance), first, last, result)

        _each(filter_band, list(itertools.pairwise(bands)), workers)
        return result
    tiles = [
        np.s_[top : min(top + _TILE[0], height), left : min(left + _TILE[1], width)]
        for top in range(0, height, _TILE[0])
        for left in range(0, width, _TILE[1])
    ]

    def filter_tiles(*some):
        tile_filter = _TileFilter(padded_values, padded_guide, weights, variance, precision)
        for rows, columns in some:
            tile_filter(rows, columns, result[:, rows, columns])

    _each(filter_tiles, [tiles[first::workers] for first in range(workers)], workers)
    return result


def _each(function, arguments, workers):
    """Call a function with each tuple of arguments, in so many threads."""
    if workers == 1:
        for given in arguments:
            function(*given)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda given: function(*given), arguments))


def _divisor(variance):
    """The divisor of exp(-d / 2v).

    The factor is a power of two, so that d / -2v rounds as -0.5 (d / v) does.
    """
    return np.float32(-2) * variance


class _TileFilter:
    """The filter on one tile after another, in buffers that are used again."""

    def __init__(self, values, guide, weights, variance, precision):
        self._values, self._guide, self._weights, self._precision = values, guide, weights, precision
        self._divisor = _divisor(variance)
        self._radius = weights.shape[0] // 2
        rows, columns = (size + self._radius for size in _TILE)
        self._pair_weights = np.empty((weights.size // 2, rows * columns), np.float32)
        self._difference = np.empty(guide.shape[0] * rows * columns, np.float32)
        self._product = np.empty(values.shape[0] * _TILE[0] * _TILE[1], np.float32)

    def __call__(self, rows: slice, columns: slice, out: np.ndarray) -> None:
        """Write the filtered values of a tile into `out` (C, h, w)."""
        radius, count = self._radius, self._weights.size
        height, width = out.shape[1:]
        mass = np.zeros((height, width), np.float32)
        product = self._product[: out.size].reshape(out.shape)
        out[...] = 0
        pairs = [self._weigh_pairs(number, rows.start, columns.start, height, width) for number in range(count // 2)]
        for number in range(count):
            down, right = (shift - radius for shift in divmod(number, 2 * radius + 1))
            if number < count // 2:
                # Pairs are kept where their later pixel may lie; the tile's own begin behind those of its neighbours.
                left = max(right, 0)
                weight = pairs[number][:height, left : left + width]
            elif number == count // 2:
                weight = self._weights[radius, radius]  # a pixel's distance to itself is 0
            else:
                left = max(right, 0)
                weight = pairs[count - 1 - number][down : down + height, left : left + width]
            top, left = rows.start + radius + down, columns.start + radius + right
            np.multiply(self._values[:, top : top + height, left : left + width], weight, out=product)
            out += product
            mass += weight
        out /= mass

    def _weigh_pairs(self, number, top, left, height, width):
        """Weights between the pixels from which the window's element `number` is seen, and the pixels it shows.

        A view (height + up, width + |right|) for the element up rows above and right columns to the right: it starts
        max(right, 0) columns left of the tile and serves the opposite element too.
        """
        up, right = (shift - self._radius for shift in divmod(number, 2 * self._radius + 1))
        up = -up
        top, left = top + self._radius, left + self._radius - max(right, 0)
        shape = (height + up, width + abs(right))
        size = shape[0] * shape[1]
        distance = self._pair_weights[number, :size].reshape(shape)
        difference = self._difference[: self._guide.shape[0] * size].reshape(-1, *shape)
        np.subtract(
            self._guide[:, top : top + shape[0], left : left + shape[1]],
            self._guide[:, top - up : top - up + shape[0], left + right : left + right + shape[1]],
            out=difference,
        )
        np.multiply(difference, difference, out=difference)
        distance[...] = difference[0]
        for plane in difference[1:]:
            distance += plane
        distance /= self._divisor
        np.exp(distance, out=distance, dtype=self._precision, casting="same_kind")
        distance *= self._weights.flat[number]
        return distance
