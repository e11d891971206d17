"""Changes of the tags of MAT-file elements (version 5 and 7) and of version 4 headers."""

from __future__ import annotations

import random
import struct
import zlib

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation

_COMPRESSED, _MATRIX = 15, 14
_HEADER = 128
_TYPES = (*range(20), 0x100, 0x1000, 0x7FFF, 0xFFFF)


def is_version_4(data: bytes) -> bool:
    """Whether a file has no header of version 5."""
    return data[126:128] not in (b"IM", b"MI")


def change_tag(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Another type or size in the tag of an element, also inside of a compressed one."""
    if is_version_4(data):
        return _change_version_4(rng, data)
    places = list(_tags(data, _HEADER, len(data)))
    place = rng.choice(places)
    kind, size = struct.unpack_from("<II", data, place)
    if kind == _COMPRESSED and rng.random() < 0.9:
        inside = zlib.decompress(data[place + 8 : place + 8 + size])
        changed, recipe = _with_other_tag(rng, inside, rng.choice(list(_tags(inside, 0, len(inside)))))
        return Mutation(_with_element(data, place, size, changed), f"compressed: {recipe}")
    changed, recipe = _with_other_tag(rng, data, place)
    return Mutation(changed, recipe)


def change_inside(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change an element blindly, a compressed one below its compression."""
    if is_version_4(data):
        return _change_version_4(rng, data)
    place = rng.choice(list(_elements(data, _HEADER, len(data))))
    kind, size = struct.unpack_from("<II", data, place)
    body = data[place + 8 : place + 8 + size]
    inside = zlib.decompress(body) if kind == _COMPRESSED else body
    changed = rng.choice(blind.MUTATORS)(rng, inside or b"\0", other)
    if kind == _COMPRESSED:
        return Mutation(_with_element(data, place, size, changed.data), f"compressed: {changed.recipe}")
    head = struct.pack("<II", kind, len(changed.data))
    return Mutation(data[:place] + head + changed.data + data[place + 8 + size :], f"in element: {changed.recipe}")


def change_file_header(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Another version or mark of the byte order."""
    changed = bytearray(data)
    value = rng.choice((0, 1, 2, 3, 0xFF))
    changed[rng.choice((0, 1, 2, 3, *range(124, 128))) % len(data)] = value
    return Mutation(bytes(changed), "another file header")


def nest(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """A matrix inside of matrices, or a compressed element inside of compressed elements."""
    if is_version_4(data):
        return _change_version_4(rng, data)
    depth, body, kind = rng.choice((2, 50, 2000)), data[_HEADER:], rng.choice((_MATRIX, _COMPRESSED, 1))
    for _ in range(depth if kind != _COMPRESSED else min(depth, 200)):
        body = zlib.compress(body, 1) if kind == _COMPRESSED else body
        body = struct.pack("<II", kind, len(body)) + body
    return Mutation(data[:_HEADER] + body, f"{depth} elements of type {kind} in each other")


MUTATORS = ((change_tag, 6), (change_inside, 3), (change_file_header, 0.5), (nest, 0.3))


def _with_other_tag(rng, data, place):
    kind, size = struct.unpack_from("<II", data, place)
    if kind >> 16 and rng.random() < 0.5:
        kind, size = kind >> 16 << 16 | rng.choice(_TYPES), size
    elif rng.random() < 0.5:
        kind = rng.choice(_TYPES)
    else:
        size = rng.choice((*blind.BOUNDARIES_32, max(size - 1, 0), size + 1, size + 8, 8 * size))
    changed = bytearray(data)
    struct.pack_into("<II", changed, place, kind, size & 0xFFFFFFFF)
    return bytes(changed), f"type {kind:#x}, size {size} at {place}"


def _with_element(data, place, size, inside):
    packed = zlib.compress(inside, 1)
    return data[:place] + struct.pack("<II", _COMPRESSED, len(packed)) + packed + data[place + 8 + size :]


def _elements(data, start, end):
    """The places of the elements' tags, not of those inside of them."""
    while start + 8 <= end:
        kind, size = struct.unpack_from("<II", data, start)
        yield start
        if kind >> 16:
            start += 8
        else:
            start += 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)


def _tags(data, start, end):
    """The places of all tags."""
    for place in _elements(data, start, end):
        yield place
        kind, size = struct.unpack_from("<II", data, place)
        if kind == _MATRIX:
            yield from _tags(data, place + 8, min(place + 8 + size, end))


def _change_version_4(rng, data):
    """Another number among the five of a version 4 header."""
    changed, field = bytearray(data), rng.randrange(5)
    value = rng.choice((*blind.BOUNDARIES_32, 10, 20, 51, 100, 1000, 1010, 4000))
    struct.pack_into(rng.choice("<>") + "I", changed, 4 * field, value)
    return Mutation(bytes(changed), f"version 4 header: field {field} is {value:#x}")
