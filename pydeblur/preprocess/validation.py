"""What the public functions take for an image and for a kernel, and the one-sentence refusals of everything else."""

from __future__ import annotations

import sys

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import im2double
from pydeblur.options import shown

#: Modes of Pillow's pictures whose numbers are intensities.
_PLAIN_MODES = ("1", "L", "I", "F", "RGB")
#: No more characters of a structured type are shown.
_SHOWN_DTYPE = 60
#: Integer types that are scaled to [0, 1] as MATLAB does.
_SCALED_INTEGERS = (np.uint8, np.uint16, np.int16)
#: Values are meant to lie in [0, 1]; this far outside they are 8- or 16-bit numbers that were not divided.
_LARGEST_VALUE = 100


def check_image(image) -> np.ndarray:
    """Check a grey or RGB image, and return it as float32 or float64.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        float32 and float64 are kept, other floating types become float64. uint8, uint16, int16 and bool become float64
        in [0, 1] as MATLAB's ``im2double`` makes them, in any byte order; other integers, whose range says nothing, are
        refused.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        float32 or float64, finite.

    Raises
    ------
    InvalidInputError
        If it is something else, empty, or holds NaN or infinite values or masked elements.

    Examples
    --------
    >>> import numpy as np
    >>> check_image(np.array([[0, 51, 255]], np.uint8)).tolist()
    [[0.0, 0.2, 1.0]]
    """
    image = _real_array(image, "the image", "(H, W) or (H, W, 3)")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        hint = ""
        if image.ndim == 3 and image.shape[2] == 1:
            hint = ": take image[..., 0]"
        elif image.ndim == 3 and image.shape[0] == 3:
            hint = ": its channels should come last, as numpy.moveaxis(image, 0, -1) puts them"
        raise InvalidInputError(f"the image should have the shape (H, W) or (H, W, 3), but has {image.shape}{hint}")
    if image.size == 0:
        raise InvalidInputError(f"the image is empty: its shape is {image.shape}")
    if image.dtype.kind in "iu" and image.dtype not in _SCALED_INTEGERS:
        raise InvalidInputError(f"the image should be floating in [0, 1], uint8, uint16 or bool, but is {image.dtype}")
    if not np.all(np.isfinite(image)):
        raise InvalidInputError("the image should be finite, but holds NaN or infinite values")
    return image if image.dtype in (np.float32, np.float64) else im2double(image)


def checked_picture(image) -> tuple[np.ndarray, np.dtype]:
    """Check a grey or RGB image of any integer or floating type, whose range is still to be found.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        As :func:`check_image` takes it, or of any other integer type, whose values are kept.

    Returns
    -------
    image : (H, W) or (H, W, 3) ndarray
        float32 or float64, finite.
    dtype : dtype
        What `image` had, in native byte order.

    Raises
    ------
    InvalidInputError
        If :func:`check_image` refuses it for another reason.

    Examples
    --------
    >>> import numpy as np
    >>> pixels, dtype = checked_picture(np.array([[0, 4095]], ">i4"))
    >>> pixels.tolist(), dtype.name
    ([[0.0, 4095.0]], 'int32')
    """
    array = _real_array(image, "the image", "(H, W) or (H, W, 3)")
    is_other_integer = array.dtype.kind in "iu" and array.dtype not in _SCALED_INTEGERS
    return check_image(array.astype(np.float64) if is_other_integer else array), array.dtype


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
    # The two ends are asked for apart, since the magnitudes of all pixels would take the image's memory once more.
    largest = max(float(image.max()), -float(image.min()))
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
    with np.errstate(over="ignore", invalid="ignore"):
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
    _refuse_masked(value, name)
    _refuse_encoded(value, name)
    try:
        array = np.asarray(host_value(value))
    except ValueError:
        raise InvalidInputError(f"{name} should be an array {shape}, but its rows differ in length") from None
    except Exception as error:  # an object that offers an array may fail in any way
        raise InvalidInputError(
            f"{name} should be an array {shape}, but none can be made of it: {shown(error)}"
        ) from error
    if array.dtype.kind not in "fiub":
        kind = " ".join(str(array.dtype).split())[:_SHOWN_DTYPE]
        raise InvalidInputError(f"{name} should be a real array {shape}, but is {kind} of shape {array.shape}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # what float64 can't hold becomes infinite, and is refused as such
            return array.astype(np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def host_value(value):
    """A tensor of PyTorch without its gradient, in the machine's main memory; anything else as it is.

    Examples
    --------
    >>> host_value([1, 2])
    [1, 2]
    """
    if callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None)):
        return value.detach().cpu()
    return value


def _refuse_masked(value, name) -> None:
    """A mask would be lost, and what lies below it taken for values."""
    # Where nobody has imported them, and they take their time, there are no masked arrays.
    if "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        count = np.count_nonzero(np.ma.getmaskarray(value))
        raise InvalidInputError(f"{name} should have no masked elements, but {count} are: fill them first")


def _refuse_encoded(value, name) -> None:
    """Pictures of Pillow whose numbers are places in a palette, or other colours than red, green and blue."""
    mode = getattr(value, "mode", None)
    if hasattr(value, "getpalette") and isinstance(mode, str) and mode.split(";")[0] not in _PLAIN_MODES:
        kind = "has a palette" if mode in ("P", "PA") else f"has the mode {mode}"
        raise InvalidInputError(f"{name} should be grey or RGB, but {kind}: convert it first, by image.convert('RGB')")
