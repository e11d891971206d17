"""``--range``: the flag, what it means for a file's pixels, and the sentence that says which range was used."""

from __future__ import annotations

import argparse
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from pydeblur.options import shown

if TYPE_CHECKING:  # the command line's help has no need of NumPy
    import numpy as np

    from pydeblur.files import ImageFile
    from pydeblur.preprocess.value_range import ValueRange


def add_range_argument(container) -> None:
    """``--range``, in a parser or a group of it."""
    container.add_argument(
        "--range",
        dest="value_range",
        type=value_range,
        default="auto",
        metavar="LOW,HIGH|auto|full",
        help="the file's numbers that stand for black and white, such as 0,4095 for 12 bits in a file of 16 (a negative LOW as "
        "--range=-1,1); full is what the file's depth can hold, or 0,1 in a floating file; auto, the default, is that for "
        "8 bits and for ordinary pictures, else it is found",
    )


def value_range(text: str) -> str | tuple[float, float]:
    """ "auto", "full", or two numbers, the first below the second."""
    from pydeblur.preprocess.value_range import check_value_range

    if text in ("auto", "full"):
        return text
    try:
        low, high = (float(number) for number in text.split(","))
        check_value_range((low, high))
    except ValueError:
        raise ArgumentTypeError(f"it should be auto, full, or LOW,HIGH with LOW < HIGH, but is {shown(text)}") from None
    return low, high


def range_of_pixels(arguments: argparse.Namespace, source: ImageFile) -> str | tuple[float, float]:
    """The argument ``value_range`` of the Python face for a file's pixels, which are its numbers divided by their largest."""
    if isinstance(arguments.value_range, str):
        return arguments.value_range
    low, high = arguments.value_range
    largest = _largest_number(source)
    return low / largest, high / largest


def for_output(path: str, image: np.ndarray, used: ValueRange, source: ImageFile) -> np.ndarray:
    """The image as it is written: in the file's own scale, or, where `path` can't hold its depth, from black to white."""
    return image if _keeps_scale(path, used, source) else (image - used.low) / (used.high - used.low)


def range_note(
    arguments: argparse.Namespace, used: ValueRange, source: ImageFile, output: str | None = None
) -> str | None:
    """One sentence about the range; None where it is the full one."""
    if _is_full(used):
        return None
    largest = _largest_number(source)
    low, high = (f"{round(number * largest, 6):.6g}" for number in used)
    found = "found to lie" if isinstance(arguments.value_range, str) else "taken to lie, as given,"
    written = (
        "" if output is None or _keeps_scale(output, used, source) else "; the output has them from black to white"
    )
    other = " (--range full takes them as they are)" if isinstance(arguments.value_range, str) else ""
    return f"the values are {found} between {low} and {high}, not 0 and {largest:g}{written}{other}"


def _is_full(used: ValueRange) -> bool:
    return (used.low, used.high) == (0, 1)


def _keeps_scale(path: str, used: ValueRange, source: ImageFile) -> bool:
    from pydeblur.files.image_formats import format_of_name

    return _is_full(used) or source.depth in format_of_name(path).depths


def _largest_number(source: ImageFile) -> float:
    return {"uint8": 255.0, "uint16": 65535.0}.get(source.depth, 1.0)
