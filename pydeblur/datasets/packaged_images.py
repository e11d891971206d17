"""Images that scikit-image ships: they may be shown, and no network has been trained on them."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError
from pydeblur.matlab import im2double
from pydeblur.preprocess.grey import grey_image
from pydeblur.synthesis.blur import blur
from pydeblur.synthesis.kernels import random_kernel

#: Side of `blurred_camera`, and of its kernel.
CAMERA_SIDE, CAMERA_KERNEL = 256, 19
#: Sharp photos that come with scikit-image's wheel.
NAMES = ("camera", "astronaut", "coffee", "chelsea", "rocket", "coins", "brick", "gravel")


def has_packaged_images() -> bool:
    """Whether scikit-image is installed.

    Returns
    -------
    bool

    Examples
    --------
    >>> isinstance(has_packaged_images(), bool)
    True
    """
    try:
        import_module("skimage.data")
    except ImportError:
        return False
    return True


def packaged_image(name: str) -> np.ndarray:
    """Return a photo that comes with scikit-image, as a grey image.

    Parameters
    ----------
    name : str
        One of `NAMES`, or the name of another function of ``skimage.data``.

    Returns
    -------
    (H, W) float64 ndarray
        In [0, 1].

    Raises
    ------
    InvalidInputError
        If scikit-image is not installed.

    Examples
    --------
    >>> packaged_image("camera").shape  # doctest: +SKIP
    (512, 512)
    """
    try:
        from skimage import data
    except ImportError:
        raise InvalidInputError(missing_extra("the demonstration", "scikit-image", "reproduce")) from None
    image = im2double(getattr(data, name)())
    return grey_image(image)


def blurred_camera() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the image of Figs. 12 and 14: a part of the camera man under a random camera trajectory.

    It has 1 % noise, and 8 bits.

    Returns
    -------
    sharp, blurred : (256, 256) float64 ndarray
        In [0, 1].
    kernel : (19, 19) float64 ndarray
        Non-negative, of sum 1.

    Raises
    ------
    InvalidInputError
        If scikit-image is not installed.

    Examples
    --------
    >>> sharp, blurred, kernel = blurred_camera()  # doctest: +SKIP
    >>> blurred.shape, kernel.shape  # doctest: +SKIP
    ((256, 256), (19, 19))
    """
    sharp = packaged_image("camera")[60 : 60 + CAMERA_SIDE, 120 : 120 + CAMERA_SIDE]
    kernel = random_kernel(CAMERA_KERNEL, np.random.default_rng(7))
    return sharp, blur(sharp, kernel, noise=0.01, rng=8).astype(np.float64), kernel
