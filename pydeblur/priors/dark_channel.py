"""The dark channel, the prior of Pan et al. 2016 [27]: how many local minima are not zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.matlab import graythresh
from pydeblur.options import ODD_SIZE, check_options, documented, option
from pydeblur.priors.sliding_minimum import sliding_minimum

#: Otsu's threshold of an image without two grey levels is 0; β starts as if it were one level.
_SMALLEST_OTSU = 1 / 255


@documented
@dataclass(frozen=True)
class DarkChannelOptions:
    """Options of the dark channel.

    Examples
    --------
    >>> DarkChannelOptions().patch
    35
    """

    patch: int = option(
        ODD_SIZE, "Side of the windows in pixels, the same at every scale.", 35, flag="patch", metavar="N"
    )

    def __post_init__(self):
        check_options(self)


class DarkChannelPrior:
    """The prior p(I) = ||D(I)||_0, with D(I) the minimum of the window around each pixel [27].

    Its closed form is not a minimiser in the strict sense: the minima are refined, and written back one after the other
    where they lie (:meth:`~pydeblur.priors.sliding_minimum.SlidingMinimum.written_back`).

    Parameters
    ----------
    patch : int
        Side of the windows, odd.

    Examples
    --------
    >>> import numpy as np
    >>> prior = DarkChannelPrior(patch=3)
    >>> prior.value(np.array([[0.0, 0.5, 0.5, 0.5]]))
    2.0
    >>> image = np.full((5, 5), 0.5)
    >>> image[2, 2] = 0.1
    >>> prior.prox(image, threshold=0.04)[2].tolist()
    [0.5, 0.5, 0.0, 0.5, 0.5]
    """

    name = "dark_channel"

    def __init__(self, patch: int = DarkChannelOptions.patch):
        self._patch = DarkChannelOptions(patch).patch

    @property
    def settings(self) -> dict:
        """What the prior was made with."""
        return {"patch": self._patch}

    def value(self, image: np.ndarray) -> float:
        """Return ||D(I)||_0 of an image (H, W)."""
        return float(np.count_nonzero(sliding_minimum(image, self._patch).values))

    def prox(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """Return the image (H, W) with those minima at 0 whose square is below λ / β."""
        return sliding_minimum(image, self._patch).written_back(threshold)

    def first_beta(self, image: np.ndarray, lambda_prior: float) -> float:
        """Return λ / Otsu(I²): at first, minima are kept from the threshold on that parts the image in dark and bright."""
        return first_beta_of_otsu(image, lambda_prior)


def first_beta_of_otsu(image: np.ndarray, lambda_prior: float) -> float:
    """Return the β that [27] and [40] start from, λ / Otsu(I²).

    Parameters
    ----------
    image : (H, W) ndarray
        The padded blurred image of a scale. Otsu's threshold is taken of 8 bits, after clipping to [0, 1].
    lambda_prior : float
        λ.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> round(first_beta_of_otsu(np.array([[0.0, 0.0, 1.0]]), 4e-3), 6)
    0.008031
    """
    return lambda_prior / max(graythresh(np.asarray(image * image, dtype=np.float64)), _SMALLEST_OTSU)
