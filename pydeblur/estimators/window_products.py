"""Sums of products of an array's parts under all pairs of shifts: the normal equations of a kernel without borders."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.solver.boundary import opt_fft_size


def window_products(array: np.ndarray, size: int, workers: int = 1) -> np.ndarray:
    """Compute A[d, d'] = sum_i x[i + d] x[i + d'] for all shifts d, d' of a kernel, i over the window that all leave inside.

    It is XᵀX for the map X from a kernel to its valid correlation with x. The sums over the window at shift d + 1 differ
    from those at d by one line that comes in and one that goes; so a few correlations by FFT and products of the border's
    lines are enough.

    Parameters
    ----------
    array : (H, W) float64 ndarray
        x.
    size : int
        n, not larger than H and W.
    workers : int
        Threads of each FFT.

    Returns
    -------
    (n * n, n * n) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> window_products(np.array([[1.0, 2.0], [3.0, 4.0]]), 2)[0].tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    height, width = (length - size + 1 for length in array.shape)
    first_row = _first_row_shifts(array, size, height, width, workers)
    lines = np.lib.stride_tricks.sliding_window_view(array, width, axis=1)
    going = _products(lines[: size - 1])
    coming = _products(lines[height : height + size - 1])
    result = np.empty((size, size, size, size))
    for row in range(size):
        result[0, :, row], result[row, :, 0] = first_row[row], first_row[row].T
    for row in range(1, size):
        change = coming[row - 1] - going[row - 1]
        result[row, :, 1:] = result[row - 1, :, :-1] + change
    return result.reshape(size * size, size * size)


def _products(lines):
    """(R, n, R, n) products of lines (R, n, w): of every shift along one line with every shift along another."""
    rows, shifts, width = lines.shape
    flat = np.ascontiguousarray(lines).reshape(rows * shifts, width)
    return (flat @ flat.T).reshape(rows, shifts, rows, shifts)


def _first_row_shifts(array, size, height, width, workers):
    """A[(0, c), (r, c')] as an array [r, c, c']."""
    window, rows, columns = np.zeros((3, *array.shape))
    window[:height, :width], rows[:height], columns[:, :width] = (
        array[:height, :width],
        array[:height],
        array[:, :width],
    )
    result = np.empty((size, size, size))
    result[:, 0] = _correlation(window, array, workers)[:size, :size]
    to_the_left = _correlation(rows, columns, workers)
    for shift in range(1, size):
        result[:, shift, 0] = to_the_left[:size, -shift]
    going, coming = array[:height, : size - 1], array[:height, width:]
    changes = np.stack(
        [
            coming.T @ array[row : row + height, width:] - going.T @ array[row : row + height, : size - 1]
            for row in range(size)
        ]
    )
    for shift in range(1, size):
        result[:, shift, 1:] = result[:, shift - 1, :-1] + changes[:, shift - 1]
    return result


def _correlation(first, second, workers):
    """Return sum_i a[i] b[i + d] at [d]; negative d counts from the end."""
    shape = tuple(opt_fft_size(2 * length) for length in first.shape)
    spectra = []
    for array in (first, second):
        padded = np.zeros(shape)
        padded[: array.shape[0], : array.shape[1]] = array
        spectra.append(rfft2(padded, workers))
    return irfft2(spectra[0].conj() * spectra[1], shape[1], workers)
