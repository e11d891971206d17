"""The latent image by half-quadratic splitting, eq. (7)-(12) (ALGORITHM section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from pydeblur.matlab import psf2otf_half
from pydeblur.solver.gradients import SparseGradients, gradient_power


@dataclass(frozen=True)
class Splitting:
    """Penalty schedule: α and β are multiplied by their growth while they are below their maximum.

    ``beta_start`` None means 2λ; α always starts from 2μ. A start that is no longer below the maximum is used once.
    """

    beta_start: float | None = None
    beta_growth: float = 2.0
    beta_max: float = 8.0
    alpha_growth: float = 2.0
    alpha_max: float = 1e5

    def betas(self, lambda_prior: float, wanted: float | None = None):
        """Yield β after β; `wanted` is the start that a prior asks for."""
        yield from _growing(self.beta_start or wanted or 2 * lambda_prior, self.beta_growth, self.beta_max)

    def alphas(self, lambda_grad: float):
        """Yield α after α; with μ = 0 only a single 0."""
        if lambda_grad == 0:
            yield 0.0
        else:
            yield from _growing(2 * lambda_grad, self.alpha_growth, self.alpha_max)


def _growing(start: float, growth: float, limit: float):
    yield start
    while (start := start * growth) < limit:
        yield start


@dataclass(frozen=True)
class LatentEstimate:
    """A latent image on the padded domain and what there is to report of its making.

    ``image`` (…, H, W); ``spectrum`` its real half-spectrum; ``gradients`` ||g||_0 on the image's own area;
    ``beta`` and ``auxiliary_change`` the last β and max|u - I|, NaN without a prior.
    """

    image: np.ndarray
    spectrum: np.ndarray
    gradients: int
    beta: float
    auxiliary_change: float


class LatentProblem:
    """min_I ||I⊗k - B||² + μ||∇I||_0 + λ p(I) for one padded blurred image; kernels may change.

    Parameters
    ----------
    blurred : (H, W) or (C, H, W) ndarray
        Circularly smooth blurred image; channels share the threshold of their gradients.
    crop_shape : (int, int)
        The image's own area.
    splitting : Splitting
    workers : int
        Threads of each FFT.
    """

    def __init__(self, blurred, crop_shape: tuple[int, int], splitting: Splitting = Splitting(), workers: int = 1):
        self.blurred = blurred
        self._crop_shape = crop_shape
        self._splitting = splitting
        self._workers = workers
        self._shape = blurred.shape[-2:]
        self._blurred_spectrum = self._spectrum(blurred)
        self._gradient_power = gradient_power(self._shape, blurred.dtype)
        self._denominator = np.empty_like(self._gradient_power)
        self._sparse_gradients = SparseGradients(blurred.shape, blurred.dtype)

    def set_kernel(self, kernel: np.ndarray) -> None:
        """Take a blur kernel (n, m)."""
        self._otf = psf2otf_half(kernel.astype(self.blurred.dtype), self._shape, workers=self._workers)
        self._kernel_power = self._otf.real**2 + self._otf.imag**2
        self._data_numerator = self._otf.conj() * self._blurred_spectrum

    def solve(self, lambda_grad: float, lambda_prior: float = 0.0, auxiliary_step=None) -> LatentEstimate:
        """Start from the blurred image and run the β and α loops.

        Parameters
        ----------
        lambda_grad : float
            μ.
        lambda_prior : float
            λ; with 0 there is no β loop.
        auxiliary_step : callable or None
            See :mod:`pydeblur.solver.auxiliary`.
        """
        image, spectrum, beta, change = self.blurred, self._blurred_spectrum, np.nan, np.nan
        if lambda_prior == 0 or auxiliary_step is None:
            image, spectrum = self._gradient_loop(image, self._data_numerator, self._kernel_power, lambda_grad)
        else:
            for beta in self._splitting.betas(lambda_prior, auxiliary_step.first_beta(image, lambda_prior)):
                u = auxiliary_step(image, beta, lambda_prior)
                change = float(np.max(np.abs(u - image)))
                numerator = self._data_numerator + beta * self._spectrum(u)
                image, spectrum = self._gradient_loop(image, numerator, self._kernel_power + beta, lambda_grad)
        return LatentEstimate(image, spectrum, self._sparse_gradients.count_in(self._crop_shape), beta, change)

    def _gradient_loop(self, image, numerator, denominator, lambda_grad: float):
        """Eq. (10) and (9) in turn; `numerator` and `denominator` are eq. (9)'s without the gradient terms."""
        for alpha in self._splitting.alphas(lambda_grad):
            threshold = lambda_grad / alpha if alpha else 0.0
            spectrum = self._spectrum(self._sparse_gradients.divergence(image, threshold), overwrite=True)
            spectrum *= alpha
            spectrum += numerator
            np.multiply(self._gradient_power, alpha, out=self._denominator)
            self._denominator += denominator
            if alpha == 0:
                # Without a prior nothing bounds the inverse filter: what the kernel has cut off stays 0, and is not 0/0.
                np.maximum(self._denominator, np.finfo(self._denominator.dtype).tiny, out=self._denominator)
            # Dividing the two parts separately spares the complex division by a real array.
            spectrum.real /= self._denominator
            spectrum.imag /= self._denominator
            image = fft.irfft2(spectrum, s=self._shape, workers=self._workers)
        return image, spectrum

    def _spectrum(self, image, overwrite: bool = False):
        return fft.rfft2(image, workers=self._workers, overwrite_x=overwrite)

    def residual_energy(self, estimate: LatentEstimate) -> float:
        """||I⊗k - B||² on the image's own area, with the kernel last set."""
        rows, columns = self._crop_shape
        reblurred = fft.irfft2(estimate.spectrum * self._otf, s=self._shape, workers=self._workers)
        difference = reblurred[..., :rows, :columns] - self.blurred[..., :rows, :columns]
        return float(np.vdot(difference, difference))
