"""Anisotropic total variation with an L2 data term, by half-quadratic splitting (docs/algorithm, section 7)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pydeblur.backend.compiled import compiled_loops, expect_saving
from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.matlab import psf2otf_half
from pydeblur.nonblind.channels import each_channel
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.gradients import forward_difference, gradient_power, negative_backward_difference

_SMALLEST_BETA = 0.001
#: What each of the two compiled loops saves for each number.
_SAVED_SECONDS = 7e-9


def deconvolve_tv(image: np.ndarray, kernel: np.ndarray, lambda_tv: float = 1e-3, workers: int = 1) -> np.ndarray:
    """Minimise ||I⊗k - B||² + λ_tv ||∇I||_1 over I, per channel, on the circularly padded image.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred image.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_tv : float
        Weight of the total variation, > 0.
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
    >>> bool(np.allclose(deconvolve_tv(image, np.full((3, 3), 1 / 9)), image))
    True
    """
    height, width = image.shape[:2]
    shape = padded_shape(image.shape, kernel.shape)
    return each_channel(
        lambda channel: deconvolve_tv_periodic(wrap_boundary(channel, shape), kernel, lambda_tv, workers)[
            :height, :width
        ],
        image,
    )


def deconvolve_tv_periodic(image: np.ndarray, kernel: np.ndarray, lambda_tv: float, workers: int = 1) -> np.ndarray:
    """Minimise the energy of :func:`deconvolve_tv` for a periodic grey image, which is not padded.

    It is ``deblurring_adm_aniso`` of the MATLAB family with its fourth argument 1.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred periodic image.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_tv : float
        Weight of the total variation, > 0.
    workers : int
        Threads of the FFTs.

    Returns
    -------
    (H, W) ndarray
        The latent image in the image's dtype; not clipped.

    Examples
    --------
    >>> import numpy as np
    >>> sharp = np.kron([[0.2, 0.8], [0.6, 0.4]], np.ones((8, 8)))
    >>> blurred = sum(np.roll(sharp, shift, axis=1) for shift in (-1, 0, 1)) / 3
    >>> restored = deconvolve_tv_periodic(blurred, np.full((1, 3), 1 / 3), 1e-4)
    >>> bool(np.abs(restored - sharp).max() < 0.2 * np.abs(blurred - sharp).max())
    True
    """
    otf = psf2otf_half(kernel.astype(image.dtype), image.shape, workers=workers)
    kernel_power = otf.real**2 + otf.imag**2
    numerator = np.conj(otf, out=otf)
    numerator *= rfft2(image, workers)
    power = gradient_power(image.shape, image.dtype)
    # NumPy's own scalars would have single precision computed in double.
    lambda_tv = float(lambda_tv)
    for beta in penalties(lambda_tv):
        spectrum = rfft2(shrunk_divergence(image, beta * lambda_tv), workers)
        make_quotient(spectrum, numerator, kernel_power, power, 1 / (2 * beta))
        image = irfft2(spectrum, image.shape[-1], workers)
    return image


def penalties(lambda_tv: float) -> Iterator[float]:
    """Yield β from step to step: from 1 / λ_tv down to 0.001 by halves.

    Examples
    --------
    >>> list(penalties(200.0))
    [0.005, 0.0025, 0.00125]
    """
    beta = 1 / float(lambda_tv)
    while beta > _SMALLEST_BETA:
        yield beta
        beta /= 2


def make_quotient(
    spectrum: np.ndarray, numerator: np.ndarray, kernel_power: np.ndarray, power: np.ndarray, gamma: float
) -> None:
    """Compute spectrum ← (numerator + gamma spectrum) / (kernel_power + gamma power).

    Parameters
    ----------
    spectrum, numerator : (H, W) complex ndarray
        C-contiguous.
    kernel_power, power : (H, W) ndarray
    gamma : float

    Examples
    --------
    >>> import numpy as np
    >>> spectrum = np.array([[2j]])
    >>> make_quotient(spectrum, np.array([[1 + 0j]]), np.array([[1.0]]), np.array([[2.0]]), 0.5)
    >>> spectrum.item()
    (0.5+0.5j)
    """
    expect_saving(_SAVED_SECONDS * spectrum.size)
    loops = compiled_loops("pydeblur.nonblind._tv_numba")
    if loops is not None:
        loops.scaled_quotient(spectrum, numerator, kernel_power, power, gamma)
        return
    spectrum *= gamma
    spectrum += numerator
    weight = power * gamma
    weight += kernel_power
    np.divide(1, weight, out=weight)
    # Scaling the two parts separately spares the complex product.
    spectrum.real *= weight
    spectrum.imag *= weight


def shrunk_divergence(image: np.ndarray, threshold: float) -> np.ndarray:
    """Return ∇ᵀ of the periodic gradients ∇image, brought nearer to 0 by the threshold: sign(v) max(|v| - threshold, 0).

    Parameters
    ----------
    image : (H, W) ndarray
    threshold : float

    Returns
    -------
    (H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> shrunk_divergence(np.array([[0.0, 1.0, 1.0]]), 0.25).tolist()
    [[-1.5, 0.75, 0.75]]
    """
    expect_saving(_SAVED_SECONDS * image.size)
    loops = compiled_loops("pydeblur.nonblind._tv_numba")
    if loops is not None:
        return loops.shrunk_divergence(image, threshold)
    parts = []
    for axis in (-1, -2):
        field = forward_difference(image, axis)
        field -= np.clip(field, -threshold, threshold)
        parts.append(negative_backward_difference(field, axis))
    parts[0] += parts[1]
    return parts[0]
