"""The auxiliary image u of the half-quadratic splitting, eq. (11): where a prior acts on the solver.

A prior is handed in; what it can do decides how u is found (see :mod:`pydeblur.priors.protocol`): a closed form
(``prox``), or gradient descent on the value and gradient it reports (Algorithm 1).
"""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError


def make_auxiliary_step(prior, options, crop_shape: tuple[int, int], padded_shape: tuple[int, int]):
    """The u step for a prior at one scale: `ProximalStep`, `GradientDescentStep`, or None without a prior.

    Parameters
    ----------
    prior : object or None
        With a method ``prox(image, threshold)`` or ``value_and_grad(image)``.
    options : SolverOptions
    crop_shape : (int, int)
        The image's own area in the padded image.
    padded_shape : (int, int)

    Raises
    ------
    InvalidInputError
        If the prior has neither method.
    """
    if prior is None:
        return None
    if hasattr(prior, "prox"):
        return ProximalStep(prior, crop_shape)
    if not hasattr(prior, "value_and_grad"):
        raise InvalidInputError(f"prior should be None or have a method prox or value_and_grad, but is {prior!r}")
    return GradientDescentStep(prior, options, padded_shape if options.prior_domain == "padded" else crop_shape)


class ProximalStep:
    """u = argmin β||u - I||² + λ p(u) by the prior's closed form."""

    #: Factor of p in the energy: closed forms take the paper's energy as it stands.
    weight = 1.0

    def __init__(self, prior, crop_shape: tuple[int, int]):
        self._prior = prior
        self._crop_shape = crop_shape
        self._seen = None

    def first_beta(self, image: np.ndarray, lambda_prior: float) -> float | None:
        """β that the prior wants to start from, or None."""
        return _first_beta(self._prior, image, lambda_prior)

    def __call__(self, image: np.ndarray, beta: float, lambda_prior: float) -> np.ndarray:
        """u for the padded image (H, W)."""
        u = self._prior.prox(image, lambda_prior / beta)
        self._seen = u[: self._crop_shape[0], : self._crop_shape[1]]
        return u

    def value(self, image: np.ndarray) -> float:
        """p of the last u on the image's own area: like ||g||_0, it is u that is sparse, not I."""
        return self._prior.value(self._seen)


class GradientDescentStep:
    """Algorithm 1: s_max steps of eq. (12), u ← u - η[β(u - I) + λ w ∇p(u)] from u = I.

    The prior sees the image's own area (its gradient is zero outside), or the padded image.
    """

    def __init__(self, prior, options, seen_shape: tuple[int, int]):
        self._prior = prior
        self._eta = options.eta
        self._steps = options.descent_steps
        self._seen_shape = seen_shape
        #: w: the factor of p in the energy.
        self.weight = float(np.prod(seen_shape)) if options.prior_scale == "pixels" else float(options.prior_scale)

    def first_beta(self, image: np.ndarray, lambda_prior: float) -> float | None:
        """β that the prior wants to start from, or None."""
        return _first_beta(self._prior, image, lambda_prior)

    def __call__(self, image: np.ndarray, beta: float, lambda_prior: float) -> np.ndarray:
        """u for the padded image (H, W)."""
        u = image.copy()
        rows, columns = self._seen_shape
        seen, fixed = u[:rows, :columns], image[:rows, :columns]
        for _ in range(self._steps):
            # Outside the area that the prior sees the gradient is β(u - I) = 0: nothing to do.
            _, gradient = self._prior.value_and_grad(seen)
            seen -= self._eta * (beta * (seen - fixed) + (lambda_prior * self.weight) * gradient)
        return u

    def value(self, image: np.ndarray) -> float:
        """p(I)."""
        return self._prior.value_and_grad(image)[0]


def _first_beta(prior, image, lambda_prior):
    wanted = getattr(prior, "first_beta", None)
    return wanted(image, lambda_prior) if wanted else None
