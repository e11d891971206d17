"""The exact forward operators of eq. (14) and (15): K I = A k = Σ_t k_t H_t I, and their adjoints."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform.poses import CameraPoses
from pydeblur.nonuniform.warp import warp_products, weighted_warps, weighted_warps_adjoint


class PoseOperator:
    """The blur by a moving camera: the weighted sum of the pictures that its poses see, by bilinear warps.

    With the latent picture I and the weights k, K I = A k. K is linear in I for fixed weights, A in the weights for a
    fixed picture. Beyond the border of I lie its border's pixels, repeated. Poses that only translate make the
    convolution with the kernel that has their weights at their translations.

    Parameters
    ----------
    poses : CameraPoses

    Examples
    --------
    >>> operator = PoseOperator(CameraPoses([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], (1, 3)))
    >>> operator.blur(np.array([[1.0, 2.0, 4.0]]), np.array([0.5, 0.5])).tolist()
    [[1.0, 1.5, 3.0]]
    """

    def __init__(self, poses: CameraPoses):
        self.poses = poses
        self._inverses = poses.inverse_homographies()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.poses.shape

    def blur(self, image: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return K I, or A k.

        Parameters
        ----------
        image : (H, W) array_like
        weights : (T,) array_like

        Returns
        -------
        (H, W) float64 ndarray

        Raises
        ------
        InvalidInputError
            If an array does not fit the poses.
        """
        return weighted_warps(
            check_picture(image, self.shape), self._inverses, check_weight_count(weights, len(self.poses))
        )

    def adjoint(self, residual: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return Kᵀ r: (H, W) float64 for a picture (H, W) and weights (T,); errors as for :meth:`blur`."""
        return weighted_warps_adjoint(
            check_picture(residual, self.shape), self._inverses, check_weight_count(weights, len(self.poses))
        )

    def weights_adjoint(self, residual: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Return Aᵀ r: (T,) float64 for a residual and a latent picture, both (H, W); errors as for :meth:`blur`."""
        return warp_products(check_picture(image, self.shape), self._inverses, check_picture(residual, self.shape))


def check_picture(image, shape: tuple[int, int]) -> np.ndarray:
    """Return a picture as float64.

    Raises
    ------
    InvalidInputError
        If it is not of the shape that the poses are for.

    Examples
    --------
    >>> check_picture([[1, 2]], (1, 2)).dtype
    dtype('float64')
    """
    image = np.asarray(image, np.float64)
    if image.shape != tuple(shape):
        raise InvalidInputError(f"the image should be {tuple(shape)} as the poses are for, but is {image.shape}")
    return image


def check_weight_count(weights, count: int) -> np.ndarray:
    """Return numbers (T,), one for each pose, as float64; in a linear operator they may be negative.

    Raises
    ------
    InvalidInputError
        If there are more or fewer.

    Examples
    --------
    >>> check_weight_count([1, -2], 2).tolist()
    [1.0, -2.0]
    """
    weights = np.asarray(weights, np.float64)
    if weights.shape != (count,):
        raise InvalidInputError(
            f"there should be one weight for each of the {count} poses, but the shape is {weights.shape}"
        )
    return weights


def check_weights(weights, count: int) -> np.ndarray:
    """Check weights of camera poses, and return them with sum 1.

    Parameters
    ----------
    weights : (T,) array_like
        Finite and non-negative, not all 0.
    count : int
        T.

    Returns
    -------
    (T,) float64 ndarray

    Raises
    ------
    InvalidInputError
        If they are something else.

    Examples
    --------
    >>> check_weights([1, 3], 2).tolist()
    [0.25, 0.75]
    """
    weights = np.asarray(weights)
    if weights.dtype.kind not in "fiub" or weights.shape != (count,):
        raise InvalidInputError(
            f"the pose weights should be {count} real numbers, one for each pose, but are {weights.dtype} of shape "
            f"{weights.shape}"
        )
    weights = weights.astype(np.float64)
    if not np.all(np.isfinite(weights)):
        raise InvalidInputError("the pose weights should be finite, but hold NaN or infinite values")
    if weights.min() < 0:
        raise InvalidInputError(f"the pose weights should not be negative, but the smallest is {weights.min():.3g}")
    total = weights.sum()
    if not (np.isfinite(total) and total > 0):
        raise InvalidInputError("the pose weights should have a positive sum, but all are 0")
    return weights / total
