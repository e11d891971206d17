"""The latent image by half-quadratic splitting, eq. (7)-(12) (docs/algorithm, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from pydeblur.backend.arrays import (
    block_rows,
    copied,
    empty,
    irfft2,
    namespace,
    real_pairs,
    rfft2,
    to_device,
    transfer_function,
)
from pydeblur.backend.compiled import compiled_loops, expect_saving
from pydeblur.solver.gradients import SeparateGradients, gradient_power, sparse_gradients


@dataclass(frozen=True)
class Splitting:
    """The schedule of the penalties: α and β are multiplied by their growth while they are below their maximum.

    ``beta_start`` None means 2λ; α always starts from 2μ. A start that is no longer below the maximum is used once.

    Examples
    --------
    >>> list(Splitting(beta_max=1.0, beta_growth=4.0).betas(lambda_prior=0.05))
    [0.1, 0.4]
    """

    beta_start: float | None = None
    beta_growth: float = 2.0
    beta_max: float = 8.0
    alpha_growth: float = 2.0
    alpha_max: float = 1e5

    def betas(self, lambda_prior: float, wanted: float | None = None):
        """Yield β after β.

        Parameters
        ----------
        lambda_prior : float
            λ.
        wanted : float or None
            The start that a prior asks for.
        """
        yield from _growing(
            float(self.beta_start or wanted or 2 * lambda_prior), float(self.beta_growth), self.beta_max
        )

    def saving(self, pixels: int, lambda_grad: float, lambda_prior: float = 0.0) -> float:
        """Return how many seconds compiled loops save in one solution for so many pixels.

        Examples
        --------
        >>> 0.05 < Splitting().saving(1_000_000, 4e-3) < 0.5
        True
        """
        betas = len(list(self.betas(lambda_prior))) if lambda_prior else 1
        return _SAVED_SECONDS * pixels * betas * len(list(self.alphas(lambda_grad)))

    def alphas(self, lambda_grad: float):
        """Yield α after α; with μ = 0 only a single 0."""
        if lambda_grad == 0:
            yield 0.0
        else:
            yield from _growing(2 * float(lambda_grad), float(self.alpha_growth), self.alpha_max)


def _growing(start: float, growth: float, limit: float):
    yield start
    while (start := start * growth) < limit:
        yield start


#: What compiled loops save for each pixel at each α, and the usual μ, by which the number of α is told before there is one.
_SAVED_SECONDS, _USUAL_WEIGHT = 5e-9, 4e-3
#: Clipped pixels are completed anew in every third α: doing so in each gains nothing and takes a third longer.
_COMPLETION_INTERVAL = 3


@dataclass(frozen=True)
class LatentEstimate:
    """A latent image on the padded domain and what there is to report of its making.

    Attributes
    ----------
    image : (..., H, W) array
    gradients : int
        ||g||_0 on the image's own area.
    beta, auxiliary_change : float
        The last β and max|u - I|; NaN without a prior.

    Examples
    --------
    >>> import numpy as np
    >>> LatentEstimate(np.zeros((4, 4)), gradients=0, beta=4.0, auxiliary_change=0.1).beta
    4.0
    """

    image: np.ndarray
    gradients: int
    beta: float
    auxiliary_change: float


class LatentProblem:
    """The problem min_I ||I⊗k - B||² + μ||∇I||_0 + λ p(I) for one padded blurred image; kernels may change.

    Parameters
    ----------
    blurred : (H, W) or (C, H, W) array
        Circularly smooth blurred image; channels share the kernel and the threshold of their gradients.
    crop_shape : (int, int)
        The image's own area.
    splitting : Splitting
    workers : int
        Threads of each FFT.
    clipped : (H', W') bool ndarray or None
        Pixels of the image's own area of which B tells only that they were at least so bright. For them the data term
        is that to max(B, I⊗k), with I of the step before: it lies above ||min(I⊗k - B, 0)||² and touches it there.
    separate : bool
        Whether the first axis counts images that have nothing to do with each other, each with a kernel of its own:
        the patches of a picture whose blur varies.

    Attributes
    ----------
    blurred : (H, W) or (C, H, W) array
        As the parameter.
    completed : (H, W) or (C, H, W) array
        B with the clipped pixels so completed; without any, B itself.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.kron([[0.2, 0.8], [0.6, 0.4]], np.ones((8, 8)))
    >>> problem = LatentProblem(image, (16, 16))
    >>> problem.set_kernel(np.ones((1, 1)))
    >>> estimate = problem.solve(lambda_grad=1e-4)
    >>> bool(np.allclose(estimate.image, image, atol=1e-3)), estimate.gradients
    (True, 60)
    """

    def __init__(
        self,
        blurred,
        crop_shape: tuple[int, int],
        splitting: Splitting = Splitting(),
        workers: int = 1,
        clipped=None,
        separate: bool = False,
    ):
        self.blurred = self.completed = blurred
        self._clipped = None if clipped is None else to_device(clipped, blurred) != 0
        self._crop_shape = crop_shape
        self._splitting = splitting
        self._workers = workers
        self._width = blurred.shape[-1]
        self._blurred_spectrum = rfft2(blurred, workers)
        # Real arrays that meet a spectrum are kept twice over, beside the real and the imaginary parts (…, 2): so every
        # operation runs over contiguous reals.
        power = gradient_power(blurred.shape[-2:])
        self._gradient_power = to_device(np.repeat(power[..., None], 2, axis=-1), blurred)
        self._quotients = self._spectrum_memory = self._image_memory = None
        if isinstance(blurred, np.ndarray):
            expect_saving(splitting.saving(blurred.size, _USUAL_WEIGHT))
            self._quotients = compiled_loops("pydeblur.solver._latent_numba")
            # What every α computes anew takes the same memory, which the system need not hand out again each time.
            self._spectrum_memory, self._image_memory = np.empty_like(self._blurred_spectrum), np.empty_like(blurred)
        self._sparse_gradients = SeparateGradients(blurred) if separate else sparse_gradients(blurred)
        self._is_single = namespace(blurred).finfo(blurred.dtype).bits == 32

    def set_kernel(self, kernel: np.ndarray) -> None:
        """Take a blur kernel (n, m)."""
        self.set_transfer_function(transfer_function(kernel, self.blurred, self._workers))

    def set_transfer_function(self, otf) -> None:
        """Take the half-spectrum (H, W // 2 + 1) of a blur kernel, or those (C, H, W // 2 + 1) of separate images'."""
        self._otf = otf
        pairs = real_pairs(self._otf)
        pairs = pairs * pairs
        # Both parts of a pair become their sum; NumPy takes three times as long for a sum along an axis of two.
        pairs[..., 0] += pairs[..., 1]
        pairs[..., 1] = pairs[..., 0]
        self._kernel_power = pairs
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

        Returns
        -------
        LatentEstimate
        """
        # NumPy's own scalars would have single precision computed in double.
        lambda_grad, lambda_prior = float(lambda_grad), float(lambda_prior)
        image, beta, change = self.blurred, np.nan, np.nan
        if lambda_prior == 0 or auxiliary_step is None:
            image = self._gradient_loop(image, lambda_grad)
        elif auxiliary_step.filters_image:
            image = self._gradient_loop(
                image,
                lambda_grad,
                image_filter=partial(auxiliary_step, lambda_prior=lambda_prior),
                passes=auxiliary_step.passes,
            )
        else:
            for beta in self._splitting.betas(lambda_prior, auxiliary_step.first_beta(image, lambda_prior)):
                u = auxiliary_step(image, beta, lambda_prior)
                change = float(abs(u - image).max())
                weight = beta * auxiliary_step.images
                image = self._gradient_loop(image, lambda_grad, weight * rfft2(u, self._workers), weight)
        return LatentEstimate(image, self._sparse_gradients.count_in(self._crop_shape), beta, change)

    def _gradient_loop(
        self, image, lambda_grad: float, pull=None, beta: float = 0.0, image_filter=None, passes: int = 1
    ):
        """Solve eq. (10) and (9) in turn, at each α as often as there are passes.

        `pull` is β F(u), None without an auxiliary image. A filter changes the image whose gradients eq. (10) takes.
        """
        denominator = self._kernel_power if pull is None else self._kernel_power + beta
        numerator = self._numerator(pull)
        steps = [alpha for alpha in self._splitting.alphas(lambda_grad) for _ in range(passes)]
        # A filter may keep what it was given, and the last image is the caller's.
        memory = [self._image_memory if image_filter is None else None] * (len(steps) - 1) + [None]
        for number, alpha in enumerate(steps):
            threshold = lambda_grad / alpha if alpha else 0.0
            seen = image if image_filter is None else image_filter(image)
            divergence = self._sparse_gradients.divergence(seen, threshold)
            # At first the threshold is so high that often no gradient reaches it: there is nothing to transform.
            spectrum = None if divergence is None else self._spectrum_of(divergence)
            quotient = self._quotient(spectrum, numerator, denominator, alpha)
            if self._clipped is not None and number % _COMPLETION_INTERVAL == 0:
                self._complete(quotient)
                numerator = self._numerator(pull)
            image = irfft2(quotient, self._width, self._workers, memory[number])
        return image

    def _spectrum_of(self, divergence):
        """Return the spectrum of a divergence, in the memory that is kept for it.

        A divergence on a torus sums to 0; the rounding of single precision, times α, would move I's mean.
        """
        spectrum = rfft2(divergence, self._workers, self._spectrum_memory)
        if self._is_single:
            spectrum[..., 0, 0] = 0
        return spectrum

    def _numerator(self, pull):
        """Eq. (9)'s numerator without the gradient term."""
        return self._data_numerator if pull is None else self._data_numerator + pull

    def complete(self, completed) -> None:
        """Take a padded B whose clipped pixels have been completed before; a kernel has to be set thereafter."""
        self.completed = completed
        self._blurred_spectrum = rfft2(completed, self._workers)

    def _complete(self, spectrum) -> None:
        """Give the clipped pixels of B the value that I⊗k has there, if that is more; `spectrum` is F(I).

        With B so completed, ||I⊗k - B||² majorises its one-sided counterpart: what lies above a clipped pixel costs
        nothing.
        """
        xp = namespace(self.blurred)
        rows, columns = self._crop_shape
        own = np.s_[..., :rows, :columns]
        reblurred = irfft2(spectrum * self._otf, self._width, self._workers)[own]
        completed = copied(self.blurred)
        completed[own] = xp.where(self._clipped, xp.maximum(self.blurred[own], reblurred), self.blurred[own])
        self.complete(completed)
        self._data_numerator = self._otf.conj() * self._blurred_spectrum

    def _quotient(self, spectrum, numerator, denominator, alpha: float):
        """Return (numerator + α spectrum) / (denominator + α |F∇|²).

        `spectrum` may be None, for 0; else it is overwritten.
        """
        result = spectrum
        if spectrum is None:
            result = empty(numerator.shape, numerator) if self._spectrum_memory is None else self._spectrum_memory
        pairs, given = real_pairs(result), real_pairs(numerator)
        if self._quotients is not None and alpha > 0:
            if spectrum is None:
                self._quotients.quotient_of(given, denominator, self._gradient_power, alpha, pairs)
            else:
                self._quotients.quotient(pairs, given, denominator, self._gradient_power, alpha)
            return result
        step = block_rows(pairs.reshape(*pairs.shape[:-2], -1))
        for first in range(0, pairs.shape[-3], step):
            rows = np.s_[..., first : first + step, :, :]
            part = pairs[rows]
            if spectrum is None:
                part[...] = given[rows]
            else:
                part *= alpha
                part += given[rows]
            below = self._gradient_power[rows] * alpha + denominator[rows]
            if alpha == 0:
                # Without a prior nothing bounds the inverse filter: what the kernel has cut off stays 0, not 0/0.
                smallest = namespace(below).finfo(below.dtype).smallest_normal
                below[below < smallest] = smallest
            part /= below
        return result

    def residual_energy(self, estimate: LatentEstimate) -> float:
        """Return ||I⊗k - B||² on the image's own area, with the kernel that was set last.

        If pixels are clipped, B is taken as it was completed last.
        """
        rows, columns = self._crop_shape
        reblurred = irfft2(rfft2(estimate.image, self._workers) * self._otf, self._width, self._workers)
        difference = reblurred[..., :rows, :columns] - self.completed[..., :rows, :columns]
        return float((difference * difference).sum())
