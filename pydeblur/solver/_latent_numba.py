"""The compiled twin of the quotients in :mod:`pydeblur.solver.latent`, in one pass.

Complex arrays come as pairs of reals.
"""

from __future__ import annotations

from pydeblur.backend.numba_jit import call, compiled


def quotient(spectrum, numerator, denominator, power, alpha: float) -> None:
    """spectrum ← (numerator + alpha spectrum) / (denominator + alpha power), over C-contiguous arrays.

    Parameters
    ----------
    spectrum, numerator : (…, N, M, 2) ndarray
    denominator : (N, M, 2) or (…, N, M, 2) ndarray
        Each number twice; one for all, or one for each spectrum.
    power : (N, M, 2) ndarray
        Each number twice.
    """
    alpha = spectrum.dtype.type(alpha)
    call(_quotient, *_rows(power, spectrum, numerator, denominator), power.reshape(-1), alpha)


def quotient_of(numerator, denominator, power, alpha: float, out) -> None:
    """out ← numerator / (denominator + alpha power); arrays as in :func:`quotient`."""
    alpha = out.dtype.type(alpha)
    call(_quotient_of, *_rows(power, out, numerator, denominator), power.reshape(-1), alpha)


def _rows(power, *arrays):
    return (array.reshape(-1, power.size) for array in arrays)


@compiled
def _quotient(spectrum, numerator, denominator, power, alpha):
    for channel in range(spectrum.shape[0]):
        part, given, below = spectrum[channel], numerator[channel], denominator[channel % denominator.shape[0]]
        for i in range(power.size):
            part[i] = (part[i] * alpha + given[i]) / (power[i] * alpha + below[i])


@compiled
def _quotient_of(out, numerator, denominator, power, alpha):
    for channel in range(out.shape[0]):
        part, given, below = out[channel], numerator[channel], denominator[channel % denominator.shape[0]]
        for i in range(power.size):
            part[i] = given[i] / (power[i] * alpha + below[i])
