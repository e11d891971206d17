"""Deconvolution of saturated images: Whyte, Sivic & Zisserman, "Deblurring shaken and partially saturated images"."""

from __future__ import annotations

import numpy as np
import scipy

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.matlab import fspecial, padarray, psf2otf_half
from pydeblur.nonblind.channels import each_channel

#: Linear light is the intensity to this power.
GAMMA = 2.2
_SMOOTHNESS = 50.0
_BRIGHT = 0.9
_KERNEL_FLOOR = 1 / 100
_DISC = np.hypot(*np.mgrid[-3:4, -3:4]) <= 3
_SOFTENING = fspecial("gaussian", (1, 21), 3.0).ravel()


def deconvolve_saturated(
    image: np.ndarray, kernel: np.ndarray, iterations: int = 50, workers: int = 1, light_gamma: float = GAMMA
) -> np.ndarray:
    """Deblur a saturated image by Richardson-Lucy with a smooth saturation response and a split update.

    The method works in linear light, the intensity to the power `light_gamma`. Pixels that no bright pixel's blur reaches update
    the image on their own, so that no ringing spreads from bright pixels (>= 0.9); near these, all pixels take part.
    See docs/algorithm, section 7.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred image, gamma-coded, saturated at 1; negative values count as 0. Channels are treated one by one.
    kernel : (n, m) ndarray
        Odd sizes; elements below a hundredth of the maximum are dropped.
    iterations : int
        Iterations of the Richardson-Lucy method, >= 1.
    workers : int
        Threads of the FFTs.
    light_gamma : float
        The blur adds up intensities to this power: 2.2 for what a camera has blurred, 1 for pictures whose stored values were.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        The latent image in the image's dtype; at least 0, and not clipped at 1: it shows the light that the saturation
        has cut off.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((16, 16), 0.5)
    >>> bool(np.allclose(deconvolve_saturated(image, np.full((3, 3), 1 / 9), iterations=5), image))
    True
    """
    kernel = np.where(kernel < kernel.max() * _KERNEL_FLOOR, 0, kernel).astype(image.dtype)
    problem = _UniformProblem(kernel / kernel.sum(), image.shape[:2], workers)
    return each_channel(
        lambda channel: problem.solve(np.maximum(channel, 0) ** light_gamma, iterations) ** (1 / light_gamma), image
    )


class SaturatedProblem:
    """Richardson-Lucy with saturation and the split update, for any linear blur of a padded image.

    Parameters
    ----------
    blur, adjoint : callable
        The blur of an image (H, W), and its adjoint.
    reached : callable
        From a mask (H, W) of 0 and 1: at least 1/2 where the blur of a pixel of the mask reaches, else about 0.
    observed : (H, W) ndarray
        1 where the blurred image was observed, 0 in its padding.

    Examples
    --------
    >>> identity = lambda image: image
    >>> problem = SaturatedProblem(identity, identity, identity, np.ones((4, 4)))
    >>> problem.solve(np.full((4, 4), 0.25), 3).round(12).tolist() == np.full((4, 4), 0.25).tolist()
    True
    """

    def __init__(self, blur, adjoint, reached, observed: np.ndarray):
        self._blur, self._adjoint, self._reached = blur, adjoint, reached
        self._observed = observed
        # Less light than this is rounding: a division by it would make an image of float32 infinite.
        self._least_light = observed.dtype.type(np.finfo(observed.dtype).eps)

    def solve(self, blurred: np.ndarray, iterations: int) -> np.ndarray:
        """Return the latent image (H, W) of a padded blurred image (H, W), both in linear light."""
        latent = blurred
        for _ in range(iterations):
            latent = latent * self._update(latent, blurred)
        return latent

    def _update(self, latent, blurred):
        response, slope = _saturate(np.maximum(self._blur(latent), 0))
        # The padding counts for nothing: there the ratio is taken for 1, whose excess over 1 is 0.
        excess = (blurred / np.maximum(response, self._least_light) - 1) * self._observed * slope
        bright = scipy.ndimage.binary_dilation(latent >= _BRIGHT, _DISC).astype(latent.dtype)
        from_all = 1 + self._adjoint(excess)
        if not bright.any():
            return np.maximum(from_all, 0)
        unreached = 1 - np.minimum(np.rint(self._reached(bright)), 1)
        from_unreached = 1 + self._adjoint(excess * unreached)
        weight = scipy.ndimage.convolve1d(bright, _SOFTENING, 0, mode="constant")
        weight = scipy.ndimage.convolve1d(weight, _SOFTENING, 1, mode="constant")
        return np.maximum(from_unreached + (from_all - from_unreached) * weight, 0)


class _UniformProblem:
    """The kernel's spectra and the area that was observed, which the channels of an image share."""

    def __init__(self, kernel, shape, workers):
        self._radius = tuple(n // 2 for n in kernel.shape)
        self._shape = tuple(n + 2 * r for n, r in zip(shape, self._radius))
        self._inside = tuple(slice(r, r + n) for n, r in zip(shape, self._radius))
        self._workers = workers
        otf = psf2otf_half(kernel, self._shape)
        reach = psf2otf_half((kernel != 0).astype(kernel.dtype), self._shape)
        observed = np.zeros(self._shape, kernel.dtype)
        observed[self._inside] = 1
        self._problem = SaturatedProblem(
            lambda image: self._filtered(image, otf),
            lambda image: self._filtered(image, otf.conj()),
            lambda mask: self._filtered(mask, reach),
            observed,
        )

    def solve(self, blurred, iterations):
        return self._problem.solve(padarray(blurred, self._radius, "replicate"), iterations)[self._inside]

    def _filtered(self, image, otf):
        return irfft2(rfft2(image, self._workers) * otf, self._shape[1], self._workers)


def _saturate(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R(x) = x - log(1 + exp(a(x - 1)))/a and its derivative, without overflow."""
    exponent = _SMOOTHNESS * (light - 1)
    small = np.exp(-np.abs(exponent))
    response = light - (np.maximum(exponent, 0) + np.log1p(small)) / _SMOOTHNESS
    slope = np.where(exponent > 0, small, 1) / (1 + small)
    return response, slope
