"""The compiled twin of :mod:`pydeblur.nonblind.bilateral`.

It sums row by row, with exponentials that the compiler can vectorise.
"""

from __future__ import annotations

import numpy as np

from pydeblur.backend.numba_jit import call, compiled

_LOG2_E = 1.4426950408889634
#: ln 2 in two parts, the first with so few digits that its product with a whole number below 2^20 is exact.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
#: Added to a number, it leaves the nearest whole number in the last bits.
_ROUNDER = 1.5 * 2.0**52
#: 1 / n! as far as ln(2) / 2 needs them for double precision.
_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12, _C13 = (
    1 / float(np.prod(np.arange(1.0, n + 1))) for n in range(2, 14)
)


def filter_rows(values, guide, weights, divisor, first, last, result):
    """Write the rows first to last - 1 of the filtered image.

    Parameters
    ----------
    values : (C, H + 2r, W + 2r) float32 ndarray
        The image with its borders replicated by the radius r.
    guide : (D, H + 2r, W + 2r) float32 ndarray
        The values in which distances d are taken.
    weights : (2r + 1, 2r + 1) float32 ndarray
        The weights of the window's places, by which exp(d² / divisor) is multiplied.
    divisor : float32
        -2 σ².
    first, last : int
    result : (C, H, W) float32 ndarray
    """
    call(_filter_rows, values, guide, weights, divisor, first, last, result)


@compiled
def _filter_rows(values, guide, weights, divisor, first, last, result):
    channels, _, width = result.shape
    window = weights.shape[0]
    mass, weight = np.empty(width, np.float32), np.empty(width, np.float32)
    for row in range(first, last):
        mass[:] = 0
        result[:, row, :] = 0
        for i in range(window):
            for j in range(window):
                if i == window // 2 and j == window // 2:
                    weight[:] = weights[i, j]
                else:
                    _square_distances(guide, row, i, j, window // 2, weight)
                    _weigh(weight, divisor, weights[i, j])
                for x in range(width):
                    mass[x] += weight[x]
                for channel in range(channels):
                    _add_products(values[channel, row + i, j:], weight, result[channel, row])
        for channel in range(channels):
            for x in range(width):
                result[channel, row, x] /= mass[x]


@compiled
def _square_distances(guide, row, i, j, radius, distance):
    """Write the square distances of a row's pixels from those that the window's place (i, j) shows."""
    for channel in range(guide.shape[0]):
        # Parts of lines are taken, since an index that is a sum would be checked each time for being negative.
        line, other = guide[channel, row + radius, radius:], guide[channel, row + i, j:]
        if channel == 0:
            for x in range(distance.size):
                difference = line[x] - other[x]
                distance[x] = difference * difference
        else:
            for x in range(distance.size):
                difference = line[x] - other[x]
                distance[x] += difference * difference


@compiled
def _weigh(distance, divisor, factor):
    """distance ← exp(distance / divisor) factor; the exponential as that of double precision, rounded."""
    for x in range(distance.size):
        distance[x] = np.float32(_exponential(np.float64(distance[x] / divisor))) * factor


@compiled
def _exponential(x):
    """exp(x) for x <= 0 to double precision, and the same on every machine; below exp(-200) no smaller."""
    x = max(x, -200.0)
    shifted = x * _LOG2_E + _ROUNDER
    twos = shifted - _ROUNDER
    r = (x - twos * _LN2_HIGH) - twos * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    low = ((1.0 + r) + (_C2 + _C3 * r) * r2) + ((_C4 + _C5 * r) + (_C6 + _C7 * r) * r2) * r4
    high = ((_C8 + _C9 * r) + (_C10 + _C11 * r) * r2) + (_C12 + _C13 * r) * r4
    exponent = np.int64(np.float64(shifted).view(np.int64)) + 1023
    return (low + high * (r4 * r4)) * np.int64(exponent << 52).view(np.float64)


@compiled
def _add_products(line, weight, result):
    for x in range(result.size):
        result[x] += line[x] * weight[x]
