"""What the text after a flag may be: each function turns it into a number, or says what it should be.

The ranges are those of :class:`pydeblur.SolverOptions` and :func:`pydeblur.deconvolve`; checked here, the message names the
flag as the user typed it.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError


def odd_size(text: str) -> int:
    """An odd whole number of at least 3."""
    return _accepted(text, int, lambda size: size >= 3 and size % 2 == 1, "an odd whole number of at least 3")


def median_window(text: str) -> int:
    """0 or 1 (no filter), or an odd whole number of at least 3."""
    wanted = "0, 1 or an odd whole number of at least 3"
    return _accepted(text, int, lambda size: size == 0 or (size >= 1 and size % 2 == 1), wanted)


def crop(text: str):
    """"auto", or four whole numbers."""
    wanted = "auto, or TOP,LEFT,HEIGHT,WIDTH in pixels"

    def four_numbers(text):
        return tuple(int(number) for number in text.split(","))

    return text if text == "auto" else _accepted(text, four_numbers, lambda numbers: len(numbers) == 4, wanted)


def count(text: str) -> int:
    """A whole number of at least 1."""
    return _accepted(text, int, lambda number: number >= 1, "a whole number of at least 1")


def positive(text: str) -> float:
    """A finite number above 0."""
    return _accepted(text, float, lambda number: 0 < number < math.inf, "a positive number")


def not_negative(text: str) -> float:
    """A finite number, 0 or above."""
    return _accepted(text, float, lambda number: 0 <= number < math.inf, "a number of at least 0")


def zero_or_from_1(text: str) -> float:
    """0, or a finite number of at least 1."""
    return _accepted(text, float, lambda number: number == 0 or 1 <= number < math.inf, "0 or a number of at least 1")


def above_1(text: str) -> float:
    """A finite number above 1."""
    return _accepted(text, float, lambda number: 1 < number < math.inf, "a number above 1")


def pixels_or_positive(text: str):
    """"pixels", or a finite number above 0."""
    return text if text == "pixels" else positive(text)


def _accepted(text, convert, is_good, what):
    try:
        value = convert(text)
    except ValueError:
        value = None
    if value is None or not is_good(value):
        raise ArgumentTypeError(f"it should be {what}, but is {text!r}")
    return value
