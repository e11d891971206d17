"""A blur that changes over the picture, however it is known: by camera poses with weights, or by a grid of kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform.filter_flow import LocalKernels
from pydeblur.nonuniform.operators import check_weights
from pydeblur.nonuniform.poses import CameraPoses


@dataclass(frozen=True, eq=False)
class PoseBlur:
    """Blur by the weighted poses of a camera.

    Parameters
    ----------
    poses : CameraPoses
        Of a picture of the blurred one's size.
    weights : (T,) array_like
        Finite, non-negative, not all 0; they are divided by their sum.

    Raises
    ------
    InvalidInputError
        If the weights are something else.

    Examples
    --------
    >>> blur = PoseBlur(CameraPoses([[1.0, 0.0, 0.0]], (20, 30)), [2.0])
    >>> blur.radius, blur.weights.tolist()
    (1, [1.0])
    >>> blur.kernels_at([[5.0, 5.0]]).tolist()
    [[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]
    """

    poses: CameraPoses
    weights: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "weights", check_weights(self.weights, len(self.poses)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.poses.shape

    @property
    def radius(self) -> int:
        """The local kernels have 2 radius + 1 rows and columns."""
        return int(np.ceil(self.poses.largest_offset() - 1e-6))

    def kernels_at(self, points) -> np.ndarray:
        """Return the kernels (P, n, n) at pixels (P, 2), (x, y); each has sum 1."""
        return LocalKernels(self.poses, points, self.radius).of_weights(self.weights)


@dataclass(frozen=True, eq=False)
class KernelGridBlur:
    """Blur by kernels that are known at the points of a grid; between the points they are interpolated linearly.

    Parameters
    ----------
    kernels : (R, C, n, n) array_like
        n odd; finite, non-negative, none all 0; each is divided by its sum.
    rows : (R,) array_like
        Row of the picture that each row of kernels is for, increasing.
    columns : (C,) array_like
        Column, likewise.
    shape : (int, int)
        Rows and columns of the picture.

    Raises
    ------
    InvalidInputError
        If an argument is something else.

    Examples
    --------
    >>> kernels = np.zeros((1, 2, 1, 3))
    >>> kernels[0, 0, 0, 1] = kernels[0, 1, 0, 2] = 1
    >>> KernelGridBlur(kernels, [0.0], [0.0, 9.0], (10, 10))
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: the kernels should be square with odd sides, but are (1, 3)
    """

    kernels: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self):
        kernels = np.asarray(self.kernels)
        if kernels.dtype.kind not in "fiub" or kernels.ndim != 4 or kernels.size == 0:
            raise InvalidInputError(
                f"the local kernels should be a real array (R, C, n, n), but are {kernels.dtype} of shape {kernels.shape}"
            )
        if kernels.shape[2] != kernels.shape[3] or kernels.shape[2] % 2 == 0:
            raise InvalidInputError(f"the kernels should be square with odd sides, but are {kernels.shape[2:]}")
        kernels = kernels.astype(np.float64)
        if not np.all(np.isfinite(kernels)) or kernels.min() < 0 or kernels.sum(axis=(2, 3)).min() <= 0:
            raise InvalidInputError("every local kernel should be finite, non-negative and of positive sum")
        object.__setattr__(self, "kernels", kernels / kernels.sum(axis=(2, 3), keepdims=True))
        object.__setattr__(self, "shape", (int(self.shape[0]), int(self.shape[1])))
        for name, count in (("rows", kernels.shape[0]), ("columns", kernels.shape[1])):
            object.__setattr__(self, name, _places(getattr(self, name), count, name))

    @property
    def radius(self) -> int:
        """The local kernels have 2 radius + 1 rows and columns."""
        return self.kernels.shape[-1] // 2

    def kernels_at(self, points) -> np.ndarray:
        """Return the kernels (P, n, n) at pixels (P, 2), (x, y); beyond the outermost points they stay the same."""
        x, y = np.asarray(points, np.float64).T
        above, down = _between(self.rows, y)
        before, right = _between(self.columns, x)
        below, behind = (np.minimum(i + 1, n - 1) for i, n in ((above, len(self.rows)), (before, len(self.columns))))
        down, right = down[:, None, None], right[:, None, None]
        upper = self.kernels[above, before] * (1 - right) + self.kernels[above, behind] * right
        lower = self.kernels[below, before] * (1 - right) + self.kernels[below, behind] * right
        return upper * (1 - down) + lower * down


LocalBlur = PoseBlur | KernelGridBlur


def check_same_shape(blur: LocalBlur, shape: tuple[int, ...]) -> None:
    """Check that a blur is for pictures of a size.

    Parameters
    ----------
    blur : PoseBlur or KernelGridBlur
    shape : tuple of int
        Rows and columns; further entries do not count.

    Raises
    ------
    InvalidInputError
        If it is for another size.

    Examples
    --------
    >>> check_same_shape(PoseBlur(CameraPoses([[1.0, 0.0, 0.0]], (20, 30)), [1.0]), (20, 31))
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: the blur is for a picture of 20x30 pixels, but the image has 20x31
    """
    if tuple(shape[:2]) != tuple(blur.shape):
        raise InvalidInputError(
            f"the blur is for a picture of {blur.shape[0]}x{blur.shape[1]} pixels, but the image has "
            f"{shape[0]}x{shape[1]}"
        )


def _places(places, count: int, name: str) -> np.ndarray:
    places = np.asarray(places)
    if places.dtype.kind not in "fiu" or places.shape != (count,):
        raise InvalidInputError(f"{name} should be {count} numbers, one for each of the kernels' {name}")
    places = places.astype(np.float64)
    if not np.all(np.isfinite(places)) or np.any(np.diff(places) <= 0):
        raise InvalidInputError(f"{name} should be finite and increasing")
    return places


def _between(places: np.ndarray, wanted: np.ndarray):
    """The number of the place before each wanted one, and the share of the way to the next."""
    if len(places) == 1:
        return np.zeros(len(wanted), int), np.zeros(len(wanted))
    first = np.clip(np.searchsorted(places, wanted, side="right") - 1, 0, len(places) - 2)
    share = (wanted - places[first]) / (places[first + 1] - places[first])
    return first, np.clip(share, 0, 1)
