"""The size of the square that a kernel is sought in: sizes near the one asked for, and what a kernel says of its own.

Which square is the right one is not known before the blur is. Too small a square cuts the blur off, and what was cut off comes
back at the border; too large a one leaves room for what is no blur. So runs of the solver with kernels of several sizes are
among the candidates (:mod:`pydeblur.estimators.presets`), and their kernels are given in the size that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pydeblur.estimators.protocol import KernelEstimate

#: Width in pixels of the frame in which a kernel that was cut off has much of its mass.
BORDER = 2
#: A kernel that was cut off has at least this share of its mass there; others have a small part of it.
MUCH_AT_THE_BORDER = 0.05
#: So much of a kernel's mass may be lost where it is given in a smaller size than it was found in.
_SMALL_LOSS = 0.01
_SMALLEST = 3
#: Sides from which on something is told by a frame of one pixel, and by one of two.
_SMALLEST_WITH_BORDER, _SMALLEST_WITH_WIDE_BORDER = 5, 9


def scaled_size(kernel_size: float, factor: float) -> int:
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


def is_cut_off(kernel: np.ndarray) -> bool:
    """Whether a kernel has so much mass at its border that its square was too small for the blur.

    In a square below 9 pixels the frame is one pixel wide, and in one of 3 nothing can be told.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Of sum 1.

    Examples
    --------
    >>> is_cut_off(np.full((11, 11), 1 / 121)), is_cut_off(np.pad(np.full((7, 7), 1 / 49), 2))
    (True, False)
    """
    side = min(kernel.shape)
    return side >= _SMALLEST_WITH_BORDER and border_mass(kernel, border_width(side)) >= MUCH_AT_THE_BORDER


def border_width(size: int) -> int:
    """Width of the frame that tells whether a kernel of some size was cut off.

    Examples
    --------
    >>> border_width(31), border_width(7)
    (2, 1)
    """
    return BORDER if size >= _SMALLEST_WITH_WIDE_BORDER else 1


def finds_size(estimate: Callable[..., KernelEstimate]) -> Callable[..., KernelEstimate]:
    """Let a method ``estimate(self, image, kernel_size, *, clipped, callback)`` find the size where it is given None.

    Parameters
    ----------
    estimate : callable
        Of a whole estimator.

    Returns
    -------
    callable
        The same with ``kernel_size`` None by default; the estimate then has its ``kernel_size_search``.

    Examples
    --------
    >>> from pydeblur.estimators import load_estimator
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> found = load_estimator("cho_lee", passes=1).estimate(image)
    >>> found.kernel.shape[0] == found.kernel_size_search.size
    True
    """

    @wraps(estimate)
    def estimate_in_any(self, image, kernel_size: int | None = None, *, clipped=None, callback=None) -> KernelEstimate:
        if kernel_size is not None:
            return estimate(self, image, kernel_size, clipped=clipped, callback=callback)
        from pydeblur.estimators.kernel_size_search import search_kernel_size

        search = search_kernel_size(image, clipped=clipped)
        found = estimate(self, image, search.size, clipped=clipped, callback=callback)
        return replace(found, kernel_size_search=search)

    return estimate_in_any


def core_size(kernel: np.ndarray, share: float = 0.95) -> int:
    """Side of the square that the greater part of a kernel fits into, wherever it lies.

    Parameters
    ----------
    kernel : (n, m) ndarray
        Non-negative, of sum 1.
    share : float
        Of the mass that has to lie between two rows, and between two columns.

    Returns
    -------
    int

    Examples
    --------
    >>> kernel = np.zeros((9, 9))
    >>> kernel[4, 2:7] = [0.02, 0.32, 0.32, 0.32, 0.02]
    >>> core_size(kernel), core_size(kernel, 0.99)
    (3, 5)
    """
    return max(_shortest_stretch(kernel.sum(axis=axis), share) for axis in (0, 1))


def _shortest_stretch(profile: np.ndarray, share: float) -> int:
    """The least number of neighbours that have at least a share of the mass."""
    sums = np.concatenate([[0.0], np.cumsum(profile)])
    # Where the sum is first as large as is wanted beyond each beginning; rounding is no reason to need one more.
    ends = np.searchsorted(sums, sums + share * sums[-1] * (1 - 1e-12))
    lengths = ends - np.arange(len(sums))
    return int(min(lengths[ends < len(sums)]))


def resized_kernel(kernel: np.ndarray, factor: float) -> np.ndarray:
    """A kernel as it is in an image that is enlarged or reduced by a factor.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Non-negative, of sum 1.
    factor : float
        Positive.

    Returns
    -------
    (m, m) ndarray
        Non-negative, of sum 1, m odd.

    Examples
    --------
    >>> resized_kernel(np.full((9, 9), 1 / 81), 0.5).shape
    (7, 7)
    """
    from pydeblur.matlab import imresize  # the command line's help has no need of it

    if factor == 1:
        return kernel
    resized = np.maximum(imresize(np.pad(kernel, BORDER), factor), 0)
    side = max(len(resized) - (len(resized) % 2 == 0), 1)
    resized = resized[:side, :side]
    return resized / resized.sum()


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
