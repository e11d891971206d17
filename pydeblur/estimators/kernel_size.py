"""The size of the square that a kernel is sought in: sizes near the one asked for, and what a kernel says of its own.

Which square is the right one is not known before the blur is. Too small a square cuts the blur off, and what was cut off comes
back at the border; too large a one leaves room for what is no blur. So runs of the solver with kernels of several sizes are
among the candidates (:mod:`pydeblur.estimators.presets`), and their kernels are given in the size that was asked for.
"""

from __future__ import annotations

import numpy as np

#: Width in pixels of the frame in which a kernel that was cut off has much of its mass.
BORDER = 2
#: A kernel that was cut off has at least this share of its mass there; others have a small part of it.
MUCH_AT_THE_BORDER = 0.05
#: So much of a kernel's mass may be lost where it is given in a smaller size than it was found in.
_SMALL_LOSS = 0.01
_SMALLEST = 3


def scaled_size(kernel_size: int, factor: float) -> int:
    """The odd number next to a multiple of a size, at least 3.

    Examples
    --------
    >>> scaled_size(41, 0.75), scaled_size(41, 1.25), scaled_size(41, 1.0)
    (31, 51, 41)
    """
    return max(2 * round((kernel_size * factor - 1) / 2) + 1, _SMALLEST)


def border_mass(kernel: np.ndarray, width: int = BORDER) -> float:
    """The share of a kernel's mass that lies in its outermost pixels.

    Parameters
    ----------
    kernel : (n, m) ndarray
        Of sum 1.
    width : int
        How many rows and columns count on each side.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> round(border_mass(np.full((7, 7), 1 / 49)), 3)
    0.816
    """
    inner = kernel[width : kernel.shape[0] - width, width : kernel.shape[1] - width]
    return float(min(max(kernel.sum() - inner.sum(), 0), 1))


def support_size(kernel: np.ndarray) -> int:
    """Side of the smallest square of an odd side that holds all of a kernel.

    Examples
    --------
    >>> support_size(np.eye(9)[:, 2:]), support_size(np.pad(np.ones((2, 4)), 3))
    (7, 5)
    """
    rows, columns = (_span(np.any(kernel, axis=axis)) for axis in (1, 0))
    side = max(rows[1] - rows[0], columns[1] - columns[0])
    return side + (side % 2 == 0)


def in_size(kernel: np.ndarray, size: int) -> np.ndarray:
    """A kernel in a square of another size: the same blur, moved by whole pixels where it has to be.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Non-negative, of sum 1, odd.
    size : int
        Odd.

    Returns
    -------
    (size, size) ndarray
        Or the kernel itself, where more than 1 % of its mass would be lost.

    Examples
    --------
    >>> in_size(np.full((3, 3), 1 / 9), 5).shape, in_size(np.full((9, 9), 1 / 81), 5).shape
    ((5, 5), (9, 9))
    """
    room = size - kernel.shape[0]
    if room >= 0:
        return np.pad(kernel, room // 2)
    # Around the centroid or around the middle of the support, whichever part has more mass.
    part = max((_cut(moved, size) for moved in (kernel, _boxed(kernel))), key=np.sum)
    mass = part.sum()
    return kernel if mass < 1 - _SMALL_LOSS else part / mass


def _cut(kernel: np.ndarray, size: int) -> np.ndarray:
    """The middle."""
    margin = (kernel.shape[0] - size) // 2
    return kernel[margin : margin + size, margin : margin + size]


def _boxed(kernel: np.ndarray) -> np.ndarray:
    """The kernel with its support, instead of its centroid, in the middle."""
    shifts = []
    for axis in (1, 0):
        first, end = _span(np.any(kernel, axis=axis))
        shifts.append((kernel.shape[1 - axis] - (first + end)) // 2)
    return np.roll(kernel, shifts, axis=(0, 1))


def _span(filled: np.ndarray) -> tuple[int, int]:
    """Where what is True begins, and where it has ended."""
    places = np.flatnonzero(filled)
    return int(places[0]), int(places[-1]) + 1
