"""Reading image files: PNG, JPEG, TIFF and BMP, recognised by their contents."""

from __future__ import annotations

import os
import warnings

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.atomic_write import as_path
from pydeblur.files.decoded_image import DecodedImage, upright
from pydeblur.files.image_file import ImageFile, LossyFormatWarning
from pydeblur.files.image_formats import format_of_contents


def read_image(path: str | os.PathLike) -> ImageFile:
    """Read an image file.

    The format is recognised by the file's contents: PNG with up to 16 bits, JPEG, TIFF with 8 or 16 bits or
    floating samples, BMP. Palettes and CMYK become RGB. Of several frames or pages the first is read. Some compressions
    of TIFF files (LZW of 16-bit or floating colour, for instance) need the package imagecodecs, the extra "tiff".

    Parameters
    ----------
    path : str or os.PathLike
        A local file.

    Returns
    -------
    ImageFile

    Warns
    -----
    LossyFormatWarning
        The file has further frames or pages.

    Raises
    ------
    FileFormatError
        The file is missing, a folder, empty, truncated, not an image or not one of these kinds, its compression needs
        imagecodecs, or a floating image holds NaN or infinite values. The message is one sentence that names the file.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pydeblur.files import write_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(f"{folder}/grey.png", np.array([[0.0, 0.5, 1.0]]), depth="uint16")
    ...     image = read_image(f"{folder}/grey.png")
    >>> image.depth, image.pixels.shape
    ('uint16', (1, 3))
    >>> np.rint(image.pixels * 65535).tolist()
    [[0.0, 32768.0, 65535.0]]
    """
    data = _contents(path)
    image_format = format_of_contents(data)
    if image_format is None:
        raise FileFormatError(f"{path} is not an image that can be read: PNG, JPEG, TIFF or BMP is needed.")
    try:
        decoded = image_format.read(data)
    except Exception as error:  # Decoders raise whatever a damaged file leads them to.
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise FileFormatError(f"{path} can't be read as a {image_format.name} image: {reason}.") from error
    if decoded.frames > 1:
        warnings.warn(f"{path} has {decoded.frames} frames; the first one is used.", LossyFormatWarning, stacklevel=2)
    return _image_file(path, decoded)


def _contents(path):
    """The bytes of the file, or a `FileFormatError` that says what is wrong with it."""
    try:
        data = as_path(path).read_bytes()
    except FileNotFoundError:
        raise FileFormatError(f"{path} does not exist.") from None
    except IsADirectoryError:
        raise FileFormatError(f"{path} is a folder, not an image file.") from None
    except OSError as error:
        raise FileFormatError(f"{path} can't be read: {error.strerror or error}.") from error
    if not data:
        raise FileFormatError(f"{path} is empty.")
    return data


def _image_file(path, decoded: DecodedImage) -> ImageFile:
    """The samples upright, as float64, with integers divided by their largest value."""
    samples = upright(decoded.samples, decoded.orientation)
    if samples.dtype.kind == "f":
        # NumPy would warn of signalling NaNs, which are refused below like all others.
        with np.errstate(invalid="ignore"):
            depth, values = "float32", samples.astype(np.float64)
        bad = np.count_nonzero(~np.isfinite(values))
        if bad:
            raise FileFormatError(f"{path} holds NaN or infinite values in {bad} of its {values.size} samples.")
    else:
        depth = "uint8" if samples.dtype.itemsize == 1 else "uint16"
        values = samples / np.float64(np.iinfo(samples.dtype).max)
    channels = values.shape[2]
    colour = values[..., :3] if channels >= 3 else values[..., 0]
    alpha = np.ascontiguousarray(values[..., -1]) if channels in (2, 4) else None
    return ImageFile(np.ascontiguousarray(colour), alpha, depth, decoded.icc_profile)
