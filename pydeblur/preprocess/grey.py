"""The grey channel of a picture: the one conversion that the whole package uses."""

from __future__ import annotations

import numpy as np

from pydeblur.matlab import matlab_round, rgb2gray


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


def eight_bit_grey(image: np.ndarray) -> np.ndarray:
    """Return the grey image of a grey or colour one, rounded to 8 bits.

    MATLAB's ``rgb2gray`` of a picture of 8 bits is one of 8 bits again. It differs from :func:`grey_image` of the same picture
    in floating point by up to half a grey level, which some kernel estimates depend on.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Floating, in [0, 1]; what lies outside is clipped.

    Returns
    -------
    (H, W) float64 ndarray
        Multiples of 1/255.

    Examples
    --------
    >>> import numpy as np
    >>> (255 * eight_bit_grey(np.array([[[0.2, 0.4, 0.6]]]))).round(9).tolist()
    [[93.0]]
    """
    return matlab_round(255 * np.clip(grey_image(image).astype(np.float64), 0, 1)) / 255
