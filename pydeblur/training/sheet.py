"""A picture of random kernels and of sharp and blurred pairs, to look at what training sees."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.training.kernels import random_kernels
from pydeblur.training.synthesis import Synthesis, sample_block

KERNEL_TILE = 51
GAP = 2


def write_sheet(
    path, images, seed=0, columns=8, kernel_rows=3, pair_rows=3, crop=128, sizes=(7, 51), synthesis=Synthesis()
):
    """Write a picture with rows of kernels and, under them, rows of sharp crops above their blurred versions.

    Parameters
    ----------
    path : path
        Image file to write; the suffix decides the format. An existing file is replaced.
    images : sequence of (H, W) uint8 or float ndarray
        Sharp images, floats in [0, 1].
    seed : int
        The same seed gives the same picture.
    columns : int
        Kernels and pairs in a row, at least 1.
    kernel_rows, pair_rows : int
        Rows of kernels and rows of pairs.
    crop : int
        Side of the crops in pixels.
    sizes : (int, int)
        Smallest and largest kernel, odd.
    synthesis : Synthesis
        How pairs are made.

    Returns
    -------
    (H, W) uint8 ndarray
        The picture.

    Raises
    ------
    InvalidInputError
        If `columns` is less than 1, there are no images, or the crop does not fit into them.
    """
    if columns < 1:
        raise InvalidInputError(f"columns should be at least 1, but is {columns}.")
    kernels = random_kernels(columns * kernel_rows, seed, sizes)
    pairs = sample_block(images, kernels, columns * pair_rows, crop, seed, synthesis, crops_per_sheet=1)
    tiles = max(KERNEL_TILE, sizes[1])
    parts = [_grid([_kernel_tile(kernel, tiles) for kernel in kernels], columns)]
    for first in range(0, len(pairs), columns):
        row = pairs[first : first + columns]
        parts += [_grid(row[:, 0], columns), _grid(row[:, 1], columns)]
    width = max(part.shape[1] for part in parts)
    parts = [np.pad(part, ((0, GAP), (0, width - part.shape[1])), constant_values=1) for part in parts]
    picture = np.concatenate(parts)
    picture = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    _write(Path(path), picture)
    return picture


def _kernel_tile(kernel, side):
    """The kernel, brightest pixel white, in the middle of a dark square."""
    before = (side - len(kernel)) // 2
    after = side - len(kernel) - before
    return np.pad(kernel / kernel.max(), (before, after))


def _grid(tiles, columns):
    rows = []
    for first in range(0, len(tiles), columns):
        row = [np.pad(tile, ((0, GAP), (0, GAP)), constant_values=1) for tile in tiles[first : first + columns]]
        row += [np.ones_like(row[0])] * (columns - len(row))
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows)


def _write(path, picture):
    import imageio.v3 as imageio

    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    imageio.imwrite(temporary, picture)
    os.replace(temporary, path)
