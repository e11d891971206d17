"""Dark and bright channel together, the prior of Yan et al. 2017 [40]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.options import ODD_SIZE, check_options, documented, option
from pydeblur.priors.dark_channel import first_beta_of_otsu
from pydeblur.priors.sliding_minimum import sliding_minimum


@documented
@dataclass(frozen=True)
class ExtremeChannelsOptions:
    """Options of the extreme channels.

    Examples
    --------
    >>> ExtremeChannelsOptions().patch
    45
    """

    patch: int = option(
        ODD_SIZE, "Side of the windows in pixels, the same at every scale.", 45, flag="patch", metavar="N"
    )

    def __post_init__(self):
        check_options(self)


class ExtremeChannelsPrior:
    """The prior p(I) = ||D(I)||_0 + ||D(1 - I)||_0, the dark channel of the image and of its negative [40].

    Each of the two has an auxiliary image of its own, u and v, with the same λ and β: in eq. (9) they stand as
    β F(u) + β F(1 - v) above and as 2β below, which is one auxiliary image (u + 1 - v) / 2 of weight 2β.

    Parameters
    ----------
    patch : int
        Side of the windows, odd.

    Examples
    --------
    >>> import numpy as np
    >>> prior = ExtremeChannelsPrior(patch=3)
    >>> prior.value(np.array([[0.0, 0.5, 0.5, 1.0]]))
    4.0
    >>> image = np.full((5, 5), 0.5)
    >>> image[2, 2] = 0.9
    >>> prior.prox(image, threshold=0.04)[2].tolist()
    [0.5, 0.5, 0.95, 0.5, 0.5]
    """

    name = "extreme_channels"
    #: How many auxiliary images the one that `prox` returns is the mean of.
    auxiliary_images = 2

    def __init__(self, patch: int = ExtremeChannelsOptions.patch):
        self._patch = ExtremeChannelsOptions(patch).patch

    @property
    def settings(self) -> dict:
        """What the prior was made with."""
        return {"patch": self._patch}

    def value(self, image: np.ndarray) -> float:
        """Return ||D(I)||_0 + ||D(1 - I)||_0 of an image (H, W)."""
        return float(sum(np.count_nonzero(sliding_minimum(side, self._patch).values) for side in (image, 1 - image)))

    def prox(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """Return the mean of u and 1 - v for an image (H, W): minima of either are 0 where their square is below λ / β."""
        dark = sliding_minimum(image, self._patch).written_back(threshold)
        bright = 1 - sliding_minimum(1 - image, self._patch).written_back(threshold)
        return (dark + bright) / 2

    def first_beta(self, image: np.ndarray, lambda_prior: float) -> float:
        """Return λ / Otsu(I²), as for the dark channel [27]."""
        return first_beta_of_otsu(image, lambda_prior)
