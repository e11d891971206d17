"""The null prior: the splitting of eq. (7) without anything that a prior would ask of the image."""

from __future__ import annotations

from pydeblur.backend.arrays import copied


class NullPrior:
    """The prior p(I) = 0, a control: what the half-quadratic splitting in u does by itself.

    The minimiser of eq. (11) is u = I, and so is what Algorithm 1 gives where the prior's gradient is zero. The step of eq. (9)
    then holds the latent image to the one before with the weight β, which grows: a proximal-point method for the energy
    without the prior. What a learned prior is worth in the solver is what it gives beyond this one
    (docs/studies/classifier_role).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0.1, 0.5]])
    >>> NullPrior().prox(image, threshold=0.25).tolist(), NullPrior().value(image)
    ([[0.1, 0.5]], 0.0)
    """

    name = "null"

    def value(self, image) -> float:
        """Return 0, for an image (H, W)."""
        return 0.0

    def prox(self, image, threshold: float):
        """Return the minimiser u of ||u - I||².

        Parameters
        ----------
        image : (H, W) ndarray
            Or an array of another library that the solver computes with.
        threshold : float
            λ / β; it has no effect.

        Returns
        -------
        (H, W) ndarray
            A copy of the image.
        """
        return copied(image)

    def takes(self, array) -> bool:
        """Whether it takes an array of another library than NumPy as it is: any."""
        return True
