"""The compiled twin of the loops in :mod:`pydeblur.nonblind.tv`."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.numba_jit import call, compiled
from pydeblur.solver._gradients_numba import diverge


def shrunk_divergence(image: np.ndarray, threshold: float) -> np.ndarray:
    """∇ᵀ of the gradients of an image (H, W), brought nearer to 0 by the threshold."""
    lines = np.empty((3, image.shape[1]), image.dtype)
    result = np.empty_like(image, order="C")
    call(_shrunk_divergence, np.ascontiguousarray(image), image.dtype.type(threshold), lines, result)
    return result


def scaled_quotient(spectrum, numerator, kernel_power, power, gamma: float) -> None:
    """spectrum ← (numerator + gamma spectrum) (1 / (kernel_power + gamma power)).

    Parameters
    ----------
    spectrum, numerator : (N, M) complex ndarray
        C-contiguous.
    kernel_power, power : (N, M) ndarray
    """
    real = power.dtype
    pairs, given = spectrum.reshape(-1).view(real), numerator.reshape(-1).view(real)
    call(_scaled_quotient, pairs, given, kernel_power.ravel(), power.ravel(), real.type(gamma))


@compiled
def _shrunk_divergence(image, threshold, lines, result):
    height = image.shape[0]
    for number in range(-1, height):
        row = number if number >= 0 else height - 1
        below = row + 1 if row + 1 < height else 0
        here, above = 1 + (number & 1), 2 - (number & 1)
        _differences(image[row], image[below], lines[0], lines[here])
        _shrink(lines[0], threshold)
        _shrink(lines[here], threshold)
        if number >= 0:
            diverge(lines[0], lines[here], lines[above], result[row])


@compiled
def _shrink(line, threshold):
    for x in range(line.size):
        line[x] -= min(max(line[x], -threshold), threshold)


@compiled
def _differences(line, under, horizontal, vertical):
    last = line.size - 1
    for x in range(last):
        horizontal[x] = line[x + 1] - line[x]
    horizontal[last] = line[0] - line[last]
    for x in range(line.size):
        vertical[x] = under[x] - line[x]


@compiled
def _scaled_quotient(spectrum, numerator, kernel_power, power, gamma):
    one = power.dtype.type(1)
    for i in range(power.size):
        weight = one / (power[i] * gamma + kernel_power[i])
        spectrum[2 * i] = (spectrum[2 * i] * gamma + numerator[2 * i]) * weight
        spectrum[2 * i + 1] = (spectrum[2 * i + 1] * gamma + numerator[2 * i + 1]) * weight
