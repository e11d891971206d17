"""Changes of the fields of protocol-buffer messages (ONNX files), whose lengths are right."""

from __future__ import annotations

import random

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_NUMBERS = (0, 1, 2, 3, 7, 8, 16, 17, 127, 255, 1 << 20, (1 << 31) - 1, (1 << 32) - 1, (1 << 63), (1 << 64) - 1)
#: Operators and names that may stand in the place of others; one reads from a file, some compute forever.
_TEXTS = (
    b"", b"Conv", b"Relu", b"Loop", b"If", b"Scan", b"Expand", b"Tile", b"ConstantOfShape", b"RandomNormal", b"NoSuchOperator",
    b"logit", b"score", b"image", b"dx", b"../../etc/passwd", b"ai.onnx.ml", b"com.microsoft", b"\xff\xfe", b"a" * 5000, b"{}",
    b"[" * 3000, b'{"name": "x", "channels": [99999999], "pool_after": []}', b'{"channels": [1e999]}',
)  # fmt: skip


def _varint(data, place):
    value, shift = 0, 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def encoded_varint(value: int) -> bytes:
    """An integer in base 128, least significant digit first."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def fields(data: bytes) -> list[tuple[int, int, object]] | None:
    """Number, wire type and value of each field; None if this is no message."""
    found, place = [], 0
    try:
        while place < len(data):
            key, place = _varint(data, place)
            wire = key & 7
            if wire == _VARINT:
                value, place = _varint(data, place)
            elif wire in (_BYTES, _FIXED64, _FIXED32):
                size, place = _varint(data, place) if wire == _BYTES else ((8 if wire == _FIXED64 else 4), place)
                value = data[place : place + size]
                if len(value) < size:
                    return None
                place += size
            else:
                return None
            if key >> 3 == 0:
                return None
            found.append((key >> 3, wire, value))
    except IndexError:
        return None
    return found


def joined(parts) -> bytes:
    """The message of these fields."""
    return b"".join(
        encoded_varint(number << 3 | wire)
        + (
            encoded_varint(value)
            if wire == _VARINT
            else encoded_varint(len(value)) + value
            if wire == _BYTES
            else value
        )
        for number, wire, value in parts
    )


def change_field(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change a field somewhere in the tree of messages: its value, its number, or how often it is there."""
    changed, recipe = _change(rng, data, other, depth=0)
    return Mutation(changed, recipe)


def nest(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put messages into each other, many times, in the place of a field."""
    field, depth = rng.choice((1, 5, 6, 7, 10, 11)), rng.choice((50, 200, 3000))
    message = b""
    for _ in range(depth):
        message = joined([(field, _BYTES, message)])
    number = rng.choice((7, 14, 20))
    return Mutation(data + joined([(number, _BYTES, message)]), f"{depth} messages in each other in field {number}")


def add_external_data(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Say of an initializer that its values lie in another file."""
    model = fields(data)
    graph = next(place for place, part in enumerate(model) if part[0] == 7)
    parts = fields(model[graph][2])
    places = [place for place, part in enumerate(parts) if part[0] == 5]
    place = rng.choice(places)
    location = rng.choice((b"weights.bin", b"/dev/zero", b"/etc/passwd", b"../x", b""))
    entry = joined([(1, _BYTES, b"location"), (2, _BYTES, location)])
    tensor = [part for part in fields(parts[place][2]) if part[0] != 9 or rng.random() < 0.5]
    parts[place] = 5, _BYTES, joined([*tensor, (13, _BYTES, entry), (14, _VARINT, 1)])
    model[graph] = 7, _BYTES, joined(parts)
    return Mutation(joined(model), f"initializer {place} lies in {location!r}")


MUTATORS = ((change_field, 8), (nest, 0.5), (add_external_data, 0.5))


def _change(rng, data, other, depth):
    parts = fields(data)
    if not parts or (depth > 1 and rng.random() < 0.1):
        return _changed_bytes(rng, data, other)
    place = rng.randrange(len(parts))
    number, wire, value = parts[place]
    if rng.random() < 0.15:
        action = rng.choice(("leave out", "double", "renumber", "many"))
        copies = {"leave out": 0, "double": 2, "renumber": 1, "many": 300}[action]
        number = rng.choice((1, 2, 3, 4, 5, 7, 8, 9, 14, 1000)) if action == "renumber" else number
        parts[place : place + 1] = [(number, wire, value)] * copies
        return joined(parts), f"{action} field {number} at depth {depth}"
    if wire == _VARINT:
        value, recipe = rng.choice(_NUMBERS), f"field {number} is another number at depth {depth}"
    elif wire == _BYTES:
        value, recipe = _change(rng, value, other, depth + 1)
        recipe = f"{number}/{recipe}"
    else:
        value, recipe = rng.randbytes(len(value)), f"field {number} is random at depth {depth}"
    parts[place] = number, wire, value
    return joined(parts), recipe


def _changed_bytes(rng, data, other):
    if not data or rng.random() < 0.5:
        text = rng.choice(_TEXTS)
        return text, f"text {text[:20]!r}"
    changed = rng.choice(blind.MUTATORS)(rng, data, other)
    return changed.data, changed.recipe
