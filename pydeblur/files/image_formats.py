"""The image formats: how each is recognised, what it can hold, and which code reads and writes it.

A new format is one more entry of `FORMATS`. The code of a format is imported when it is first needed: the libraries behind it
take their time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.decoded_image import DecodedImage
from pydeblur.files.file_names import as_path, shown_path
from pydeblur.files.image_file import DEPTHS
from pydeblur.files.metadata import Metadata


@dataclass(frozen=True)
class ImageFormat:
    """A format of image files.

    Attributes
    ----------
    name : str
        As messages call it.
    suffixes : tuple of str
        The extensions of its files, in lower case, with their dot.
    signature : bytes
        A regular expression of what its files start with.
    depths : tuple of str
        Which of `DEPTHS` it can hold, in that order.
    holds_alpha : bool
    read : callable
        From the bytes of a file to a `DecodedImage`. It may raise any exception on a damaged file.
    write : callable
        From (H, W, C) samples of a dtype among `depths`, alpha last, an ICC profile or None, and
        what `fit_metadata` left of the `Metadata`, to the bytes of a file.
    """

    name: str
    suffixes: tuple[str, ...]
    signature: bytes
    depths: tuple[str, ...]
    holds_alpha: bool
    read: Callable[[bytes], DecodedImage]
    write: Callable[[np.ndarray, bytes | None, Metadata], bytes]


def _imported(module: str, name: str) -> Callable[..., Any]:
    """A function of a module of this package that imports it at its first call."""
    return partial(_called, f"pydeblur.files.{module}", name)


def _called(module: str, name: str, *arguments):
    return getattr(import_module(module), name)(*arguments)


def _pillow(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """How Pillow reads and writes a format."""
    return _imported("pillow_reading", f"read_{name}"), _imported("pillow_writing", f"write_{name}")


_PNG = _imported("png_reading", "read_png"), _imported("png_writing", "write_png")
_JPEG = _imported("jpeg_reading", "read_jpeg"), _imported("pillow_writing", "write_jpeg")
_TIFF = _imported("tiff_reading", "read_tiff"), _imported("tiff_writing", "write_tiff")
#: An AVIF file names its kind as the major brand, or among the compatible brands of a general one (ISO/IEC 23000-22).
_AVIF = rb".{4}ftyp(avi[fs]|m[is]f1.{4}(.{4}){0,30}?avi[fs])"
FORMATS = (
    ImageFormat("PNG", (".png",), rb"\x89PNG\r\n\x1a\n", DEPTHS[:2], True, *_PNG),
    ImageFormat("JPEG", (".jpg", ".jpeg"), rb"\xff\xd8\xff", DEPTHS[:1], False, *_JPEG),
    ImageFormat("TIFF", (".tif", ".tiff"), rb"II[*+]\0|MM\0[*+]", DEPTHS, True, *_TIFF),
    ImageFormat("BMP", (".bmp",), rb"BM", DEPTHS[:1], False, *_pillow("bmp")),
    ImageFormat("WebP", (".webp",), rb"RIFF.{4}WEBP", DEPTHS[:1], True, *_pillow("webp")),
    ImageFormat("AVIF", (".avif",), _AVIF, DEPTHS[:1], True, *_pillow("avif")),
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
    return next((known for known in FORMATS if re.match(known.signature, data, re.DOTALL)), None)


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
    shown = shown_path(path), shown_path(suffix, 20)
    raise FileFormatError(f"{shown[0]} can't be written: its extension should be one of {known}, not {shown[1]!r}.")
