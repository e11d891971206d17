"""What the solver asks of an image prior p(I), eq. (2): one of two small protocols.

The solver imports no prior; it is handed one and looks at what it can do. A prior may further have

``first_beta(image, lambda_prior) -> float``
    the β of eq. (7) to start from (else 2λ);
``smallest_side: int``
    the shortest image side that it can be asked about;
``auxiliary_images: int``
    how many auxiliary images of weight β the one that ``prox`` returns is the mean of (else 1);
``filtered(image, lambda_prior) -> image``, ``filter_passes: int``
    in place of the two protocols: the prior has no auxiliary image, but changes the image before each gradient step, so
    many times at each α;
``at_scale(scale, scales, shape) -> prior``
    the prior that takes part at one scale (0 is the finest) of a picture (H, W);
``weights_follow_threshold: bool``
    whether λ and μ fall to the gradients' first threshold where that is below μ / 10, as [26] has it;
``takes(array) -> bool``
    whether it takes an array of another library than NumPy as it is;
``settings: dict``
    what it was made with, in plain values: it becomes part of the result's record.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class ProximalPrior(Protocol):
    """A prior with a closed form of eq. (11).

    Examples
    --------
    >>> from pydeblur.priors import load_prior
    >>> isinstance(load_prior("intensity"), ProximalPrior)
    True
    """

    name: str

    def value(self, image: np.ndarray) -> float:
        """Return p(I) for an image (H, W)."""

    def prox(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """Return argmin_u ||u - I||² + threshold * p(u).

        Parameters
        ----------
        image : (H, W) ndarray
        threshold : float
            λ / β.

        Returns
        -------
        (H, W) ndarray
            Of the image's dtype.
        """


@runtime_checkable
class DifferentiablePrior(Protocol):
    """A prior known by its value and gradient: eq. (11) is solved by Algorithm 1.

    Examples
    --------
    A prior of your own, the sum of the squared intensities:

    >>> class Energy:
    ...     name = "energy"
    ...     def value_and_grad(self, image):
    ...         return float((image**2).sum()), 2 * image
    >>> isinstance(Energy(), DifferentiablePrior)
    True
    """

    name: str

    def value_and_grad(self, image: np.ndarray) -> tuple[float, np.ndarray]:
        """Return p(u) and dp/du for an image (H, W); the gradient has its shape and dtype."""
