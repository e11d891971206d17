"""The auxiliary image u of the half-quadratic splitting, eq. (11): where a prior acts on the solver.

A prior is handed in; what it can do decides how u is found (see :mod:`pydeblur.priors.protocol`): a closed form
(``prox``), or gradient descent on the value and gradient it reports (Algorithm 1).
"""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.solver.array_backend import copied, to_device, to_numpy


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


class HostPrior:
    """A prior that computes with NumPy arrays, for arrays of another library or device: what goes in and out is copied.

    A prior whose ``takes(array)`` says so needs no such help.
    """

    def __init__(self, prior, like):
        self._prior = prior
        self._like = like
        # What a prior can do decides how it is used: this one can do what that one can.
        for name in ("prox", "first_beta"):
            if hasattr(prior, name):
                setattr(self, name, getattr(self, f"_{name}"))
        if hasattr(prior, "value_and_grad"):
            self.value_and_grad = self._value_and_grad

    @classmethod
    def where_needed(cls, prior, like):
        """The prior itself if it can take arrays like that, else in this wrapping."""
        if prior is None or isinstance(like, np.ndarray) or (hasattr(prior, "takes") and prior.takes(like)):
            return prior
        return cls(prior, like)

    def _value_and_grad(self, u):
        value, gradient = self._prior.value_and_grad(np.ascontiguousarray(to_numpy(u)))
        return value, to_device(gradient, self._like)

    def _prox(self, image, threshold):
        return to_device(self._prior.prox(to_numpy(image), threshold), self._like)

    def _first_beta(self, image, lambda_prior):
        return self._prior.first_beta(to_numpy(image), lambda_prior)

    def value(self, image):
        """As the prior's."""
        return self._prior.value(to_numpy(image))


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

    The prior sees the image's own area (its gradient is zero outside), or the padded image. With a tolerance above 0
    the steps end with the first one that moves no pixel by more.
    """

    def __init__(self, prior, options, seen_shape: tuple[int, int]):
        self._prior = prior
        self._eta = options.eta
        self._steps = options.descent_steps
        self._tolerance = options.descent_tolerance
        self._seen_shape = seen_shape
        self._first_gradient = None
        #: w: the factor of p in the energy.
        self.weight = float(np.prod(seen_shape)) if options.prior_scale == "pixels" else float(options.prior_scale)

    def first_beta(self, image: np.ndarray, lambda_prior: float) -> float | None:
        """β that the prior wants to start from, or None."""
        return _first_beta(self._prior, image, lambda_prior)

    def __call__(self, image: np.ndarray, beta: float, lambda_prior: float) -> np.ndarray:
        """u for the padded image (H, W)."""
        u = copied(image)
        rows, columns = self._seen_shape
        seen, fixed = u[:rows, :columns], image[:rows, :columns]
        for number in range(self._steps):
            # Outside the area that the prior sees the gradient is β(u - I) = 0: nothing to do.
            gradient = self._gradient(seen) if number else self._gradient_at_start(seen)
            step = self._eta * (beta * (seen - fixed) + (lambda_prior * self.weight) * gradient)
            seen -= step
            if self._tolerance and float(abs(step).max()) <= self._tolerance:
                break
        return u

    def _gradient(self, seen):
        return self._prior.value_and_grad(seen)[1]

    def _gradient_at_start(self, seen):
        """∇p(I): every iteration of a scale starts from the same blurred image, where the first evaluated it."""
        if self._first_gradient is None:
            self._first_gradient = copied(seen), self._gradient(seen)
        first, gradient = self._first_gradient
        return gradient if bool((first == seen).all()) else self._gradient(seen)

    def value(self, image: np.ndarray) -> float:
        """p(I)."""
        return self._prior.value_and_grad(image)[0]


def _first_beta(prior, image, lambda_prior):
    wanted = getattr(prior, "first_beta", None)
    return wanted(image, lambda_prior) if wanted else None
