"""PNG files of every colour type, depth and coding, by an encoder of the tests' own (PNG specification, second edition)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from tests.fuzz.seeds.seed import Pixels, Seed

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
#: Table 11.1: the depths that each colour type may have.
_DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}
#: First row, first column, row step and column step of the passes of section 8.2.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
_HALF_OF_EXIF = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif_block(orientation: int) -> bytes:
    """A TIFF structure that holds an orientation alone."""
    return _HALF_OF_EXIF + struct.pack("<HHI", orientation, 0, 0)


def metadata_chunks() -> dict[str, bytes]:
    """Chunks that say something of the picture, by a name; they stand before the pixels."""
    profile = zlib.compress(bytes(range(128)) * 3)
    return {
        "gamma": chunk(b"gAMA", struct.pack(">I", 45455)),
        "resolution": chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        "text": chunk(b"tEXt", b"Title\0a caption"),
        "packed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a longer text " * 20)),
        "international text": chunk(b"iTXt", b"Author\0\0\0de\0\0" + "Müller".encode()),
        "xmp": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
        "profile": chunk(b"iCCP", b"profile\0\0" + profile),
        "exif": chunk(b"eXIf", exif_block(1)),
        "time": chunk(b"tIME", struct.pack(">HBBBBB", 2024, 2, 29, 12, 0, 0)),
        "coding points": chunk(b"cICP", bytes([9, 16, 0, 1])),
    }


def encode(samples, colour_type, depth, interlaced=False, rng=None, before=b"", after=b"", pieces=1) -> bytes:
    """A PNG file.

    Parameters
    ----------
    samples : (H, W, C) ndarray of integers
    colour_type, depth : int
    interlaced : bool
    rng : numpy.random.Generator, optional
        Draws each row's filter among all five; else there is none.
    before, after : bytes
        Chunks before and after the pixels.
    pieces : int
        Number of IDAT chunks.
    """
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    passes = [samples[row::down, column::right] for row, column, down, right in _ADAM7] if interlaced else [samples]
    stride = max(1, channels * depth // 8)
    raw = b"".join(_filtered(part, depth, stride, rng) for part in passes if part.size)
    packed = zlib.compress(raw)
    step = -(-len(packed) // pieces)
    data = b"".join(chunk(b"IDAT", packed[start : start + step]) for start in range(0, len(packed), step))
    return SIGNATURE + chunk(b"IHDR", header) + before + data + after + chunk(b"IEND", b"")


def _filtered(part, depth, stride, rng):
    rows = [_packed_row(row.ravel(), depth) for row in part]
    above, lines = bytes(len(rows[0])), []
    for row in rows:
        kind = int(rng.integers(5)) if rng is not None else 0
        lines.append(bytes([kind]) + _filter(kind, row, above, stride))
        above = row
    return b"".join(lines)


def _packed_row(values, depth):
    if depth == 16:
        return values.astype(">u2").tobytes()
    if depth == 8:
        return values.astype(np.uint8).tobytes()
    bits = (values[:, None].astype(np.uint8) >> np.arange(depth - 1, -1, -1, dtype=np.uint8)) & 1
    return np.packbits(bits.ravel()).tobytes()


def _filter(kind, row, above, stride):
    """Section 9.2: the row with what its filter predicts taken away."""
    line = bytearray(len(row))
    for place, value in enumerate(row):
        left = row[place - stride] if place >= stride else 0
        corner = above[place - stride] if place >= stride else 0
        predicted = (0, left, above[place], (left + above[place]) // 2, _paeth(left, above[place], corner))[kind]
        line[place] = (value - predicted) & 0xFF
    return bytes(line)


def _paeth(left, up, corner):
    estimate = left + up - corner
    distances = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    return (left, up, corner)[distances.index(min(distances))]


def random_png(rng: np.random.Generator) -> Seed:
    """A valid PNG file of random colour type, depth, size and coding, with its pixels."""
    colour_type = int(rng.choice(list(_CHANNELS)))
    depth = int(rng.choice(_DEPTHS[colour_type]))
    height, width = (int(side) for side in rng.integers(1, 14, 2))
    samples = rng.integers(0, 1 << depth, (height, width, _CHANNELS[colour_type]))
    expected, needed = _meaning(rng, samples, colour_type, depth)
    chosen = [name for name in metadata_chunks() if rng.random() < 0.2]
    interlaced = bool(rng.random() < 0.4)
    before = b"".join(metadata_chunks()[name] for name in chosen) + needed
    pieces = int(rng.integers(1, 4))
    data = encode(samples, colour_type, depth, interlaced, rng if rng.random() < 0.7 else None, before, b"", pieces)
    name = f"colour type {colour_type}, {depth} bit, {height} × {width}{', interlaced' if interlaced else ''}"
    return Seed(" ".join([name, *chosen]), data, expected, ".png")


def _meaning(rng, samples, colour_type, depth):
    """The pixels that the samples stand for, and the chunks PLTE and tRNS that say so."""
    if colour_type == PALETTE:
        return _palette_meaning(rng, samples, depth)
    values = samples / (2.0**depth - 1)
    if colour_type in (GREY_ALPHA, RGB_ALPHA):
        colour = values[..., :-1]
        return Pixels(colour if colour.shape[2] == 3 else colour[..., 0], values[..., -1]), b""
    colour = values if colour_type == RGB else values[..., 0]
    if rng.random() < 0.3:
        clear = samples[0, 0]
        alpha = (~(samples == clear).all(axis=2)).astype(np.float64)
        return Pixels(colour, alpha), chunk(b"tRNS", clear.astype(">u2").tobytes())
    return Pixels(colour), b""


def _palette_meaning(rng, samples, depth):
    colours = rng.integers(0, 256, (1 << depth, 3)).astype(np.uint8)
    needed = chunk(b"PLTE", colours.tobytes())
    alpha = None
    if rng.random() < 0.3:
        opacities = rng.integers(0, 256, 1 << depth).astype(np.uint8)
        needed += chunk(b"tRNS", opacities.tobytes())
        alpha = opacities[samples[..., 0]] / 255.0
    return Pixels(colours[samples[..., 0]] / 255.0, alpha), needed
