"""Changes of text files: tokens of JSON lines and of tables."""

from __future__ import annotations

import json
import random

from tests.fuzz.mutators.mutation import Mutation

_TOKENS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-0", "9" * 400, "9" * 5000, "null", "true", '""', "[]", "{}",
    '"\\ud800"', '"\\u0000"',
    "[" * 50000, '{"a":' * 3000, "'", '"', ",", "\t", "\n", "\r", "\0", "é", "\ufeff", "-1", "0x10", "1_000", "½", "٣",
)  # fmt: skip
_VALUES = (None, True, 0, -1, 1.5, 10**30, "", "text", [], {}, [[]], {"a": 1}, ["kernel"], [1, None], "2026-13-45")


def replace_token(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put a token of any kind in the place of one that is there."""
    text = data.decode("utf-8", "replace")
    start = rng.randrange(len(text))
    end = start + rng.choice((0, 1, 1, 3, 10))
    token = rng.choice(_TOKENS)
    return Mutation((text[:start] + token + text[end:]).encode(), f"{token[:20]!r} at {start}")


def replace_value(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put another value under a key of a line of JSON; other texts get another cell."""
    lines = data.decode("utf-8", "replace").split("\n")
    place = rng.randrange(len(lines))
    try:
        fields = json.loads(lines[place])
        key, value = rng.choice(list(fields)), rng.choice(_VALUES)
    except (ValueError, TypeError, IndexError):
        return _replace_cell(rng, lines, place)
    fields[key] = value
    if rng.random() < 0.2:
        del fields[key]
    lines[place] = json.dumps(fields)
    return Mutation("\n".join(lines).encode(), f"{key} is {value!r}")


def _replace_cell(rng, lines, place):
    separator = rng.choice(",\t")
    cells = lines[place].split(separator)
    cell = rng.randrange(len(cells))
    cells[cell : cell + 1] = rng.choice(([], [""], [rng.choice(_TOKENS)], [str(rng.choice(_VALUES))], ["1", "2"]))
    lines[place] = separator.join(cells)
    return Mutation("\n".join(lines).encode(), f"another cell in line {place}")


MUTATORS = ((replace_token, 3), (replace_value, 4))
