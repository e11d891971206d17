"""Bilinear warps of a picture by homographies, summed with weights, and their adjoints."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.compiled import imported_loops


def weighted_warps(image: np.ndarray, inverses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Σ_t k_t I(H_t⁻¹ p) for every pixel p, with bilinear interpolation.

    Parameters
    ----------
    image : (H, W) float64 ndarray
        Beyond its border lie the border's pixels, repeated.
    inverses : (T, 3, 3) float64 ndarray
        The inverse homographies.
    weights : (T,) float64 ndarray

    Returns
    -------
    (H, W) float64 ndarray

    Examples
    --------
    >>> shift = np.eye(3)
    >>> shift[0, 2] = -1
    >>> weighted_warps(np.array([[1.0, 2.0, 4.0]]), shift[None], np.array([0.5])).tolist()
    [[0.5, 0.5, 1.0]]
    """
    loops = imported_loops("pydeblur.nonuniform._warp_numba")
    if loops is not None:
        return loops.weighted_warps(image, inverses, weights)
    result = np.zeros(image.shape)
    for inverse, weight in zip(inverses, weights):
        for indices, share in _neighbours(inverse, image.shape):
            result += weight * share * image.ravel()[indices]
    return result


def weighted_warps_adjoint(residual: np.ndarray, inverses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Apply the adjoint of :func:`weighted_warps` in the image.

    Parameters
    ----------
    residual : (H, W) float64 ndarray
    inverses : (T, 3, 3) float64 ndarray
    weights : (T,) float64 ndarray

    Returns
    -------
    (H, W) float64 ndarray

    Examples
    --------
    >>> shift = np.eye(3)
    >>> shift[0, 2] = -1
    >>> weighted_warps_adjoint(np.array([[1.0, 2.0, 4.0]]), shift[None], np.array([0.5])).tolist()
    [[1.5, 2.0, 0.0]]
    """
    loops = imported_loops("pydeblur.nonuniform._warp_numba")
    if loops is not None:
        return loops.weighted_warps_adjoint(residual, inverses, weights)
    result = np.zeros(residual.size)
    for inverse, weight in zip(inverses, weights):
        for indices, share in _neighbours(inverse, residual.shape):
            result += np.bincount(indices.ravel(), (weight * share * residual).ravel(), residual.size)
    return result.reshape(residual.shape)


def warp_products(image: np.ndarray, inverses: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Return the inner products of every warped picture with a residual, <H_t I, r>.

    Parameters
    ----------
    image, residual : (H, W) float64 ndarray
    inverses : (T, 3, 3) float64 ndarray

    Returns
    -------
    (T,) float64 ndarray

    Examples
    --------
    >>> warp_products(np.array([[1.0, 2.0]]), np.eye(3)[None], np.array([[3.0, 1.0]])).tolist()
    [5.0]
    """
    loops = imported_loops("pydeblur.nonuniform._warp_numba")
    if loops is not None:
        return loops.warp_products(image, inverses, residual)
    flat = image.ravel()
    return np.array(
        [
            sum(np.vdot(share * flat[indices], residual) for indices, share in _neighbours(inverse, image.shape))
            for inverse in inverses
        ]
    )


def _neighbours(inverse, shape):
    """Yield the flat indices (H, W) and the bilinear weights (H, W) of the four pixels around each source."""
    height, width = shape
    y, x = np.indices(shape, dtype=np.float64)
    depth = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    columns = np.clip((inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / depth, 0, width - 1)
    rows = np.clip((inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / depth, 0, height - 1)
    left, top = (np.minimum(places.astype(np.intp), max(n - 2, 0)) for places, n in ((columns, width), (rows, height)))
    right, down = columns - left, rows - top
    for below, share_y in ((0, 1 - down), (1, down)):
        for beside, share_x in ((0, 1 - right), (1, right)):
            # In a picture of one row or column the second neighbour does not exist, and has no weight.
            indices = np.minimum(top + below, height - 1) * width + np.minimum(left + beside, width - 1)
            yield indices, share_y * share_x
