"""The quotients of half-quadratic splitting on half-spectra, in one pass. Complex arrays come as pairs of reals."""

from __future__ import annotations

from pydeblur.compiled.jit import call, compiled


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


@compiled
def _scaled_quotient(spectrum, numerator, kernel_power, power, gamma):
    one = power.dtype.type(1)
    for i in range(power.size):
        weight = one / (power[i] * gamma + kernel_power[i])
        spectrum[2 * i] = (spectrum[2 * i] * gamma + numerator[2 * i]) * weight
        spectrum[2 * i + 1] = (spectrum[2 * i + 1] * gamma + numerator[2 * i + 1]) * weight
