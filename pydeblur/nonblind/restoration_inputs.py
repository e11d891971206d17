"""What the network of the final step "learned" is shown: an image deblurred in several cheap ways.

A network that restores images need not invert a blur if classical deconvolutions of different strength are its inputs: it
has to choose among them place by place (H. Son and S. Lee, "Fast non-blind deconvolution via regularized residual networks
with long/short skip-connections", ICCP 2017; S. Vasu, V. R. Maligireddy and A. N. Rajagopalan, "Non-blind deblurring:
Handling kernel uncertainty with CNNs", CVPR 2018).
"""

from __future__ import annotations

import numpy as np

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.matlab import psf2otf_half
from pydeblur.nonblind import hyper_laplacian, tv
from pydeblur.nonblind.padded_blur import PaddedBlur
from pydeblur.solver.gradients import gradient_power

#: The planes of :func:`restoration_inputs`, in their order.
INPUTS = (
    "noise",
    "residual",
    "blurred",
    "l2-weak",
    "l2-medium",
    "l2-strong",
    "tv-weak",
    "tv-medium",
    "tv-strong",
    "hyper-laplacian",
)
#: The plane to which the network's correction is added.
BASE = INPUTS.index("hyper-laplacian")
_NOISE, _RESIDUAL = INPUTS.index("noise"), INPUTS.index("residual")
#: The network is shown differences from the base, and gives its correction, on a scale so many times as large.
SCALE = 8.0
#: How the noise is scaled, so that usual values are near 1, and the base, so that it lies in [-1, 1].
_NOISE_SCALE, _BASE_CENTRE, _BASE_SCALE = 64.0, 0.5, 2.0
#: Weights of the squared gradients and of the total variation at a noise of 0.01.
L2_WEIGHTS, TV_WEIGHTS = (3e-3, 2e-2, 0.12), (4e-4, 1.2e-3, 4e-3)
#: They grow with this power of the noise, which counts as at least so much: no kernel is exact.
_POWER, _USUAL_NOISE, _LEAST_NOISE = 1.5, 0.01, 0.004
#: The base's, as it is usual for "hyper-laplacian".
EXPONENT = 2 / 3
#: Thresholds of the gradients from step to step. The minimum of total variation is approached from the base, which is near.
TV_THRESHOLDS = (0.3, 0.1, 0.033, 0.011, 0.004)


def restoration_inputs(channel: np.ndarray, kernel: np.ndarray, noise: float, workers: int = 1) -> np.ndarray:
    """Deblur a channel in all the ways that the network chooses among.

    Parameters
    ----------
    channel : (H, W) ndarray
        Blurred, in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    noise : float
        Standard deviation of the noise, >= 0, as :func:`pydeblur.preprocess.noise.noise_level` estimates it.
    workers : int
        Threads of the Fourier transforms.

    Returns
    -------
    (C, H, W) float32 ndarray
        The planes that :data:`INPUTS` names: the noise everywhere; the blurred image less the base blurred by the kernel; the
        blurred image; the minima of ``||I⊗k - B||² + w ||∇I||²`` for three weights w; approximate minima of
        ``||I⊗k - B||² + λ ||∇I||_1`` for three weights λ; and the result of
        :func:`~pydeblur.nonblind.hyper_laplacian.deconvolve_hyper_laplacian`, which is the base. All weights follow the noise.

    Notes
    -----
    Beyond its border the blurred image goes on as the base says, blurred (:class:`~pydeblur.nonblind.padded_blur.PaddedBlur`).
    The base is computed in double precision: it decides pixel by pixel whether a gradient is kept, and single precision would
    decide some of them by its rounding. All else is computed in single precision.

    Examples
    --------
    >>> channel = np.full((24, 32), 0.5)
    >>> planes = restoration_inputs(channel, np.full((3, 3), 1 / 9), 0.01)
    >>> planes.shape == (len(INPUTS), 24, 32), bool(np.allclose(planes[2:], 0.5, atol=1e-4))
    (True, True)
    """
    channel = np.asarray(channel, np.float32)
    base, observed = _base_and_observed(channel, kernel, noise, workers)
    otf = psf2otf_half(kernel.astype(np.float32), base.shape, workers=workers)
    kernel_power = otf.real**2 + otf.imag**2
    power = gradient_power(base.shape, np.float32)
    numerator = np.conj(otf) * rfft2(observed, workers)
    growth = weight_growth(noise)
    planes = np.empty((len(INPUTS), *channel.shape), np.float32)

    def put(name: str, image: np.ndarray) -> None:
        planes[INPUTS.index(name)] = image[: channel.shape[0], : channel.shape[1]]

    put("noise", np.full(channel.shape, noise, np.float32))
    put("blurred", channel)
    put("hyper-laplacian", base)
    put("residual", observed - irfft2(otf * rfft2(base, workers), base.shape[-1], workers))
    for name, weight in zip(("l2-weak", "l2-medium", "l2-strong"), L2_WEIGHTS):
        spectrum = numerator / (kernel_power + np.float32(growth * weight) * power)
        put(name, irfft2(spectrum, base.shape[-1], workers))
    image = base
    for name, weight in zip(("tv-weak", "tv-medium", "tv-strong"), TV_WEIGHTS):
        image = approach_total_variation(image, numerator, kernel_power, power, growth * weight, workers)
        put(name, image)
    return planes


def weight_growth(noise: float) -> float:
    """Return by what the weights of the squared gradients and of the total variation are multiplied for a noise.

    Examples
    --------
    >>> weight_growth(0.01), weight_growth(0.0) < 1
    (1.0, True)
    """
    return (max(noise, _LEAST_NOISE) / _USUAL_NOISE) ** _POWER


def network_inputs(planes: np.ndarray) -> np.ndarray:
    """Bring planes to the scales that the network was trained with.

    Parameters
    ----------
    planes : (..., C, H, W) float32 ndarray
        Of :func:`restoration_inputs`.

    Returns
    -------
    (..., C, H, W) float32 ndarray
        The noise times 64; the residual times 8; the base's distance from 0.5 times 2; of all others the difference from the
        base times 8.

    Examples
    --------
    >>> planes = np.full((len(INPUTS), 1, 1), 0.5, np.float32)
    >>> network_inputs(planes)[:, 0, 0].tolist()
    [32.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    base = planes[..., BASE : BASE + 1, :, :]
    scaled = (planes - base) * np.float32(SCALE)
    scaled[..., _NOISE, :, :] = planes[..., _NOISE, :, :] * np.float32(_NOISE_SCALE)
    scaled[..., _RESIDUAL, :, :] = planes[..., _RESIDUAL, :, :] * np.float32(SCALE)
    scaled[..., BASE, :, :] = (base[..., 0, :, :] - np.float32(_BASE_CENTRE)) * np.float32(_BASE_SCALE)
    return scaled


def corrected(planes: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Add the network's correction to the base.

    Parameters
    ----------
    planes : (..., C, H, W) float32 ndarray
        Of :func:`restoration_inputs`.
    residual : (..., 1, H, W) float32 ndarray
        The network's output.

    Returns
    -------
    (..., H, W) float32 ndarray
        The restored image, not clipped.

    Examples
    --------
    >>> planes = np.full((len(INPUTS), 1, 1), 0.5, np.float32)
    >>> corrected(planes, np.ones((1, 1, 1), np.float32)).tolist()
    [[0.625]]
    """
    return planes[..., BASE, :, :] + residual[..., 0, :, :] / np.float32(SCALE)


def _base_and_observed(channel, kernel, noise: float, workers: int) -> tuple[np.ndarray, np.ndarray]:
    """The padded base and the blurred image that it has completed, in float32."""
    problem = PaddedBlur(channel.astype(np.float64), kernel, workers)
    power = gradient_power(problem.image.shape)
    weight = hyper_laplacian.weight_for_noise(noise)
    for beta in hyper_laplacian.penalties():
        scale = weight * beta / 2
        divergence = hyper_laplacian.shrunk_divergence(problem.image, beta, EXPONENT)
        problem.solve(scale * rfft2(divergence, workers), scale * power)
    return problem.image.astype(np.float32), problem.observed.astype(np.float32)


def approach_total_variation(
    image: np.ndarray,
    numerator: np.ndarray,
    kernel_power: np.ndarray,
    power: np.ndarray,
    weight: float,
    workers: int = 1,
) -> np.ndarray:
    """Go from an image towards the minimum of ``||I⊗k - B||² + weight ||∇I||_1``, by half-quadratic splitting.

    Parameters
    ----------
    image : (H, W) ndarray
        Periodic; where the way begins.
    numerator : (H, W // 2 + 1) complex ndarray
        conj(F(k)) F(B).
    kernel_power, power : (H, W // 2 + 1) ndarray
        ``|F(k)|²`` and the power of the gradients.
    weight : float
        > 0.
    workers : int
        Threads of the Fourier transforms.

    Returns
    -------
    (H, W) ndarray
        After one step for each of :data:`TV_THRESHOLDS`.

    Examples
    --------
    >>> image = np.full((4, 6), 0.5)
    >>> again = approach_total_variation(image, rfft2(image), np.ones((4, 4)), gradient_power((4, 6)), 1e-3)
    >>> bool(np.allclose(again, image))
    True
    """
    for threshold in TV_THRESHOLDS:
        spectrum = rfft2(tv.shrunk_divergence(image, threshold), workers)
        tv.make_quotient(spectrum, numerator, kernel_power, power, weight / (2 * threshold))
        image = irfft2(spectrum, image.shape[-1], workers)
    return image
