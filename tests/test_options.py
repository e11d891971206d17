"""Option fields: what each kind accepts and reads, how values are refused, and the docstring made of the fields."""

import math
from dataclasses import FrozenInstanceError, dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur import options
from pydeblur.errors import InvalidOptionError
from pydeblur.nonblind.options import OPTIONS
from pydeblur.options import (
    check_options,
    documented,
    from_to,
    is_finite_number,
    is_integer,
    one_of,
    option,
    option_infos,
    options_from,
    or_word,
    text_like,
)
from pydeblur.solver.options import SolverOptions

NO_NUMBERS = (None, "1", "", True, np.True_, [1], np.ones(1), 1j, math.nan, math.inf, -math.inf, 10**400)


@pytest.mark.parametrize("value", [0, -3, 10**400, np.int8(3), np.uint64(2**63)], ids=str)
def test_whole_numbers_of_any_type_are_integers(value):
    assert is_integer(value)


@pytest.mark.parametrize("value", [1.0, True, np.True_, "1", None, np.ones(1, int), Fraction(2)], ids=repr)
def test_what_is_no_integer(value):
    assert not is_integer(value)


@pytest.mark.parametrize("value", [0, 0.5, -1e300, np.float32(0.5), np.int64(3), Fraction(1, 3)], ids=str)
def test_finite_numbers_of_any_type(value):
    assert is_finite_number(value)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_finite_number(value):
    assert not is_finite_number(value)


#: Kind: what it says, values of it, other values.
KINDS = {
    "ODD_SIZE": ("an odd whole number of at least 3", (3, 101, np.int32(5)), (1, 2, 4, -3, 3.0)),
    "COUNT": ("a whole number of at least 1", (1, 7), (0, -1, 1.5, 2.0)),
    "NOT_NEGATIVE_COUNT": ("a whole number of at least 0", (0, 7), (-1, 0.5)),
    "POSITIVE": ("a finite number, positive", (1e-300, 1, np.float32(2)), (0, 0.0, -1e-300)),
    "NOT_NEGATIVE": ("a finite number, at least 0", (0, 0.0, 3.5), (-1e-300,)),
    "ABOVE_ONE": ("a finite number, greater than 1", (1.0000001, 2), (1, 0.5)),
    "AT_LEAST_ONE": ("a finite number, at least 1", (1, 1.5), (0.9999999, 0)),
    "ZERO_OR_AT_LEAST_ONE": ("a finite number, 0 or at least 1", (0, 1, 20.0), (0.5, -1)),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_numbers(name):
    kind, (words, good, bad) = getattr(options, name), KINDS[name]
    assert kind.words == words
    for value in good:
        assert kind.accepts(value)
        assert kind.parse(str(value)) == value
    for value in (*bad, *NO_NUMBERS[:-1]):
        assert not kind.accepts(value)


def test_every_kind_of_numbers_is_tested():
    assert KINDS.keys() == {name for name, value in vars(options).items() if isinstance(value, options.Kind)}


@pytest.mark.parametrize(("kind", "text"), [(options.COUNT, "1.5"), (options.COUNT, ""), (options.POSITIVE, "much")])
def test_text_that_is_no_number_is_refused(kind, text):
    with pytest.raises(ValueError, match=r"could not convert|invalid literal"):
        kind.parse(text)


def test_one_of_some_strings():
    kind = one_of("cg", "fft")
    assert kind.words == "one of cg, fft" and kind.type_name == '{"cg", "fft"}' and kind.choices == ("cg", "fft")
    assert kind.accepts("fft") and kind.parse("fft") == "fft"
    for value in ("CG", "", "cg, fft", None, 3, ["cg"], np.array(["cg", "fft"])):
        assert not kind.accepts(value)


@given(st.floats(allow_nan=True))
def test_bounds_belong_to_the_range(value):
    kind = from_to(0.01, 1)
    assert kind.words == "a number from 0.01 to 1"
    assert kind.accepts(value) == (0.01 <= value <= 1)
    assert kind.accepts(0.01) and kind.accepts(1)


def test_a_word_or_a_value():
    kind = or_word("pixels", options.POSITIVE)
    assert kind.words == 'a finite number, positive, or "pixels"' and kind.type_name == 'float or "pixels"'
    assert (
        kind.accepts("pixels") and kind.accepts(2.5) and kind.parse("pixels") == "pixels" and kind.parse("2.5") == 2.5
    )
    for value in ("pixel", 0, None, np.array(["pixels"])):
        assert not kind.accepts(value)


def test_text_of_a_form():
    kind = text_like(r"cpu|cuda(:\d+)?", "'cpu' or 'cuda:N'")
    assert kind.words == "'cpu' or 'cuda:N'"
    for value, expected in (
        ("cpu", True),
        ("cuda", True),
        ("cuda:12", True),
        ("cuda:", False),
        ("xcpu", False),
        (None, False),
    ):
        assert kind.accepts(value) == expected


@dataclass(frozen=True)
class Paint:
    """What a wall is painted with."""

    colour: str = option(one_of("red", "green"), "The colour.", flag="colour", metavar="C")
    coats: int | None = option(options.COUNT, "How often.\nThe second coat hides the first.", 2, may_be_none=True)
    name: str = "no option"

    def __post_init__(self):
        check_options(self)


def test_a_field_carries_what_its_option_is():
    infos = option_infos(Paint)
    assert list(infos) == ["colour", "coats"] and option_infos(Paint("red")) == infos
    assert (infos["colour"].flag, infos["colour"].metavar, infos["colour"].may_be_none) == ("colour", "C", False)
    assert (infos["coats"].flag, infos["coats"].metavar, infos["coats"].may_be_none) == ("", "X", True)
    assert infos["colour"].words == "one of red, green"
    assert infos["coats"].words == "a whole number of at least 1, or None"


def test_good_values_are_kept_and_cannot_be_changed():
    paint = Paint("green", None)
    assert (paint.colour, paint.coats) == ("green", None) and Paint("red").coats == 2
    with pytest.raises(FrozenInstanceError):
        paint.coats = 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("blue",), "^colour should be one of red, green, but is 'blue'$"),
        ((None,), "^colour should be one of red, green, but is None$"),
        (("red", 0), "^coats should be a whole number of at least 1, or None, but is 0$"),
        (("blue", 0), "^colour should be"),
    ],
    ids=str,
)
def test_the_first_bad_value_is_named_with_what_it_should_be(values, message):
    with pytest.raises(InvalidOptionError, match=message):
        Paint(*values)


def test_options_from_a_mapping():
    assert options_from(Paint, {"colour": "red", "coats": 1}, "the wall") == Paint("red", 1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "^the wall needs the option colour$"),
        ({"coats": 1}, "^the wall needs the option colour$"),
        ({"colour": "red", "size": 3, 4: 5}, "^the wall has no option size, 4; it has colour, coats, name$"),
        ({"colour": "blue"}, "^colour should be one of red, green, but is 'blue'$"),
    ],
    ids=str,
)
def test_unknown_missing_and_bad_fields_are_refused(fields, message):
    with pytest.raises(InvalidOptionError, match=message):
        options_from(Paint, fields, "the wall")


def test_a_class_without_options_takes_none():
    @dataclass(frozen=True)
    class Nothing:
        """No options."""

    assert options_from(Nothing, {}, "the floor") == Nothing()
    with pytest.raises(InvalidOptionError, match=r"^the floor has no option colour$"):
        options_from(Nothing, {"colour": "red"}, "the floor")


def test_the_docstring_is_made_of_the_fields():
    assert documented(Paint).__doc__ == (
        "What a wall is painted with.\n"
        "\n"
        "Parameters\n"
        "----------\n"
        'colour : {"red", "green"}\n'
        "    The colour.\n"
        "coats : int or None, default 2\n"
        "    How often.\n"
        "    The second coat hides the first. The value is a whole number of at least 1, or None.\n"
        "\n"
        "Raises\n"
        "------\n"
        "InvalidOptionError\n"
        "    If a value is out of its range."
    )


def test_examples_come_after_the_fields():
    @documented
    @dataclass(frozen=True)
    class Size:
        """A size.

        It has two sentences.

        Examples
        --------
        >>> 1 + 1
        2
        """

        side: int = option(options.COUNT, "The side.", 3)

    head, parameters, rest = Size.__doc__.partition("\n\nParameters\n")
    assert head == "A size.\n\nIt has two sentences." and parameters
    assert rest.endswith("\n\nExamples\n--------\n>>> 1 + 1\n2") and "side : int, default 3" in rest


@pytest.mark.parametrize("options_class", [SolverOptions, *OPTIONS.values()], ids=lambda each: each.__name__)
def test_every_field_of_the_packages_options_has_its_text_and_its_default_in_range(options_class):
    defaults = {"kernel_size": 3} if options_class is SolverOptions else {}
    made = options_class(**defaults)
    infos = option_infos(made)
    assert list(infos) == list(vars(made))
    for name, info in infos.items():
        assert info.text.endswith(".") and f"\n{name} : {info.kind.type_name}" in options_class.__doc__
        if info.flag:
            assert info.flag == info.flag.lower() and " " not in info.flag and "_" not in info.flag
