"""Deconvolution and denoising by the expected patch log likelihood (EPLL): Zoran & Weiss, ICCV 2011 [43]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidOptionError
from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.nonblind.half_quadratic import DenoisingStep, split_and_denoise
from pydeblur.nonblind.mixture import CHUNK, JointDensity, PatchMixture, load_mixture
from pydeblur.options import is_finite_number
from pydeblur.preprocess.validation import check_unit_image


class Step(NamedTuple):
    """One step of the splitting.

    Attributes
    ----------
    coupling : float
        β σ².
    spacing : int
        Rows and columns from one patch to the next.
    offset : (int, int)
        Row and column of the first patch.
    """

    coupling: float
    spacing: int = 1
    offset: tuple[int, int] = (0, 0)


DENOISING_STEPS = tuple(map(Step, (1.0, 4.0, 8.0, 16.0, 32.0)))
#: A blurred image is far from the patches' mixture at first, so the coupling starts loose.
_COUPLINGS = (0.002, 0.008, 0.032, 0.128, 0.512, 0.512)
#: Every ninth patch is enough: a pixel lies in seven of them. The grid moves from step to step, so that no pixel is always
#: at a patch's border, and the last coupling is used twice; then nothing is lost (benchmarks/epll_patches.py).
_SPACING = 3
DEBLURRING_STEPS = tuple(
    Step(coupling, _SPACING, (2 * number % _SPACING, number % _SPACING)) for number, coupling in enumerate(_COUPLINGS)
)


def deconvolve_epll(image: np.ndarray, kernel: np.ndarray, noise: float = 0.01, workers: int = 1) -> np.ndarray:
    """Minimise D/(2σ²) ||I⊗k - B||² - Σ_i log p(P_i I) over I, per channel, for the observed pixels of B.

    P_i I are overlapping patches of D pixels, p is the mixture that comes with the package. Half-quadratic
    splitting: β/2 Σ ||P_i I - z_i||² couples each patch to an estimate z_i. The z-step takes the component that is
    likeliest for the patch under noise of variance 1/β and applies its Wiener filter, the patch's mean kept; the I-step
    is solved by FFT. Each step takes the patches on a grid, of every third row and column.
    What lies beyond the border is unknown, see :class:`~pydeblur.nonblind.padded_blur.PaddedBlur`.

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
    return _restore(image, kernel, noise, DEBLURRING_STEPS, workers)


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
    return _restore(check_unit_image(image), np.ones((1, 1)), noise, DENOISING_STEPS, 1)


def _restore(image, kernel, noise, steps, workers):
    mixture = load_mixture()
    # There is room for a patch around the image, too, which then has the image on one side only.
    latent = split_and_denoise(
        channels_first(image), kernel, _denoising_steps(mixture, noise, steps), workers, room=mixture.side
    )
    return channels_last(latent)


def _denoising_steps(mixture: PatchMixture, noise: float, steps: Sequence[Step]) -> Iterator[DenoisingStep]:
    for step in steps:

        def denoised(image, step=step):
            return expected_image(image, mixture, noise**2 / step.coupling, step.spacing, step.offset)

        yield DenoisingStep(step.coupling, denoised)


def denoise_patches(image: np.ndarray, sigma: float) -> np.ndarray:
    """Take the step in the patches once, for all patches: EPLL as a denoiser of the final step "plug-and-play".

    Parameters
    ----------
    image : (..., H, W) ndarray
        In [0, 1]; periodic, no smaller than a patch of 8 x 8 pixels.
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (..., H, W) ndarray
        Of the image's dtype.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.full((16, 16), 0.5)
    >>> latent = pydeblur.deconvolve(image, np.full((3, 3), 1), "plug-and-play", denoiser=denoise_patches, iterations=1)
    >>> bool(np.allclose(latent, image, atol=1e-3))
    True
    """
    return expected_image(image, load_mixture(), sigma**2)


def expected_image(
    image: np.ndarray,
    mixture: PatchMixture,
    noise_variance: float,
    spacing: int = 1,
    offset: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """Compute the mean, in every pixel, of the Wiener estimates of the patches that hold it.

    Parameters
    ----------
    image : (..., H, W) ndarray
        Periodic, no smaller than a patch.
    mixture : PatchMixture
    noise_variance : float
        1/β, > 0.
    spacing : int
        Rows and columns from one patch to the next, no more than a patch's side; with 1 they are all patches.
    offset : (int, int)
        Row and column of the first patch, less than `spacing`.

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
    expected = ExpectedPatches(mixture, noise_variance, spacing, offset)
    beyond = mixture.side - 1
    planes = image.reshape(-1, *image.shape[-2:])
    padded = np.pad(planes, [(0, 0), (beyond, beyond), (0, 0)], mode="wrap")
    height = image.shape[-2]
    return np.reshape([expected.of_rows(plane, 0, height) for plane in padded], image.shape).astype(image.dtype)


class ExpectedPatches:
    """The means of :func:`expected_image` for some rows of a periodic image.

    Parameters
    ----------
    mixture, noise_variance, spacing, offset
        As for :func:`expected_image`.

    Examples
    --------
    >>> import numpy as np
    >>> expected = ExpectedPatches(load_mixture(), 0.01)
    >>> expected.of_rows(np.full((16, 20), 0.5), first=3, height=30).round(5).tolist() == np.full((2, 20), 0.5).tolist()
    True
    """

    def __init__(
        self, mixture: PatchMixture, noise_variance: float, spacing: int = 1, offset: tuple[int, int] = (0, 0)
    ):
        self._density = JointDensity(mixture, noise_variance)
        self._filters = mixture.wiener_filters(noise_variance).astype(np.float32)
        self._side, self._spacing, self._offset = mixture.side, spacing, offset

    def of_rows(self, seen: np.ndarray, first: int, height: int) -> np.ndarray:
        """Return the means in some rows.

        Parameters
        ----------
        seen : (n + 2 (side - 1), W) ndarray
            The rows, with those above and below them that patches reach to.
        first : int
            The image's row that the result begins with.
        height : int
            Rows of the image.

        Returns
        -------
        (n, W) float32 ndarray
        """
        beyond, width = self._side - 1, seen.shape[1]
        periodic = np.pad(seen.astype(np.float32), [(0, 0), (0, beyond)], mode="wrap")
        total, count = np.zeros_like(periodic), np.zeros_like(periodic)
        tops = np.arange(len(seen) - beyond)
        tops = tops[((first - beyond + tops) % height - self._offset[0]) % self._spacing == 0]
        lefts = np.arange(self._offset[1], width, self._spacing)
        for rows in np.array_split(tops, -(-len(tops) * len(lefts) // CHUNK)):
            self._add(periodic, rows, lefts, total, count)
        # What lies beyond the border belongs to the other side.
        for sums in (total, count):
            sums[:, :beyond] += sums[:, width:]
        own = np.s_[beyond : len(seen) - beyond, :width]
        return total[own] / count[own]

    def _add(self, periodic, rows, lefts, total, count):
        """Add the estimates of the patches that begin in some rows, and count them."""
        windows = [np.ix_(rows + i, lefts + j) for i in range(self._side) for j in range(self._side)]
        patches = np.stack([periodic[window].ravel() for window in windows])
        for window, pixels in zip(windows, filtered_patches(patches, self._density, self._filters)):
            total[window] += pixels.reshape(len(rows), len(lefts))
            count[window] += 1


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
