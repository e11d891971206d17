"""One scale: latent image, thresholded gradients and kernel in turn (docs/algorithm, section 3).

It is ``blind_deconv_main`` of the MATLAB family.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pydeblur.backend.arrays import placed, to_numpy
from pydeblur.solver.auxiliary import HostPrior, make_auxiliary_step
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem, drop_small_components
from pydeblur.solver.latent import LatentProblem, Splitting
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.records import IterationRecord, IterationState
from pydeblur.solver.threshold import threshold_gradients


@dataclass(frozen=True)
class ScaleResult:
    """What the iterations at one scale have found, and what further iterations would start from.

    Attributes
    ----------
    kernel : (n, n) ndarray
        Not centred.
    latent : (H, W) ndarray
    lambda_prior, lambda_grad : float
        The weights λ and μ, which the next scale takes as well.
    threshold : float
        For the squared gradients.
    completed : ndarray or None
        The padded blurred image with its clipped pixels as last completed; None without any.

    Examples
    --------
    >>> import numpy as np
    >>> ScaleResult(np.ones((1, 1)), np.zeros((8, 8)), 4e-3, 4e-3, 0.01).completed is None
    True
    """

    kernel: np.ndarray
    latent: np.ndarray
    lambda_prior: float
    lambda_grad: float
    threshold: float
    completed: np.ndarray | None = None


class ScaleProblem:
    """A blurred image at one scale with everything that its iterations share.

    Parameters
    ----------
    blurred : (H, W) ndarray
    kernel_size : int
    prior : object or None
        See :mod:`pydeblur.priors.protocol`.
    options : SolverOptions
    scale : int
        Index for the records; 0 is the finest.
    clipped : (H, W) bool ndarray or None
        Pixels whose value is a lower bound only, see :class:`~pydeblur.solver.latent.LatentProblem`.
    completed : ndarray or None
        That field of a :class:`ScaleResult`, to go on from it.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver.pyramid import initial_kernel
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> problem = ScaleProblem(image, 5, None, SolverOptions(5, iterations=1))
    >>> states = []
    >>> problem.solve(initial_kernel(5), 0.0, 4e-3, 0.01, states.append).kernel.shape, len(states)
    ((5, 5), 1)
    """

    def __init__(
        self,
        blurred: np.ndarray,
        kernel_size: int,
        prior,
        options: SolverOptions,
        scale: int = 0,
        clipped=None,
        completed=None,
    ):
        shape = padded_shape(blurred.shape, (kernel_size, kernel_size))
        self._shape = blurred.shape
        self._kernel_shape = (kernel_size, kernel_size)
        self._options = options
        self._scale = scale
        # Where the options name a GPU, this is the one transfer of the scale; from here on only kernels come and go.
        padded = placed(wrap_boundary(blurred, shape), options.device)
        prior = HostPrior.where_needed(prior, padded)
        self._auxiliary_step = make_auxiliary_step(prior, options, blurred.shape, shape)
        self._has_clipped = clipped is not None and bool(clipped.any())
        self._latent = LatentProblem(
            padded, blurred.shape, splitting_of(options), options.workers, clipped if self._has_clipped else None
        )
        if completed is not None:
            self._latent.complete(placed(completed, options.device))
        self._kernel = KernelProblem(
            *self._blurred_gradients(),
            options.kernel_weight,
            options.relative_kernel_weight,
            options.workers,
            options.kernel_weight_pixels,
        )

    def solve(
        self,
        kernel: np.ndarray,
        lambda_prior: float,
        lambda_grad: float,
        threshold: float,
        emit: Callable[[IterationState], bool],
        made: int = 0,
    ) -> ScaleResult:
        """Run all iterations from a kernel, except those that were made before.

        Parameters
        ----------
        kernel : (n, n) ndarray
        lambda_prior, lambda_grad : float
            λ and μ of the first iteration.
        threshold : float
            For the squared gradients of the first iteration.
        emit : callable
            It gets each iteration's :class:`~pydeblur.solver.IterationState`, and ends the iterations by returning
            True.
        made : int
            How many iterations were made before.

        Returns
        -------
        ScaleResult

        Raises
        ------
        KernelCollapseError
            If the kernel loses all its mass.
        """
        self._latent.set_kernel(kernel)
        for iteration in range(made + 1, self._options.iterations_at(self._scale) + 1):
            started = time.perf_counter()
            estimate = self._latent.solve(lambda_grad, lambda_prior, self._auxiliary_step)
            latent = estimate.image[: self._shape[0], : self._shape[1]]
            if self._has_clipped:
                self._kernel.set_blurred(*self._blurred_gradients())
            gradients = threshold_gradients(latent, threshold)
            previous, kernel = kernel, self._next_kernel(*gradients[:2])
            self._latent.set_kernel(kernel)
            terms = self._energy_terms(estimate, latent, kernel, lambda_prior, lambda_grad)
            record = IterationRecord(
                scale=self._scale,
                iteration=iteration,
                height=self._shape[0],
                width=self._shape[1],
                kernel_size=kernel.shape[0],
                lambda_prior=lambda_prior,
                lambda_grad=lambda_grad,
                threshold=threshold,
                beta=estimate.beta,
                auxiliary_change=estimate.auxiliary_change,
                kernel_change=float(np.linalg.norm(kernel - previous) / np.linalg.norm(previous)),
                seconds=time.perf_counter() - started,
                **terms,
            )
            threshold = gradients[2]
            lambda_prior = self._decayed(lambda_prior, self._options.lambda_prior_min)
            lambda_grad = self._decayed(lambda_grad)
            if emit(IterationState(record, latent, kernel)):
                break
        # The latent image is copied, so that the padding around it need not be kept.
        completed = to_numpy(self._latent.completed) if self._has_clipped else None
        return ScaleResult(kernel, to_numpy(latent).copy(), lambda_prior, lambda_grad, threshold, completed)

    def _blurred_gradients(self):
        """The gradients of B, with its clipped pixels as last completed."""
        return valid_gradients(self._latent.completed[: self._shape[0], : self._shape[1]])

    def _next_kernel(self, latent_x, latent_y):
        found = self._kernel.estimate(latent_x, latent_y, self._kernel_shape, self._options.kernel_solver)
        return drop_small_components(found)

    def _decayed(self, weight: float, least: float | None = None) -> float:
        least = self._options.lambda_min if least is None else least
        return max(weight / self._options.lambda_decay, least) if weight else 0.0

    def _energy_terms(self, estimate, latent, kernel, lambda_prior, lambda_grad) -> dict[str, float]:
        """The terms of eq. (4) by their names in the record."""
        prior_value, prior_term = np.nan, 0.0
        if self._auxiliary_step is not None and lambda_prior:
            prior_value = self._auxiliary_step.value(latent)
            prior_term = lambda_prior * self._auxiliary_step.weight * prior_value
        terms = {
            "data_term": self._latent.residual_energy(estimate),
            "kernel_term": self._kernel.weight * float(np.vdot(kernel, kernel)),
            "gradient_term": lambda_grad * estimate.gradients,
            "prior_term": prior_term,
        }
        return {**terms, "energy": sum(terms.values()), "prior_value": prior_value}


def splitting_of(options: SolverOptions) -> Splitting:
    """Return the schedule of the penalties that the solver's options say.

    Examples
    --------
    >>> splitting_of(SolverOptions(5, beta_max=4.0)).beta_max
    4.0
    """
    return Splitting(options.beta_start, options.beta_growth, options.beta_max, options.alpha_growth, options.alpha_max)
