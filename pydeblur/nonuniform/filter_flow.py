"""The fast forward approximation [9]: efficient filter flow, Hirsch et al. 2011.

Every patch of the picture is convolved with the kernel that the camera's poses make at its centre; the results are
blended by windows that sum to 1. The local kernels are linear in the pose weights: one sparse matrix holds them all.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import scipy

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.errors import InvalidInputError
from pydeblur.matlab import padarray
from pydeblur.nonuniform.operators import check_picture, check_weight_count
from pydeblur.nonuniform.patches import PatchGrid
from pydeblur.nonuniform.poses import CameraPoses
from pydeblur.solver.boundary import opt_fft_size

#: Patches of the default filter flow, rows and columns: its error is below 0.4 % of the range for shakes by hand.
DEFAULT_PATCHES = (10, 14)
#: Offsets are that far beyond the radius only by rounding.
_ROUNDING = 1e-6


class LocalKernels:
    """The blur kernels that camera poses make at some pixels, as a linear function of the pose weights.

    A pose puts its weight at its offset p - H_t⁻¹ p, shared by bilinear weights among the four nearest pixels.

    Parameters
    ----------
    poses : CameraPoses
    points : (P, 2) array_like
        Pixels (x, y).
    radius : int, optional
        The kernels have 2 radius + 1 rows and columns. By default all offsets fit.
    dtype : dtype
        Of the kernels.

    Raises
    ------
    InvalidInputError
        If an offset is larger than the radius.

    Examples
    --------
    >>> kernels = LocalKernels(CameraPoses([[0.5, 0.0, 0.0]], (8, 8)), [[3.0, 3.0]])
    >>> kernels.of_weights(np.array([1.0])).tolist()
    [[[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 0.0]]]
    """

    def __init__(self, poses: CameraPoses, points, radius: int | None = None, dtype=np.float64):
        offsets = poses.offsets(points)
        largest = float(np.abs(offsets).max())
        self.radius = int(np.ceil(largest - _ROUNDING)) if radius is None else int(radius)
        if largest > self.radius + _ROUNDING:
            raise InvalidInputError(
                f"a pose moves the picture by {largest:.1f} pixels, more than the kernels' radius of {self.radius}"
            )
        self._count = len(points)
        self._side = 2 * self.radius + 1
        self.matrix = self._matrix(np.clip(offsets + self.radius, 0, 2 * self.radius), dtype)

    def _matrix(self, places, dtype):
        """The sparse matrix (P n², T) from where each pose falls in each kernel, (P, T, 2)."""
        side, poses = self._side, places.shape[1]
        # By poses first, so that the columns lie one after the other.
        places = places.transpose(1, 0, 2)
        first = np.minimum(places.astype(np.int32), max(side - 2, 0))
        share = (places - first).astype(dtype)
        base = (first[..., 1] * side + first[..., 0]) + np.arange(self._count, dtype=np.int32) * side**2
        beside, below = (1, side) if side > 1 else (0, 0)
        x, y = share[..., 0], share[..., 1]
        indices = np.stack([base, base + beside, base + below, base + beside + below], axis=-1)
        values = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=-1)
        ends = np.arange(poses + 1) * (4 * self._count)
        shape = (self._count * side**2, poses)
        return scipy.sparse.csc_matrix((values.reshape(-1), indices.reshape(-1), ends), shape)

    def of_weights(self, weights: np.ndarray) -> np.ndarray:
        """Return the kernels (P, n, n) of pose weights (T,); their sums are that of the weights."""
        weights = np.asarray(weights, self.matrix.dtype)
        return (self.matrix @ weights).reshape(self._count, self._side, self._side)

    def adjoint(self, kernels: np.ndarray) -> np.ndarray:
        """Apply the adjoint: weights (T,) from arrays (P, n, n)."""
        return self.matrix.T @ np.ascontiguousarray(kernels, self.matrix.dtype).reshape(-1)

    def subset(self, chosen) -> LocalKernels:
        """Return the kernels of some of the poses, chosen by an index or mask array."""
        part = copy(self)
        part.matrix = self.matrix[:, chosen]
        return part


class FilterFlow:
    """The approximation of :class:`~pydeblur.nonuniform.operators.PoseOperator` by patches, with the same methods.

    Parameters
    ----------
    poses : CameraPoses
    patches : (int, int)
        Rows and columns of patches.
    workers : int
        Threads of the FFTs.

    Examples
    --------
    >>> flow = FilterFlow(CameraPoses([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], (1, 3)), (1, 1))
    >>> flow.blur(np.array([[1.0, 2.0, 4.0]]), np.array([0.5, 0.5])).round(12).tolist()
    [[1.0, 1.5, 3.0]]
    """

    def __init__(self, poses: CameraPoses, patches: tuple[int, int] = DEFAULT_PATCHES, workers: int = 1):
        self.poses = poses
        self._grid = PatchGrid(poses.shape, patches)
        # An offset at a patch's centre is never larger than at the farthest corner.
        self._kernels = LocalKernels(poses, self._grid.centres)
        self._blur = PatchBlur(self._grid, self._kernels.radius, workers)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.poses.shape

    def blur(self, image: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return K I, or A k: (H, W) float64 for a picture (H, W) and weights (T,)."""
        return self._blur.blur(check_picture(image, self.shape), self._kernels.of_weights(self._weights(weights)))

    def adjoint(self, residual: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return Kᵀ r: (H, W) float64 for a picture (H, W) and weights (T,)."""
        return self._blur.adjoint(check_picture(residual, self.shape), self._kernels.of_weights(self._weights(weights)))

    def weights_adjoint(self, residual: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Return Aᵀ r: (T,) float64 for a residual and a latent picture, both (H, W)."""
        residual, image = check_picture(residual, self.shape), check_picture(image, self.shape)
        return self._kernels.adjoint(self._blur.kernels_adjoint(residual, image))

    def _weights(self, weights) -> np.ndarray:
        return check_weight_count(weights, len(self.poses))


class PatchBlur:
    """The blur of a picture by a kernel for each patch, and its adjoints; beyond the border its pixels are repeated.

    Parameters
    ----------
    grid : PatchGrid
        Without margins.
    radius : int
        The kernels (P, n, n) have n = 2 radius + 1.
    workers : int
        Threads of the FFTs.

    Examples
    --------
    >>> grid = PatchGrid((20, 30), (2, 3))
    >>> identity = np.zeros((6, 3, 3))
    >>> identity[:, 1, 1] = 1
    >>> picture = np.random.default_rng(0).random((20, 30))
    >>> bool(np.allclose(PatchBlur(grid, 1).blur(picture, identity), picture))
    True
    """

    def __init__(self, grid: PatchGrid, radius: int, workers: int = 1):
        self._grid, self._radius, self._workers = grid, radius, workers
        self._windows = grid.windows()
        self._size = tuple(opt_fft_size(side + 2 * radius) for side in grid.region)
        height, width = grid.region
        self._valid = np.s_[:, 2 * radius : 2 * radius + height, 2 * radius : 2 * radius + width]

    def blur(self, image: np.ndarray, kernels: np.ndarray) -> np.ndarray:
        """Return the blurred picture (H, W) of a picture (H, W) and kernels (P, n, n)."""
        blurred = self._inverse(self._image_spectra(image) * self._spectra(kernels))[self._valid]
        return self._grid.paste(blurred * self._windows.astype(blurred.dtype, copy=False))

    def adjoint(self, residual: np.ndarray, kernels: np.ndarray) -> np.ndarray:
        """Apply the adjoint in the picture: (H, W) for a residual (H, W) and kernels (P, n, n)."""
        spectra = self._residual_spectra(residual) * self._spectra(kernels).conj()
        height, width = (side + 2 * self._radius for side in self._grid.region)
        extended = self._grid.paste(self._inverse(spectra)[:, :height, :width], self._radius)
        return _folded(extended, self._radius)

    def kernels_adjoint(self, residual: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Apply the adjoint in the kernels: (P, n, n) for a residual and a picture, both (H, W)."""
        spectra = self._image_spectra(image).conj() * self._residual_spectra(residual)
        side = 2 * self._radius + 1
        return self._inverse(spectra)[:, :side, :side]

    def _image_spectra(self, image):
        extended = padarray(image, (self._radius, self._radius), "replicate")
        return self._spectra(self._grid.cut(extended, self._radius))

    def _residual_spectra(self, residual):
        placed = np.zeros((len(self._grid), *self._size), residual.dtype)
        placed[self._valid] = self._grid.cut(residual) * self._windows.astype(residual.dtype, copy=False)
        return rfft2(placed, self._workers)

    def _spectra(self, parts):
        padded = np.zeros((len(parts), *self._size), parts.dtype)
        padded[:, : parts.shape[1], : parts.shape[2]] = parts
        return rfft2(padded, self._workers)

    def _inverse(self, spectra):
        return irfft2(spectra, self._size[1], self._workers)


def _folded(extended: np.ndarray, radius: int) -> np.ndarray:
    """Add what lies beyond the border to the border's pixels: the adjoint of repeating them."""
    if radius == 0:
        return extended
    for axis in (0, 1):
        extended = np.moveaxis(extended, axis, 0)
        inside = extended[radius:-radius].copy()
        inside[0] += extended[:radius].sum(0)
        inside[-1] += extended[-radius:].sum(0)
        extended = np.moveaxis(inside, 0, axis)
    return extended
