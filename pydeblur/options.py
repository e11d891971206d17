"""Options as fields of frozen dataclasses that carry their own text, range and default.

The checks, the docstring, the command line's flags and their help all follow from the fields, so that an option is described
in one place. Every package may import this module; it imports none of them but the errors.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import math
import numbers
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydeblur.errors import InvalidOptionError

#: A message shows no more of a value than this many characters, and no longer a list of names.
_SHOWN_LENGTH = 60
_LISTED_LENGTH = 120


def shown(value) -> str:
    """A value as a message shows it: in one line, cut short where it is long.

    Examples
    --------
    >>> shown("abc"), shown(list(range(100)))[-8:]
    ("'abc'", '5, 16...')
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # the caller's own class, or a whole number of more digits than Python prints
        text = f"of the type {type(value).__name__}"
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 3] + "..."


def listed(names) -> str:
    """Names as a message lists them, cut short where they are many.

    Examples
    --------
    >>> listed(["form", "weights"])
    'form, weights'
    """
    text = " ".join(", ".join(map(str, names)).split())
    return text if len(text) <= _LISTED_LENGTH else text[: _LISTED_LENGTH - 3] + "..."


def nearest_name(name, known) -> str | None:
    """The known name that a misprint was meant for; None where none is like it.

    Examples
    --------
    >>> nearest_name("lamda_grad", ["lambda_prior", "lambda_grad"]), nearest_name("zoom", ["lambda_grad"])
    ('lambda_grad', None)
    """
    found = difflib.get_close_matches(str(name)[:_SHOWN_LENGTH], known, 1)
    return found[0] if found else None


def is_integer(value) -> bool:
    """Whether a value is a whole number; a bool is none.

    Examples
    --------
    >>> is_integer(3), is_integer(3.0), is_integer(True)
    (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_row(value) -> bool:
    """Whether a value is a list, a tuple or another sequence, or an array of one dimension; text is none.

    Examples
    --------
    >>> is_row((1, 2)), is_row("ab"), is_row(3)
    (True, False, False)
    """
    if hasattr(value, "ndim"):
        return bool(value.ndim == 1)
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def is_finite_number(value) -> bool:
    """Whether a value is a finite real number; a bool is none.

    Examples
    --------
    >>> is_finite_number(0.5), is_finite_number(float("nan")), is_finite_number("1")
    (True, False, False)
    """
    try:
        return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


@dataclass(frozen=True)
class Kind:
    """A set of values that an option may have.

    ``words`` say what the value should be, ``accepts`` tells whether a value is one of them, ``parse`` makes one from the text
    after a command-line flag (and raises ValueError), ``type_name`` is what the docstring calls it. Where a bound depends on
    the machine, ``bound_here`` gives it.
    """

    words: str
    accepts: Callable[[Any], bool]
    parse: Callable[[str], Any]
    type_name: str
    choices: tuple[str, ...] = ()
    bound_here: Callable[[], int] | None = None

    @property
    def words_here(self) -> str:
        """What the value should be on this machine."""
        return self.words if self.bound_here is None else f"{self.words}, here {self.bound_here()}"


def _number(words: str, accepts) -> Kind:
    return Kind(f"a finite number, {words}", lambda value: is_finite_number(value) and accepts(value), float, "float")


def _integer(words: str, accepts) -> Kind:
    return Kind(words, lambda value: is_integer(value) and accepts(value), int, "int")


def one_of(*choices: str) -> Kind:
    """One of some strings."""
    listed = ", ".join(choices)
    names = "{" + ", ".join(f'"{choice}"' for choice in choices) + "}"
    return Kind(f"one of {listed}", lambda value: isinstance(value, str) and value in choices, str, names, choices)


def from_to(low: float, high: float) -> Kind:
    """A number within two bounds, which belong to the range."""
    words = f"a number from {low:g} to {high:g}"
    return Kind(words, lambda value: is_finite_number(value) and low <= value <= high, float, "float")


def above_up_to(low: float, high: float) -> Kind:
    """A number within two bounds, of which the upper one belongs to the range."""
    words = f"a number greater than {low:g}, at most {high:g}"
    return Kind(words, lambda value: is_finite_number(value) and low < value <= high, float, "float")


def whole_from_to(low: int, high: int) -> Kind:
    """A whole number within two bounds, which belong to the range."""
    return _integer(f"a whole number from {low} to {high}", lambda value: low <= value <= high)


def or_word(word: str, kind: Kind) -> Kind:
    """A word, or a value of another kind."""

    def parse(text):
        return word if text == word else kind.parse(text)

    def accepts(value):
        return (isinstance(value, str) and value == word) or kind.accepts(value)

    return Kind(f'{kind.words}, or "{word}"', accepts, parse, f'{kind.type_name} or "{word}"')


def text_like(pattern: str, words: str) -> Kind:
    """A string that a regular expression matches as a whole."""
    return Kind(words, lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None, str, "str")


ODD_SIZE = _integer("an odd whole number of at least 3", lambda value: value >= 3 and value % 2 == 1)
COUNT = _integer("a whole number of at least 1", lambda value: value >= 1)
NOT_NEGATIVE_COUNT = _integer("a whole number of at least 0", lambda value: value >= 0)
POSITIVE = _number("positive", lambda value: value > 0)
NOT_NEGATIVE = _number("at least 0", lambda value: value >= 0)
ABOVE_ONE = _number("greater than 1", lambda value: value > 1)
AT_LEAST_ONE = _number("at least 1", lambda value: value >= 1)
ZERO_OR_AT_LEAST_ONE = _number("0 or at least 1", lambda value: value == 0 or value >= 1)


@dataclass(frozen=True)
class OptionInfo:
    """What a field carries: its kind, its text, and its command-line flag, if it has one.

    ``flag`` is the flag without its dashes, "" for none; ``metavar`` stands for the value in the command line's help.
    ``may_be_none`` allows None beside the kind's values.
    """

    kind: Kind
    text: str
    flag: str = ""
    metavar: str = "X"
    may_be_none: bool = False

    @property
    def words(self) -> str:
        """What the value should be."""
        return self.kind.words + (", or None" if self.may_be_none else "")


def option(kind: Kind, text: str, default=dataclasses.MISSING, *, flag="", metavar="X", may_be_none=False):
    """A field of an options dataclass.

    Parameters
    ----------
    kind : Kind
        The values that the option may have.
    text : str
        What the option does, in one or more plain sentences.
    default : optional
        The value where none is given; without one the option is required.
    flag : str
        The command-line flag without its dashes; "" where there is none.
    metavar : str
        What stands for the value in the command line's help.
    may_be_none : bool
        Whether None is allowed, too.
    """
    return field(default=default, metadata={"option": OptionInfo(kind, text, flag, metavar, may_be_none)})


def option_infos(options) -> dict[str, OptionInfo]:
    """The options of a dataclass, or of an instance, by the name of their field."""
    return {each.name: each.metadata["option"] for each in dataclasses.fields(options) if "option" in each.metadata}


def check_options(options) -> None:
    """Check the values of all fields that :func:`option` has made.

    Raises
    ------
    InvalidOptionError
        If a value is out of its range; the message names the first such field.
    """
    for name, info in option_infos(options).items():
        check_option(name, getattr(options, name), info)


def check_option(name: str, value, info: OptionInfo) -> None:
    """Check the value of one option.

    Raises
    ------
    InvalidOptionError
        If it is out of its range.

    Examples
    --------
    >>> check_option("side", 5, OptionInfo(ODD_SIZE, "The side."))
    """
    if not (info.may_be_none and value is None) and not info.kind.accepts(value):
        words = info.kind.words_here + (", or None" if info.may_be_none else "")
        raise InvalidOptionError(f"{name} should be {words}, but is {shown(value)}")


def options_from(options_class, fields, owner: str):
    """An options object from a mapping of field names to values.

    Parameters
    ----------
    options_class : type
        The options dataclass.
    fields : mapping
    owner : str
        Whose options they are, for messages: "the solver".

    Raises
    ------
    InvalidOptionError
        If a name is unknown, a required one is missing, or a value is out of its range.
    """
    known = [each.name for each in dataclasses.fields(options_class)]
    unknown = [str(name) for name in fields if name not in known]
    if unknown:
        raise InvalidOptionError(f"{owner} has no option {listed(unknown)}{_known_names(unknown[0], known)}")
    for each in dataclasses.fields(options_class):
        if each.default is dataclasses.MISSING and each.name not in fields:
            raise InvalidOptionError(f"{owner} needs the option {each.name}")
    return options_class(**fields)


def _known_names(unknown: str, known) -> str:
    """What a message about an unknown name says of the known ones: all of them where they are few, else the nearest."""
    if len(", ".join(known)) <= _LISTED_LENGTH:
        return f"; it has {listed(known)}" if known else ""
    nearest = nearest_name(unknown, known)
    return f"; did you mean {nearest}?" if nearest else f"; it has {len(known)} others, such as {known[1]}"


def documented(options_class):
    """A class decorator that adds the fields' texts to the docstring, as its section "Parameters" in numpydoc's form."""
    lines = ["", "", "Parameters", "----------"]
    for each in dataclasses.fields(options_class):
        info = each.metadata.get("option")
        if info is None:
            continue
        none = " or None" if info.may_be_none else ""
        default = "" if each.default is dataclasses.MISSING else f", default {each.default!r}"
        lines += [f"{each.name} : {info.kind.type_name}{none}{default}"]
        range_words = "" if info.kind.choices else f" The value is {info.words}."
        lines += [f"    {line}" for line in (info.text + range_words).splitlines()]
    lines += ["", "Raises", "------", "InvalidOptionError", "    If a value is out of its range."]
    head, heading, rest = inspect.cleandoc(options_class.__doc__).partition("\n\nExamples\n")
    options_class.__doc__ = head + "\n".join(lines) + heading + rest
    return options_class
