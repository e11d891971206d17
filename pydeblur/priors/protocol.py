"""What the solver asks of an image prior p(I), eq. (2): one of two small protocols.

The solver imports no prior; it is handed one and looks at what it can do. A prior may further have

``first_beta(image, lambda_prior) -> float``
    the β of eq. (7) to start from (else 2λ);
``smallest_side: int``
    the shortest image side that it can be asked about;
``settings: dict``
    what it was made with, in plain values: it becomes part of the result's record.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class ProximalPrior(Protocol):
    """A prior with a closed form of eq. (11)."""

    name: str

    def value(self, image: np.ndarray) -> float:
        """p(I) for an image (H, W)."""

    def prox(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """argmin_u ||u - I||² + threshold * p(u), with threshold = λ/β; same shape and dtype as the image."""


@runtime_checkable
class DifferentiablePrior(Protocol):
    """A prior known by its value and gradient: eq. (11) is solved by Algorithm 1."""

    name: str

    def value_and_grad(self, image: np.ndarray) -> tuple[float, np.ndarray]:
        """p(u) and dp/du for an image (H, W); the gradient has its shape and dtype."""
