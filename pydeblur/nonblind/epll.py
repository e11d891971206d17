"""Deconvolution and denoising by the expected patch log likelihood (EPLL): Zoran & Weiss, ICCV 2011."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidOptionError
from pydeblur.fourier import rfft2
from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.nonblind.checked_input import check_unit_image
from pydeblur.nonblind.mixture import CHUNK, JointDensity, PatchMixture, load_mixture
from pydeblur.nonblind.padded_blur import PaddedBlur
from pydeblur.solver.options import is_finite_number

#: β σ² from step to step. A blurred image is far from the patches' mixture at first, so the coupling starts loose.
DENOISING_SCHEDULE = (1.0, 4.0, 8.0, 16.0, 32.0)
DEBLURRING_SCHEDULE = tuple(0.002 * 4.0**step for step in range(5))
#: Steps in I for each in the patches, which cost much more: all but the first are for the border, see PaddedBlur.
_ROUNDS = 4


def deconvolve_epll(image: np.ndarray, kernel: np.ndarray, noise: float = 0.01, workers: int = 1) -> np.ndarray:
    """min_I D/(2σ²) ||I⊗k - B||² - Σ_i log p(P_i I), per channel, for the observed pixels of B (`PaddedBlur`).

    P_i I are all overlapping patches of D pixels, p is the mixture that comes with the package. Half-quadratic
    splitting: β/2 Σ ||P_i I - z_i||² couples each patch to an estimate z_i. The z-step takes the component that is
    likeliest for the patch under noise of variance 1/β and applies its Wiener filter, the patch's mean kept; the I-step
    is solved by FFT.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        Blurred image in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    noise : float
        σ, standard deviation of the noise, > 0. Errors of the kernel count as noise too.
    workers : int
        Threads of the FFTs; those of the matrix products are NumPy's own affair.

    Returns
    -------
    (H, W[, C]) ndarray of the image's dtype; not clipped.
    """
    return _restore(image, kernel, noise, DEBLURRING_SCHEDULE, workers)


def denoise_epll(image, noise: float) -> np.ndarray:
    """The same without blur, for an image with white noise.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        As :func:`pydeblur.deconvolve` takes it.
    noise : float
        σ, standard deviation of the noise, 1e-4 to 1.

    Returns
    -------
    ndarray of the image's shape, not clipped.

    Raises
    ------
    InvalidInputError
        If the image is something else.
    InvalidOptionError
        If `noise` is.
    """
    if not (is_finite_number(noise) and 1e-4 <= noise <= 1):
        raise InvalidOptionError(f"noise should be a number from 0.0001 to 1, but is {noise!r}")
    return _restore(check_unit_image(image), np.ones((1, 1)), noise, DENOISING_SCHEDULE, 1)


def _restore(image, kernel, noise, schedule, workers):
    mixture = load_mixture()
    # Room for a patch around the image, too: it then has the image on one side only.
    problem = PaddedBlur(channels_first(image), kernel, workers, room=mixture.side)
    for coupling in schedule:
        estimate = expected_image(problem.image, mixture, noise**2 / coupling)
        spectrum = coupling * rfft2(estimate, workers)
        for _ in range(_ROUNDS):
            problem.solve(spectrum, coupling)
    return channels_last(problem.cropped())


def expected_image(image: np.ndarray, mixture: PatchMixture, noise_variance: float) -> np.ndarray:
    """The mean, in every pixel, of the Wiener estimates of all patches that hold it.

    Parameters
    ----------
    image : (..., H, W) ndarray
        Periodic, no smaller than a patch.
    mixture : PatchMixture
    noise_variance : float
        1/β, > 0.

    Returns
    -------
    (..., H, W) ndarray of the image's dtype.
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
    # What lies over the border belongs to the other side.
    total[: side - 1] += total[height:]
    total[:, : side - 1] += total[:, width:]
    return total[:height, :width] / side**2


def filtered_patches(patches: np.ndarray, density: JointDensity, filters: np.ndarray) -> np.ndarray:
    """Each patch through the Wiener filter of the component that is likeliest for it, its mean kept.

    Parameters
    ----------
    patches : (D, n) float32 ndarray
    density : JointDensity
    filters : (K, D, D) float32 ndarray
        :meth:`PatchMixture.wiener_filters`.

    Returns
    -------
    (D, n) float32 ndarray
    """
    means = patches.mean(axis=0)
    labels = np.argmax(density(patches - means), axis=0)
    # Patches of a component side by side make one matrix product of them.
    order = np.argsort(labels, kind="stable")
    sorted_patches = (patches - means)[:, order]
    ends = np.cumsum(np.bincount(labels, minlength=len(filters)))
    for component in np.unique(labels):
        own = slice(ends[component - 1] if component else 0, ends[component])
        sorted_patches[:, own] = filters[component] @ sorted_patches[:, own]
    result = np.empty_like(sorted_patches)
    result[:, order] = sorted_patches
    return result + means
