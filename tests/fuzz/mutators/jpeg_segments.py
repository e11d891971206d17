"""Changes of JPEG segments whose lengths are right."""

from __future__ import annotations

import random
import struct

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation

_START_OF_SCAN = 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2)
#: COM, APP1 (EXIF and XMP), APP2 (profiles), APP13 (Photoshop).
_METADATA = (0xFE, 0xE1, 0xE2, 0xED)
_HEADS = {
    0xE1: (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"),
    0xE2: (b"ICC_PROFILE\0\1\1", b"MPF\0"),
    0xED: (b"Photoshop 3.0\0",),
}


def segments(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Marker and body of each segment before the first scan; and the rest of the file."""
    found, place = [], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != _START_OF_SCAN:
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        found.append((data[place + 1], data[place + 4 : place + 2 + length]))
        place += 2 + length
    return found, data[place:]


def joined(parts, rest) -> bytes:
    """The file of these segments."""
    return b"\xff\xd8" + b"".join(_segment(marker, body[:65533]) for marker, body in parts) + rest


def change_any_segment(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change a segment's body blindly."""
    parts, rest = segments(data)
    place = rng.randrange(len(parts))
    marker, body = parts[place]
    changed = rng.choice(blind.MUTATORS)(rng, body or b"\0", other)
    parts[place] = marker, changed.data
    return Mutation(joined(parts, rest), f"in segment {marker:#x}: {changed.recipe}")


def reorder_segments(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Leave a segment out, double it, or move it."""
    parts, rest = segments(data)
    place, action = rng.randrange(len(parts)), rng.choice(("leave out", "double", "move"))
    part = parts.pop(place)
    if action == "double":
        parts[place:place] = [part, part]
    elif action == "move":
        parts.insert(rng.randrange(len(parts) + 1), part)
    return Mutation(joined(parts, rest), f"{action} segment {place} ({part[0]:#x})")


def change_frame(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Other numbers in the frame's header: precision, height, width, components, sampling."""
    parts, rest = segments(data)
    place = next(place for place, part in enumerate(parts) if part[0] in _FRAMES)
    marker, body = parts[place]
    header = bytearray(body)
    header[rng.randrange(len(header))] = rng.choice((0, 1, 2, 4, 8, 12, 0x11, 0x7F, 0xFF))
    parts[place] = rng.choice((marker, marker, 0xC0, 0xC2, 0xC3)), bytes(header)
    return Mutation(joined(parts, rest), f"frame header {bytes(header).hex()}")


def change_scan(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change the coded samples blindly."""
    parts, rest = segments(data)
    changed = rng.choice(blind.MUTATORS)(rng, rest, other)
    return Mutation(joined(parts, changed.data), f"in the scan: {changed.recipe}")


def change_metadata(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put a segment of damaged metadata in, or damage one that is there."""
    parts, rest = segments(data)
    places = [place for place, part in enumerate(parts) if part[0] in _METADATA]
    if not places or rng.random() < 0.5:
        marker = rng.choice(_METADATA)
        body = rng.choice(_HEADS.get(marker, (b"",))) + rng.randbytes(rng.randrange(40))
        places = [min(1, len(parts))]
        parts.insert(places[0], (marker, body))
    place = rng.choice(places)
    marker, body = parts[place]
    changed = rng.choice(blind.MUTATORS)(rng, body or b"\0", other)
    parts[place] = marker, changed.data
    return Mutation(joined(parts, rest), f"in segment {marker:#x}: {changed.recipe}", keeps_pixels=True)


MUTATORS = (
    (change_any_segment, 3),
    (reorder_segments, 2),
    (change_frame, 2),
    (change_scan, 3),
    (change_metadata, 4),
)


def _segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
