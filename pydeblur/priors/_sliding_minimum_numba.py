"""The compiled twin of :mod:`pydeblur.priors.sliding_minimum`: a queue of candidates along each line."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.numba_jit import call, compiled


def minima(padded: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the minima of all windows that lie in an array, and their positions in it."""
    height, width = padded.shape
    padded = np.ascontiguousarray(padded)
    # The columns' minima, at rows that are kept beside them; then the rows' minima of those.
    columns_values = np.empty((height - size + 1, width), padded.dtype)
    columns_rows = np.empty(columns_values.shape, np.int32)
    call(_minima_of_columns, padded, size, columns_values, columns_rows)
    values = np.empty((height - size + 1, width - size + 1), padded.dtype)
    positions = np.empty(values.shape, np.int32)
    call(_minima_of_rows, columns_values, columns_rows, size, values, positions)
    return values, positions


def write_zeros(padded: np.ndarray, values: np.ndarray, positions: np.ndarray, is_small: np.ndarray, size: int) -> None:
    """Write zeros at the minima of the small windows, row by row, unless the window holds a zero by then."""
    call(_write_zeros, padded, values, positions, is_small, size, np.zeros(values.shape, np.bool_))


@compiled
def _minima_of_columns(padded, size, values, rows):
    # Blocks of `size` rows: the minimum of a window is that of the rest of its first block and the start of its second
    # (van Herk 1992, Gil and Werman 1993). Whole lines are worked on at once, for the memory's sake.
    height, width = padded.shape
    tail_values = np.empty((size, width), padded.dtype)
    tail_rows = np.empty((size, width), np.int32)
    head_values = np.empty(width, padded.dtype)
    head_rows = np.empty(width, np.int32)
    for start in range(0, height - size + 1, size):
        for column in range(width):
            tail_values[size - 1, column] = padded[start + size - 1, column]
            tail_rows[size - 1, column] = start + size - 1
        for offset in range(size - 2, -1, -1):
            row = start + offset
            for column in range(width):
                value = padded[row, column]
                # Of equal values the upper one counts.
                if value <= tail_values[offset + 1, column]:
                    tail_values[offset, column] = value
                    tail_rows[offset, column] = row
                else:
                    tail_values[offset, column] = tail_values[offset + 1, column]
                    tail_rows[offset, column] = tail_rows[offset + 1, column]
        for column in range(width):
            values[start, column] = tail_values[0, column]
            rows[start, column] = tail_rows[0, column]
        for offset in range(1, min(size, height - size + 1 - start)):
            row = start + size + offset - 1
            for column in range(width):
                value = padded[row, column]
                if offset == 1 or value < head_values[column]:
                    head_values[column] = value
                    head_rows[column] = row
                if head_values[column] < tail_values[offset, column]:
                    values[start + offset, column] = head_values[column]
                    rows[start + offset, column] = head_rows[column]
                else:
                    values[start + offset, column] = tail_values[offset, column]
                    rows[start + offset, column] = tail_rows[offset, column]


@compiled
def _minima_of_rows(values, rows, size, minima, positions):
    height, width = values.shape
    queue = np.empty(width, np.int32)
    for row in range(height):
        first, last = 0, -1
        for column in range(width):
            value = values[row, column]
            # Of equal values the left one counts, so it stays.
            while last >= first and values[row, queue[last]] > value:
                last -= 1
            last += 1
            queue[last] = column
            left = column - size + 1
            if queue[first] < left:
                first += 1
            if left >= 0:
                at = queue[first]
                minima[row, left] = values[row, at]
                positions[row, left] = rows[row, at] * width + at


@compiled
def _write_zeros(padded, values, positions, is_small, size, holds_zero):
    height, width = values.shape
    padded_width = padded.shape[1]
    for row in range(height):
        for column in range(width):
            value = values[row, column]
            if not is_small[row, column] or value == 0 or (value > 0 and holds_zero[row, column]):
                continue
            at_row, at_column = positions[row, column] // padded_width, positions[row, column] % padded_width
            if padded[at_row, at_column] == 0:
                continue
            padded[at_row, at_column] = 0
            for other_row in range(max(at_row - size + 1, 0), min(at_row + 1, height)):
                for other_column in range(max(at_column - size + 1, 0), min(at_column + 1, width)):
                    holds_zero[other_row, other_column] = True
