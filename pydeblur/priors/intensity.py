"""The L0 norm of the intensities, the text prior of Pan et al. 2014 [26]."""

from __future__ import annotations

import numpy as np


class IntensityPrior:
    """The prior p(I) = ||I||_0, the number of pixels that are not zero [26].

    Examples
    --------
    >>> import numpy as np
    >>> IntensityPrior().prox(np.array([[0.1, 0.5, 0.9]]), threshold=0.25).tolist()
    [[0.0, 0.5, 0.9]]
    """

    name = "intensity"
    #: λ and μ fall to the first threshold of the gradients where that is below μ / 10: pictures of low contrast.
    weights_follow_threshold = True

    def value(self, image: np.ndarray) -> float:
        """Return ||I||_0 of an image (H, W)."""
        return float(np.count_nonzero(image))

    def prox(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """Return the minimiser u of ||u - I||² + threshold ||u||_0: I where I² >= threshold, else 0.

        Parameters
        ----------
        image : (H, W) ndarray
        threshold : float
            λ / β.

        Returns
        -------
        (H, W) ndarray
        """
        return np.where(image * image >= threshold, image, 0)
