"""The task of a process that looks at a picture that was received: whether it can be decoded, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pydeblur.preprocess.value_range import in_unit_range
from pydeblur.report.encoding import eight_bits, encoded_alike
from pydeblur.serve.picture_file import inside, noted, picture_format, read_picture

if TYPE_CHECKING:
    from pydeblur.files import ImageFile

#: Bytes of a preview.
_PREVIEW_BUDGET = 400_000
#: A preview's black and white are found on about so many pixels.
_SAMPLED = 250_000


def look_at(folder: str, pixels: int, send: Callable) -> dict[str, Any]:
    """Decode a picture, and say what it is.

    Parameters
    ----------
    folder : str
        Where it lies.
    pixels : int
        The most that it may have.
    send : callable
        Not used: there is nothing to be told before the end.

    Returns
    -------
    dict
        Its ``width``, ``height``, what it is in ``words``, a ``preview`` as an address, and ``remarks``.

    Raises
    ------
    FileFormatError
        If it can't be read.
    """
    with inside(folder), noted() as remarks:
        source = read_picture(pixels)
        name = picture_format().name
    height, width = source.pixels.shape[:2]
    return {
        "width": width,
        "height": height,
        "words": _in_words(name, source),
        "preview": _preview(source),
        "remarks": remarks,
    }


def _in_words(name: str, source: ImageFile) -> str:
    """What a picture is: its format, its size and its depth."""
    height, width = source.pixels.shape[:2]
    depth = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating values"}[source.depth]
    colours = "grey" if source.grey else "colour"
    return (
        f"{name}, {width} × {height} pixels, {colours}, {depth}{', with opacity' if source.alpha is not None else ''}"
    )


def _preview(source: ImageFile) -> str:
    """The picture in 8 bits from black to white, reduced where it is large."""
    step = max(1, int(np.sqrt(source.pixels.shape[0] * source.pixels.shape[1] / _SAMPLED)))
    low, high = in_unit_range(source.pixels[::step, ::step], "auto").value_range
    alpha = None if source.alpha is None else eight_bits(source.alpha)
    return encoded_alike([eight_bits(source.pixels, low, high - low)], _PREVIEW_BUDGET, alpha, source.icc_profile)[
        0
    ].address
