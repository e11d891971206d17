"""The file of a picture that was received, in the process that decodes it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydeblur.files.contents import file_contents
from pydeblur.files.decoded_image import at_most_pixels
from pydeblur.files.image_file import ImageFile
from pydeblur.files.image_formats import ImageFormat, format_of_contents
from pydeblur.files.image_reading import read_image
from pydeblur.serve.names import PICTURE


def read_picture(pixels: int) -> ImageFile:
    """Read the picture in the working folder.

    Parameters
    ----------
    pixels : int
        The most that it may have.

    Returns
    -------
    ImageFile

    Raises
    ------
    FileFormatError
    """
    with at_most_pixels(pixels):
        return read_image(PICTURE)


def picture_format() -> ImageFormat:
    """Return the format of the picture in the working folder, which was read."""
    found = format_of_contents(file_contents(PICTURE))
    assert found is not None
    return found


@contextmanager
def inside(folder: str) -> Iterator[None]:
    """A ``with`` block in a folder: files are then named without it, and so are they in messages."""
    earlier = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(earlier)


@contextmanager
def noted() -> Iterator[list[str]]:
    """A ``with`` block whose warnings for users are kept as texts."""
    remarks: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *others, **words: remarks.append(str(message))
        yield remarks
