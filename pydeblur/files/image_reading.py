"""Reading image files: PNG, JPEG, TIFF, BMP, WebP and AVIF, recognised by their contents."""

from __future__ import annotations

import os
import warnings

import numpy as np

from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.files.contents import file_contents, shown_path
from pydeblur.files.decoded_image import DecodedImage, upright
from pydeblur.files.image_file import ImageFile, LossyFormatWarning
from pydeblur.files.image_formats import FORMATS, format_of_contents
from pydeblur.options import shown as shown_value

#: A message shows this much of a path, so that there is room for the reason.
_PATH_CHARACTERS = 120
#: Reasons are shown up to this length: those of decoders may quote the file.
_REASON_CHARACTERS = 135
_VOWELS = "AEIOU"
_DTYPES = ("float64", "float32", "auto")
#: Images of so many pixels are large, as :func:`pydeblur.preprocess.region.is_large` has it.
_LARGE_IMAGE = 2_000_000


def read_image(path: str | os.PathLike, dtype: str = "float64") -> ImageFile:
    """Read an image file.

    The format is recognised by the file's contents: PNG of any depth, JPEG, TIFF with 1 to 16 bits or floating samples,
    BMP, WebP, AVIF. Palettes, CMYK and YCbCr become RGB. Of several frames, pages or further channels the first are read.
    Some compressions of TIFF files (LZW of 16-bit colour, for instance) need the package imagecodecs, the extra "tiff".
    Damaged metadata never keep the pixels from being read.

    Parameters
    ----------
    path : str or os.PathLike
        A local file.
    dtype : {"float64", "float32", "auto"}
        Of the pixels and the opacity. "auto" is float32, which has half the memory, for images of 2 million pixels or more,
        else float64. Single precision tells all samples of up to 16 bits apart;
        floating samples of more than 32 bits stay double.

    Returns
    -------
    ImageFile

    Warns
    -----
    LossyFormatWarning
        The file has further frames, pages or channels, metadata that can't be read, or its last rows are missing.

    Raises
    ------
    FileFormatError
        The file is missing, no regular file, empty, truncated, not an image or not one of these kinds, larger than
        `decoded_image.MAX_PIXELS`, a camera's raw file, its compression needs imagecodecs, its samples are signed or
        integers of more than 16 bits, or a floating image holds NaN or infinite values. The message is one sentence
        that names the file.
    InvalidOptionError
        `dtype` is none of the three.

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
    if dtype not in _DTYPES:
        raise InvalidOptionError(f"dtype should be one of {', '.join(_DTYPES)}, not {shown_value(dtype)}.")
    data = file_contents(path)
    shown = shown_path(path, _PATH_CHARACTERS)
    image_format = format_of_contents(data)
    if image_format is None:
        *names, last = (known.name for known in FORMATS)
        raise FileFormatError(f"{shown} is not an image that can be read: {', '.join(names)} or {last} is needed.")
    try:
        decoded = image_format.read(data)
    except MemoryError:
        raise FileFormatError(f"{shown} can't be read: there is not enough free memory for its pixels.") from None
    except Exception as error:  # Decoders raise whatever a damaged file leads them to.
        kind = f"{'an' if image_format.name[0] in _VOWELS else 'a'} {image_format.name} image"
        raise FileFormatError(f"{shown} can't be read as {kind}: {_one_line(error)}.") from error
    image = _image_file(shown, decoded, dtype)
    remarks = decoded.remarks
    if decoded.frames > 1:
        remarks = (f"has {decoded.frames} frames; the first one is used", *remarks)
    for remark in remarks:
        warnings.warn(f"{shown} {remark}.", LossyFormatWarning, stacklevel=2)
    return image


def _one_line(error):
    """The reason that an exception gives, fit for the middle of a sentence."""
    if not isinstance(error, (ValueError, OSError, RuntimeError)) or type(error).__module__.startswith("imagecodecs"):
        # A decoder stumbled over what it did not expect, and its words are about its own code.
        return "its contents are damaged"
    text = "".join(part if part.isprintable() else " " for part in (str(error).splitlines() or [""])[0])
    text = text.strip().rstrip(".")
    if len(text) > _REASON_CHARACTERS:
        text = text[:_REASON_CHARACTERS] + " ..."
    return text or "its contents are damaged"


def _image_file(shown, decoded: DecodedImage, dtype: str) -> ImageFile:
    """The samples upright, floating, with integers divided by the value of white."""
    samples = upright(decoded.samples, decoded.orientation)
    if dtype == "auto":
        dtype = "float32" if samples.shape[0] * samples.shape[1] >= _LARGE_IMAGE else "float64"
    if samples.dtype.kind == "f":
        # NumPy would warn of signalling NaNs, which are refused below like all others.
        with np.errstate(invalid="ignore"):
            depth, values = "float32", samples.astype(dtype if samples.dtype.itemsize <= 4 else np.float64)
        bad = np.count_nonzero(~np.isfinite(values))
        if bad:
            raise FileFormatError(f"{shown} holds NaN or infinite values in {bad} of its {values.size} samples.")
    else:
        depth = "uint8" if samples.dtype.itemsize == 1 else "uint16"
        white = 2 ** (decoded.bits or 8 * samples.dtype.itemsize) - 1
        values = np.divide(samples, white, dtype=dtype)
    channels = values.shape[2]
    colour = values[..., :3] if channels >= 3 else values[..., 0]
    alpha = np.ascontiguousarray(values[..., -1]) if channels in (2, 4) else None
    return ImageFile(np.ascontiguousarray(colour), alpha, depth, decoded.icc_profile, decoded.metadata)
