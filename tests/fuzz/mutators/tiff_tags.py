"""Changes of the entries of TIFF directories, classic and BigTIFF, in both byte orders."""

from __future__ import annotations

import random
import struct
from typing import NamedTuple

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation

_TAGS = (
    254,
    256,
    257,
    258,
    259,
    262,
    266,
    273,
    274,
    277,
    278,
    279,
    284,
    317,
    320,
    322,
    323,
    324,
    325,
    330,
    338,
    339,
    34675,
)
_VALUES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 100, 32773, 32803, 32946, 34712, 50000, 0xFFFF)
#: ImageDescription, Make, Model, XResolution, YResolution, ResolutionUnit, Software, DateTime, Artist, XMP, Copyright,
#: the ICC profile.
METADATA_TAGS = (270, 271, 272, 282, 283, 296, 305, 306, 315, 700, 33432, 34675)


class _Layout(NamedTuple):
    """Where the entries of the first directory lie."""

    order: str
    word: str
    entry_size: int
    start: int
    count: int

    def entry(self, place):
        return self.start + place * self.entry_size


def _layout(data):
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    word, entry_size = ("Q", 20) if big else ("I", 12)
    (directory,) = struct.unpack_from(order + word, data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, directory)
    return _Layout(order, word, entry_size, directory + (8 if big else 2), count)


def change_entry(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Another tag, type, count or value in an entry."""
    layout, changed = _layout(data), bytearray(data)
    place = rng.randrange(layout.count)
    offset, size = layout.entry(place), struct.calcsize(layout.word)
    (tag,) = struct.unpack_from(layout.order + "H", data, offset)
    part = rng.choice(("tag", "type", "count", "value", "value", "short value"))
    value = rng.choice(blind.BOUNDARIES_32 + _VALUES)
    if part == "tag":
        struct.pack_into(layout.order + "H", changed, offset, rng.choice(_TAGS))
    elif part == "type":
        struct.pack_into(layout.order + "H", changed, offset + 2, rng.randrange(20))
    elif part == "count":
        struct.pack_into(layout.order + layout.word, changed, offset + 4, value)
    elif part == "value":
        struct.pack_into(layout.order + layout.word, changed, offset + 4 + size, value)
    else:
        value &= 0xFFFF
        struct.pack_into(layout.order + "H", changed, offset + 4 + size, value)
    return Mutation(bytes(changed), f"tag {tag}: {part} {value:#x}")


def drop_entry(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Write one entry over another, so that a tag is missing and one is there twice."""
    layout, changed = _layout(data), bytearray(data)
    source, target = layout.entry(rng.randrange(layout.count)), layout.entry(rng.randrange(layout.count))
    changed[target : target + layout.entry_size] = data[source : source + layout.entry_size]
    (tag,) = struct.unpack_from(layout.order + "H", data, target)
    return Mutation(bytes(changed), f"no tag {tag}")


def link_directories(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Let the list of directories run in a circle or out of the file."""
    layout, changed = _layout(data), bytearray(data)
    header = 8 if layout.word == "Q" else 2
    target = rng.choice((layout.start - header, 1, 8, len(data) - 2, len(data), 0x7FFFFFFF))
    end = layout.entry(layout.count)
    changed[end : end + struct.calcsize(layout.word)] = struct.pack(layout.order + layout.word, target)
    return Mutation(bytes(changed), f"next directory at {target}")


def change_metadata(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Damage the values of tags that say something of the picture, not those of its pixels."""
    layout, changed = _layout(data), bytearray(data)
    offsets = [layout.entry(place) for place in range(layout.count)]
    tags = {struct.unpack_from(layout.order + "H", data, offset)[0]: offset for offset in offsets}
    known = [tag for tag in METADATA_TAGS if tag in tags]
    if not known:
        return Mutation(data, "unchanged", keeps_pixels=True)
    tag, size = rng.choice(known), struct.calcsize(layout.word)
    offset, part = tags[tag], rng.choice(("type", "count", "value", "value"))
    value = rng.choice(blind.BOUNDARIES_32)
    if part == "type":
        struct.pack_into(layout.order + "H", changed, offset + 2, rng.randrange(20))
    else:
        struct.pack_into(layout.order + layout.word, changed, offset + 4 + size * (part == "value"), value)
    return Mutation(bytes(changed), f"metadata tag {tag}: {part} {value:#x}", keeps_pixels=True)


MUTATORS = ((change_entry, 6), (drop_entry, 1), (link_directories, 1), (change_metadata, 3))
