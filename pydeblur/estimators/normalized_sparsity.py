"""Blind deconvolution by normalised sparsity, Krishnan, Tay and Fergus 2011 [16].

The method looks at gradients alone: x and y are the latent and the blurred image's differences in the two directions. At
each scale it minimises

    λ/2 ||x⊗k - y||² + ||x||_1 / ||x||_2 + ρ ||k||_1,    k >= 0, sum k = 1,

in x and k in turn. The ratio of norms is lowest for sharp gradients, where a norm alone would favour blurred ones.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.kernel_size import finds_size
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.matlab import imresize, matlab_round
from pydeblur.options import check_options, documented, from_to, option, whole_from_to
from pydeblur.solver.coarse_to_fine import check_blurred_image
from pydeblur.solver.convolution import ZeroBorderConvolution
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.integration import image_of_gradients
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import initial_kernel
from pydeblur.solver.records import IterationRecord, IterationState, Reporter

#: The norm that the gradients of each direction are scaled to, whatever the image's size.
_NORM = 6.0
#: Step of the shrinkage, and what it is halved down to where the cost grows.
_STEP, _SMALLEST_STEP = 1e-3, 1e-4
_OUTER_STEPS = _INNER_STEPS = 2
#: An x step is taken back if the cost has grown by more than this factor.
_COST_FACTOR = 3.0
_SMALLEST_WEIGHT = 1e-4


@documented
@dataclass(frozen=True)
class NormalizedSparsityOptions:
    """Options of the method; the defaults are those of the authors' demonstration.

    Examples
    --------
    >>> NormalizedSparsityOptions().alternations
    21
    """

    data_weight: float = option(
        from_to(1e-3, 1e6), "λ, the weight of the data term; 60 to 200, lower for more noise.", 100.0
    )
    alternations: int = option(whole_from_to(1, 10_000), "How often x and k are estimated in turn at each scale.", 21)
    kernel_weight: float = option(from_to(0.0, 1e6), "ρ, the weight of the kernel's sparsity.", 0.0)

    def __post_init__(self):
        check_options(self)


class NormalizedSparsity:
    """The estimator of Krishnan, Tay and Fergus 2011 [16], see :class:`NormalizedSparsityOptions`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> estimate = NormalizedSparsity(alternations=2).estimate(image, 5)
    >>> estimate.kernel.shape, round(float(estimate.kernel.sum()), 9), len(estimate.history)
    ((5, 5), 1.0, 4)
    """

    name = "normalized_sparsity"

    def __init__(self, **options):
        self.options = NormalizedSparsityOptions(**options)

    def iteration_count(self, kernel_size: int) -> int:
        """Return how many iterations there are for a kernel of some size."""
        return len(scale_sizes(kernel_size)) * self.options.alternations

    @finds_size
    def estimate(self, image: np.ndarray, kernel_size: int, *, clipped=None, callback=None) -> KernelEstimate:
        """Estimate the kernel of a grey image (H, W), see :class:`~pydeblur.estimators.KernelEstimator`."""
        solver = SolverOptions(kernel_size)
        image = check_blurred_image(image, solver).astype(np.float64)
        report = Reporter(callback)
        sizes = scale_sizes(kernel_size)
        kernel = latent = None
        for number, size in enumerate(sizes):
            scale = _Scale(_resized(image, size / kernel_size), size, len(sizes) - 1 - number, self.options)
            kernel, latent = scale.solve(kernel, latent, report)
            if report.stopped:
                kernel = _enlarged_kernel(kernel, kernel_size)
                break
        picture = scale.picture(latent)
        described = {"name": self.name, **vars(self.options)}
        return KernelEstimate(_normalised(kernel), picture, report.history, solver, described, stopped=report.stopped)


def scale_sizes(kernel_size: int) -> list[int]:
    """Return the kernel's size at each scale, the coarsest first.

    It grows by √2, to the next whole number and from an even one to the next odd, from about an eighth of the full size.

    Examples
    --------
    >>> scale_sizes(25)
    [3, 5, 9, 13, 19, 25]
    """
    sizes = [max(3, 2 * ((kernel_size - 1) // 16) + 1)]
    while sizes[-1] < kernel_size:
        larger = math.ceil(math.sqrt(2) * sizes[-1])
        sizes.append(min(larger + (larger % 2 == 0), kernel_size))
    return sizes


class _Scale:
    """One scale: y, and the two steps."""

    def __init__(self, image, size, scale, options):
        self._size, self._scale, self._options = size, scale, options
        gradients = np.stack(valid_gradients(image))
        self._contrast = _norms(gradients) / _NORM
        self._mean = float(image.mean())
        self._y = gradients / _at_least_tiny(self._contrast)
        self._convolution = ZeroBorderConvolution(self._y.shape[1:], size)
        half, (height, width) = size // 2, self._y.shape[1:]
        self._inner_y = self._y[:, half : height - half, half : width - half]

    def solve(self, kernel, x, report):
        """Alternate, from a coarser scale's kernel and gradients or from nothing; both come back centred."""
        if kernel is None:
            kernel, x = initial_kernel(self._size), self._y.copy()
        else:
            kernel = _enlarged_kernel(kernel, self._size)
            x = np.stack([imresize(part, self._y.shape[1:], "bilinear") for part in x])
            x *= _NORM / _at_least_tiny(_norms(x))
        step = _STEP
        for iteration in range(1, self._options.alternations + 1):
            started = time.perf_counter()
            x, step, (data, sparsity) = self._sharpened(x, kernel, step)
            previous, kernel = kernel, self._next_kernel(x, kernel)
            record = self._record(iteration, data, sparsity, kernel, previous, started)
            if report(IterationState(record, self.picture(x), kernel)):
                break
        return _centred(kernel, x)

    def picture(self, x):
        """The image (H, W) whose gradients come nearest to x."""
        gradient_x, gradient_y = x * self._contrast
        whole = image_of_gradients(gradient_x, gradient_y, self._mean)
        return np.pad(whole, ((0, 1), (0, 1)), mode="edge")

    def _sharpened(self, x, kernel, step):
        """The x step: iterative shrinkage with a step that is halved while the cost grows too much."""
        spectrum = self._convolution.spectrum(kernel)
        start = x
        limit = _COST_FACTOR * sum(self._cost(start, spectrum))
        while step > _SMALLEST_STEP:
            x = self._shrunk(start, spectrum, step)
            terms = self._cost(x, spectrum)
            if sum(terms) <= limit:
                return x, step, terms
            step /= 2
        return start, step, self._cost(start, spectrum)

    def _shrunk(self, x, spectrum, step):
        for _ in range(_OUTER_STEPS):
            # ||x||_2 is held fixed meanwhile, so that the ratio becomes a weighted L1 norm.
            weight = self._options.data_weight * _norms(x)
            for _ in range(_INNER_STEPS):
                residual = self._y - self._reblurred(x, spectrum)
                pull = self._convolution.same_adjoint(self._convolution.spectrum(residual), spectrum)
                moved = x + weight * step * pull
                x = np.sign(moved) * np.maximum(np.abs(moved) - step, 0)
        return x

    def _reblurred(self, x, spectrum):
        return self._convolution.same(self._convolution.spectrum(x), spectrum)

    def _cost(self, x, spectrum):
        residual = self._reblurred(x, spectrum) - self._y
        sparsity = (np.abs(x).sum((1, 2), keepdims=True) / _at_least_tiny(_norms(x))).sum()
        return self._options.data_weight / 2 * float((residual * residual).sum()), float(sparsity)

    def _next_kernel(self, x, kernel):
        """One step of conjugate gradients on the data term without borders, then k >= 0 and sum k = 1."""
        spectrum = self._convolution.spectrum(x)
        weights = self._options.kernel_weight / np.maximum(np.abs(kernel), _SMALLEST_WEIGHT)

        def valid(k):
            return self._convolution.valid(spectrum, self._convolution.spectrum(k))

        def adjoint(residual):
            return self._convolution.valid_adjoint_kernel(spectrum, residual).sum(axis=0)

        residual = adjoint(self._inner_y - valid(kernel)) - weights * kernel
        curvature = float((residual * (adjoint(valid(residual)) + weights * residual)).sum())
        if curvature > 0:
            kernel = kernel + float((residual * residual).sum()) / curvature * residual
        return _normalised(kernel)

    def _record(self, iteration, data, sparsity, kernel, previous, started):
        height, width = (length + 1 for length in self._y.shape[1:])
        return IterationRecord(
            self._scale,
            iteration,
            height,
            width,
            self._size,
            data_term=data,
            prior_term=sparsity,
            energy=data + sparsity,
            prior_value=sparsity,
            kernel_change=float(np.linalg.norm(kernel - previous) / np.linalg.norm(previous)),
            seconds=time.perf_counter() - started,
        )


def _resized(image, ratio):
    if ratio == 1:
        return image
    return imresize(image, tuple(int(length * ratio) for length in image.shape), "bilinear")


def _enlarged_kernel(kernel, size):
    return kernel if len(kernel) == size else _normalised(imresize(kernel, (size, size), "bilinear"))


def _normalised(kernel):
    kernel = np.maximum(kernel, 0)
    total = kernel.sum()
    if not total > 0:
        raise KernelCollapseError("the kernel estimate collapsed: nothing is left of it")
    return kernel / total


def _centred(kernel, x):
    """Move the kernel's centroid to its middle by whole pixels, and the gradients the other way."""
    size, position = len(kernel), np.arange(len(kernel))
    offsets = [int(matlab_round(size // 2 - float(kernel.sum(axis) @ position))) for axis in (1, 0)]
    moved = np.stack([_moved(part, [-offset for offset in offsets]) for part in x])
    return _moved(kernel, offsets), moved


def _moved(array, offsets):
    """Shift by whole pixels, with zeros coming in."""
    result = np.zeros_like(array)
    to, come = (
        tuple(
            slice(max(sign * offset, 0), length + min(sign * offset, 0)) for offset, length in zip(offsets, array.shape)
        )
        for sign in (1, -1)
    )
    result[to] = array[come]
    return result


def _norms(x):
    return np.sqrt((x * x).sum((1, 2), keepdims=True))


def _at_least_tiny(norms):
    return np.maximum(norms, np.finfo(np.float64).tiny)
