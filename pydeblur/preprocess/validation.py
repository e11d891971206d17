"""What the public functions take for an image and for a kernel, and the one-sentence refusals of everything else."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import im2double

#: Values are meant to lie in [0, 1]; this far outside they are 8- or 16-bit numbers that were not divided.
_LARGEST_VALUE = 100


def check_image(image) -> np.ndarray:
    """Check a grey or RGB image, and return it as float32 or float64.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        float32 and float64 are kept, other floating types become float64. uint8, uint16, int16 and bool become float64
        in [0, 1] as MATLAB's ``im2double`` makes them; wider integers, whose range says nothing, are refused.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        float32 or float64, finite.

    Raises
    ------
    InvalidInputError
        If it is something else, empty, or holds NaN or infinite values.

    Examples
    --------
    >>> import numpy as np
    >>> check_image(np.array([[0, 51, 255]], np.uint8)).tolist()
    [[0.0, 0.2, 1.0]]
    """
    image = _real_array(image, "the image", "(H, W) or (H, W, 3)")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise InvalidInputError(f"the image should have the shape (H, W) or (H, W, 3), but has {image.shape}")
    if image.size == 0:
        raise InvalidInputError(f"the image is empty: its shape is {image.shape}")
    if image.dtype.kind in "iu" and image.dtype not in (np.uint8, np.uint16, np.int16):
        raise InvalidInputError(f"the image should be floating in [0, 1], uint8, uint16 or bool, but is {image.dtype}")
    if not np.all(np.isfinite(image)):
        raise InvalidInputError("the image should be finite, but holds NaN or infinite values")
    return image if image.dtype in (np.float32, np.float64) else im2double(image)


def check_unit_image(image) -> np.ndarray:
    """Check an image whose values are meant to lie in [0, 1]; a little outside is allowed.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        As :func:`check_image` takes it.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        float32 or float64, finite.

    Raises
    ------
    InvalidInputError
        If :func:`check_image` refuses it, or its values go beyond ±100: then they were never divided by 255 or 65535.

    Examples
    --------
    >>> check_unit_image([[0.0, 128.0]])
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: the image should be in [0, 1], but holds values up to 128: scale it first
    """
    image = check_image(image)
    largest = float(np.max(np.abs(image)))
    if largest > _LARGEST_VALUE:
        raise InvalidInputError(f"the image should be in [0, 1], but holds values up to {largest:.6g}: scale it first")
    return image


def check_deconvolution_input(image, kernel) -> tuple[np.ndarray, np.ndarray]:
    """Check that an image and a kernel fit together.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        As :func:`check_unit_image` takes it, no smaller than the kernel.
    kernel : (n, m) array_like
        Odd sides, finite, non-negative, of positive sum.

    Returns
    -------
    image : (H, W) or (H, W, 3) ndarray
        float32 or float64.
    kernel : (n, m) float64 ndarray
        Of sum 1.

    Raises
    ------
    InvalidInputError
        If one of them is something else.

    Examples
    --------
    >>> image, kernel = check_deconvolution_input([[0.2, 0.3, 0.4]], [[1, 2, 1]])
    >>> kernel.tolist()
    [[0.25, 0.5, 0.25]]
    """
    image = check_unit_image(image)
    kernel = _real_array(kernel, "the kernel", "(n, m)")
    if kernel.ndim != 2:
        raise InvalidInputError(f"the kernel should have the shape (n, m), but has {kernel.shape}")
    kernel = kernel.astype(np.float64)
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise InvalidInputError(f"both sides of the kernel should be odd, but its shape is {kernel.shape}")
    total = kernel.sum()
    if not (np.isfinite(total) and total > 0 and kernel.min() >= 0):
        raise InvalidInputError("the kernel should be finite, non-negative and of positive sum")
    if image.shape[0] < kernel.shape[0] or image.shape[1] < kernel.shape[1]:
        raise InvalidInputError(f"the image {image.shape[:2]} should not be smaller than the kernel {kernel.shape}")
    return image, kernel / total


def check_matrix(matrix, name: str) -> np.ndarray:
    """Check a matrix, and return it as float64.

    Parameters
    ----------
    matrix : (H, W) array_like
        Real and finite, not empty.
    name : str
        What the message calls it.

    Returns
    -------
    (H, W) float64 ndarray

    Raises
    ------
    InvalidInputError
        If it is something else.

    Examples
    --------
    >>> check_matrix([[1, 2]], "psf").dtype
    dtype('float64')
    """
    matrix = _real_array(matrix, name, "(H, W)")
    if matrix.ndim != 2 or matrix.size == 0 or not np.all(np.isfinite(matrix)):
        raise InvalidInputError(f"{name} should be a finite array (H, W), not empty, but its shape is {matrix.shape}")
    return matrix.astype(np.float64)


def _real_array(value, name, shape) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise InvalidInputError(f"{name} should be an array {shape}, but its rows differ in length") from None
    if array.dtype.kind not in "fiub":
        raise InvalidInputError(f"{name} should be a real array {shape}, but is {array.dtype} of shape {array.shape}")
    return array
