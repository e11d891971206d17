"""JSON from files: what Python's reader takes and what is refused."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.files.json_text import MOST_LEVELS, is_finite_throughout, parsed_json

leaves = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)


@settings(max_examples=200, deadline=None)
@given(values)
def test_values_come_back(value):
    assert parsed_json(json.dumps(value)) == value
    assert parsed_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{", "Expecting"),
        (b"\xff\xfe", "utf-8"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 50_000, "nested too deeply"),
        ("[" * (MOST_LEVELS + 1) + "1" + "]" * (MOST_LEVELS + 1), "nested too deeply"),
        ("1" * 5000, "more than 64 bits"),
        ("-" + "9" * 400_000, "more than 64 bits"),
        (str(2**63), "more than 64 bits"),
        ('{"a": 1, "a": 2}', "a key twice"),
        ('["\\ud800"]', "surrogates"),
        ('{"\\udfff": 1}', "surrogates"),
    ],
    ids=lambda text: str(text)[:8],
)
def test_what_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parsed_json(text)


def test_levels_and_numbers_at_the_limits():
    assert parsed_json(str(2**63 - 1)) == 2**63 - 1
    deep = parsed_json("[" * MOST_LEVELS + "1" + "]" * MOST_LEVELS)
    assert json.loads(json.dumps(deep)) == deep


@pytest.mark.parametrize("text", ["NaN", "[1, Infinity]", '{"a": [{"b": -Infinity}]}', "1e999"])
def test_infinities_and_nan_are_found(text):
    assert not is_finite_throughout(parsed_json(text))
    assert is_finite_throughout(parsed_json('{"a": [1.5, null, "NaN", true]}'))


def test_huge_floats_are_infinite():
    assert math.isinf(parsed_json("1e999"))
