"""The auxiliary image u of the half-quadratic splitting, eq. (11): where a prior acts on the solver.

A prior is handed in; what it can do decides how u is found (see :mod:`pydeblur.priors.protocol`): by a closed form
(``prox``), or by gradient descent on the value and gradient that it reports (Algorithm 1). A prior may also do without u
and change the image itself (``filtered``).
"""

from __future__ import annotations

import numpy as np

from pydeblur.backend.arrays import copied, to_device, to_numpy
from pydeblur.errors import InvalidInputError


def make_auxiliary_step(prior, options, crop_shape: tuple[int, int], padded_shape: tuple[int, int]):
    """Make the u step for a prior at one scale.

    Parameters
    ----------
    prior : object or None
        With a method ``prox(image, threshold)`` or ``value_and_grad(image)``.
    options : SolverOptions
    crop_shape : (int, int)
        The image's own area in the padded image.
    padded_shape : (int, int)
        Rows and columns of the padded image.

    Returns
    -------
    ProximalStep, GradientDescentStep, FilterStep or None
        None without a prior.

    Raises
    ------
    InvalidInputError
        If the prior has none of the three methods.

    Examples
    --------
    >>> from pydeblur.priors import load_prior
    >>> from pydeblur.solver import SolverOptions
    >>> step = make_auxiliary_step(load_prior("intensity"), SolverOptions(5), (30, 40), (36, 48))
    >>> type(step).__name__
    'ProximalStep'
    """
    if prior is None:
        return None
    if hasattr(prior, "prox"):
        return ProximalStep(prior, crop_shape)
    if hasattr(prior, "filtered"):
        return FilterStep(prior, crop_shape)
    if not hasattr(prior, "value_and_grad"):
        raise InvalidInputError(
            f"prior should be None or have a method prox, filtered or value_and_grad, but is {prior!r}"
        )
    return GradientDescentStep(prior, options, padded_shape if options.prior_domain == "padded" else crop_shape)


class HostPrior:
    """A prior that computes with NumPy arrays, wrapped for arrays of another library or device.

    What goes in and out is copied. A prior whose ``takes(array)`` says that it takes such an array needs no wrapping.

    Parameters
    ----------
    prior : object
        See :mod:`pydeblur.priors.protocol`.
    like : array
        An array of the library and device that the solver computes on.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.priors import load_prior
    >>> prior = HostPrior(load_prior("intensity"), np.zeros((4, 4)))
    >>> hasattr(prior, "prox"), hasattr(prior, "value_and_grad")
    (True, False)
    """

    def __init__(self, prior, like):
        self._prior = prior
        self._like = like
        # What a prior can do decides how it is used, so the wrapping has just the methods that the prior has.
        for name in ("prox", "first_beta", "filtered"):
            if hasattr(prior, name):
                setattr(self, name, getattr(self, f"_{name}"))
        for name in ("auxiliary_images", "filter_passes"):
            if hasattr(prior, name):
                setattr(self, name, getattr(prior, name))
        if hasattr(prior, "value_and_grad"):
            self.value_and_grad = self._value_and_grad

    @classmethod
    def where_needed(cls, prior, like):
        """Return the prior itself if it can take arrays like that, else the prior in this wrapping."""
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

    def _filtered(self, image, lambda_prior):
        return to_device(self._prior.filtered(to_numpy(image), lambda_prior), self._like)

    def value(self, image):
        """Return p(I) of an image (H, W) of any array library."""
        return self._prior.value(to_numpy(image))


class ProximalStep:
    """The step u = argmin β||u - I||² + λ p(u) by the prior's closed form.

    Parameters
    ----------
    prior : object
        With the methods ``prox`` and ``value``.
    crop_shape : (int, int)
        The image's own area in the padded image.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.priors import load_prior
    >>> step = ProximalStep(load_prior("intensity"), (1, 3))
    >>> step(np.array([[0.1, 0.5, 0.9]]), beta=1.0, lambda_prior=0.25).tolist()
    [[0.0, 0.5, 0.9]]
    """

    #: Factor of p in the energy: closed forms take the paper's energy as it stands.
    weight = 1.0
    filters_image = False

    def __init__(self, prior, crop_shape: tuple[int, int]):
        self._prior = prior
        self._crop_shape = crop_shape
        self._seen = None
        #: How many auxiliary images of weight β u is the mean of.
        self.images = getattr(prior, "auxiliary_images", 1)

    def first_beta(self, image: np.ndarray, lambda_prior: float) -> float | None:
        """Return the β that the prior wants to start from, or None."""
        return _first_beta(self._prior, image, lambda_prior)

    def __call__(self, image: np.ndarray, beta: float, lambda_prior: float) -> np.ndarray:
        """Return u for the padded image (H, W)."""
        u = self._prior.prox(image, lambda_prior / beta)
        self._seen = u[: self._crop_shape[0], : self._crop_shape[1]]
        return u

    def value(self, image: np.ndarray) -> float:
        """Return p of the last u on the image's own area: like ||g||_0, it is u that is sparse, not I."""
        return self._prior.value(self._seen)


class FilterStep:
    """A prior without auxiliary image: it changes the image itself before each gradient step.

    Parameters
    ----------
    prior : object
        With the methods ``filtered`` and ``value``; ``filter_passes`` says how often the image is filtered and found
        anew at each α.
    crop_shape : (int, int)
        The image's own area in the padded image.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.priors import load_prior
    >>> step = FilterStep(load_prior("pmp", patch=2), (1, 4))
    >>> step(np.array([[0.05, 0.5, 0.7, 0.9]]), lambda_prior=0.01).tolist(), step.passes
    ([[0.0, 0.5, 0.7, 0.9]], 3)
    """

    weight = 1.0
    filters_image = True

    def __init__(self, prior, crop_shape: tuple[int, int]):
        self._prior = prior
        self._crop_shape = crop_shape
        self._seen = None
        self.passes = getattr(prior, "filter_passes", 1)

    def __call__(self, image: np.ndarray, lambda_prior: float) -> np.ndarray:
        """Return the padded image (H, W) as the prior changes it."""
        filtered = self._prior.filtered(image, lambda_prior)
        self._seen = filtered[: self._crop_shape[0], : self._crop_shape[1]]
        return filtered

    def value(self, image: np.ndarray) -> float:
        """Return p of the last filtered image on the image's own area."""
        return self._prior.value(self._seen)


class GradientDescentStep:
    """Algorithm 1: s_max steps of eq. (12), u ← u - η[β(u - I) + λ w ∇p(u)] from u = I.

    The prior sees the image's own area (its gradient is zero outside), or the padded image. With a tolerance above 0
    the steps end with the first one that moves no pixel by more.

    Parameters
    ----------
    prior : object
        With the method ``value_and_grad``.
    options : SolverOptions
        ``eta``, ``descent_steps``, ``descent_tolerance`` and ``prior_scale`` count.
    seen_shape : (int, int)
        The upper left part of the padded image that the prior sees.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver import SolverOptions
    >>> class Quadratic:
    ...     def value_and_grad(self, u):
    ...         return float((u * u).sum()), 2 * u
    >>> step = GradientDescentStep(Quadratic(), SolverOptions(5, prior_scale=1.0, descent_steps=200), (2, 2))
    >>> step(np.ones((2, 2)), beta=2.0, lambda_prior=1.0).round(6).tolist()  # β(u - 1) + 2u = 0
    [[0.5, 0.5], [0.5, 0.5]]
    """

    filters_image = False
    images = 1

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
        """Return the β that the prior wants to start from, or None."""
        return _first_beta(self._prior, image, lambda_prior)

    def __call__(self, image: np.ndarray, beta: float, lambda_prior: float) -> np.ndarray:
        """Return u for the padded image (H, W)."""
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
        """Return ∇p(I).

        Every iteration of a scale starts from the same blurred image, at which the first has evaluated the gradient.
        """
        if self._first_gradient is None:
            self._first_gradient = copied(seen), self._gradient(seen)
        first, gradient = self._first_gradient
        return gradient if bool((first == seen).all()) else self._gradient(seen)

    def value(self, image: np.ndarray) -> float:
        """Return p(I) of an image (H, W)."""
        return self._prior.value_and_grad(image)[0]


def _first_beta(prior, image, lambda_prior):
    wanted = getattr(prior, "first_beta", None)
    return wanted(image, lambda_prior) if wanted else None
