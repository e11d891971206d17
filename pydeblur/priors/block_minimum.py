"""Minima of the blocks that an image is divided into, with their positions (Wen et al. 2020)."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.compiled import compiled_loops, expect_saving

#: What the compiled loop saves for each pixel.
_SAVED_SECONDS = 1e-9


def block_minimum(image: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the minimum of each block of an image, and where it lies.

    The blocks do not overlap; they are square from the top left on, and smaller at the right and at the bottom.

    Parameters
    ----------
    image : (H, W) float32 or float64 ndarray
        Finite.
    size : int
        The side of the blocks, at least 1.

    Returns
    -------
    values : (ceil(H / size), ceil(W / size)) ndarray
    positions : ndarray of int32, of the same shape
        Indices in the flattened image: of equal minima the first in column-major order, as MATLAB's ``min(patch(:))``
        finds it.

    Examples
    --------
    >>> import numpy as np
    >>> values, positions = block_minimum(np.array([[4.0, 3.0, 2.0], [5.0, 3.0, 9.0]]), 2)
    >>> values.tolist(), positions.tolist()
    ([[3.0, 2.0]], [[1, 2]])
    """
    image = np.ascontiguousarray(image)
    expect_saving(_SAVED_SECONDS * image.size)
    loops = compiled_loops("pydeblur.priors._block_minimum_numba")
    return _block_minimum(image, size) if loops is None else loops.block_minimum(image, size)


def _block_minimum(image, size):
    height, width = image.shape
    rows, columns = -(-height // size), -(-width // size)
    whole = np.pad(image, ((0, rows * size - height), (0, columns * size - width)), constant_values=np.inf)
    # Each block in column-major order, so that argmin finds the first of equal minima there.
    blocks = whole.reshape(rows, size, columns, size).transpose(0, 2, 3, 1).reshape(rows, columns, -1)
    at_column, at_row = np.divmod(blocks.argmin(axis=-1), size)
    row, column = np.arange(rows)[:, None] * size + at_row, np.arange(columns) * size + at_column
    return blocks.min(axis=-1), (row * width + column).astype(np.int32)
