"""Overlapping patches of a picture, with windows that sum to 1 (Hirsch et al. 2011 [9])."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.options import is_integer


class PatchGrid:
    """A grid of patches whose windows are tents from centre to centre: each rises from 0 to 1 and falls back to 0.

    The outermost centres lie on the picture's border, so that between the centres everything that patches give is
    interpolated linearly, and nothing is extrapolated. A patch's region holds its window and a margin around it; all
    regions have the same size and lie inside the picture, so at the border the window is not in a region's middle.

    Where patches are far apart, windows that rise more steeply, with a flat top, leave smaller regions.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture; further entries do not count.
    counts : (int, int)
        Rows and columns of patches, at least 1 each.
    margin : int
        Pixels around each window.
    ramp : float, optional
        Pixels at most over which a window rises from 0 to 1, halfway between two centres; None is all the way.

    Attributes
    ----------
    centres : (P, 2) float64 ndarray
        (x, y) of the windows' centres, row by row.
    region : (int, int)
        Rows and columns of every region.

    Raises
    ------
    InvalidOptionError
        If a count is not a whole number of at least 1.
    InvalidInputError
        If the picture has fewer rows or columns of pixels than of patches.

    Examples
    --------
    >>> grid = PatchGrid((40, 60), (3, 4), margin=2)
    >>> len(grid), grid.region
    (12, (40, 45))
    >>> picture = np.random.default_rng(0).random((40, 60))
    >>> bool(np.allclose(grid.blend(grid.cut(picture)), picture))
    True
    """

    def __init__(self, shape: tuple[int, int], counts: tuple[int, int], margin: int = 0, ramp: float | None = None):
        self.shape = (int(shape[0]), int(shape[1]))
        self.counts = _checked_counts(counts, self.shape)
        centres, starts, windows = zip(*(_axis(n, count, margin, ramp) for n, count in zip(self.shape, self.counts)))
        self.region = (windows[0].shape[1], windows[1].shape[1])
        y, x = np.meshgrid(*centres, indexing="ij")
        self.centres = np.column_stack([x.ravel(), y.ravel()])
        self._starts, self._windows = starts, windows

    def __len__(self) -> int:
        return self.counts[0] * self.counts[1]

    def origins(self) -> np.ndarray:
        """Return row and column of every region's first pixel, (P, 2)."""
        rows, columns = np.meshgrid(*self._starts, indexing="ij")
        return np.column_stack([rows.ravel(), columns.ravel()])

    def windows(self) -> np.ndarray:
        """Return the windows on their regions, (P, h, w) float64; over the picture they sum to 1."""
        rows, columns = self._windows
        windows = rows[:, None, :, None] * columns[None, :, None, :]
        return windows.reshape(len(self), *self.region)

    def window(self, number: int) -> np.ndarray:
        """Return the window (h, w) of one patch on its region."""
        rows, columns = self._windows
        return rows[number // self.counts[1]][:, None] * columns[number % self.counts[1]]

    def cut(self, image: np.ndarray, border: int = 0) -> np.ndarray:
        """Return the regions of a picture.

        Parameters
        ----------
        image : (H + 2 b, W + 2 b) ndarray
            The picture with `border` further pixels on every side.
        border : int
            b; the regions are larger by as much on every side.

        Returns
        -------
        (P, h + 2 b, w + 2 b) ndarray
        """
        height, width = (side + 2 * border for side in self.region)
        rows, columns = self._starts
        parts = sliding_window_view(image, (height, width))[rows[:, None], columns]
        return np.ascontiguousarray(parts).reshape(len(self), height, width)

    def paste(self, parts: np.ndarray, border: int = 0) -> np.ndarray:
        """Add up regions where they overlap: the adjoint of :meth:`cut`.

        Parameters
        ----------
        parts : (P, h + 2 b, w + 2 b) ndarray
        border : int

        Returns
        -------
        (H + 2 b, W + 2 b) ndarray
        """
        result = np.zeros(tuple(side + 2 * border for side in self.shape), parts.dtype)
        height, width = parts.shape[1:]
        for (row, column), part in zip(self.origins(), parts):
            result[row : row + height, column : column + width] += part
        return result

    def blend(self, parts: np.ndarray) -> np.ndarray:
        """Return the picture that regions make together, each weighted by its window.

        Parameters
        ----------
        parts : (P, h, w) ndarray

        Returns
        -------
        (H, W) ndarray
            Of the dtype of `parts`.
        """
        result = np.zeros(self.shape, parts.dtype)
        height, width = self.region
        rows, columns = (windows.astype(parts.dtype) for windows in self._windows)
        for number, (row, column) in enumerate(self.origins()):
            down, right = rows[number // self.counts[1]], columns[number % self.counts[1]]
            result[row : row + height, column : column + width] += parts[number] * down[:, None] * right
        return result


def largest_counts(shape: tuple[int, int], counts: tuple[int, int], smallest_step: float) -> tuple[int, int]:
    """Return how many patches a picture takes if their centres should lie so far apart.

    Parameters
    ----------
    shape : (int, int)
    counts : (int, int)
        The patches that are wanted.
    smallest_step : float
        Pixels, > 0.

    Returns
    -------
    (int, int)
        At most `counts`, at least 1 each.

    Examples
    --------
    >>> largest_counts((60, 400), (10, 14), 8.0)
    (8, 14)
    """
    rows, columns = (max(1, min(count, int((n - 1) / smallest_step) + 1)) for n, count in zip(shape, counts))
    return rows, columns


def _checked_counts(counts, shape) -> tuple[int, int]:
    counts = tuple(counts)
    if len(counts) != 2 or not all(is_integer(count) and count >= 1 for count in counts):
        raise InvalidOptionError(f"patches should be two whole numbers of at least 1, but are {counts}")
    if counts[0] > shape[0] or counts[1] > shape[1]:
        raise InvalidInputError(
            f"the image ({shape[0]}x{shape[1]}) is smaller than {counts[0]}x{counts[1]} patches of one pixel: ask for fewer"
        )
    return int(counts[0]), int(counts[1])


def _axis(length: int, count: int, margin: int, ramp: float | None):
    """The centres, the first pixels of the regions and the windows on them, along one axis."""
    pixels = np.arange(length)
    if count == 1:
        return np.array([(length - 1) / 2]), np.array([0]), np.ones((1, length))
    step = (length - 1) / (count - 1)
    centres = np.arange(count) * step
    rise = step if ramp is None else min(step, ramp)
    flat = (step - rise) / 2
    side = min(length, 2 * (math.ceil(rise + flat) + margin) + 1)
    starts = np.clip(np.rint(centres).astype(int) - side // 2, 0, length - side)
    windows = np.clip(1 - (np.abs(pixels - centres[:, None]) - flat) / rise, 0, 1)
    return centres, starts, np.stack([window[start : start + side] for window, start in zip(windows, starts)])
