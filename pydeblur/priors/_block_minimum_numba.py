"""The compiled twin of :mod:`pydeblur.priors.block_minimum`."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.numba_jit import call, compiled


def block_minimum(image: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the minimum of each block and its position, see :func:`pydeblur.priors.block_minimum.block_minimum`."""
    height, width = image.shape
    values = np.empty((-(-height // size), -(-width // size)), image.dtype)
    positions = np.empty(values.shape, np.int32)
    call(_block_minimum, image, size, values, positions)
    return values, positions


@compiled
def _block_minimum(image, size, values, positions):
    height, width = image.shape
    for block_row in range(values.shape[0]):
        for block_column in range(values.shape[1]):
            values[block_row, block_column] = np.inf
        for row in range(block_row * size, min((block_row + 1) * size, height)):
            for block_column in range(values.shape[1]):
                least, at = values[block_row, block_column], positions[block_row, block_column]
                for column in range(block_column * size, min((block_column + 1) * size, width)):
                    value = image[row, column]
                    # Of equal values the one in the leftmost column counts, and in a column the upper one.
                    if value < least or (value == least and column < at % width):
                        least, at = value, row * width + column
                values[block_row, block_column], positions[block_row, block_column] = least, at
