"""Minima of sliding windows with their positions, and how refined minima go back into the image [27].

The windows are square, of an odd side, and lie around each pixel; beyond the border the image is continued by its border
pixels. Two images matter: the padded one, of which a window is a plain part, and the dark channel, with one minimum a window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.backend.compiled import compiled_loops, expect_saving

#: What compiled loops save for each pixel.
_SAVED_SECONDS = 7e-8


@dataclass(frozen=True, eq=False)
class SlidingMinimum:
    """The minimum of each window of an image.

    Attributes
    ----------
    padded : (H + n - 1, W + n - 1) ndarray
        The image, continued by its border pixels.
    values : (H, W) ndarray
        The minima: the dark channel D(I) of a grey image.
    positions : (H, W) int32 ndarray
        Where each minimum lies: the index in the flattened padded image. Of equal minima it is the first in column-major
        order, as MATLAB's ``min(patch(:))`` finds it.
    size : int
        The side n of the windows.

    Examples
    --------
    >>> import numpy as np
    >>> minimum = sliding_minimum(np.array([[0.5, 0.4, 0.9], [0.7, 0.8, 0.6]]), 3)
    >>> minimum.values.tolist()
    [[0.4, 0.4, 0.4], [0.4, 0.4, 0.4]]
    """

    padded: np.ndarray
    values: np.ndarray
    positions: np.ndarray
    size: int

    def written_back(self, threshold: float) -> np.ndarray:
        """Return the image in which small minima have become 0.

        The refined minimum of a window is 0 where its square is below the threshold, and the minimum itself elsewhere.
        The windows are visited row by row. Where the minimum of a window, after what has been written before, is not its
        refined minimum, the pixel at the window's recorded position gets it. What a visit changes can so spare later ones
        their change: a window that already holds a 0 is left alone. The outer (n - 1)/2 pixels of the image stay as they
        are (docs/methods, the dark channel [27]).

        Parameters
        ----------
        threshold : float
            For the squared minima: λ / β.

        Returns
        -------
        (H, W) ndarray
            Of the image's dtype.
        """
        refined = self.padded.copy()
        is_small = self.values * self.values < threshold
        loops = compiled_loops("pydeblur.priors._sliding_minimum_numba")
        write = _write_zeros if loops is None else loops.write_zeros
        write(refined, self.values, self.positions, is_small, self.size)
        border = self.size // 2
        height, width = self.values.shape
        image = self.padded[border : border + height, border : border + width].copy()
        inner = np.s_[border : height - border, border : width - border]
        image[inner] = refined[border : border + height, border : border + width][inner]
        return image


def sliding_minimum(image: np.ndarray, size: int) -> SlidingMinimum:
    """Find the minimum of the window around each pixel, and where it lies.

    The cost of a pixel does not grow with the window (compiled: a queue of candidates along each line) or grows with its
    logarithm (NumPy: windows of twice the size from two of the size before).

    Parameters
    ----------
    image : (H, W) float32 or float64 ndarray
    size : int
        The window's side, odd.

    Returns
    -------
    SlidingMinimum

    Examples
    --------
    >>> import numpy as np
    >>> found = sliding_minimum(np.array([[3.0, 1.0, 2.0, 4.0]]), 3)
    >>> found.values.tolist(), (found.positions[0] % 6).tolist()
    ([[1.0, 1.0, 1.0, 2.0]], [2, 2, 2, 3])
    """
    padded = np.pad(image, size // 2, mode="edge")
    expect_saving(_SAVED_SECONDS * image.size)
    loops = compiled_loops("pydeblur.priors._sliding_minimum_numba")
    find = _minima if loops is None else loops.minima
    values, positions = find(padded, size)
    return SlidingMinimum(padded, values, positions, size)


def _minima(padded, size):
    """The minima of all windows that lie in an array, with their positions.

    Along the columns first: of equal minima the upper one is found there, and the left one along the rows, which is the
    first in column-major order.
    """
    values = padded
    positions = np.arange(padded.size, dtype=np.int32).reshape(padded.shape)
    for axis in (0, 1):
        values, positions = _minima_along(values, positions, size, axis)
    return np.ascontiguousarray(values), np.ascontiguousarray(positions)


def _minima_along(values, positions, size, axis):
    length = 1
    while length < size:
        # Two windows of the length so far that together cover the longer one; the last pair may overlap.
        step = min(length, size - length)
        first, second = _two_parts(values, step, axis)
        first_at, second_at = _two_parts(positions, step, axis)
        is_later = second < first
        values, positions = np.where(is_later, second, first), np.where(is_later, second_at, first_at)
        length += step
    return values, positions


def _two_parts(array, step, axis):
    count = array.shape[axis] - step
    return (array[:count], array[step:]) if axis == 0 else (array[:, :count], array[:, step:])


def _write_zeros(padded, values, positions, is_small, size):
    """Write zeros at the minima of the windows in `is_small`, row by row, unless the window holds a zero by then.

    A window with a negative minimum never has a zero for its minimum before its own position is written: it always writes.
    A window whose minimum is positive holds no zero but those that were written.
    """
    flat, width = padded.reshape(-1), padded.shape[1]
    holds_zero = np.zeros(values.shape, bool)
    waits = is_small & ((values > 0) | _first_of_negative(values, positions, is_small))
    for row in np.flatnonzero(waits.any(axis=1)):
        column = 0
        while True:
            left = waits[row, column:] & ~(holds_zero[row, column:] & (values[row, column:] > 0))
            if not left.any():
                break
            column += int(left.argmax())
            position = positions[row, column]
            flat[position] = 0
            at_row, at_column = divmod(int(position), width)
            holds_zero[max(at_row - size + 1, 0) : at_row + 1, max(at_column - size + 1, 0) : at_column + 1] = True
            column += 1


def _first_of_negative(values, positions, is_small):
    """Mark the first window, row by row, of each position whose minimum is negative and small."""
    numbers = np.flatnonzero(is_small & (values < 0))
    marks = np.zeros(values.shape, bool)
    if numbers.size:
        marks.flat[numbers[np.unique(positions.flat[numbers], return_index=True)[1]]] = True
    return marks
