"""The image formats: how each is recognised, what it can hold, and which code reads and writes it.

A new format is one more entry of `FORMATS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.atomic_write import as_path
from pydeblur.files.decoded_image import DecodedImage
from pydeblur.files.image_file import DEPTHS
from pydeblur.files.pillow_codec import read_by_pillow, write_by_pillow
from pydeblur.files.png16 import SIGNATURE, is_png16, read_png16, write_png16
from pydeblur.files.tiff import read_tiff, write_tiff


@dataclass(frozen=True)
class ImageFormat:
    """A format of image files.

    Attributes
    ----------
    name : str
        As messages call it.
    suffixes : tuple of str
        The extensions of its files, in lower case, with their dot.
    signatures : tuple of bytes
        What its files start with.
    depths : tuple of str
        Which of `DEPTHS` it can hold, in that order.
    holds_alpha : bool
    read : callable
        From the bytes of a file to a `DecodedImage`. It may raise any exception on a damaged file.
    write : callable
        From (H, W, C) samples of a dtype among `depths`, alpha last, and an ICC profile or None to the bytes of a file.
    """

    name: str
    suffixes: tuple[str, ...]
    signatures: tuple[bytes, ...]
    depths: tuple[str, ...]
    holds_alpha: bool
    read: Callable[[bytes], DecodedImage]
    write: Callable[[np.ndarray, bytes | None], bytes]


def _read_png(data):
    return read_png16(data) if is_png16(data) else read_by_pillow(data)


def _write_png(samples, icc_profile):
    if samples.dtype == np.uint16:
        return write_png16(samples, icc_profile)
    return write_by_pillow(samples, "PNG", icc_profile)


def _read_jpeg(data):
    # The further frames of a JPEG file (MPO) are previews and depth maps that cameras add.
    return read_by_pillow(data)._replace(frames=1)


def _write_jpeg(samples, icc_profile):
    return write_by_pillow(samples, "JPEG", icc_profile, quality=95, subsampling=0)


def _write_bmp(samples, icc_profile):
    return write_by_pillow(samples, "BMP", icc_profile)


_CLASSIC_TIFF, _BIG_TIFF = (b"II*\0", b"MM\0*"), (b"II+\0", b"MM\0+")
FORMATS = (
    ImageFormat("PNG", (".png",), (SIGNATURE,), DEPTHS[:2], True, _read_png, _write_png),
    ImageFormat("JPEG", (".jpg", ".jpeg"), (b"\xff\xd8\xff",), DEPTHS[:1], False, _read_jpeg, _write_jpeg),
    ImageFormat("TIFF", (".tif", ".tiff"), _CLASSIC_TIFF + _BIG_TIFF, DEPTHS, True, read_tiff, write_tiff),
    ImageFormat("BMP", (".bmp",), (b"BM",), DEPTHS[:1], False, read_by_pillow, _write_bmp),
)
#: Extensions of the files that can be read and written.
IMAGE_SUFFIXES = tuple(suffix for image_format in FORMATS for suffix in image_format.suffixes)


def format_of_contents(data: bytes) -> ImageFormat | None:
    """The format that a file's first bytes tell; None if it is none of `FORMATS`.

    Examples
    --------
    >>> format_of_contents(b"BM\\x3a\\x00").name
    'BMP'
    >>> format_of_contents(b"GIF89a") is None
    True
    """
    return next((image_format for image_format in FORMATS if data.startswith(image_format.signatures)), None)


def format_of_name(path: str | os.PathLike) -> ImageFormat:
    """The format that the extension of `path`, in upper or lower case, names.

    Raises
    ------
    FileFormatError
        The extension is none of `IMAGE_SUFFIXES`.

    Examples
    --------
    >>> format_of_name("photo.JPG").name
    'JPEG'
    """
    suffix = as_path(path).suffix
    for image_format in FORMATS:
        if suffix.lower() in image_format.suffixes:
            return image_format
    known = ", ".join(IMAGE_SUFFIXES)
    raise FileFormatError(f"{path} can't be written: its extension should be one of {known}, not {suffix!r}.")
