"""One scale of the non-uniform solver: eq. (16), thresholded gradients and eq. (17) in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from pydeblur.nonuniform.filter_flow import LocalKernels, PatchBlur
from pydeblur.nonuniform.latent import PatchLatent
from pydeblur.nonuniform.options import NonuniformOptions
from pydeblur.nonuniform.patches import PatchGrid, largest_counts
from pydeblur.nonuniform.pose_grid import PoseGrid, normalised
from pydeblur.nonuniform.poses import CameraPoses
from pydeblur.nonuniform.threshold import threshold_gradients_evenly
from pydeblur.nonuniform.weights import WeightProblem, neighbour_form
from pydeblur.solver.coarse_to_fine import Level
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.records import IterationRecord, IterationState


class PoseIterationState(IterationState):
    """What a callback sees after each iteration of the non-uniform solver.

    Beside what :class:`~pydeblur.solver.IterationState` has, with the kernel at the picture's centre, there are the
    camera's poses and their weights.

    Attributes
    ----------
    poses : CameraPoses
    weights : (T,) ndarray
        Of sum 1.

    Examples
    --------
    >>> from pydeblur.nonuniform import blind_deconv_nonuniform
    >>> from pydeblur.nonuniform.options import nonuniform_solver_options
    >>> states = []
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = blind_deconv_nonuniform(picture, nonuniform_solver_options(5, iterations=1), callback=states.append)
    >>> len(states), len(states[0].poses) == len(states[0].weights)
    (1, True)
    """

    def __init__(self, record: IterationRecord, latent, kernel: np.ndarray, poses: CameraPoses, weights: np.ndarray):
        super().__init__(record, latent, kernel)
        self.poses, self.weights = poses, weights


@dataclass(frozen=True)
class PoseWeights:
    """Poses of a grid with their weights, and what else passes from scale to scale.

    Attributes
    ----------
    indices : (T, 3) int ndarray
    weights : (T,) ndarray
        Positive, of sum 1.
    lambda_prior, lambda_grad : float
        λ and μ.
    threshold : float
        For the squared gradients.
    latent : (H, W) ndarray or None

    Examples
    --------
    >>> PoseWeights(np.zeros((1, 3), int), np.ones(1), 0.0, 1.6e-2, 0.1).latent is None
    True
    """

    indices: np.ndarray
    weights: np.ndarray
    lambda_prior: float
    lambda_grad: float
    threshold: float
    latent: np.ndarray | None = None


class PoseScale:
    """A blurred picture at one scale with everything that its iterations share.

    Parameters
    ----------
    level : Level
        Scale, picture (h, w), and the size of the kernels.
    grid : PoseGrid
        Of this scale.
    prior : object or None
        See :mod:`pydeblur.priors.protocol`.
    options : SolverOptions
    nonuniform : NonuniformOptions
    all_poses : bool
        Whether all poses of the grid take part in eq. (17), and not only those near to one that has a weight.

    Examples
    --------
    >>> from pydeblur.nonuniform.options import nonuniform_solver_options
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> grid = PoseGrid(picture.shape, 2, NonuniformOptions())
    >>> scale = PoseScale(Level(0, picture, 5), grid, None, nonuniform_solver_options(5), NonuniformOptions())
    >>> start = PoseWeights(np.zeros((1, 3), int), np.ones(1), 0.0, 1.6e-2, 0.01)
    >>> scale.solve(start, lambda state: True).latent.shape
    (36, 36)
    """

    def __init__(
        self,
        level: Level,
        grid: PoseGrid,
        prior,
        options: SolverOptions,
        nonuniform: NonuniformOptions,
        all_poses: bool = False,
    ):
        self._level, self._grid, self._all_poses = level, grid, all_poses
        self._options, self._nonuniform = options, nonuniform
        shape, radius = level.image.shape, grid.radius
        wanted = (nonuniform.patch_rows, nonuniform.patch_columns)
        # In patches smaller than the kernels, what lies beyond their borders decides on the latent picture.
        counts = largest_counts(shape, wanted, max(nonuniform.smallest_patch_step, level.kernel_size))
        patches = PatchGrid(shape, counts, margin=radius)
        self._latent = PatchLatent(level.image, patches, level.kernel_size, options, prior)
        self._share = level.image.size / (len(patches) * patches.region[0] * patches.region[1])
        gradients = PatchGrid(tuple(side - 1 for side in shape), counts)
        self._weights = WeightProblem(*valid_gradients(level.image), gradients, radius, options.workers)
        plain = PatchGrid(shape, counts)
        self._centres = plain.centres
        self._blur = PatchBlur(plain, radius, options.workers)

    def solve(self, start: PoseWeights, emit: Callable[[IterationState], bool]) -> PoseWeights:
        """Run all iterations.

        Parameters
        ----------
        start : PoseWeights
        emit : callable
            It gets each iteration's :class:`PoseIterationState`, and ends the iterations by returning True.

        Returns
        -------
        PoseWeights

        Raises
        ------
        KernelCollapseError
            If no weight is left.
        """
        indices, weights, threshold = start.indices, start.weights, start.threshold
        lambda_prior, lambda_grad = start.lambda_prior, start.lambda_grad
        kernels = self._kernels(indices).of_weights(weights)
        for iteration in range(1, self._options.iterations_at(self._level.scale) + 1):
            started = time.perf_counter()
            self._latent.set_kernels(kernels)
            latent, estimate = self._latent.solve(lambda_grad, lambda_prior)
            gradients = threshold_gradients_evenly(latent, threshold)
            indices, weights, local = self._next_weights(indices, weights, *gradients[:2])
            previous, kernels = kernels, local.of_weights(weights)
            poses = self._grid.poses(indices)
            record = IterationRecord(
                scale=self._level.scale,
                iteration=iteration,
                height=latent.shape[0],
                width=latent.shape[1],
                kernel_size=self._level.kernel_size,
                lambda_prior=lambda_prior,
                lambda_grad=lambda_grad,
                threshold=threshold,
                beta=estimate.beta,
                auxiliary_change=estimate.auxiliary_change,
                kernel_change=float(np.linalg.norm(kernels - previous) / np.linalg.norm(previous)),
                **self._energy_terms(estimate, latent, kernels, weights, lambda_prior, lambda_grad),
                seconds=time.perf_counter() - started,
            )
            threshold = gradients[2]
            lambda_prior = self._decayed(lambda_prior, self._options.lambda_prior_min)
            lambda_grad = self._decayed(lambda_grad)
            if emit(PoseIterationState(record, latent, self._kernel_at_centre(poses, weights), poses, weights)):
                break
        return PoseWeights(indices, weights, lambda_prior, lambda_grad, threshold, latent)

    def _kernels(self, indices) -> LocalKernels:
        return LocalKernels(self._grid.poses(indices), self._centres, self._grid.radius, self._level.image.dtype)

    def _kernel_at_centre(self, poses, weights):
        return LocalKernels(poses, [poses.centre], self._grid.radius).of_weights(weights)[0]

    def _next_weights(self, indices, weights, latent_x, latent_y):
        """Eq. (17) among the poses near those that have a weight, or among all."""
        options = self._nonuniform
        near = self._grid.all_indices() if self._all_poses else self._grid.neighbourhood(indices, options.reach)
        width = options.latent_smoothing
        if width:
            latent_x, latent_y = (scipy.ndimage.gaussian_filter(gradient, width) for gradient in (latent_x, latent_y))
        self._weights.set_latent(latent_x, latent_y)
        local, dtype = self._kernels(near), self._level.image.dtype
        found = self._weights.estimate(
            local,
            _at(near, indices, weights, self._grid.extent),
            options.weight_penalty,
            options.smoothness,
            neighbour_form(near).astype(dtype),
            options.weight_iterations,
        )
        kept = without_smallest(found, options.weight_trim)
        return *normalised(near[kept], found[kept]), local.subset(kept)

    def _decayed(self, weight: float, least: float | None = None) -> float:
        least = self._options.lambda_min if least is None else least
        return max(weight / self._options.lambda_decay, least) if weight else 0.0

    def _energy_terms(self, estimate, latent, kernels, weights, lambda_prior, lambda_grad) -> dict[str, float]:
        """The terms of eq. (16) and (17) by their names in the record.

        ||g||_0 is known for the patches, which overlap: it is taken for the picture's area.
        """
        prior_value, prior_term, step = np.nan, 0.0, self._latent.auxiliary_step
        if step is not None and lambda_prior:
            prior_value = step.value(latent)
            prior_term = lambda_prior * step.weight * prior_value
        difference = self._blur.blur(latent, kernels) - self._level.image
        terms = {
            "data_term": float((difference * difference).sum()),
            "kernel_term": self._nonuniform.weight_penalty * float(weights @ weights),
            "gradient_term": lambda_grad * estimate.gradients * self._share,
            "prior_term": prior_term,
        }
        return {**terms, "energy": sum(terms.values()), "prior_value": prior_value}


def without_smallest(weights: np.ndarray, share: float) -> np.ndarray:
    """Mark all weights but the smallest, which together make up at most a share of their sum.

    Parameters
    ----------
    weights : (T,) ndarray
        Non-negative.
    share : float
        In [0, 1).

    Returns
    -------
    (T,) bool ndarray

    Examples
    --------
    >>> without_smallest(np.array([0.05, 0.9, 0.05, 0.0]), 0.06).tolist()
    [False, True, True, False]
    """
    order = np.argsort(weights, kind="stable")
    kept = np.zeros(len(weights), bool)
    kept[order] = np.cumsum(weights[order]) > share * weights.sum()
    return kept


def _at(near: np.ndarray, indices: np.ndarray, weights: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """The weights of some poses at other indices: 0 where they have none."""
    dense = np.zeros(2 * extent + 1)
    dense[tuple((indices + extent).T)] = weights
    return dense[tuple((near + extent).T)]
