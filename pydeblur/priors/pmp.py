"""Patch-wise minimal pixels (PMP), the prior of Wen et al. 2020: the minima of disjoint blocks are sparse."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pydeblur.priors.block_minimum import block_minimum
from pydeblur.priors.pmp_options import PMPOptions

#: The side of the blocks as a share of the mean of the picture's height and width.
_SHARE = 0.025
#: The threshold of the minima is never above this.
_LARGEST_THRESHOLD = 0.1


@dataclass(frozen=True)
class PMPPrior:
    """The prior p(I) = ||P(I)||_0, with P(I) the minimum of each block of the image (Wen et al. 2020).

    It has no auxiliary image: before each step of the latent image the minima are made sparse within the image itself
    (`filtered`), and enter that step only through the thresholded gradients.

    Parameters
    ----------
    patch : int or None
        Side of the blocks; None follows from the picture's size.
    is_fine : bool
        Whether the scale belongs to the finer half, where the minima are cut by a hard threshold; at the coarser ones they
        shrink.

    Examples
    --------
    >>> import numpy as np
    >>> prior = PMPPrior(patch=2)
    >>> prior.value(np.array([[0.0, 0.5, 0.7, 0.9]]))
    1.0
    >>> prior.filtered(np.array([[0.05, 0.5, 0.7, 0.9]]), 0.01).tolist()
    [[0.0, 0.5, 0.7, 0.9]]
    """

    patch: int | None = None
    is_fine: bool = True

    name = "pmp"
    #: How often the minima are filtered and the image is found anew at each α.
    filter_passes = 3

    def __post_init__(self):
        PMPOptions(self.patch)

    @property
    def settings(self) -> dict:
        """What the prior was made with."""
        return {"patch": self.patch}

    def at_scale(self, scale: int, scales: int, shape: tuple[int, int]) -> PMPPrior:
        """Return the prior of one scale.

        Parameters
        ----------
        scale : int
            0 is the finest.
        scales : int
            How many there are.
        shape : (int, int)
            Height and width of the whole picture.
        """
        return replace(self, patch=self._size_for(shape), is_fine=scale + 1 < scales / 2)

    def value(self, image: np.ndarray) -> float:
        """Return ||P(I)||_0 of an image (H, W)."""
        return float(np.count_nonzero(block_minimum(image, self._size_for(image.shape))[0]))

    def filtered(self, image: np.ndarray, lambda_prior: float) -> np.ndarray:
        """Return the image (H, W) with its blocks' minima made sparse.

        At the finer scales minima below min(max(λ, mean of all |minima|), 0.1) become 0; at the coarser ones each is
        lowered by λ, and becomes 0 where it would be negative.
        """
        minima, positions = block_minimum(image, self._size_for(image.shape))
        if self.is_fine:
            threshold = min(max(lambda_prior, float(np.abs(minima).mean())), _LARGEST_THRESHOLD)
            sparse = np.where(np.abs(minima) < threshold, 0, minima)
        else:
            sparse = np.maximum(minima - lambda_prior, 0)
        result = image.copy()
        result.reshape(-1)[positions] = sparse
        return result

    def _size_for(self, shape) -> int:
        return self.patch if self.patch is not None else max(int(_SHARE * (shape[0] + shape[1]) / 2), 1)
