"""Kernels that a network proposes at a coarse scale, from kernels found there (docs/studies/right_kernel).

Latent image and kernel are estimated in turn as by the solver, but for the gradients that the kernel step is given: a network
sees the blurred image and three latent images of the kernel before, and gives a mask for the gradients of the first of them
and what is to be added. It was trained so that the kernel that comes of them blurs the sharp image as the true one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from pydeblur.backend.arrays import irfft2, rfft2, transfer_function
from pydeblur.backend.kept import kept
from pydeblur.backend.onnx_session import OnnxSession
from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.proposal_network import MULTIPLE, read_network
from pydeblur.solver import SolverOptions
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.coarse_to_fine import level_at, prepared_image
from pydeblur.solver.gradients import gradient_power, valid_gradients
from pydeblur.solver.kernel import KernelProblem, drop_small_components
from pydeblur.solver.latent import LatentProblem
from pydeblur.solver.pyramid import finish_kernel, finish_scale_kernel, kernel_sizes, upsample_kernel
from pydeblur.solver.single_scale import splitting_of

#: μ of the first latent image.
LAMBDA_GRAD = 4e-3
#: The weights of the squared gradients in the two others, and what of each is the weight of the squared image.
L2_WEIGHTS, IMAGE_WEIGHT = (3e-3, 3e-2), 1e-4
#: The mask is at most this, and this much of what the network adds is added, in units of the image's deviation.
LARGEST_MASK, ADDED = 1.5, 0.1
#: Alternations at each scale between that of the proposals and the finest.
_ALTERNATIONS_BETWEEN = 2


class ProposalNetwork:
    """The network, ready to compute on the CPU.

    Parameters
    ----------
    weights : "kernel-proposal" or path
        See :func:`pydeblur.estimators.proposal_network.read_network`.
    threads : int

    Attributes
    ----------
    weights : ProposalWeights

    Examples
    --------
    >>> ProposalNetwork()(np.zeros((4, 21, 30), np.float32)).shape
    (3, 20, 29)
    """

    def __init__(self, weights="kernel-proposal", threads: int = 1):
        self.weights = read_network(weights)
        key = ("kernel proposal", self.weights.metadata["parameters_sha256"], threads)
        self._session = kept(key, lambda: OnnxSession(self.weights.model, str(self.weights.path), "cpu", threads))

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        """What the network gives for planes (4, H, W): (3, H-1, W-1) float32, on the places of the gradients."""
        rows, columns = planes.shape[1:]
        missing = [(0, 0), (0, -rows % MULTIPLE), (0, -columns % MULTIPLE)]
        inputs = np.pad(planes, missing, mode="edge")[None]
        (proposal,) = self._session.run(["proposal"], {"inputs": inputs})
        return proposal[0, :, : rows - 1, : columns - 1]


class KernelProposer:
    """Proposes kernels of one size for a blurred image at one scale.

    Parameters
    ----------
    blurred : (H, W) ndarray
        B, in the solver's precision: the image of the scale, smoothed as the options say.
    kernel_size : int
        n, odd.
    options : SolverOptions
        Adapted to the image's noise.
    network : ProposalNetwork

    Examples
    --------
    >>> image = np.kron(np.random.default_rng(0).random((12, 12)), np.ones((4, 4))).astype(np.float32)
    >>> proposer = KernelProposer(image, 5, SolverOptions(5), ProposalNetwork())
    >>> kernels = list(proposer.kernels_from(proposer.point, 2))
    >>> len(kernels), kernels[0].shape
    (2, (5, 5))
    """

    def __init__(self, blurred: np.ndarray, kernel_size: int, options: SolverOptions, network: ProposalNetwork):
        blurred = np.asarray(blurred, np.float32)
        self._blurred, self._network, self._workers = blurred, network, options.workers
        self._mean, self._deviation = float(blurred.mean()), max(float(blurred.std(ddof=1)), np.finfo(np.float32).tiny)
        self._kernel_shape = (kernel_size, kernel_size)
        padded = wrap_boundary(blurred, padded_shape(blurred.shape, self._kernel_shape)).astype(np.float32)
        self._spectrum = rfft2(padded, self._workers)
        self._padded, self._power = padded, gradient_power(padded.shape, np.float32)
        self._latent = LatentProblem(padded, blurred.shape, splitting_of(options), self._workers)
        factor = network.weights.weight_factor
        x, y = valid_gradients(blurred / np.float32(self._deviation))
        self._kernel = KernelProblem(
            x,
            y,
            factor * options.kernel_weight / self._deviation**2,
            factor * options.relative_kernel_weight,
            self._workers,
            options.kernel_weight_pixels,
        )

    @property
    def point(self) -> np.ndarray:
        """The kernel (n, n) that blurs nothing."""
        kernel = np.zeros(self._kernel_shape, np.float32)
        kernel[tuple(side // 2 for side in self._kernel_shape)] = 1
        return kernel

    def kernels_from(self, kernel: np.ndarray, count: int) -> Iterator[np.ndarray]:
        """Alternate from a kernel.

        Parameters
        ----------
        kernel : (n, n) ndarray
        count : int
            How often.

        Yields
        ------
        (n, n) ndarray
            The kernel after each alternation, centred, of sum 1. The last may be an earlier one, where a kernel loses its mass.
        """
        kernel = np.asarray(kernel, np.float32)
        for _ in range(count):
            try:
                kernel = self._next(kernel)
            except KernelCollapseError:
                return
            yield kernel

    def _next(self, kernel: np.ndarray) -> np.ndarray:
        gradients = self._gradients(kernel)
        return finish_scale_kernel(drop_small_components(self._kernel.estimate(*gradients, self._kernel_shape)))

    def _gradients(self, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The network's gradients for the kernel step, in units of the image's deviation."""
        self._latent.set_kernel(kernel)
        sparse = self._own_area(self._latent.solve(LAMBDA_GRAD).image)
        planes = np.stack([self._blurred, sparse, *self._quadratic(kernel)])
        planes = (planes - np.float32(self._mean)) / np.float32(self._deviation)
        said = self._network(planes)
        mask = np.minimum(2 * expit(said[0]), np.float32(LARGEST_MASK))
        x, y = valid_gradients(planes[1])
        return mask * x + ADDED * said[1], mask * y + ADDED * said[2]

    def _quadratic(self, kernel: np.ndarray) -> list[np.ndarray]:
        """The minima of ``||I⊗k - B||² + λ (||∇I||² + 1e-4 ||I||²)`` for both weights λ."""
        otf = transfer_function(kernel, self._padded, self._workers)
        numerator, power = otf.conj() * self._spectrum, otf.real**2 + otf.imag**2
        spectra = (numerator / (power + np.float32(weight) * (self._power + IMAGE_WEIGHT)) for weight in L2_WEIGHTS)
        return [self._own_area(irfft2(each, self._padded.shape[1], self._workers)) for each in spectra]

    def _own_area(self, image: np.ndarray) -> np.ndarray:
        rows, columns = self._blurred.shape
        return image[:rows, :columns]


class ProposedKernel(NamedTuple):
    """What :func:`proposed_kernel` finds: a kernel (n, n) of the finest scale, n, and it as it was found, cut as a result is."""

    kernel: np.ndarray
    kernel_size: int
    at_first: np.ndarray


def proposed_kernel(
    image: np.ndarray,
    scale: int,
    starts: Sequence[tuple[int, np.ndarray | None]],
    options: SolverOptions,
    alternations: int,
    score: Callable[[np.ndarray], float],
    weights="kernel-proposal",
) -> ProposedKernel | None:
    """The best of the kernels that the network makes of some at a scale, followed to the finest.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred.
    scale : int
        At least 1.
    starts : sequence of (int, (n, n) ndarray or None)
        Kernel sizes at the finest scale, and kernels of the scale; None is a point.
    options : SolverOptions
        Adapted to the image's noise; their kernel size does not count.
    alternations : int
        From each start; the last kernel counts.
    score : callable
        Of a kernel of the scale, the lowest the best.
    weights : "kernel-proposal" or path

    Returns
    -------
    ProposedKernel or None
        None where every kernel loses its mass.

    Examples
    --------
    >>> image = np.kron(np.random.default_rng(0).random((12, 12)), np.ones((5, 5)))
    >>> found = proposed_kernel(image, 1, [(9, None)], SolverOptions(9), 1, score=np.max)
    >>> found.kernel.shape, found.at_first.shape
    ((9, 9), (7, 7))
    """
    network = ProposalNetwork(weights, options.workers)
    prepared = prepared_image(np.asarray(image), options)

    def proposer_at(level_scale: int, size: int) -> KernelProposer:
        level = level_at(level_scale, prepared, size)
        return KernelProposer(level.image, level.kernel_size, options, network)

    found: list[tuple[float, int, np.ndarray]] = []
    for size, start in starts:
        proposer = proposer_at(scale, size)
        kernels = list(proposer.kernels_from(proposer.point if start is None else start, alternations))
        if len(kernels) == alternations:
            found.append((score(finish_kernel(kernels[-1], options.kernel_threshold)), size, kernels[-1]))
    if not found:
        return None
    _, size, kernel = min(found, key=lambda each: each[0])
    at_first = finish_kernel(kernel, options.kernel_threshold)
    for finer in range(scale - 1, 0, -1):
        kernel = upsample_kernel(kernel, kernel_sizes(size)[finer])
        for following in proposer_at(finer, size).kernels_from(kernel, _ALTERNATIONS_BETWEEN):
            kernel = following
    return ProposedKernel(upsample_kernel(kernel, size), size, at_first)
