"""The compiled twin of :mod:`pydeblur.nonuniform.warp`."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.numba_jit import call, compiled


def weighted_warps(image: np.ndarray, inverses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The compiled form of :func:`pydeblur.nonuniform.warp.weighted_warps`."""
    result = np.zeros(image.shape)
    call(_weighted_warps, *_contiguous(image, inverses, weights), result)
    return result


def weighted_warps_adjoint(residual: np.ndarray, inverses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The compiled form of :func:`pydeblur.nonuniform.warp.weighted_warps_adjoint`."""
    result = np.zeros(residual.shape)
    call(_weighted_warps_adjoint, *_contiguous(residual, inverses, weights), result)
    return result


def warp_products(image: np.ndarray, inverses: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """The compiled form of :func:`pydeblur.nonuniform.warp.warp_products`."""
    result = np.zeros(len(inverses))
    call(_warp_products, *_contiguous(image, inverses, residual), result)
    return result


def _contiguous(*arrays):
    return (np.ascontiguousarray(array, np.float64) for array in arrays)


@compiled
def _source(inverse, x, y, height, width):
    """Where a pixel comes from, held within the picture: its upper left neighbour, and the way from there."""
    depth = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    column = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / depth
    row = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / depth
    column = min(max(column, 0.0), width - 1.0)
    row = min(max(row, 0.0), height - 1.0)
    left, top = min(int(column), max(width - 2, 0)), min(int(row), max(height - 2, 0))
    return top, left, row - top, column - left


@compiled
def _weighted_warps(image, inverses, weights, result):
    height, width = image.shape
    for t in range(weights.size):
        if weights[t] == 0:
            continue
        for y in range(height):
            for x in range(width):
                top, left, down, right = _source(inverses[t], x, y, height, width)
                below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
                upper = image[top, left] * (1 - right) + image[top, beside] * right
                lower = image[below, left] * (1 - right) + image[below, beside] * right
                result[y, x] += weights[t] * (upper * (1 - down) + lower * down)


@compiled
def _weighted_warps_adjoint(residual, inverses, weights, result):
    height, width = residual.shape
    for t in range(weights.size):
        if weights[t] == 0:
            continue
        for y in range(height):
            for x in range(width):
                top, left, down, right = _source(inverses[t], x, y, height, width)
                below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
                upper = weights[t] * residual[y, x] * (1 - down)
                lower = weights[t] * residual[y, x] * down
                result[top, left] += upper * (1 - right)
                result[top, beside] += upper * right
                result[below, left] += lower * (1 - right)
                result[below, beside] += lower * right


@compiled
def _warp_products(image, inverses, residual, result):
    height, width = image.shape
    for t in range(result.size):
        total = 0.0
        for y in range(height):
            for x in range(width):
                top, left, down, right = _source(inverses[t], x, y, height, width)
                below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
                upper = image[top, left] * (1 - right) + image[top, beside] * right
                lower = image[below, left] * (1 - right) + image[below, beside] * right
                total += residual[y, x] * (upper * (1 - down) + lower * down)
        result[t] = total
