"""A prior of the caller's own, whose answers are checked each time: a mistake in it is told where it is made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.options import shown
from pydeblur.priors.registry import PRIOR_METHODS, check_prior


class CheckedPrior:
    """A prior whose values, gradients and images are checked when it returns them.

    It has just the methods and attributes that the prior has.

    Parameters
    ----------
    prior : object
        As :func:`pydeblur.priors.registry.check_prior` takes it.

    Raises
    ------
    InvalidOptionError
        If it is something else.

    Examples
    --------
    >>> class Energy:
    ...     def value_and_grad(self, image):
    ...         return float((image**2).sum()), 2 * image[1:]
    >>> CheckedPrior(Energy()).value_and_grad(np.ones((3, 4)))
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: the gradient of the prior Energy should have the image's shape (3, 4), but has (2, 4)
    """

    def __init__(self, prior):
        check_prior(prior)
        self._prior = prior
        self.name = getattr(prior, "name", type(prior).__name__)
        # What a prior can do decides how it is used, so there are just the methods that the prior has.
        for method in (*PRIOR_METHODS, "value", "at_scale"):
            if callable(getattr(prior, method, None)):
                setattr(self, method, getattr(self, f"_{method}"))

    def __getattr__(self, name: str) -> Any:
        if name == "_prior":  # it is being copied, and has none yet
            raise AttributeError(name)
        return getattr(self._prior, name)

    def _value_and_grad(self, image):
        answer = self._prior.value_and_grad(image)
        try:
            value, gradient = answer
        except (TypeError, ValueError):
            raise InvalidInputError(
                f"value_and_grad of the prior {self._shown_name} should return a value and a gradient, but returned "
                f"{shown(answer)}"
            ) from None
        return self._checked_value(value), self._checked_image(gradient, image, "the gradient")

    def _prox(self, image, threshold):
        return self._checked_image(self._prior.prox(image, threshold), image, "the image from prox")

    def _filtered(self, image, lambda_prior):
        return self._checked_image(self._prior.filtered(image, lambda_prior), image, "the image from filtered")

    def _value(self, image):
        return self._checked_value(self._prior.value(image))

    def _at_scale(self, scale, scales, shape):
        return CheckedPrior(self._prior.at_scale(scale, scales, shape))

    @property
    def _shown_name(self) -> str:
        return " ".join(str(self.name).split())[:40]

    def _checked_value(self, value) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise InvalidInputError(
                f"the value of the prior {self._shown_name} should be a finite number, but is {shown(value)}"
            )
        return number

    def _checked_image(self, answer, image, what: str):
        """The answer as an array; one of another library, which the solver computes with on a GPU, as it is."""
        array = np.asarray(answer) if isinstance(image, np.ndarray) else answer
        of_prior = f"{what} of the prior {self._shown_name}"
        if tuple(getattr(array, "shape", ())) != tuple(image.shape):
            has = tuple(getattr(array, "shape", ()))
            raise InvalidInputError(f"{of_prior} should have the image's shape {tuple(image.shape)}, but has {has}")
        if isinstance(array, np.ndarray):
            if array.dtype.kind not in "fiub":
                raise InvalidInputError(f"{of_prior} should be real, but is {array.dtype}")
            if not np.isfinite(array).all():
                raise InvalidInputError(f"{of_prior} should be finite, but holds NaN or infinite values")
            array = array.astype(image.dtype, copy=False)
        return array
