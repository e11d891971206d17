"""Changes of PNG chunks whose checksums are right."""

from __future__ import annotations

import random
import struct
import zlib

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation
from tests.fuzz.seeds.png_files import SIGNATURE, chunk, metadata_chunks

_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS")
_ANCILLARY = (
    b"tEXt",
    b"zTXt",
    b"iTXt",
    b"iCCP",
    b"eXIf",
    b"gAMA",
    b"cHRM",
    b"pHYs",
    b"sRGB",
    b"sBIT",
    b"tIME",
    b"cICP",
)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of each whole chunk."""
    found, place = [], len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def joined(parts) -> bytes:
    """The file of these chunks."""
    return SIGNATURE + b"".join(chunk(kind, body) for kind, body in parts)


def change_any_chunk(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change a chunk's body blindly."""
    parts = chunks(data)
    place = rng.randrange(len(parts))
    kind, body = parts[place]
    changed = rng.choice(blind.MUTATORS)(rng, body or b"\0", other)
    parts[place] = kind, changed.data
    return Mutation(joined(parts), f"in {kind!r}: {changed.recipe}")


def reorder_chunks(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Leave a chunk out, double it, or move it."""
    parts = chunks(data)
    place, target = rng.randrange(len(parts)), rng.randrange(len(parts))
    action = rng.choice(("leave out", "double", "move"))
    part = parts.pop(place)
    if action == "double":
        parts[place:place] = [part, part]
    elif action == "move":
        parts.insert(target, part)
    return Mutation(joined(parts), f"{action} chunk {place} ({part[0]!r})")


def change_header(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Other numbers in IHDR."""
    parts = chunks(data)
    header = list(struct.unpack(">IIBBBBB", parts[0][1]))
    field = rng.randrange(7)
    sizes = (0, 1, 2, 3, 100, 1 << 14, 1 << 20, (1 << 31) - 1, (1 << 32) - 1)
    header[field] = rng.choice(sizes) if field < 2 else rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 32, 255))
    parts[0] = b"IHDR", struct.pack(">IIBBBBB", *header)
    return Mutation(joined(parts), f"IHDR {header}")


def change_rows(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change the rows below their compression: filter kinds, samples."""
    changed = rng.choice(blind.MUTATORS)(rng, _raw(data), other)
    return Mutation(_with_raw(data, changed.data), f"in the rows: {changed.recipe}")


def leave_rows_out(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Fewer rows than the header says, in an otherwise valid file."""
    raw = _raw(data)
    length = rng.randrange(len(raw))
    return Mutation(_with_raw(data, raw[:length]), f"only {length} of {len(raw)} bytes of rows", lacks_pixels=True)


def change_metadata(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put a chunk in, before the pixels or after them, whose body is damaged metadata."""
    kind, body = chunks(SIGNATURE + rng.choice(list(metadata_chunks().values())))[0]
    if rng.random() < 0.3:
        kind, body = rng.choice(_ANCILLARY), rng.randbytes(rng.randrange(40))
    changed = rng.choice(blind.MUTATORS)(rng, body or b"\0", other)
    parts = [part for part in chunks(data) if part[0] != kind]
    first_data = next(place for place, part in enumerate(parts) if part[0] == b"IDAT")
    place = 1 if rng.random() < 0.7 and first_data >= 1 else len(parts) - 1
    parts.insert(place, (kind, changed.data))
    return Mutation(joined(parts), f"{kind!r} as chunk {place}: {changed.recipe}", keeps_pixels=True)


def pack_much(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """A profile or a text that unpacks to many megabytes."""
    megabytes = rng.choice((1, 4, 64))
    packed = zlib.compress(bytes(megabytes << 20), 1)
    kind, head = rng.choice(((b"iCCP", b"p\0\0"), (b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0")))
    parts = [part for part in chunks(data) if part[0] != kind]
    parts.insert(1, (kind, head + packed))
    return Mutation(joined(parts), f"{kind!r} of {megabytes} MB", keeps_pixels=True)


#: A mutator and how often it is drawn.
MUTATORS = (
    (change_any_chunk, 4),
    (reorder_chunks, 2),
    (change_header, 3),
    (change_rows, 3),
    (leave_rows_out, 1),
    (change_metadata, 4),
    (pack_much, 0.02),
)


def _raw(data):
    return zlib.decompress(b"".join(body for kind, body in chunks(data) if kind == b"IDAT"))


def _with_raw(data, raw):
    parts = chunks(data)
    first = next(place for place, part in enumerate(parts) if part[0] == b"IDAT")
    others = [part for part in parts if part[0] != b"IDAT"]
    others.insert(first, (b"IDAT", zlib.compress(raw)))
    return joined(others)
