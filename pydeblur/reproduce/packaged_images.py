"""Images that scikit-image ships: they may be shown, and no network has been trained on them."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.grey import grey_image
from pydeblur.matlab import im2double

#: Sharp photos that come with scikit-image's wheel.
NAMES = ("camera", "astronaut", "coffee", "chelsea", "rocket", "coins", "brick", "gravel")


def packaged_image(name: str) -> np.ndarray:
    """One of them, grey (H, W) float64 in [0, 1].

    Raises
    ------
    InvalidInputError
        If scikit-image is not installed.
    """
    try:
        from skimage import data
    except ImportError:
        raise InvalidInputError("this needs scikit-image's images: pip install 'pydeblur[reproduce]'") from None
    image = im2double(getattr(data, name)())
    return grey_image(image)
