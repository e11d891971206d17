"""Ringing removal on a large picture: :func:`pydeblur.nonblind.ringing.remove_ringing` in tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pydeblur.nonblind.bilateral import bilateral_filter, window_radius
from pydeblur.nonblind.tiles.l0 import sparse_gradients_latent
from pydeblur.nonblind.tiles.passes import for_each
from pydeblur.nonblind.tiles.rows import PaddedRows, Rows
from pydeblur.nonblind.tiles.spectrum_file import row_strips
from pydeblur.nonblind.tiles.total_variation import total_variation
from pydeblur.solver.boundary import padded_shape


def remove_ringing_in_tiles(
    channels: Sequence[Rows],
    kernel: np.ndarray,
    write: Callable[[int, np.ndarray], None],
    lambda_tv: float = 1e-3,
    lambda_l0: float = 5e-4,
    weight_ring: float = 1.0,
    workers: int = 1,
) -> None:
    """Compute I_tv - weight_ring * bilateral(I_tv - I_l0), strip by strip.

    Parameters
    ----------
    channels : sequence of Rows
        The blurred picture's (H, W).
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    write : callable
        It takes the number of a first row, and rows (n, W, C) of the result, in any order.
    lambda_tv, lambda_l0, weight_ring : float
        As for :func:`~pydeblur.nonblind.ringing.remove_ringing`.
    workers : int
        Threads.

    Examples
    --------
    >>> from pydeblur.nonblind.tiles.rows import ArrayRows
    >>> result = np.empty((16, 16, 1))
    >>> def write(first, rows):
    ...     result[first : first + len(rows)] = rows
    >>> remove_ringing_in_tiles([ArrayRows(np.full((16, 16), 0.5))], np.full((3, 3), 1 / 9), write)
    >>> bool(np.allclose(result, 0.5, atol=1e-6))
    True
    """
    height, width = channels[0].shape
    smooth = [total_variation(channel, kernel, lambda_tv, workers) for channel in channels]
    strips = row_strips((height, width), channels[0].dtype.itemsize * len(channels))
    if weight_ring == 0:
        for_each(lambda strip: write(strip.start, _crop(smooth, strip.start, strip.stop, width)), strips, workers)
        return
    # As in the MATLAB family, the L0 part pads the already padded image once more.
    shape = padded_shape(channels[0].shape, kernel.shape)
    padded = [PaddedRows(channel, shape) for channel in channels]
    sparse = sparse_gradients_latent(padded, kernel, lambda_l0, workers=workers)
    reach = window_radius()

    def clean(strip):
        # The filter replicates the border where the picture ends, and sees beyond the strip where it goes on.
        top, bottom = max(strip.start - reach, 0), min(strip.stop + reach, height)
        seen = _crop(smooth, top, bottom, width)
        difference = seen - _crop(sparse, top, bottom, width)
        own = np.s_[strip.start - top : strip.stop - top]
        filtered = bilateral_filter(difference if len(channels) > 1 else difference[..., 0])
        rings = filtered.reshape(difference.shape)[own] * np.float32(weight_ring)
        write(strip.start, seen[own] - rings)

    for_each(clean, strips, workers)


def _crop(pictures, first, last, width):
    """Rows (last - first, width, C)."""
    return np.stack([picture.read(first, last)[:, :width] for picture in pictures], axis=-1)
