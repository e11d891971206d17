"""The noise of a picture that is too large for copies of it: :func:`pydeblur.preprocess.noise.noise_level` by strips."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np

from pydeblur.preprocess.noise import REACH, SMOOTH_SHARE, noise_level, noise_of_response, response_and_slope
from pydeblur.preprocess.region import is_large

#: Pixels of a strip.
_STRIP = 1 << 19
#: Values are counted by the leading bits of their numbers in single precision: so many bins to a power of two.
_BIN_BITS = 12


def noise_of_picture(plane: np.ndarray) -> float:
    """Estimate the noise as :func:`~pydeblur.preprocess.noise.noise_level` does, by strips where the picture is large.

    Parameters
    ----------
    plane : (H, W) ndarray
        At least 3x3, in [0, 1].

    Returns
    -------
    float

    Examples
    --------
    >>> noise_of_picture(np.full((16, 16), 0.5))
    0.0
    """
    return noise_level_by_strips(plane) if is_large(plane.shape) else noise_level(plane)


def noise_level_by_strips(plane: np.ndarray) -> float:
    """Estimate the standard deviation of the noise in a blurred image, with memory for a strip of it.

    Parameters
    ----------
    plane : (H, W) ndarray
        At least 3x3, in [0, 1]; it need not be contiguous.

    Returns
    -------
    float
        To the last bit what :func:`~pydeblur.preprocess.noise.noise_level` finds.

    Examples
    --------
    >>> from pydeblur.preprocess.noise import noise_level
    >>> plane = 0.5 + 0.02 * np.random.default_rng(0).standard_normal((200, 300))
    >>> noise_level_by_strips(plane) == noise_level(plane)
    True
    """
    with tempfile.TemporaryFile() as file:
        count = _write_pairs(plane, file)
        if count == 0:
            return 0.0
        neighbours, fraction = _neighbours(lambda: (slope for slope, _ in _read_pairs(file)), count, SMOOTH_SHARE)
        largest_slope = np.quantile(neighbours, fraction)

        def responses():
            for slope, response in _read_pairs(file):
                yield response[slope <= largest_slope]

        neighbours, fraction = _neighbours(responses, sum(map(len, responses())), 0.5)
        return noise_of_response(np.median(neighbours) if fraction else neighbours[0])


def _write_pairs(plane, file) -> int:
    """Write slope and response of the pixels that are neither darkest nor brightest; return how many they are."""
    height, width = plane.shape
    step = max(_STRIP // width, 1)
    darkest, brightest = plane.min(), plane.max()
    count = 0
    for top in range(0, height, step):
        bottom = min(top + step, height)
        first, last = max(top - REACH, 0), min(bottom + REACH, height)
        response, slope = (each[top - first : bottom - first] for each in response_and_slope(plane[first:last]))
        own = plane[top:bottom]
        inside = (own > darkest) & (own < brightest)
        pairs = np.stack([slope[inside], response[inside]])
        file.write(np.int64(pairs.shape[1]).tobytes() + pairs.tobytes())
        count += pairs.shape[1]
    return count


def _read_pairs(file) -> Iterator[np.ndarray]:
    """Yield (2, n) slopes and responses, strip by strip."""
    file.seek(0)
    while head := file.read(8):
        size = int(np.frombuffer(head, np.int64)[0])
        yield np.frombuffer(file.read(16 * size)).reshape(2, size)


def _neighbours(strips, count: int, share: float) -> tuple[np.ndarray, float]:
    """The two values of at least 0 that a quantile lies between, and where between them, without sorting all.

    `strips` is a function that yields the values, and `count` their number.
    """
    place = share * (count - 1)
    lower = int(place)
    wanted = np.array([lower, min(lower + 1, count - 1)])
    counts = np.zeros(1 << (9 + _BIN_BITS), np.int64)
    for values in strips():
        counts += np.bincount(_bins(values), minlength=len(counts))
    ends = np.cumsum(counts)
    first, last = np.searchsorted(ends, wanted, side="right")
    near = np.concatenate([values[(_bins(values) >= first) & (_bins(values) <= last)] for values in strips()])
    near.sort()
    below = ends[first] - counts[first]
    return near[wanted - below], place - lower


def _bins(values):
    """The number of each value's bin: sign, exponent and leading bits of the number in single precision."""
    return values.astype(np.float32).view(np.int32) >> (23 - _BIN_BITS)
