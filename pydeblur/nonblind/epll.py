"""Deconvolution and denoising by the expected patch log likelihood (EPLL): Zoran & Weiss, ICCV 2011 [43]."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.fft import rfft2
from pydeblur.errors import InvalidOptionError
from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.nonblind.mixture import CHUNK, JointDensity, PatchMixture, load_mixture
from pydeblur.nonblind.padded_blur import PaddedBlur
from pydeblur.options import is_finite_number
from pydeblur.preprocess.validation import check_unit_image

#: β σ² from step to step. A blurred image is far from the patches' mixture at first, so the coupling starts loose.
DENOISING_SCHEDULE = (1.0, 4.0, 8.0, 16.0, 32.0)
DEBLURRING_SCHEDULE = tuple(0.002 * 4.0**step for step in range(5))
#: Steps in I for each step in the patches, which costs much more; all but the first are for the border, see PaddedBlur.
_ROUNDS = 4


def deconvolve_epll(image: np.ndarray, kernel: np.ndarray, noise: float = 0.01, workers: int = 1) -> np.ndarray:
    """Minimise D/(2σ²) ||I⊗k - B||² - Σ_i log p(P_i I) over I, per channel, for the observed pixels of B.

    P_i I are all overlapping patches of D pixels, p is the mixture that comes with the package. Half-quadratic
    splitting: β/2 Σ ||P_i I - z_i||² couples each patch to an estimate z_i. The z-step takes the component that is
    likeliest for the patch under noise of variance 1/β and applies its Wiener filter, the patch's mean kept; the I-step
    is solved by FFT. What lies beyond the border is unknown, see :class:`~pydeblur.nonblind.padded_blur.PaddedBlur`.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred image in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    noise : float
        σ, the standard deviation of the noise, > 0. Errors of the kernel count as noise too.
    workers : int
        Threads of the FFTs; NumPy decides on those of the matrix products.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        The latent image in the image's dtype; not clipped.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((16, 16), 0.5)
    >>> bool(np.allclose(deconvolve_epll(image, np.full((3, 3), 1 / 9)), image, atol=1e-3))  # doctest: +SKIP
    True
    """
    return _restore(image, kernel, noise, DEBLURRING_SCHEDULE, workers)


def denoise_epll(image, noise: float) -> np.ndarray:
    """Remove white noise from an image as :func:`deconvolve_epll` does, without a blur.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Noisy image in [0, 1].
    noise : float
        Standard deviation of the noise, 1e-4 to 1.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The clean image; float32 for float32, else float64; not clipped.

    Raises
    ------
    InvalidInputError
        If the image is something else.
    InvalidOptionError
        If `noise` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> noisy = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((32, 32))
    >>> bool(denoise_epll(noisy, 0.1).std() < 0.03)  # doctest: +SKIP
    True
    """
    if not (is_finite_number(noise) and 1e-4 <= noise <= 1):
        raise InvalidOptionError(f"noise should be a number from 0.0001 to 1, but is {noise!r}")
    return _restore(check_unit_image(image), np.ones((1, 1)), noise, DENOISING_SCHEDULE, 1)


def _restore(image, kernel, noise, schedule, workers):
    mixture = load_mixture()
    # There is room for a patch around the image, too, which then has the image on one side only.
    problem = PaddedBlur(channels_first(image), kernel, workers, room=mixture.side)
    for coupling in schedule:
        estimate = expected_image(problem.image, mixture, noise**2 / coupling)
        spectrum = coupling * rfft2(estimate, workers)
        for _ in range(_ROUNDS):
            problem.solve(spectrum, coupling)
    return channels_last(problem.cropped())


def expected_image(image: np.ndarray, mixture: PatchMixture, noise_variance: float) -> np.ndarray:
    """Compute the mean, in every pixel, of the Wiener estimates of all patches that hold it.

    Parameters
    ----------
    image : (..., H, W) ndarray
        Periodic, no smaller than a patch.
    mixture : PatchMixture
    noise_variance : float
        1/β, > 0.

    Returns
    -------
    (..., H, W) ndarray
        Of the image's dtype.

    Examples
    --------
    >>> import numpy as np
    >>> noisy = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((16, 16))
    >>> bool(expected_image(noisy, load_mixture(), 0.01).std() < 0.5 * noisy.std())
    True
    """
    density = JointDensity(mixture, noise_variance)
    filters = mixture.wiener_filters(noise_variance).astype(np.float32)
    planes = [_expected_plane(plane, density, filters) for plane in image.reshape(-1, *image.shape[-2:])]
    return np.reshape(planes, image.shape).astype(image.dtype)


def _expected_plane(image, density, filters):
    height, width = image.shape
    side = round(filters.shape[-1] ** 0.5)
    periodic = np.pad(image.astype(np.float32), (0, side - 1), mode="wrap")
    total = np.zeros_like(periodic)
    step = max(CHUNK // width, 1)
    for top in range(0, height, step):
        rows = min(step, height - top)
        windows = [np.s_[top + i : top + i + rows, j : j + width] for i in range(side) for j in range(side)]
        patches = np.stack([periodic[window].ravel() for window in windows])
        for window, pixels in zip(windows, filtered_patches(patches, density, filters)):
            total[window] += pixels.reshape(rows, width)
    # What lies beyond the border belongs to the other side.
    total[: side - 1] += total[height:]
    total[:, : side - 1] += total[:, width:]
    return total[:height, :width] / side**2


def filtered_patches(patches: np.ndarray, density: JointDensity, filters: np.ndarray) -> np.ndarray:
    """Apply to each patch the Wiener filter of the component that is likeliest for it; the patch's mean is kept.

    Parameters
    ----------
    patches : (D, n) float32 ndarray
        Patches as columns.
    density : JointDensity
    filters : (K, D, D) float32 ndarray
        :meth:`PatchMixture.wiener_filters`.

    Returns
    -------
    (D, n) float32 ndarray

    Examples
    --------
    >>> import numpy as np
    >>> mixture = load_mixture()
    >>> filters = mixture.wiener_filters(0.01).astype(np.float32)
    >>> flat = np.full((64, 2), 0.5, np.float32)
    >>> bool(np.allclose(filtered_patches(flat, JointDensity(mixture, 0.01), filters), flat))
    True
    """
    means = patches.mean(axis=0)
    labels = np.argmax(density(patches - means), axis=0)
    # The patches of a component are put side by side, so that they make one matrix product.
    order = np.argsort(labels, kind="stable")
    sorted_patches = (patches - means)[:, order]
    ends = np.cumsum(np.bincount(labels, minlength=len(filters)))
    for component in np.unique(labels):
        own = slice(ends[component - 1] if component else 0, ends[component])
        sorted_patches[:, own] = filters[component] @ sorted_patches[:, own]
    result = np.empty_like(sorted_patches)
    result[:, order] = sorted_patches
    return result + means
