"""The two kinds of differences that the solver uses.

Periodic forward differences (with their adjoint, fused with the L0 threshold) belong to the latent image's half-quadratic
splitting; the "valid" 2x2 differences belong to the kernel step. Both work on the last two axes.
"""

from __future__ import annotations

import numpy as np

from pydeblur.solver.array_backend import block_rows, empty, namespace


def valid_gradients(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``conv2(image, [-1 1; 0 0], 'valid')`` and ``conv2(image, [-1 0; 1 0], 'valid')``: two (H-1, W-1) arrays."""
    corner = image[1:, 1:]
    return image[1:, :-1] - corner, image[:-1, 1:] - corner


def gradient_power(shape: tuple[int, int], dtype=np.float64) -> np.ndarray:
    """|F(∇h)|² + |F(∇v)|² of the periodic forward differences on the real half-spectrum: (H, W//2 + 1)."""
    height, width = shape
    vertical = 4 * np.sin(np.pi * np.arange(height) / height) ** 2
    horizontal = 4 * np.sin(np.pi * np.arange(width // 2 + 1) / width) ** 2
    return (vertical[:, None] + horizontal).astype(dtype)


class SparseGradients:
    """Differences, hard threshold (eq. (10)) and divergence of an image in one pass over blocks of rows.

    A block and all that is made of it stay in the processor's cache, so that the image is read and the result is written
    once, not once for each of a dozen operations.

    Parameters
    ----------
    like : (H, W) or (C, H, W) array
        An image like those to come, of any library that :mod:`.array_backend` knows; the channels of one are thresholded
        together.
    """

    def __init__(self, like):
        self._xp = namespace(like)
        height, width = like.shape[-2:]
        self._height, self._step = height, min(block_rows(like), height)
        channels = like.shape[:-2]
        self._horizontal = empty((*channels, self._step, width), like)
        self._power = empty((*channels, self._step, width), like)
        self._scratch = empty((*channels, self._step, width), like)
        #: Above the block's rows, one line of the row before it.
        self._vertical = empty((*channels, self._step + 1, width), like)
        self._above = empty((*channels, width), like)
        self._result = empty(like.shape, like)
        self._keep = empty((height, width), like) != 0

    def divergence(self, image, threshold: float):
        """∇ᵀg for g = ∇image where |∇image|² >= threshold, else 0; None where that is 0 everywhere.

        The returned array is a buffer: it is valid until the next call, and may be overwritten.
        """
        # The last row's vertical differences reach over the border to the first row, and belong above it.
        self._threshold_rows(image, self._height - 1, self._height, threshold)
        found = False
        for first in range(0, self._height, self._step):
            last = min(first + self._step, self._height)
            self._vertical[..., 0, :] = self._above
            found |= self._threshold_rows(image, first, last, threshold)
            self._diverge_rows(first, last)
        return self._result if found else None

    def _threshold_rows(self, image, first: int, last: int, threshold: float) -> bool:
        """Thresholded differences of some rows into the buffers; whether any are left."""
        subtract, count = self._xp.subtract, last - first
        rows = image[..., first:last, :]
        horizontal, vertical = self._horizontal[..., :count, :], self._vertical[..., 1 : count + 1, :]
        subtract(rows[..., 1:], rows[..., :-1], out=horizontal[..., :-1])
        subtract(rows[..., 0], rows[..., -1], out=horizontal[..., -1])
        subtract(rows[..., 1:, :], rows[..., :-1, :], out=vertical[..., :-1, :])
        subtract(image[..., last % self._height, :], rows[..., -1, :], out=vertical[..., -1, :])
        keep = self._squared_magnitude(horizontal, vertical) >= threshold
        self._keep[first:last] = keep
        horizontal *= keep
        vertical *= keep
        self._above[...] = vertical[..., -1, :]
        return bool(keep.any())

    def _squared_magnitude(self, horizontal, vertical):
        power, scratch = (buffer[..., : horizontal.shape[-2], :] for buffer in (self._power, self._scratch))
        self._xp.multiply(horizontal, horizontal, out=power)
        self._xp.multiply(vertical, vertical, out=scratch)
        power += scratch
        return power.sum(0) if power.ndim == 3 else power

    def _diverge_rows(self, first: int, last: int) -> None:
        """The divergence of the buffers' differences into the result's rows."""
        subtract, count = self._xp.subtract, last - first
        horizontal, vertical = self._horizontal[..., :count, :], self._vertical[..., : count + 1, :]
        result, scratch = self._result[..., first:last, :], self._scratch[..., :count, :]
        subtract(horizontal[..., :-1], horizontal[..., 1:], out=result[..., 1:])
        subtract(horizontal[..., -1], horizontal[..., 0], out=result[..., 0])
        subtract(vertical[..., :-1, :], vertical[..., 1:, :], out=scratch)
        result += scratch

    def count_in(self, shape: tuple[int, int]) -> int:
        """||g||_0 of the last call within the first rows and columns."""
        return int(self._xp.count_nonzero(self._keep[: shape[0], : shape[1]]))


def forward_difference(image: np.ndarray, axis: int) -> np.ndarray:
    """Periodic ``image[i + 1] - image[i]`` along axis -1 or -2."""
    return _forward_difference(image, axis, np.empty_like(image))


def negative_backward_difference(field: np.ndarray, axis: int) -> np.ndarray:
    """Adjoint of :func:`forward_difference`: periodic ``field[i - 1] - field[i]``."""
    return _negative_backward_difference(field, axis, np.empty_like(field))


#: For each axis, the index of all but the first, all but the last, the first and the last line.
_LINES = {
    -1: (np.s_[..., 1:], np.s_[..., :-1], np.s_[..., 0], np.s_[..., -1]),
    -2: (np.s_[..., 1:, :], np.s_[..., :-1, :], np.s_[..., 0, :], np.s_[..., -1, :]),
}


def _forward_difference(image, axis, out):
    tail, head, first, last = _LINES[axis]
    np.subtract(image[tail], image[head], out=out[head])
    np.subtract(image[first], image[last], out=out[last])
    return out


def _negative_backward_difference(field, axis, out):
    tail, head, first, last = _LINES[axis]
    np.subtract(field[head], field[tail], out=out[tail])
    np.subtract(field[last], field[first], out=out[first])
    return out
