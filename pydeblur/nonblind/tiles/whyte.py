"""The method for saturated pictures on a large one: :func:`pydeblur.nonblind.whyte.deconvolve_saturated` in tiles.

Each of its iterations sees the neighbourhood of a kernel only, and what a tile's border is wrong by fades: windows that
overlap give what the whole picture gives.
"""

from __future__ import annotations

import itertools

import numpy as np

from pydeblur.nonblind.tiles.passes import for_each
from pydeblur.nonblind.whyte import GAMMA, deconvolve_saturated

#: Side of a tile in pixels.
TILE_SIDE = 1024
#: What the border is wrong by falls below 1e-4 within so many radii of the kernel, for 50 iterations; it diffuses, so that
#: its reach grows with the square root of their number.
_RADII, _ITERATIONS = 12, 50
#: Within one iteration, beyond the kernel: the disc and the Gaussian around bright pixels.
_AROUND_BRIGHT = 13


def reach_of(kernel_shape: tuple[int, int], iterations: int) -> tuple[int, int]:
    """Return by how many rows and columns tiles have to overlap.

    Parameters
    ----------
    kernel_shape : (int, int)
    iterations : int

    Returns
    -------
    (int, int)
        No more than what so many iterations can see.

    Examples
    --------
    >>> reach_of((9, 31), 50), reach_of((9, 31), 2)
    ((61, 193), (42, 86))
    """
    growth = max(iterations / _ITERATIONS, 1) ** 0.5
    radii = [side // 2 for side in kernel_shape]
    rows, columns = (
        min(round(_RADII * growth * radius) + _AROUND_BRIGHT, iterations * (2 * radius + _AROUND_BRIGHT))
        for radius in radii
    )
    return rows, columns


def saturated_in_tiles(
    plane: np.ndarray,
    kernel: np.ndarray,
    out: np.ndarray,
    iterations: int = 50,
    workers: int = 1,
    light_gamma: float = GAMMA,
) -> None:
    """Deblur a channel of a saturated picture tile by tile.

    Parameters
    ----------
    plane : (H, W) ndarray
        Blurred channel.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    out : (H, W) ndarray
        The result; it shares no memory with `plane`.
    iterations : int
    workers : int
        Threads.
    light_gamma : float
        The blur adds up intensities to this power.

    Examples
    --------
    >>> plane, result = np.full((16, 16), 0.5), np.empty((16, 16))
    >>> saturated_in_tiles(plane, np.full((3, 3), 1 / 9), result, iterations=2)
    >>> bool(np.allclose(result, 0.5))
    True
    """
    reach = reach_of(kernel.shape, iterations)
    # A tile is not smaller than its overlap, which would cost more than itself.
    sides = [max(TILE_SIDE, each) for each in reach]
    corners = itertools.product(*(range(0, length, side) for length, side in zip(plane.shape, sides)))

    def deblur(corner):
        own = [slice(at, min(at + side, length)) for at, side, length in zip(corner, sides, plane.shape)]
        seen = tuple(
            slice(max(part.start - each, 0), min(part.stop + each, length))
            for part, each, length in zip(own, reach, plane.shape)
        )
        restored = deconvolve_saturated(np.ascontiguousarray(plane[seen]), kernel, iterations, light_gamma=light_gamma)
        inside = tuple(slice(part.start - window.start, part.stop - window.start) for part, window in zip(own, seen))
        out[tuple(own)] = restored[inside]

    for_each(deblur, list(corners), workers)
