"""The compiled twin of :mod:`pydeblur.solver.gradients`: one pass over the image, line by line."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.numba_jit import call, compiled


class SparseGradients:
    """The compiled form of :class:`pydeblur.solver.gradients.SparseGradients`, for NumPy arrays (H, W) or (C, H, W)."""

    def __init__(self, like: np.ndarray):
        channels, (_, width) = like.size // (like.shape[-2] * like.shape[-1]), like.shape[-2:]
        self._lines = np.empty((channels, 3, width), like.dtype)
        self._power = np.empty(width, like.dtype)
        self._result = np.empty_like(like, order="C")
        self._last = None

    def divergence(self, image: np.ndarray, threshold: float) -> np.ndarray | None:
        """Return ∇ᵀg for g = ∇image where ``|∇image|² >= threshold``, else 0; None where that is 0 everywhere.

        The returned array is a buffer: it is valid until the next call, and may be overwritten.
        """
        planes = _planes(np.ascontiguousarray(image))
        threshold = image.dtype.type(threshold)
        self._last = planes, threshold
        found = call(_sparse_divergence, planes, threshold, self._lines, self._power, _planes(self._result))
        return self._result if found else None

    def count_in(self, shape: tuple[int, int]) -> int:
        """Return ||g||_0 of the last call of :meth:`divergence` within the first rows and columns.

        The image of that call must be as it was.
        """
        planes, threshold = self._last
        return call(_count, planes, threshold, *shape, self._power)


def _planes(image):
    return image.reshape(-1, *image.shape[-2:])


@compiled
def _sparse_divergence(image, threshold, lines, power, result):
    channels, height, _ = image.shape
    found = False
    # The last row's vertical differences reach over the border to the first row, and belong above it.
    for number in range(-1, height):
        row = number if number >= 0 else height - 1
        below = row + 1 if row + 1 < height else 0
        here, above = 1 + (number & 1), 2 - (number & 1)
        if channels == 1:
            found |= _threshold_line(image[0, row], image[0, below], threshold, lines[0, 0], lines[0, here])
        else:
            for channel in range(channels):
                _add_powers(image[channel, row], image[channel, below], channel == 0, power)
            for channel in range(channels):
                horizontal, vertical = lines[channel, 0], lines[channel, here]
                line, under = image[channel, row], image[channel, below]
                found |= _threshold_by(power, threshold, line, under, horizontal, vertical)
        if number >= 0:
            for channel in range(channels):
                diverge(lines[channel, 0], lines[channel, here], lines[channel, above], result[channel, row])
    return found


@compiled
def _threshold_line(line, under, threshold, horizontal, vertical):
    """Take the differences of a grey line to the right and down, where their squares add up to the threshold.

    Returns whether any do.
    """
    last = line.size - 1
    nothing = line.dtype.type(0)
    found = False
    for x in range(last):
        right, down = line[x + 1] - line[x], under[x] - line[x]
        keep = right * right + down * down >= threshold
        horizontal[x] = right if keep else nothing
        vertical[x] = down if keep else nothing
        found |= keep
    right, down = line[0] - line[last], under[last] - line[last]
    keep = right * right + down * down >= threshold
    horizontal[last] = right if keep else nothing
    vertical[last] = down if keep else nothing
    return found | keep


@compiled
def _add_powers(line, under, is_first, power):
    """Add the squares of a line's differences to the power; those of the first channel are put into it."""
    last = line.size - 1
    if is_first:
        power[:] = 0
    for x in range(last):
        right, down = line[x + 1] - line[x], under[x] - line[x]
        power[x] += right * right + down * down
    right, down = line[0] - line[last], under[last] - line[last]
    power[last] += right * right + down * down


@compiled
def _threshold_by(power, threshold, line, under, horizontal, vertical):
    """Take the differences of a line of one channel where the power, of all channels, reaches the threshold.

    Returns whether any does.
    """
    last = line.size - 1
    nothing = line.dtype.type(0)
    found = False
    for x in range(last):
        right, down = line[x + 1] - line[x], under[x] - line[x]
        keep = power[x] >= threshold
        horizontal[x] = right if keep else nothing
        vertical[x] = down if keep else nothing
        found |= keep
    keep = power[last] >= threshold
    horizontal[last] = line[0] - line[last] if keep else nothing
    vertical[last] = under[last] - line[last] if keep else nothing
    return found | keep


@compiled
def diverge(horizontal, vertical, above, result):
    """Write the divergence of one line's differences into the result.

    `above` are the vertical differences of the line above.
    """
    last = horizontal.size - 1
    result[0] = (horizontal[last] - horizontal[0]) + (above[0] - vertical[0])
    for x in range(1, horizontal.size):
        result[x] = (horizontal[x - 1] - horizontal[x]) + (above[x] - vertical[x])


@compiled
def _count(image, threshold, rows, columns, power):
    channels, height, _ = image.shape
    count = 0
    for row in range(rows):
        below = row + 1 if row + 1 < height else 0
        for channel in range(channels):
            _add_powers(image[channel, row], image[channel, below], channel == 0, power)
        for x in range(columns):
            count += power[x] >= threshold
    return count
