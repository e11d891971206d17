"""A picture of random kernels and of sharp and blurred pairs, to look at what training sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.files import write_image
from pydeblur.synthesis.kernels import random_kernels
from pydeblur.training.classifier.pairs import Synthesis, sample_block

#: Smallest and largest kernel that is shown.
_SIZES = (7, 51)
#: White pixels between the tiles.
_GAP = 2


def write_sheet(
    path,
    images: Sequence[np.ndarray],
    seed: int = 0,
    *,
    columns: int = 8,
    kernel_rows: int = 3,
    pair_rows: int = 3,
    crop: int = 128,
    synthesis: Synthesis = Synthesis(),
) -> np.ndarray:
    """Write a picture with rows of kernels and, under them, rows of sharp crops above their blurred versions.

    Parameters
    ----------
    path : path
        Image file to write; the suffix decides the format.
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
    synthesis : Synthesis
        How pairs are made.

    Returns
    -------
    (H, W) float32 ndarray
        The picture, in [0, 1]; the file has it in 8 bits.

    Raises
    ------
    InvalidInputError
        If `columns` is less than 1, there are no images, or the crop does not fit into them.
    FileFormatError
        If the file can't be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> image = np.random.default_rng(0).random((120, 130))
    >>> with TemporaryDirectory() as folder:
    ...     write_sheet(Path(folder) / "sheet.png", [image], columns=2, kernel_rows=1, pair_rows=1, crop=40).shape
    (143, 106)
    """
    if columns < 1:
        raise InvalidInputError(f"columns should be at least 1, but is {columns}")
    kernels = random_kernels(columns * kernel_rows, seed, _SIZES)
    pairs = sample_block(images, kernels, columns * pair_rows, crop, seed, synthesis, crops_per_sheet=1)
    parts = [_grid([_kernel_tile(kernel) for kernel in kernels], columns)]
    for first in range(0, len(pairs), columns):
        row = pairs[first : first + columns]
        parts += [_grid(row[:, 0], columns), _grid(row[:, 1], columns)]
    width = max(part.shape[1] for part in parts)
    parts = [np.pad(part, ((0, _GAP), (0, width - part.shape[1])), constant_values=1) for part in parts]
    picture = np.clip(np.concatenate(parts), 0, 1).astype(np.float32)
    write_image(path, picture)
    return picture


def _kernel_tile(kernel: np.ndarray) -> np.ndarray:
    """The kernel, brightest pixel white, in the middle of a dark square."""
    return np.pad(kernel / kernel.max(), (_SIZES[1] - len(kernel)) // 2)


def _grid(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one size in rows; white where the last row has none."""
    rows = []
    for first in range(0, len(tiles), columns):
        row = [np.pad(tile, ((0, _GAP), (0, _GAP)), constant_values=1) for tile in tiles[first : first + columns]]
        row += [np.ones_like(row[0])] * (columns - len(row))
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows)
