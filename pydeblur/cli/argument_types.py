"""What the text after a flag may be: each function turns it into a value, or says what it should be."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

from pydeblur import options
from pydeblur.backend.threads import THREADS
from pydeblur.options import Kind, OptionInfo, shown, text_like


def of_kind(kind: Kind) -> Callable[[str], object]:
    """A function from the text after a flag to a value of a kind."""

    def value_of(text: str):
        try:
            value = kind.parse(text)
        except (ValueError, OverflowError):
            value = None
        if value is None or not kind.accepts(value):
            raise ArgumentTypeError(f"it should be {kind.words_here}, but is {shown(text)}")
        return value

    return value_of


count = of_kind(options.COUNT)
processes = of_kind(THREADS)


def kernel_size(text: str) -> int | None:
    """An odd whole number of at least 3, or "auto", which is None: the size is found from the picture."""
    if text == "auto":
        return None
    size = options.ODD_SIZE
    return of_kind(Kind(f"auto, or {size.words_here}", size.accepts, int, "int"))(text)  # type: ignore[return-value]


def median_window(text: str) -> int:
    """0 or 1 (no filter), or an odd whole number of at least 3."""
    return of_kind(
        Kind(
            "0, 1 or an odd whole number of at least 3",
            lambda size: size == 0 or (size >= 1 and size % 2 == 1),
            int,
            "int",
        )
    )(text)


def crop(text: str):
    """ "auto", "all", or four whole numbers: top, left, height and width."""
    return _rectangle(text, "TOP,LEFT,HEIGHT,WIDTH")


def region(text: str):
    """The same with the numbers in the order x, y, width, height; in that of :func:`crop` in the result."""
    found = _rectangle(text, "X,Y,W,H")
    if isinstance(found, str):
        return found
    left, top, width, height = found
    return top, left, height, width


def _rectangle(text: str, names: str):
    if text in ("auto", "all"):
        return text
    numbers = text_like(r"\s*-?\d+\s*(,\s*-?\d+\s*){3}", f"auto, all, or {names} in pixels")
    return tuple(int(number) for number in of_kind(numbers)(text).split(","))


def add_option_flag(container, name: str, info: OptionInfo, hint: str, default=None) -> None:
    """A flag for a field of an options dataclass, in a parser or a group of it; `hint` says what holds without the flag."""
    text = " ".join(info.text.split()) + (f" (default: {hint})" if hint else "")
    words = (
        {"choices": info.kind.choices} if info.kind.choices else {"type": of_kind(info.kind), "metavar": info.metavar}
    )
    container.add_argument(f"--{info.flag}", dest=name, default=default, help=text.replace("%", "%%"), **words)
