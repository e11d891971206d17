"""Changes of the chunks of RIFF files (WebP), whose sizes are right."""

from __future__ import annotations

import random
import struct

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation

_METADATA = (b"EXIF", b"XMP ", b"ICCP")


def blocks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of each chunk."""
    found, place = [], 12
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        found.append((kind, data[place + 8 : place + 8 + size]))
        place += 8 + size + size % 2
    return found


def joined(parts) -> bytes:
    """The file of these chunks."""
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for kind, part in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def change_block(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change a chunk's body blindly."""
    parts = blocks(data)
    place = rng.randrange(len(parts))
    kind, body = parts[place]
    changed = rng.choice(blind.MUTATORS)(rng, body or b"\0", other)
    parts[place] = kind, changed.data
    keeps = kind in _METADATA
    return Mutation(joined(parts), f"in {kind!r}: {changed.recipe}", keeps_pixels=keeps)


def reorder_blocks(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Leave a chunk out or double it."""
    parts = blocks(data)
    place, double = rng.randrange(len(parts)), rng.random() < 0.5
    part = parts[place]
    parts[place : place + 1] = [part, part] if double else []
    return Mutation(joined(parts), f"{'double' if double else 'leave out'} chunk {place} ({part[0]!r})")


MUTATORS = ((change_block, 4), (reorder_blocks, 1))
