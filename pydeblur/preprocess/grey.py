"""The grey channel of a picture: the one conversion that the whole package uses."""

from __future__ import annotations

import numpy as np

from pydeblur.matlab import rgb2gray


def grey_image(image: np.ndarray) -> np.ndarray:
    """Return the grey image of a grey or colour one, by the luma weights of MATLAB's ``rgb2gray``.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Floating (any range), uint8 or uint16.

    Returns
    -------
    (H, W) ndarray
        The dtype of `image`; a grey image is returned as it is.

    Examples
    --------
    >>> import numpy as np
    >>> grey_image(np.ones((4, 5, 3))).shape
    (4, 5)
    """
    return rgb2gray(image) if image.ndim == 3 else image
