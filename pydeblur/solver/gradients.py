"""The two kinds of differences that the solver uses.

Periodic forward differences (with their adjoint, fused with the L0 threshold) belong to the latent image's half-quadratic
splitting; the "valid" 2x2 differences belong to the kernel step. Both work on the last two axes.
"""

from __future__ import annotations

import numpy as np


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
    """Differences, hard threshold (eq. (10)) and divergence of an image, in buffers that are used again.

    Parameters
    ----------
    shape : tuple of int
        (H, W), or (C, H, W) for channels that are thresholded together.
    """

    def __init__(self, shape: tuple[int, ...], dtype=np.float64):
        self._horizontal = np.empty(shape, dtype)
        self._vertical = np.empty(shape, dtype)
        self._power = np.empty(shape, dtype)
        self._scratch = np.empty(shape, dtype)
        self._keep = None

    def divergence(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """∇ᵀg for g = ∇image where |∇image|² >= threshold, else 0.

        The returned array is a buffer: it is valid until the next call, and may be overwritten.
        """
        horizontal, vertical = self._horizontal, self._vertical
        _forward_difference(image, -1, horizontal)
        _forward_difference(image, -2, vertical)
        self._keep = self._squared_magnitude() >= threshold
        horizontal *= self._keep
        vertical *= self._keep
        result = self._power
        _negative_backward_difference(horizontal, -1, result)
        _negative_backward_difference(vertical, -2, self._scratch)
        result += self._scratch
        return result

    def _squared_magnitude(self) -> np.ndarray:
        np.multiply(self._horizontal, self._horizontal, out=self._power)
        np.multiply(self._vertical, self._vertical, out=self._scratch)
        self._power += self._scratch
        return self._power.sum(axis=0) if self._power.ndim == 3 else self._power

    def count_in(self, shape: tuple[int, int]) -> int:
        """||g||_0 of the last call within the first rows and columns."""
        return int(np.count_nonzero(self._keep[: shape[0], : shape[1]]))


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
