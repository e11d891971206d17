"""Writing PNG files: Pillow encodes 8 bits a sample, this module 16, and the metadata of both.

This module is written by hand because Pillow can't write 16-bit colour, nor 16-bit grey with alpha. Section numbers are
those of the PNG specification (W3C Recommendation, third edition).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from pydeblur.files.metadata import COLOUR_CHUNKS, Metadata, TextEntry
from pydeblur.files.pillow_writing import write_by_pillow

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE_OF_CHANNELS = {1: 0, 2: 4, 3: 2, 4: 6}
#: IDAT's data is cut into chunks of this many bytes, so that no reader needs it whole.
_IDAT_BYTES = 1 << 20
#: The signature, and the chunk IHDR, which comes first.
_START_BYTES = len(SIGNATURE) + 25
#: Shorter text is not worth packing; and some readers, Pillow among them, refuse packed text of more than 1 MiB.
_PACKED_TEXT_BYTES = range(1024, 1 << 20)


def write_png(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode a PNG file.

    Parameters
    ----------
    samples : (H, W, C) uint8 or uint16 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    icc_profile : bytes, optional
    metadata : Metadata, optional
        As `fit_metadata` gives it for PNG.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from PIL import Image
    >>> caption = Metadata(text=(TextEntry("Description", "a caption"),))
    >>> Image.open(io.BytesIO(write_png(np.zeros((2, 3, 1), np.uint8), None, caption))).info
    {'Description': 'a caption'}
    """
    if samples.dtype == np.uint16:
        return write_png16(samples, icc_profile, metadata)
    plain = write_by_pillow(samples, "PNG")
    return plain[:_START_BYTES] + _metadata_chunks(icc_profile, metadata) + plain[_START_BYTES:]


def write_png16(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode a 16-bit PNG file.

    Parameters
    ----------
    samples : (H, W, C) uint16 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    icc_profile : bytes, optional
    metadata : Metadata, optional
        As `fit_metadata` gives it for PNG.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import numpy as np
    >>> write_png16(np.zeros((2, 3, 4), np.uint16))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPE_OF_CHANNELS[channels], 0, 0, 0)
    rows = samples.astype(">u2").view(np.uint8).reshape(height, -1)
    # Filter 2, "Up": one subtraction, and near enough to the best one for photographs.
    filtered = np.full((height, 1 + rows.shape[1]), 2, np.uint8)
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    packed = zlib.compress(filtered.tobytes(), 6)
    parts = [SIGNATURE, _chunk(b"IHDR", header), _metadata_chunks(icc_profile, metadata)]
    parts += [_chunk(b"IDAT", packed[start : start + _IDAT_BYTES]) for start in range(0, len(packed), _IDAT_BYTES)]
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _metadata_chunks(icc_profile, metadata):
    """Section 5.6: the chunks that come before the pixels."""
    metadata = metadata or Metadata()
    # Section 11.3.2.3: a file may have a profile or the chunk sRGB, not both.
    parts = [
        _chunk(name, body)
        for name, body in metadata.colour
        if name in COLOUR_CHUNKS and (name != b"sRGB" or not icc_profile)
    ]
    if icc_profile:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    if metadata.resolution is not None:
        x, y, unit = metadata.resolution
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", int(x), int(y), unit == "metre")))
    if metadata.exif:
        parts.append(_chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        parts.append(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return b"".join(parts + [_text_chunk(entry) for entry in metadata.text])


def _text_chunk(entry: TextEntry):
    """Section 11.3.3: tEXt and zTXt hold Latin 1, iTXt the rest."""
    keyword = entry.keyword.encode("latin-1") + b"\0"
    try:
        text = entry.text.encode("latin-1")
        international = bool(entry.language or entry.translated)
    except UnicodeEncodeError:
        text, international = entry.text.encode("utf-8", "replace"), True
    packed = len(text) in _PACKED_TEXT_BYTES
    if not international:
        return _chunk(b"zTXt", keyword + b"\0" + zlib.compress(text)) if packed else _chunk(b"tEXt", keyword + text)
    text = entry.text.encode("utf-8", "replace")
    names = entry.language.encode("latin-1", "replace") + b"\0" + entry.translated.encode("utf-8", "replace") + b"\0"
    return _chunk(b"iTXt", keyword + bytes([packed, 0]) + names + (zlib.compress(text) if packed else text))
