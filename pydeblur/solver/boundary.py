"""Circularly smooth padding (Liu & Jia, ICIP 2008; Cho's variant), and good FFT lengths (docs/algorithm, section 3)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pydeblur.backend.fft import dst2, idst2


@lru_cache(maxsize=4096)
def opt_fft_size(length: int) -> int:
    """Return the smallest good FFT length from a given one on: 2^a 3^b 5^c 7^d, or 11 or 13 times such a number.

    Examples
    --------
    >>> opt_fft_size(251), opt_fft_size(121)
    (252, 125)
    """
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
    """Return good FFT lengths that leave a kernel's width of room around an image.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image; further entries do not count.
    kernel_shape : (int, int)

    Returns
    -------
    (int, int)

    Examples
    --------
    >>> padded_shape((250, 100), (25, 25))
    (275, 125)
    """
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
        Rows and columns of the result, each at least the image's.

    Returns
    -------
    (..., rows, columns) ndarray
        Of the image's dtype; its upper left part is the image.

    Examples
    --------
    >>> import numpy as np
    >>> wrap_boundary(np.array([[0.0, 1.0], [0.0, 1.0]]), (2, 5)).tolist()
    [[0.0, 1.0, 1.0, 0.5, 0.0], [0.0, 1.0, 1.0, 0.5, 0.0]]
    """
    if image.ndim > 2:
        return np.stack([wrap_boundary(channel, shape) for channel in image])
    height, width = image.shape
    right_block, below_block, corner_block = boundary_blocks(image, shape)
    result = np.empty(shape, image.dtype)
    result[:height, :width] = image
    result[:height, width:] = right_block
    result[height:, :width] = below_block
    result[height:, width:] = corner_block
    return result


def boundary_blocks(image: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three regions that :func:`wrap_boundary` puts beside, below and diagonally below an image.

    They follow from the image's outermost rows and columns alone, so that a picture that is not in memory as a whole can
    be extended, too.

    Parameters
    ----------
    image : (H, W) ndarray or object
        Floating point; only ``image[:, -1]``, ``image[:, 0]``, ``image[-1]``, ``image[0]``, ``shape`` and ``dtype`` are
        asked for.
    shape : (int, int)
        Rows and columns of the extended image.

    Returns
    -------
    right : (H, columns - W) ndarray
    below : (rows - H, W) ndarray
    corner : (rows - H, columns - W) ndarray

    Examples
    --------
    >>> right, below, corner = boundary_blocks(np.array([[0.0, 1.0], [0.0, 1.0]]), (2, 5))
    >>> right.tolist(), below.shape, corner.shape
    ([[1.0, 0.5, 0.0], [1.0, 0.5, 0.0]], (0, 2), (0, 3))
    """
    below_rows, right_columns = shape[0] - image.shape[0], shape[1] - image.shape[1]
    right_block = _bridge(image[:, -1], image[:, 0], right_columns)
    below_block = _bridge(image[-1], image[0], below_rows).T
    corner_block = _corner(right_block, below_block, below_rows, right_columns)
    # The lower block is one row higher up, as in the MATLAB family: its first row repeats the image's last.
    return right_block[:, 1:-1], below_block[: max(below_rows, 0)], corner_block[1:-1, 1:-1]


def _bridge(last: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """Columns from an image's last to its first, with `length` new ones between them: (H, length + 2)."""
    block = np.zeros((len(last), length + 2), last.dtype)
    block[:, 0], block[:, -1] = last, first
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
    """Replace the inside of a block by the solution of Laplace's equation with the block's border (by DST-I)."""
    rows, columns = block.shape[0] - 2, block.shape[1] - 2
    if rows < 1 or columns < 1:
        return block
    load = np.zeros((rows, columns), block.dtype)
    load[0, :] -= block[0, 1:-1]
    load[-1, :] -= block[-1, 1:-1]
    load[:, 0] -= block[1:-1, 0]
    load[:, -1] -= block[1:-1, -1]
    eigenvalues = _second_difference_eigenvalues(rows)[:, None] + _second_difference_eigenvalues(columns)
    block[1:-1, 1:-1] = idst2(dst2(load) / eigenvalues.astype(block.dtype))
    return block


def _second_difference_eigenvalues(length: int) -> np.ndarray:
    return 2 * np.cos(np.pi * np.arange(1, length + 1) / (length + 1)) - 2
