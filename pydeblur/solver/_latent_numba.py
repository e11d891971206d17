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
    denominator, power : (N, M, 2) ndarray
        Each number twice.
    """
    alpha = spectrum.dtype.type(alpha)
    call(_quotient, *_rows(spectrum, numerator, power), denominator.reshape(-1), power.reshape(-1), alpha)


def quotient_of(numerator, denominator, power, alpha: float, out) -> None:
    """out ← numerator / (denominator + alpha power); arrays as in :func:`quotient`."""
    alpha = out.dtype.type(alpha)
    call(_quotient_of, *_rows(out, numerator, power), denominator.reshape(-1), power.reshape(-1), alpha)


def _rows(spectrum, numerator, power):
    return (array.reshape(-1, power.size) for array in (spectrum, numerator))


@compiled
def _quotient(spectrum, numerator, denominator, power, alpha):
    for channel in range(spectrum.shape[0]):
        part, given = spectrum[channel], numerator[channel]
        for i in range(power.size):
            part[i] = (part[i] * alpha + given[i]) / (power[i] * alpha + denominator[i])


@compiled
def _quotient_of(out, numerator, denominator, power, alpha):
    for channel in range(out.shape[0]):
        part, given = out[channel], numerator[channel]
        for i in range(power.size):
            part[i] = given[i] / (power[i] * alpha + denominator[i])
