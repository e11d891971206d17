"""Circularly smooth padding (Liu & Jia, ICIP 2008; Cho's variant), and good FFT lengths (ALGORITHM section 2)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import dstn, idstn


@lru_cache(maxsize=4096)
def opt_fft_size(length: int) -> int:
    """The smallest length >= `length` of the form 2^a 3^b 5^c 7^d, or 11 or 13 times such a number."""
    candidate = max(int(length), 1)
    while not _is_good_length(candidate):
        candidate += 1
    return candidate


def _is_good_length(number: int) -> bool:
    for factor in (2, 3, 5, 7):
        while number % factor == 0:
            number //= factor
    return number in (1, 11, 13)


def padded_shape(shape: tuple[int, int], kernel_shape: tuple[int, int]) -> tuple[int, int]:
    """Good FFT lengths that leave a kernel's width of room around an image."""
    return tuple(opt_fft_size(n + k - 1) for n, k in zip(shape[:2], kernel_shape))


def wrap_boundary(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Extend an image to the right, below and in the corner so that it is circularly smooth.

    Each of the three regions solves Laplace's equation; its border is the image's (and, for the corner, the other two
    regions'), its two free borders are linear ramps.

    Parameters
    ----------
    image : (..., H, W) ndarray
        Image or stack of images, floating point.
    shape : (int, int)
        Rows and columns of the result, each >= the image's.

    Returns
    -------
    (..., rows, columns) ndarray of the same dtype; its upper left part is the image.
    """
    if image.ndim > 2:
        return np.stack([wrap_boundary(channel, shape) for channel in image])
    height, width = image.shape
    below_rows, right_columns = shape[0] - height, shape[1] - width
    right_block = _bridge(image, right_columns)
    below_block = _bridge(image.T, below_rows).T
    corner_block = _corner(right_block, below_block, below_rows, right_columns)
    result = np.empty(shape, image.dtype)
    result[:height, :width] = image
    result[:height, width:] = right_block[:, 1:-1]
    # One row up: the MATLAB family's overlap keeps the image's last row as the first of the region below.
    result[height:, :width] = below_block[: max(below_rows, 0), :]
    result[height:, width:] = corner_block[1:-1, 1:-1]
    return result


def _bridge(image: np.ndarray, length: int) -> np.ndarray:
    """Columns from the image's last to its first, with `length` new ones between: (H, length + 2)."""
    block = np.zeros((image.shape[0], length + 2), image.dtype)
    block[:, 0], block[:, -1] = image[:, -1], image[:, 0]
    ramp = np.arange(length) / max(length - 1, 1)
    for row in (0, -1):
        block[row, 1:-1] = (1 - ramp) * block[row, 0] + ramp * block[row, -1]
    return _fill_with_laplace(block)


def _corner(right_block, below_block, rows: int, columns: int) -> np.ndarray:
    block = np.zeros((rows + 2, columns + 2), right_block.dtype)
    block[0, :], block[-1, :] = right_block[-1, :], right_block[0, :]
    block[:, 0], block[:, -1] = below_block[:, -1], below_block[:, 0]
    return _fill_with_laplace(block)


def _fill_with_laplace(block: np.ndarray) -> np.ndarray:
    """Replace the inside of a block by the solution of Laplace's equation with the block's border (DST-I)."""
    rows, columns = block.shape[0] - 2, block.shape[1] - 2
    if rows < 1 or columns < 1:
        return block
    load = np.zeros((rows, columns), block.dtype)
    load[0, :] -= block[0, 1:-1]
    load[-1, :] -= block[-1, 1:-1]
    load[:, 0] -= block[1:-1, 0]
    load[:, -1] -= block[1:-1, -1]
    eigenvalues = _second_difference_eigenvalues(rows)[:, None] + _second_difference_eigenvalues(columns)
    block[1:-1, 1:-1] = idstn(dstn(load, type=1) / eigenvalues.astype(block.dtype), type=1)
    return block


def _second_difference_eigenvalues(length: int) -> np.ndarray:
    return 2 * np.cos(np.pi * np.arange(1, length + 1) / (length + 1)) - 2
