"""One channel of a picture that may have three."""

from __future__ import annotations

import numpy as np

from pydeblur.matlab import rgb2gray


def grey_image(image: np.ndarray) -> np.ndarray:
    """MATLAB's ``rgb2gray`` of (H, W, 3); (H, W) is returned as it is."""
    return rgb2gray(image) if image.ndim == 3 else image
