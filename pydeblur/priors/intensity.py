"""The L0 norm of the intensities, the text prior of Pan et al. 2014 [26]."""

from __future__ import annotations

import numpy as np


class IntensityPrior:
    """p(I) = number of pixels that are not zero."""

    name = "intensity"

    def value(self, image: np.ndarray) -> float:
        """||I||_0 of an image (H, W)."""
        return float(np.count_nonzero(image))

    def prox(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """u = I where I² >= threshold, else 0: the minimiser of ||u - I||² + threshold ||u||_0."""
        return np.where(image * image >= threshold, image, 0)
