"""Deconvolution with a hyper-Laplacian prior on the gradients: Krishnan & Fergus, NIPS 2009."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pydeblur.backend.fft import rfft2
from pydeblur.nonblind.channels import each_channel
from pydeblur.nonblind.padded_blur import PaddedBlur
from pydeblur.preprocess.noise_of_large import noise_of_picture
from pydeblur.solver.gradients import forward_difference, gradient_power, negative_backward_difference

_FIRST_BETA, _LAST_BETA, _BETA_GROWTH = 1.0, 256.0, 2 * 2**0.5
#: Steps in w and I for each β. The paper has one; the second is for the border, see PaddedBlur.
_ROUNDS = 2
_NEWTON_STEPS = 8
#: On development images the best λ_hl is 6e-4 to 7e-4 with noise of 0.01, and 2e-4 with 0.004.
_LAMBDA, _NOISE, _POWER = 7e-4, 0.01, 1.5
#: No kernel is exact: its error acts as noise does, but the image does not show it. On development images with
#: noise of 0.002 and kernels whose errors left residuals of 0.003, 0.005 and 0.009, the weight that follows from 0.006
#: was 0.45, 0.08 and 0.07 dB short of the best one.
_LEAST_NOISE = 0.006


def deconvolve_hyper_laplacian(
    image: np.ndarray, kernel: np.ndarray, lambda_hl: float | None = None, exponent: float = 2 / 3, workers: int = 1
) -> np.ndarray:
    """Minimise ``||I⊗k - B||² + λ_hl Σ |∇I|^α`` over I, per channel, for the observed pixels of B.

    With auxiliary gradients w the penalty ``λ_hl (Σ |w|^α + β/2 ||w - ∇I||²)`` takes the prior's place; β grows from 1
    to 256 by factors of 2√2, with two steps in w (exact, :func:`shrink`) and in I (FFT) for each. The paper by Krishnan
    and Fergus weighs the data term instead: its λ is 2 / λ_hl. What lies beyond the border is unknown, see
    :class:`~pydeblur.nonblind.padded_blur.PaddedBlur`.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred image in [0, 1]; β's range is meant for that.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_hl : float, optional
        Weight of the prior, > 0. By default it is that of :func:`usual_weight`.
    exponent : float
        α, 0 < α <= 1; 1/2 to 4/5 fit natural images, 1 is total variation.
    workers : int
        Threads of the FFTs.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        The latent image in the image's dtype; not clipped.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((16, 16), 0.5)
    >>> bool(np.allclose(deconvolve_hyper_laplacian(image, np.full((3, 3), 1 / 9)), image, atol=1e-6))
    True
    """
    return each_channel(
        lambda channel: _deconvolve_channel(
            channel, kernel, usual_weight(channel) if lambda_hl is None else lambda_hl, exponent, workers
        ),
        image,
    )


def usual_weight(image: np.ndarray) -> float:
    """Return the weight λ_hl for the noise found in a blurred image.

    It is 7e-4 (σ / 0.01)^1.5 for the noise σ of :func:`pydeblur.preprocess.noise.noise_level`, which is taken to be at
    least 0.006.

    Parameters
    ----------
    image : (H, W) ndarray
        In [0, 1].

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> round(usual_weight(np.full((16, 16), 0.5)), 6)
    0.000325
    """
    return weight_for_noise(noise_of_picture(image))


def weight_for_noise(noise: float) -> float:
    """Return the weight λ_hl for a noise, as :func:`usual_weight` says.

    Parameters
    ----------
    noise : float
        Standard deviation.

    Returns
    -------
    float

    Examples
    --------
    >>> round(weight_for_noise(0.01), 6)
    0.0007
    """
    return _LAMBDA * (max(noise, _LEAST_NOISE) / _NOISE) ** _POWER


def _deconvolve_channel(blurred, kernel, lambda_hl, exponent, workers):
    problem = PaddedBlur(blurred, kernel, workers)
    power = gradient_power(problem.image.shape, blurred.dtype)
    for beta in penalties():
        weight = lambda_hl * beta / 2
        divergence = shrunk_divergence(problem.image, beta, exponent)
        problem.solve(weight * rfft2(divergence, workers), weight * power)
    return problem.cropped()


def penalties() -> Iterator[float]:
    """Yield β from step to step: from 1 to 256 by factors of 2√2, each twice.

    Examples
    --------
    >>> [round(beta, 2) for beta in penalties()][:4]
    [1.0, 1.0, 2.83, 2.83]
    """
    beta = _FIRST_BETA
    while beta <= _LAST_BETA:
        for _ in range(_ROUNDS):
            yield beta
        beta *= _BETA_GROWTH


def shrunk_divergence(image: np.ndarray, beta: float, exponent: float) -> np.ndarray:
    """Return ∇ᵀ of the periodic gradients ∇image after :func:`shrink`.

    Parameters
    ----------
    image : (H, W) ndarray
    beta, exponent : float
        As for :func:`shrink`.

    Returns
    -------
    (H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> shrunk_divergence(np.array([[0.0, 1.0, 1.0]]), 2.0, 1.0).tolist()
    [[-1.0, 0.5, 0.5]]
    """
    return sum(
        negative_backward_difference(shrink(forward_difference(image, axis), beta, exponent), axis) for axis in (-1, -2)
    )


def shrink(values: np.ndarray, beta: float, exponent: float) -> np.ndarray:
    """Minimise ``|w|^α + β/2 (w - v)²`` over w, element by element: the proximal operator of ``|w|^α / β``.

    Where abs(v) exceeds a threshold the minimum is the largest root of ``α |w|^(α-1) = β (|v| - |w|)``, with v's sign;
    else it is 0. At the threshold the two are equally good: there the root is w₀ = (2 (1 - α) / β)^(1 / (2 - α)). The
    root has closed forms for the exponents 1/2 (a cubic in √w), 2/3 (a quartic in w^(1/3)) and 1; for others Newton's
    method gives it to rounding: for w above w₀ the equation is convex, and a start from abs(v) comes down on the root
    without crossing it.

    Parameters
    ----------
    values : ndarray
        v, floating.
    beta : float
        β, > 0.
    exponent : float
        α, 0 < α <= 1.

    Returns
    -------
    ndarray
        The minimisers, of the shape and dtype of `values`.

    Examples
    --------
    >>> import numpy as np
    >>> shrink(np.array([-2.0, 0.3, 1.0]), 2.0, 1.0).tolist()
    [-1.5, 0.0, 0.5]
    >>> shrink(np.array([-2.0, 0.3, 1.0]), 2.0, 2 / 3).round(3).tolist()
    [-1.722, 0.0, 0.606]
    """
    if exponent == 1:
        return values - np.clip(values, -1 / beta, 1 / beta)
    at_threshold = (2 * (1 - exponent) / beta) ** (1 / (2 - exponent))
    threshold = at_threshold + exponent / beta * at_threshold ** (exponent - 1)
    magnitude = np.abs(values)
    kept = magnitude > threshold
    result = np.zeros_like(values)
    result[kept] = np.copysign(_root(exponent)(magnitude[kept], beta), values[kept])
    return result


def _root(exponent):
    """The function (v, β) that solves the equation of `shrink` for v above the threshold."""
    for known, solve in ((1 / 2, _root_of_cubic), (2 / 3, _root_of_quartic)):
        if abs(exponent - known) < 1e-12:
            return solve
    return lambda values, beta: _root_by_newton(values, beta, exponent)


def _root_of_cubic(values, beta):
    """α = 1/2: u³ - v u + 1/(2β) = 0 for u = √w, by the cosine of a third of an angle."""
    third = np.arccos(np.clip(-0.25 / beta * (3 / values) ** 1.5, -1, 1)) / 3
    return 4 / 3 * values * np.cos(third) ** 2


def _root_of_quartic(values, beta):
    """α = 2/3: u⁴ - v u + c = 0 for u = w^(1/3), c = 2/(3β), by Ferrari's method.

    (u² + m)² = (s u + v / 2s)² with s = √(2m) if m³ - c m - v²/8 = 0, whose one real root is a hyperbolic cosine.
    """
    c = 2 / (3 * beta)
    angle = np.arccosh(np.maximum(values**2 / 16 * (3 / c) ** 1.5, 1)) / 3
    s = np.sqrt(4 * (c / 3) ** 0.5 * np.cosh(angle))
    return ((s + np.sqrt(np.maximum(2 * values / s - s**2, 0))) / 2) ** 3


def _root_by_newton(values, beta, exponent):
    root = values.copy()
    for _ in range(_NEWTON_STEPS):
        pull = exponent / beta * root ** (exponent - 1)
        root -= (root - values + pull) / (1 + (exponent - 1) * pull / root)
    return root
