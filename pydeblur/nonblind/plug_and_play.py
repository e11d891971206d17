"""Deconvolution with a denoiser of the caller's own: plug-and-play, half-quadratic splitting.

S. V. Venkatakrishnan, C. A. Bouman and B. Wohlberg, "Plug-and-play priors for model based reconstruction", GlobalSIP 2013;
K. Zhang, W. Zuo, S. Gu and L. Zhang, "Learning deep CNN denoiser prior for image restoration", CVPR 2017.

A denoiser is anything that can be called as ``denoiser(image, sigma)``. It is given an image (H, W) in float64 within [0, 1] and
the standard deviation of the noise that it should take for what the image has, and returns an image of the same shape and scale.
The image is larger than the picture by what the kernel reaches, since the padding is estimated, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.channels import channels_first, channels_last, each_channel
from pydeblur.nonblind.half_quadratic import DenoisingStep, split_and_denoise
from pydeblur.options import shown
from pydeblur.preprocess.noise_of_large import noise_of_picture
from pydeblur.preprocess.validation import host_value

#: The first denoising takes so much for noise: a blurred image is far from what the denoiser knows.
_FIRST_SIGMA = 0.2
#: The last denoising takes so many times the image's noise for noise.
_LAST_SIGMA = 2.0
#: β for each 1 / (noise that the denoiser takes)². A denoiser is no proximal operator; on three natural images with noise of
#: 0.005, 0.01 and 0.03, non-local means and total variation restored best on the mean with a half.
_COUPLING = 0.5
#: No kernel is exact, and its error acts as noise does: noise that is found in the image counts as at least so much.
_LEAST_NOISE = 0.006
#: A denoiser's image is meant to lie in [0, 1]; this far outside it has another scale.
_LARGEST_VALUE = 100


def deconvolve_plug_and_play(
    image: np.ndarray,
    kernel: np.ndarray,
    denoiser: Callable[[np.ndarray, float], np.ndarray],
    noise: float | None = None,
    iterations: int = 8,
    jointly: bool = False,
    workers: int = 1,
) -> np.ndarray:
    """Minimise ||I⊗k - B||² / (2σ²) + Φ(I) over I, where a denoiser stands for the prior Φ.

    With a second image z the energy has the coupling β/2 ||I - z||². Given I, z is what the denoiser makes of I, clipped to
    [0, 1], for noise of a standard deviation s; given z, I is solved by FFT with β = 1 / (2 s²). From iteration to iteration s
    falls from 0.2 to 2 σ by equal factors. What lies beyond the border is unknown, see
    :class:`~pydeblur.nonblind.padded_blur.PaddedBlur`.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred image in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    denoiser : callable
        As this module's text describes it.
    noise : float, optional
        σ, the standard deviation of the image's noise, > 0; by default what is found in the image, and at least 0.006. Errors of
        the kernel count as noise too.
    iterations : int
        How often the denoiser is called, for each channel, >= 1.
    jointly : bool
        Whether the denoiser is given the channels of a colour image together, as (H, W, C), instead of one after the other.
    workers : int
        Threads of the FFTs.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        The latent image in the image's dtype; not clipped.

    Raises
    ------
    InvalidInputError
        If the denoiser returns something else than a real and finite image of the shape that it was given, within ±100.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> def smoothed(image, sigma):
    ...     return gaussian_filter(image, 5 * sigma)
    >>> image = np.full((16, 16), 0.5)
    >>> bool(np.allclose(deconvolve_plug_and_play(image, np.full((3, 3), 1 / 9), smoothed), image))
    True
    """
    if jointly or image.ndim == 2:
        sigma = _noise_of(image) if noise is None else noise
        steps = _denoising_steps(denoiser, sigma, iterations)
        return channels_last(split_and_denoise(channels_first(image), kernel, steps, workers))

    def of_channel(channel):
        return deconvolve_plug_and_play(channel, kernel, denoiser, noise, iterations, workers=workers)

    return each_channel(of_channel, image)


def _noise_of(image: np.ndarray) -> float:
    """The noise of the noisiest channel, as far as it counts."""
    return max(_LEAST_NOISE, *(noise_of_picture(channel) for channel in np.atleast_3d(image).transpose(2, 0, 1)))


def noise_schedule(noise: float, iterations: int) -> list[float]:
    """Return what the denoiser takes for the noise's standard deviation, from iteration to iteration.

    Parameters
    ----------
    noise : float
        σ, > 0.
    iterations : int
        >= 1.

    Returns
    -------
    list of float
        From 0.2 down to 2 σ by equal factors; 2 σ in all iterations where that is more than 0.2.

    Examples
    --------
    >>> [round(sigma, 3) for sigma in noise_schedule(0.01, 4)]
    [0.2, 0.093, 0.043, 0.02]
    """
    last = _LAST_SIGMA * noise
    return [float(sigma) for sigma in np.geomspace(max(_FIRST_SIGMA, last), last, iterations)]


def _denoising_steps(denoiser, noise: float, iterations: int) -> Iterator[DenoisingStep]:
    for sigma in noise_schedule(noise, iterations):

        def denoised(image, sigma=sigma):
            return checked_denoising(denoiser, image, sigma)

        yield DenoisingStep(_COUPLING * (noise / sigma) ** 2, denoised)


def checked_denoising(denoiser, image: np.ndarray, sigma: float) -> np.ndarray:
    """Denoise an image by a denoiser of the caller's own, and check what it returns.

    Parameters
    ----------
    denoiser : callable
        As this module's text describes it.
    image : (H, W) or (C, H, W) ndarray
    sigma : float

    Returns
    -------
    (H, W) or (C, H, W) ndarray
        Of the image's dtype.

    Raises
    ------
    InvalidInputError
        If the denoiser returns something else than a real and finite image of the shape that it was given, within ±100.

    Examples
    --------
    >>> import numpy as np
    >>> checked_denoising(lambda image, sigma: image[1:], np.zeros((3, 4)), 0.1)
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: the denoiser's image should have the shape (3, 4), as it was given, but has (2, 4)
    """
    given = np.clip(channels_last(image), 0, 1).astype(np.float64)
    # The denoiser may change its image in place.
    shape = given.shape
    answer = host_value(denoiser(given, sigma))
    try:
        denoised = np.asarray(answer)
    except (TypeError, ValueError, RuntimeError):
        denoised = np.empty(0, object)
    if denoised.dtype.kind not in "fiub":
        raise InvalidInputError(f"the denoiser should return a real array (H, W), but returned {shown(answer)}")
    if denoised.shape != shape:
        raise InvalidInputError(
            f"the denoiser's image should have the shape {shape}, as it was given, but has {denoised.shape}"
        )
    extremes = float(denoised.min()), float(denoised.max())
    if not np.all(np.isfinite(extremes)):
        raise InvalidInputError("the denoiser's image should be finite, but holds NaN or infinite values")
    if max(map(abs, extremes)) > _LARGEST_VALUE:
        raise InvalidInputError(
            f"the denoiser's image should lie in [0, 1], as it was given, but reaches {max(extremes, key=abs):.6g}"
        )
    return channels_first(denoised.astype(image.dtype))
