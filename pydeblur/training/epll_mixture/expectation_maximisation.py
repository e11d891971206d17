"""Expectation maximisation of a mixture of Gaussians of mean 0, on millions of patches."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.mixture import JointDensity, PatchMixture, frequency_basis, log_sum_exp
from pydeblur.training.epll_mixture.patches import float_chunks

#: Steps of k-means that make the start.
_START_STEPS = 10
#: Variance of rounding to 8 bits: added to every variance, so that flat patches can't make a component a point.
ROUNDING_VARIANCE = 1 / 255**2 / 12


def starting_mixture(patches: np.ndarray, components: int, seed) -> tuple[np.ndarray, np.ndarray]:
    """Weights and covariances to start from: clusters of patches with alike spectra.

    The clusters are those of k-means on the logarithms of the frequencies' magnitudes, which know contrast, scale and
    orientation but not the sign of a patch. Each cluster's covariance is moved a little towards the whole sample's.

    Parameters
    ----------
    patches : (n, D) uint8 ndarray
    components : int
    seed : int or sequence of int

    Returns
    -------
    weights : (K,) float64 ndarray
    covariances : (K, D - 1, D - 1) float64 ndarray
        In the coordinates of `frequency_basis`.

    Raises
    ------
    InvalidInputError
        If there are fewer patches than components.

    Examples
    --------
    >>> patches = np.random.default_rng(0).integers(0, 256, (50, 9), dtype=np.uint8)
    >>> weights, covariances = starting_mixture(patches, 2, seed=0)
    >>> round(float(weights.sum()), 12), covariances.shape
    (1.0, (2, 8, 8))
    """
    if len(patches) < components:
        raise InvalidInputError(
            f"patches should be at least as many as components ({components}), but are {len(patches)}"
        )
    frequencies = frequency_basis(round(patches.shape[1] ** 0.5)) @ (patches.T / 255.0)
    labels = _clusters(np.log(np.abs(frequencies) + 1 / 255), components, np.random.default_rng(seed))
    dimensions = len(frequencies)
    whole = frequencies @ frequencies.T / frequencies.shape[1] + ROUNDING_VARIANCE * np.eye(dimensions)
    weights, covariances = np.empty(components), np.empty((components, dimensions, dimensions))
    for component in range(components):
        own = frequencies[:, labels == component]
        weights[component] = max(own.shape[1], 1)
        # As if there were one more patch for each dimension, with the sample's correlations and the cluster's contrast.
        contrast = np.sum(own**2) / max(own.shape[1], 1) / np.trace(whole) if own.size else 1.0
        total = own @ own.T + dimensions * contrast * whole
        covariances[component] = total / (own.shape[1] + dimensions) + ROUNDING_VARIANCE * np.eye(dimensions)
    return weights / weights.sum(), covariances


def _clusters(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Labels (n,) of the columns of points (d, n) by k-means from random points."""
    centres = points[:, rng.choice(points.shape[1], count, replace=False)]
    for _ in range(_START_STEPS):
        labels = np.argmin(np.sum(centres**2, axis=0)[:, None] / 2 - centres.T @ points, axis=0)
        members = np.zeros((count, points.shape[1]), np.float32)
        members[labels, np.arange(points.shape[1])] = 1
        sizes = members.sum(axis=1)
        centres = np.where(sizes, (points @ members.T) / np.maximum(sizes, 1), centres)
    return labels


class IncrementalEM:
    """Expectation maximisation with an update of the mixture after every block of patches (Neal & Hinton 1998).

    The sums that the M-step needs (each component's mass and second moments) are kept for every block. A block's are
    computed anew with the mixture of the moment, replace its old ones, and the mixture follows from the sum over all
    blocks. Every update raises the same lower bound of the likelihood as in plain EM, which one block is; with many
    blocks it takes fewer passes, above all at the start. In the first pass the sum is over the blocks seen so far.

    Parameters
    ----------
    patches : (N, D) uint8 ndarray
        In random order. Only `nonblind.mixture.CHUNK` at a time are turned into floats.
    weights : (K,) ndarray
    covariances : (K, D - 1, D - 1) ndarray
        The start, in the coordinates of `frequency_basis`.
    blocks : int

    Attributes
    ----------
    iteration : int
        Passes done.
    mass : (blocks, K) float64 ndarray
    moments : (blocks, K, d (d + 1) / 2) float64 ndarray
        Upper triangles of Σ_n r_kn x_n x_nᵀ, in frequencies.

    Examples
    --------
    >>> patches = np.random.default_rng(0).integers(0, 256, (200, 9), dtype=np.uint8)
    >>> em = IncrementalEM(patches, *starting_mixture(patches, 2, seed=0), blocks=4)
    >>> first, second = em.run_pass(), em.run_pass()
    >>> em.iteration, second > first
    (2, True)
    """

    def __init__(self, patches: np.ndarray, weights: np.ndarray, covariances: np.ndarray, blocks: int):
        self.patches, self.iteration = patches, 0
        self.weights, self.covariances = np.array(weights, np.float64), np.array(covariances, np.float64)
        dimensions = self.covariances.shape[-1]
        self._triangle = np.triu_indices(dimensions)
        self.mass = np.zeros((blocks, len(weights)))
        self.moments = np.zeros((blocks, len(weights), len(self._triangle[0])))

    def mixture(self) -> PatchMixture:
        """The mixture of the moment."""
        return PatchMixture.from_frequencies(self.weights, self.covariances)

    def run_pass(self, progress: bool = False) -> float:
        """Go through all patches once; the mean log-likelihood of each patch as it was when its block's turn came."""
        total = 0.0
        title = f"iteration {self.iteration + 1}"
        with tqdm(total=len(self.patches), desc=title, unit=" patches", disable=not progress, mininterval=2) as bar:
            for block, patches in enumerate(np.array_split(self.patches, len(self.mass))):
                total += self._expectation(block, patches, bar)
                self._maximisation()
                bar.set_postfix(log_likelihood=total / (bar.n or 1), refresh=False)
        self.iteration += 1
        return float(total / len(self.patches))

    def state(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds of it."""
        return {"weights": self.weights, "covariances": self.covariances, "mass": self.mass, "moments": self.moments}

    @classmethod
    def from_state(cls, patches: np.ndarray, state: dict[str, np.ndarray], iteration: int) -> IncrementalEM:
        """Go on from what :meth:`state` has given after some passes over the same patches."""
        em = cls(patches, state["weights"], state["covariances"], len(state["mass"]))
        em.mass, em.moments, em.iteration = state["mass"], state["moments"], iteration
        return em

    def _expectation(self, block: int, patches: np.ndarray, bar) -> float:
        """Compute a block's mass and moments; its log-likelihood."""
        density = JointDensity(self.mixture())
        mass, moments, total = np.zeros(self.mass.shape[1]), np.zeros(self.moments.shape[1:]), 0.0
        for chunk in float_chunks(patches):
            products = density.products(chunk)
            joint = density.of_products(products)
            likelihood = log_sum_exp(joint)
            responsibilities = np.exp(joint - likelihood.astype(np.float32))
            mass += responsibilities.sum(axis=1, dtype=np.float64)
            moments += responsibilities @ products.T
            total += likelihood.sum()
            bar.update(chunk.shape[1])
        self.mass[block] = mass
        rows, columns = self._triangle
        whitened = self._symmetric(moments)
        self.moments[block] = (density.unwhitening @ whitened @ density.unwhitening.T)[:, rows, columns]
        return total

    def _maximisation(self) -> None:
        mass, moments = self.mass.sum(axis=0), self._symmetric(self.moments.sum(axis=0))
        self.weights = mass / mass.sum()
        # Fewer patches than dimensions say too little of a covariance: it stays as it is.
        known = mass > self.covariances.shape[-1]
        self.covariances[known] = moments[known] / mass[known, None, None]
        self.covariances[known] += ROUNDING_VARIANCE * np.eye(self.covariances.shape[-1])

    def _symmetric(self, triangles: np.ndarray) -> np.ndarray:
        rows, columns = self._triangle
        matrices = np.empty((len(triangles), *self.covariances.shape[1:]))
        matrices[:, rows, columns] = matrices[:, columns, rows] = triangles
        return matrices


def mean_log_likelihood(mixture: PatchMixture, patches: np.ndarray) -> float:
    """Mean log-likelihood of patches under a mixture.

    Parameters
    ----------
    mixture : PatchMixture
    patches : (N, D) uint8 ndarray

    Examples
    --------
    >>> patches = np.random.default_rng(0).integers(0, 256, (200, 9), dtype=np.uint8)
    >>> mixture = PatchMixture.from_frequencies(*starting_mixture(patches, 2, seed=0))
    >>> mean_log_likelihood(mixture, patches) > mean_log_likelihood(mixture, 255 * (patches > 127))
    True
    """
    return float(np.mean(np.concatenate([mixture.log_likelihood(chunk) for chunk in float_chunks(patches)])))
