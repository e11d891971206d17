"""Reading PNG files with all their bits.

Pillow inflates and filters, for it does so in compiled code. The chunks are read here, for three reasons: Pillow turns
16-bit colour into 8 bits, it takes rows that are missing for black ones, and it refuses files for their text or their
profile. Section numbers are those of the PNG specification (W3C Recommendation, third edition).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image

from pydeblur.files.decoded_image import DecodedImage, check_pixel_count
from pydeblur.files.metadata import of_png_chunks
from pydeblur.files.pillow_reading import read_by_pillow
from pydeblur.files.png_chunks import PngChunks, check_packed_pixels, png_chunks

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
#: Pillow's mode and, for the high and the low byte of each 16-bit sample, its names of what a row holds.
_HALVES = {3: ("RGB", "RGB;16B", "RGB;16L"), 4: ("RGBA", "RGBA;16B", "RGBA;16L")}


def read_png(data: bytes) -> DecodedImage:
    """Decode a PNG file of any depth.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage
        Samples (H, W, C) uint8, or uint16 from 16-bit files; C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Fewer bits
        and palettes become 8-bit ones. A colour that the file declares transparent (tRNS) becomes an alpha channel.
        gAMA, sBIT and the like are not applied.

    Raises
    ------
    ValueError
        The file is truncated, its pixels or what they depend on are damaged, or it is larger than `MAX_PIXELS`.

    Examples
    --------
    >>> from pydeblur.files.pillow_writing import write_by_pillow
    >>> read_png(write_by_pillow(np.array([[[7], [9]]], np.uint8), "PNG")).samples.tolist()
    [[[7], [9]]]
    """
    chunks = png_chunks(data)
    header = chunks.header
    check_pixel_count(header.width, header.height)
    check_packed_pixels(chunks)
    if header.depth == 16:
        samples = _deep_samples(chunks)
    else:
        samples = read_by_pillow(_pixels_only(chunks), "PNG").samples
    transparent = chunks.first(b"tRNS")
    if transparent is not None and header.colour_type in (_GREY, _RGB):
        samples = _with_alpha_from_colour(samples, transparent, header.depth)
    animation = chunks.first(b"acTL")
    frames = int.from_bytes(animation[:4], "big") if animation else 1
    decoded = DecodedImage(samples=samples, frames=max(frames, 1), remarks=chunks.remarks)
    return decoded.with_collected(of_png_chunks(chunks.others))


def _pixels_only(chunks: PngChunks) -> bytes:
    """A PNG file of the same pixels, without anything that Pillow could stumble upon."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *chunks.header))]
    if chunks.header.colour_type == _PALETTE:
        parts += [(name, body) for name in (b"PLTE", b"tRNS") if (body := chunks.first(name)) is not None]
    parts += [(b"IDAT", chunks.idat), (b"IEND", b"")]
    pieces = [PNG_SIGNATURE]
    for name, body in parts:
        pieces += [struct.pack(">I", len(body)), name, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))]
    return b"".join(pieces)


def _deep_samples(chunks: PngChunks) -> np.ndarray:
    """The (H, W, C) uint16 samples of a 16-bit file.

    Undoing the filters needs only the number of bytes of a pixel, so 16-bit grey with alpha is decoded as 8-bit RGBA;
    RGB and RGBA have no 8-bit twin, and are decoded once for the high bytes and once for the low ones.
    """
    channels = chunks.header.channels
    if channels == 1:
        return _unpacked(chunks, "I;16", "I;16B")[..., None]
    if channels == 2:
        return _unpacked(chunks, "RGBA", "RGBA").view(">u2").astype(np.uint16)
    mode, high, low = _HALVES[channels]
    samples = _unpacked(chunks, mode, high).astype(np.uint16)
    samples <<= 8
    samples |= _unpacked(chunks, mode, low)
    return samples


def _unpacked(chunks, mode, raw_mode):
    header = chunks.header
    size = (header.width, header.height)
    try:
        return np.asarray(Image.frombytes(mode, size, chunks.idat, "zip", raw_mode, header.interlaced))
    except ValueError as error:  # The size and the checksum of the inflated data were checked before.
        raise ValueError("a row has a filter that PNG does not define") from error


def _with_alpha_from_colour(samples, transparent, depth):
    """Section 11.3.1.1: the one colour that tRNS names, in the file's own depth, is fully transparent."""
    channels = samples.shape[2]
    if len(transparent) != 2 * channels:
        raise ValueError("its transparent colour (the chunk tRNS) is damaged")
    colour = np.frombuffer(transparent, ">u2").astype(np.int64)
    if depth < 8:
        colour *= 255 // (2**depth - 1)
    opaque = (samples != colour).any(axis=2, keepdims=True).astype(samples.dtype)
    return np.concatenate([samples, opaque * np.array(np.iinfo(samples.dtype).max, samples.dtype)], axis=2)
