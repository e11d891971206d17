"""Marginal likelihood by expectation maximisation, Levin, Weiss, Durand and Freeman 2011 [20].

Instead of the most probable image and kernel together, the kernel alone is estimated, with the image integrated out: that
is approximated by a Gaussian of independent pixels (the diagonal free energy), in the filter domain: the unknowns are the
image's differences in the two directions, under a sparse prior. Each step finds the mean and the variances of the
differences for the kernel so far (E), and then the kernel that fits both (M).

As in the paper and its program, y is the valid *correlation* of x with k here; only the result is turned by 180 degrees.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.kernel_size import finds_size
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.estimators.window_products import window_products
from pydeblur.matlab import imresize
from pydeblur.options import check_options, documented, from_to, option, whole_from_to
from pydeblur.solver.boundary import opt_fft_size
from pydeblur.solver.coarse_to_fine import check_blurred_image, check_large_enough
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.integration import image_of_gradients
from pydeblur.solver.nonnegative_quadratic import nonnegative_minimum
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import downsample_image, fix_size, kernel_sizes, scale_ratios, upsample_kernel
from pydeblur.solver.records import IterationRecord, IterationState, Reporter

#: The prior of a difference: a mixture of three Gaussians around 0, by their precisions and weights.
PRECISIONS = np.array([7021.680499, 471.841421, 41.84820868])
WEIGHTS = np.array([0.3047101136, 0.4343635506, 0.2609263357])

_NOISE_GROWTH = 1.15
_ROUNDS = 3
_CG_STEPS = 15
_CG_TOLERANCE = 1e-8
#: The kernel's sparsity: after a first solution two more, with the weight w |k|^-1.5 of the solution before.
_SPARSITY, _SPARSITY_POWER, _SMALLEST_ELEMENT = 0.01, -1.5, 1e-4
_SPARSE_SOLUTIONS = 2


@documented
@dataclass(frozen=True)
class MarginalOptions:
    """Options of the method.

    Examples
    --------
    >>> MarginalOptions().noise
    0.01
    """

    noise: float = option(
        from_to(1e-4, 1.0),
        "The noise's standard deviation in the last step of each scale, for intensities in [0, 1].",
        0.01,
    )
    steps: int = option(whole_from_to(1, 100), "Steps at each scale. The noise falls by 1.15 from one to the next.", 11)

    def __post_init__(self):
        check_options(self)


class Marginal:
    """The estimator of Levin et al. 2011 [20], see :class:`MarginalOptions`. Its kernels may lie off-centre.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> estimate = Marginal(steps=2).estimate(image, 5)
    >>> estimate.kernel.shape, round(float(estimate.kernel.sum()), 9), len(estimate.history)
    ((5, 5), 1.0, 2)
    """

    name = "marginal"

    def __init__(self, **options):
        self.options = MarginalOptions(**options)

    def iteration_count(self, kernel_size: int) -> int:
        """Return how many iterations there are for a kernel of some size."""
        return len(kernel_sizes(kernel_size)) * self.options.steps

    @finds_size
    def estimate(self, image: np.ndarray, kernel_size: int, *, clipped=None, callback=None) -> KernelEstimate:
        """Estimate the kernel of a grey image (H, W), see :class:`~pydeblur.estimators.KernelEstimator`."""
        solver = SolverOptions(kernel_size)
        image = check_blurred_image(image, solver).astype(np.float64)
        check_large_enough(image.shape, kernel_size)
        report = Reporter(callback)
        sizes, ratios = kernel_sizes(kernel_size), scale_ratios(kernel_size)
        kernel = _first_kernel(kernel_size, sizes[-1], ratios[-1])
        for scale in reversed(range(len(sizes))):
            kernel = upsample_kernel(kernel, sizes[scale]) if sizes[scale] > len(kernel) else kernel
            kernel, latent = self._solve(downsample_image(image, ratios[scale]), kernel, scale, report)
            if report.stopped:
                break
        for size in sizes[::-1]:
            kernel = upsample_kernel(kernel, size) if size > len(kernel) else kernel
        described = {"name": self.name, **vars(self.options)}
        kernel = _turned(_normalised(kernel))
        return KernelEstimate(kernel, latent, report.history, solver, described, stopped=report.stopped)

    def _solve(self, image, kernel, scale, report):
        """All steps of one scale; the kernel is not normalised in between."""
        differences = [_FilteredImage(part, len(kernel)) for part in valid_gradients(image)]
        mean = float(image.mean())
        for step in range(1, self.options.steps + 1):
            started = time.perf_counter()
            noise = self.options.noise * _NOISE_GROWTH ** (self.options.steps - step)
            means = [part.expect(kernel, noise) for part in differences]
            previous, kernel = kernel, _sparse_kernel(*map(sum, zip(*(part.equations() for part in differences))))
            latent = _picture(means, image.shape, mean)
            record = self._record(scale, step, image.shape, kernel, previous, differences, started)
            if report(IterationState(record, latent, _turned(_normalised(kernel)))):
                break
        return kernel, latent

    @staticmethod
    def _record(scale, step, shape, kernel, previous, differences, started):
        return IterationRecord(
            scale,
            step,
            shape[0],
            shape[1],
            len(kernel),
            data_term=sum(part.residual_energy(kernel) for part in differences),
            kernel_change=float(np.linalg.norm(kernel - previous) / np.linalg.norm(previous)),
            seconds=time.perf_counter() - started,
        )


class _FilteredImage:
    """The blurred image's differences y in one direction, and what is known of the latent ones x.

    x has all elements that y depends on: (h + n - 1, w + n - 1) for y (h, w).
    """

    def __init__(self, y, size):
        self._y, self._size = y, size
        self._shape = tuple(length + size - 1 for length in y.shape)
        self._padded = tuple(map(opt_fft_size, self._shape))
        self._y_spectrum = self._spectrum(y)
        self._mask_spectrum = self._spectrum(np.ones_like(y))
        self._mean = np.zeros(self._shape)
        self._variances = np.zeros(self._shape)

    def expect(self, kernel, noise):
        """E: the mean of x, which is returned, and the variances."""
        otf = self._spectrum(kernel).conj()
        variance = noise**2
        right = self._restored(self._y_spectrum * otf.conj())
        data_precision = np.maximum(self._restored(self._mask_spectrum * self._spectrum(kernel * kernel)), 0) / variance
        start = np.pad(self._y, self._size // 2, mode="edge")
        precision = np.full(self._shape, float(WEIGHTS @ PRECISIONS))
        for number in range(_ROUNDS):
            if number:
                precision = _expected_precision(self._mean * self._mean + self._variances)
            self._mean = self._conjugate_gradients(otf, variance * precision, right, start)
            self._variances = 1 / (data_precision + precision)
        return self._mean

    def equations(self):
        """M: the matrix (n², n²) and the vector (n²) of the kernel's quadratic."""
        size, (height, width) = self._size, self._y.shape
        matrix = window_products(self._mean, size)
        sums = np.pad(self._variances.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        top, left = sums[:size], np.s_[:size]
        bottom = sums[height : height + size]
        right = np.s_[width : width + size]
        matrix.flat[:: size * size + 1] += (bottom[:, right] - top[:, right] - bottom[:, left] + top[:, left]).ravel()
        vector = self._restored(self._y_spectrum.conj() * self._spectrum(self._mean))[:size, :size]
        return matrix, vector.ravel()

    def residual_energy(self, kernel):
        """Return ||y - x correlated with k||²."""
        reblurred = self._restored(self._spectrum(self._mean) * self._spectrum(kernel).conj())
        difference = reblurred[: self._y.shape[0], : self._y.shape[1]] - self._y
        return float((difference * difference).sum())

    def _conjugate_gradients(self, otf, weights, right, point):
        """Solve (KᵀMK + σ² W) x = KᵀM y, with M the valid part."""

        def product(x):
            reblurred = irfft2(self._spectrum(x) * otf, self._padded[1])
            reblurred[self._y.shape[0] :] = 0
            reblurred[:, self._y.shape[1] :] = 0
            back = rfft2(reblurred)
            back *= otf.conj()
            return self._restored(back) + weights * x

        residual = right - product(point)
        direction = residual.copy()
        energy = float(np.vdot(residual, residual))
        for _ in range(_CG_STEPS):
            if energy < _CG_TOLERANCE:
                break
            image = product(direction)
            length = energy / float(np.vdot(direction, image))
            point = point + length * direction
            residual -= length * image
            before, energy = energy, float(np.vdot(residual, residual))
            direction *= energy / before
            direction += residual
        return point

    def _spectrum(self, array):
        padded = np.zeros(self._padded)
        padded[: array.shape[0], : array.shape[1]] = array
        return rfft2(padded)

    def _restored(self, spectrum):
        return irfft2(spectrum, self._padded[1])[: self._shape[0], : self._shape[1]]


def _expected_precision(squares):
    """The prior's precision, expected over its Gaussians, for differences of given E[x²]."""
    logs = np.log(WEIGHTS * np.sqrt(PRECISIONS))[:, None, None] - 0.5 * PRECISIONS[:, None, None] * squares
    logs -= logs.max(axis=0)
    shares = np.exp(logs, out=logs)
    return np.tensordot(PRECISIONS, shares, 1) / shares.sum(axis=0)


def _sparse_kernel(matrix, vector):
    """Minimise kᵀAk / 2 - bᵀk, k >= 0, and twice more with a weight that favours sparse kernels."""
    elements = nonnegative_minimum(matrix, vector)
    diagonal = np.s_[:: len(vector) + 1]
    for _ in range(_SPARSE_SOLUTIONS):
        weighted = matrix.copy()
        weighted.flat[diagonal] += _SPARSITY * np.maximum(np.abs(elements), _SMALLEST_ELEMENT) ** _SPARSITY_POWER
        elements = nonnegative_minimum(weighted, vector, start=elements)
    size = round(len(vector) ** 0.5)
    return elements.reshape(size, size)


def _first_kernel(full_size, size, ratio):
    """Two equal neighbours in the middle of the full size, shrunk to the coarsest scale."""
    kernel, centre = np.zeros((full_size, full_size)), (full_size - 1) // 2
    kernel[centre, centre : centre + 2] = 0.5
    return kernel if size == full_size else _normalised(fix_size(imresize(kernel, ratio), (size, size)))


def _normalised(kernel):
    kernel = np.maximum(kernel, 0)
    total = kernel.sum()
    if not total > 0:
        raise KernelCollapseError("the kernel estimate collapsed: nothing is left of it")
    return kernel / total


def _turned(kernel):
    return kernel[::-1, ::-1].copy()


def _picture(means, shape, mean):
    """The image (H, W) whose gradients come nearest to the expected ones, on the blurred image's own area."""
    half = (means[0].shape[0] - shape[0] + 1) // 2
    own = np.s_[half : half + shape[0] - 1, half : half + shape[1] - 1]
    gradient_x, gradient_y = (part[own] for part in means)
    return np.pad(image_of_gradients(gradient_x, gradient_y, mean), ((0, 1), (0, 1)), mode="edge")
