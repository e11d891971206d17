"""The pose weights of eq. (17), from thresholded gradients, by a bounded quasi-Newton method."""

from __future__ import annotations

import numpy as np
import scipy

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.nonuniform.filter_flow import LocalKernels
from pydeblur.nonuniform.patches import PatchGrid
from pydeblur.solver.boundary import opt_fft_size


class WeightProblem:
    """The problem min_k ||A k - ∇B||² + γ ||k||² + δ Σ (k_s - k_t)² over k >= 0, for fixed blurred gradients.

    The sum over s, t is that of neighbouring poses. In each patch A is the convolution with the patch's kernel, which is
    linear in k, and patches count by their windows. So all that is left of the picture are, for every patch, the
    correlations of the latent gradients with the blurred ones and with themselves.

    Parameters
    ----------
    blurred_x, blurred_y : (H, W) ndarray
        Gradients of the blurred picture.
    grid : PatchGrid
        Of the gradients, without margins.
    radius : int
        Of the local kernels.
    workers : int
        Threads of the FFTs.

    Examples
    --------
    >>> from pydeblur.nonuniform.poses import CameraPoses
    >>> x, y = np.random.default_rng(0).standard_normal((2, 30, 40))
    >>> problem = WeightProblem(x, y, PatchGrid((30, 40), (2, 2)), 1)
    >>> problem.set_latent(x, y)
    >>> poses = CameraPoses([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], (30, 40))
    >>> kernels = LocalKernels(poses, PatchGrid((30, 40), (2, 2)).centres, 1)
    >>> problem.estimate(kernels, np.array([0.5, 0.5]), 0.0).round(2).tolist()  # the blurred gradients are the latent ones
    [1.0, 0.0]
    """

    def __init__(self, blurred_x: np.ndarray, blurred_y: np.ndarray, grid: PatchGrid, radius: int, workers: int = 1):
        self._grid, self._radius, self._workers = grid, radius, workers
        self._windows = np.sqrt(grid.windows()).astype(blurred_x.dtype)
        self._size = tuple(opt_fft_size(side + 2 * radius) for side in grid.region)
        self._blurred = [self._spectra(gradient) for gradient in (blurred_x, blurred_y)]

    def set_latent(self, latent_x: np.ndarray, latent_y: np.ndarray) -> None:
        """Take the thresholded gradients (H, W) of the latent picture."""
        spectra = [self._spectra(gradient) for gradient in (latent_x, latent_y)]
        correlation = sum(latent.conj() * blurred for latent, blurred in zip(spectra, self._blurred))
        power = sum(latent.real**2 + latent.imag**2 for latent in spectra)
        self._correlation = self._around_origin(correlation, self._radius)
        lags = self._around_origin(power.astype(correlation.dtype), 2 * self._radius)
        self._operator = _LagOperator(lags, self._radius, self._workers)

    def estimate(
        self,
        kernels: LocalKernels,
        start: np.ndarray,
        penalty: float,
        smoothness: float = 0.0,
        neighbours: scipy.sparse.csr_matrix | None = None,
        iterations: int = 30,
    ) -> np.ndarray:
        """Return the weights.

        Parameters
        ----------
        kernels : LocalKernels
            Of the poses at the patches' centres.
        start : (T,) ndarray
            Where to start from.
        penalty, smoothness : float
            γ and δ.
        neighbours : (T, T) sparse matrix, optional
            The quadratic form of δ; without it δ counts for nothing.
        iterations : int

        Returns
        -------
        (T,) float64 ndarray
            Non-negative, not normalised.
        """
        target = kernels.adjoint(self._correlation)
        # The method's first step is the negative gradient: it should be about as long as the weights.
        scale = 1 / max(float(np.abs(target).max()), np.finfo(np.float32).tiny)

        def value_and_gradient(weights):
            gradient = kernels.adjoint(self._operator(kernels.of_weights(weights)))
            gradient = gradient + penalty * weights
            if neighbours is not None and smoothness:
                gradient = gradient + smoothness * (neighbours @ weights)
            value = 0.5 * (weights @ gradient) - weights @ target
            return scale * float(value), scale * (gradient - target).astype(np.float64)

        found = scipy.optimize.minimize(
            value_and_gradient,
            start,
            method="L-BFGS-B",
            jac=True,
            bounds=[(0, None)] * len(start),
            options={"maxiter": iterations, "maxcor": 5, "ftol": 1e-7},
        )
        return found.x

    def _spectra(self, gradient):
        padded = np.zeros((len(self._grid), *self._size), gradient.dtype)
        height, width = self._grid.region
        np.multiply(self._grid.cut(gradient), self._windows, out=padded[:, :height, :width])
        return rfft2(padded, self._workers)

    def _around_origin(self, spectra, radius):
        rows, columns = (np.arange(-radius, radius + 1) % side for side in self._size)
        return irfft2(spectra, self._size[1], self._workers)[:, rows[:, None], columns]


class _LagOperator:
    """The convolution of all kernels (P, n, n) with their patches' autocorrelations, on the kernels' support."""

    def __init__(self, lags: np.ndarray, radius: int, workers: int):
        self._side, self._workers = 2 * radius + 1, workers
        size = opt_fft_size(4 * radius + 1)
        places = np.arange(-2 * radius, 2 * radius + 1) % size
        padded = np.zeros((len(lags), size, size), lags.dtype)
        padded[:, places[:, None], places] = lags
        self._spectra = rfft2(padded, workers)
        self._padded = np.zeros_like(padded)

    def __call__(self, kernels: np.ndarray) -> np.ndarray:
        side = self._side
        self._padded[:, :side, :side] = kernels
        spectra = rfft2(self._padded, self._workers)
        spectra *= self._spectra
        return irfft2(spectra, self._padded.shape[-1], self._workers)[:, :side, :side]


def neighbour_form(indices: np.ndarray) -> scipy.sparse.csr_matrix:
    """Return the quadratic form of the differences of neighbouring poses on a grid.

    Parameters
    ----------
    indices : (T, 3) int ndarray
        Of the poses; those that are one step apart along one axis are neighbours. A pose that is not there has weight 0.

    Returns
    -------
    (T, T) sparse matrix
        kᵀ D k = Σ (k_s - k_t)² over all pairs of neighbours, with the absent ones' weights 0.

    Examples
    --------
    >>> neighbour_form(np.array([[0, 0, 0], [0, 0, 1]])).toarray().tolist()
    [[6.0, -1.0], [-1.0, 6.0]]
    """
    low = indices.min(axis=0) - 1
    shape = indices.max(axis=0) + 2 - low
    number = np.full(shape, -1)
    number[tuple((indices - low).T)] = np.arange(len(indices))
    rows, columns = [], []
    for axis in range(3):
        beside = indices - low
        beside[:, axis] += 1
        other = number[tuple(beside.T)]
        there = np.flatnonzero(other >= 0)
        rows += [there, other[there]]
        columns += [other[there], there]
    pairs, diagonal = sum(map(len, rows)), np.arange(len(indices))
    values = np.concatenate([np.full(pairs, -1.0), np.full(len(indices), 6.0)])
    places = (np.concatenate([*rows, diagonal]), np.concatenate([*columns, diagonal]))
    return scipy.sparse.csr_matrix((values, places), (len(indices), len(indices)))
