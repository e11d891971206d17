"""MATLAB's ``im2double``, ``im2uint8``, ``rgb2gray`` and ``rgb2lab``."""

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import real_array
from pydeblur.matlab.rounding import matlab_round

# Row 1 of inv([1 .956 .621; 1 -.272 -.647; 1 -1.106 1.703]), with MATLAB's digits.
_LUMA = (0.298936021293775390, 0.587043074451121360, 0.114020904255103250)
_D65 = np.array([0.95047, 1.0, 1.08883])
_SRGB_PRIMARIES = np.array([[0.64, 0.30, 0.15], [0.33, 0.60, 0.06], [0.03, 0.10, 0.79]])  # x, y, z of R, G, B


def im2double(image):
    """Return an image as float64, integers scaled to [0, 1].

    Parameters
    ----------
    image : array_like
        bool (0 or 1), uint8 (divided by 255), uint16 (by 65535), int16 (plus 32768, by 65535) or floating (values
        unchanged, whatever their range).

    Returns
    -------
    ndarray of float64
        The shape of `image`; float64 input is returned as it is, not copied.

    Raises
    ------
    InvalidInputError
        For another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab import im2double
    >>> im2double(np.array([0, 51, 255], np.uint8)).tolist()
    [0.0, 0.2, 1.0]
    """
    image = _image_operand(image)
    if image.dtype.kind in "bf":
        return image.astype(np.float64, copy=False)
    if image.dtype == np.int16:
        return (image.astype(np.float64) + 32768) / 65535
    return image / np.float64(np.iinfo(image.dtype).max)


def im2uint8(image):
    """Return an image as uint8: floats times 255, rounded (halves away from zero) and clipped.

    Parameters
    ----------
    image : array_like
        bool, uint8 (returned as it is), uint16, int16, or floating in [0, 1]; NaN becomes 0.

    Returns
    -------
    ndarray of uint8
        The shape of `image`.

    Raises
    ------
    InvalidInputError
        For another dtype.

    Examples
    --------
    >>> from pydeblur.matlab import im2uint8
    >>> im2uint8([-0.1, 0.5, 1.0]).tolist()
    [0, 128, 255]
    """
    image = _image_operand(image)
    if image.dtype == np.uint8:
        return image
    if image.dtype.kind == "f":
        scaled = np.nan_to_num(image * image.dtype.type(255), nan=0.0, posinf=255.0, neginf=0.0)
    elif image.dtype.kind == "b":
        scaled = image * 255.0
    else:
        scaled = (image.astype(np.float64) + (32768 if image.dtype == np.int16 else 0)) / 257
    return np.clip(matlab_round(scaled), 0, 255).astype(np.uint8)


def rgb2gray(image):
    """Return the luma of an RGB image, ``0.29894 R + 0.58704 G + 0.11402 B`` with MATLAB's digits.

    Parameters
    ----------
    image : (H, W, 3) array_like
        Floating (any range), uint8 or uint16.

    Returns
    -------
    (H, W) ndarray
        The dtype of `image`; integers are rounded, halves away from zero.

    Raises
    ------
    InvalidInputError
        For another shape or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab import rgb2gray
    >>> rgb2gray(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)).tolist()
    [[76, 150, 29]]
    """
    image = _rgb_operand(image)
    if image.dtype.kind not in "f" and image.dtype not in (np.uint8, np.uint16):
        raise InvalidInputError(f"image must be floating, uint8 or uint16, but its dtype is {image.dtype}.")
    red, green, blue = (image[..., c].astype(np.float64) for c in range(3))
    grey = red * _LUMA[0] + green * _LUMA[1] + blue * _LUMA[2]
    return (matlab_round(grey) if image.dtype.kind == "u" else grey).astype(image.dtype, copy=False)


def rgb2lab(image):
    """Convert sRGB to CIE 1976 L*a*b* for the white point D65, as MATLAB's ``rgb2lab``.

    Parameters
    ----------
    image : (H, W, 3) array_like
        sRGB values: floats in [0, 1], which the caller clips, or integers, which `im2double` scales.

    Returns
    -------
    (H, W, 3) ndarray of float64
        L* in [0, 100]; a* and b* about [-100, 100]. White is (100, 0, 0), black (0, 0, 0).

    Raises
    ------
    InvalidInputError
        For another shape or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab import rgb2lab
    >>> np.abs(rgb2lab([[[1.0, 0.0, 0.0]]]).round(2)).tolist()
    [[[53.24, 80.09, 67.2]]]
    """
    rgb = im2double(_rgb_operand(image))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, np.maximum((rgb + 0.055) / 1.055, 0) ** 2.4)
    relative = linear @ (_SRGB_TO_XYZ / _D65[:, None]).T  # X / Xn, Y / Yn, Z / Zn
    f = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _srgb_to_xyz():
    """Return the matrix whose columns are the primaries, scaled so that (1, 1, 1) becomes the white point."""
    return _SRGB_PRIMARIES * np.linalg.solve(_SRGB_PRIMARIES, _D65)


_SRGB_TO_XYZ = _srgb_to_xyz()


def _image_operand(image):
    image = real_array(image, "image")
    if image.dtype.kind not in "bf" and image.dtype not in (np.uint8, np.uint16, np.int16):
        raise InvalidInputError(f"image must be bool, uint8, uint16, int16 or float, but its dtype is {image.dtype}.")
    return image


def _rgb_operand(image):
    image = real_array(image, "image", (3,))
    if image.shape[2] != 3:
        raise InvalidInputError(f"image must be (H, W, 3), but its shape is {image.shape}.")
    return image
