"""Regular grids of camera poses, one for each scale, and how weights pass from one to the next."""

from __future__ import annotations

import math

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError, KernelCollapseError
from pydeblur.nonuniform.options import NonuniformOptions
from pydeblur.nonuniform.poses import CameraPoses, corners, default_focal_length

#: A larger grid is refused: with what is computed on it, each pose takes some 50 bytes.
LARGEST_GRID = 20_000_000
_BYTES_PER_POSE = 50


class PoseGrid:
    """All poses of a scale on a regular grid around the pose that moves nothing.

    One step along any axis moves the farthest pixel by the step that the options name. The grid ends where a corner of
    the picture would be moved by more than the radius of the local kernels.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture at this scale.
    radius : int
        Of the local kernels.
    options : NonuniformOptions
        ``poses``, ``focal_length`` (of the full picture) and ``pose_step`` count.
    pixel : float
        Pixels of the full picture that one of this scale stands for.

    Attributes
    ----------
    extent : (3,) int ndarray
        The grid's indices run from minus this to this along each axis.
    units : (3,) float64 ndarray
        What a step is in the parameters of :class:`~pydeblur.nonuniform.poses.CameraPoses` at this scale.

    Raises
    ------
    InvalidInputError
        If the grid is too large for memory, or the focal length so short that the camera would see what lies beside it.

    Examples
    --------
    >>> grid = PoseGrid((41, 55), 3, NonuniformOptions())
    >>> grid.extent.tolist()
    [4, 4, 4]
    >>> len(grid.poses(grid.all_indices()))
    285
    """

    def __init__(self, shape: tuple[int, int], radius: int, options: NonuniformOptions, pixel: float = 1.0):
        self.shape, self.radius, self.pixel = (shape[0], shape[1]), radius, pixel
        self._model = options.poses
        full = default_focal_length(shape) * pixel if options.focal_length is None else options.focal_length
        self._focal_length = full / pixel
        farthest = math.hypot(shape[0] - 1, shape[1] - 1) / 2
        # Yaw and pitch move the centre by the radius at most, each.
        if (
            self._model == "rotations"
            and math.atan(self._focal_length / farthest) <= math.sqrt(2) * radius / self._focal_length
        ):
            raise InvalidInputError(
                f"a focal length of {full:g} pixels is too short for this picture and kernels of size {2 * radius + 1}, since "
                f"its corners would come to lie beside the camera: choose a longer one, or the poses roll-xy"
            )
        across = 1.0 if self._model == "roll-xy" else 1 / self._focal_length
        self.units = options.pose_step * np.array([across, across, 1 / farthest])
        count = 2 * (radius / options.pose_step) + 1
        if count**3 > LARGEST_GRID:
            raise InvalidInputError(
                f"a grid of {count**3:.2g} camera poses would take {count**3 * _BYTES_PER_POSE / 2**30:.0f} GB of memory: "
                f"choose a kernel size below {2 * radius + 1} or a pose step above {options.pose_step:g} pixels"
            )
        self.extent = np.full(3, int(radius / options.pose_step))

    @property
    def is_planar(self) -> bool:
        """Whether the first two parameters are translations along x and y; else they are rotations about x and y."""
        return self._model == "roll-xy"

    def poses(self, indices: np.ndarray) -> CameraPoses:
        """Return the poses at grid indices (T, 3)."""
        return CameraPoses(indices * self.units, self.shape, self._model, self._focal_length)

    def all_indices(self) -> np.ndarray:
        """Return the indices (T, 3) of all poses that move no corner by more than the radius."""
        return self.inside(np.argwhere(np.ones(2 * self.extent + 1, bool)) - self.extent)

    def inside(self, indices: np.ndarray) -> np.ndarray:
        """Return those of some indices (T, 3) that belong to the grid."""
        indices = indices[np.all(np.abs(indices) <= self.extent, axis=1)]
        if len(indices) == 0:
            return indices
        offsets = self.poses(indices).offsets(corners(self.shape))
        return indices[np.all(np.abs(offsets) <= self.radius, axis=(0, 2))]

    def neighbourhood(self, indices: np.ndarray, reach: int) -> np.ndarray:
        """Return the indices of all poses at most `reach` steps, along the axes, from one of the given."""
        mask = np.zeros(2 * self.extent + 1, bool)
        mask[tuple((indices + self.extent).T)] = True
        return self.inside(np.argwhere(scipy.ndimage.binary_dilation(mask, iterations=reach)) - self.extent)

    def from_coarser(self, coarser: PoseGrid, indices: np.ndarray, weights: np.ndarray):
        """Interpolate the weights of the next coarser scale.

        Parameters
        ----------
        coarser : PoseGrid
        indices : (T, 3) ndarray
        weights : (T,) ndarray

        Returns
        -------
        indices : (T', 3) ndarray
        weights : (T',) ndarray
            Positive, of sum 1.

        Raises
        ------
        KernelCollapseError
            If nothing is left of them.
        """
        dense = np.zeros(2 * coarser.extent + 1)
        dense[tuple((indices + coarser.extent).T)] = weights
        ratio = self.units * self._full_scale() / (coarser.units * coarser._full_scale())
        axes = [np.arange(-n, n + 1) * r + c for n, r, c in zip(self.extent, ratio, coarser.extent)]
        finer = scipy.ndimage.map_coordinates(dense, np.meshgrid(*axes, indexing="ij"), order=1)
        chosen = np.argwhere(finer > 0) - self.extent
        chosen = self.inside(chosen)
        return normalised(chosen, finer[tuple((chosen + self.extent).T)])

    def _full_scale(self) -> np.ndarray:
        """What turns this scale's parameters into those of the full picture."""
        return np.array([self.pixel, self.pixel, 1.0]) if self._model == "roll-xy" else np.ones(3)

    def centred(self, indices: np.ndarray, weights: np.ndarray):
        """Move poses by whole steps so that their mean comes next to the pose that moves nothing.

        A picture and its poses are known only up to a common motion; poses that leave the grid are dropped.
        """
        moved = indices - np.rint(weights @ indices).astype(int)
        kept = np.all(np.abs(moved) <= self.extent, axis=1)
        moved, weights = moved[kept], weights[kept]
        inside = {tuple(index) for index in self.inside(moved)}
        kept = np.array([tuple(index) in inside for index in moved], bool)
        return normalised(moved[kept], weights[kept])


def normalised(indices: np.ndarray, weights: np.ndarray, floor: float = 0.0):
    """Return poses and their weights without those at most `floor` times the largest, of sum 1.

    Parameters
    ----------
    indices : (T, 3) ndarray
    weights : (T,) ndarray
        Non-negative.
    floor : float

    Returns
    -------
    indices : (T', 3) ndarray
    weights : (T',) ndarray

    Raises
    ------
    KernelCollapseError
        If no weight is left.

    Examples
    --------
    >>> normalised(np.eye(3, dtype=int), np.array([2.0, 0.0, 2.0]))[1].tolist()
    [0.5, 0.5]
    """
    kept = weights > floor * weights.max(initial=0.0)
    total = weights[kept].sum()
    if not (np.isfinite(total) and total > 0):
        raise KernelCollapseError("the camera's poses collapsed: no weight is left")
    return indices[kept], weights[kept] / total
