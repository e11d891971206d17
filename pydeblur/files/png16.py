"""PNG files with 16 bits a sample.

This module is written by hand because none of the packages that pydeblur depends on reads 16-bit colour exactly: Pillow
(and so imageio) reads it, and 16-bit grey with alpha, as 8 bit, and can't write it at all. 8-bit PNG files are left to
Pillow. Section numbers are those of the PNG specification (W3C Recommendation, second edition; ISO/IEC 15948).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from pydeblur.files.decoded_image import DecodedImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CHANNELS_OF_COLOUR_TYPE = {0: 1, 2: 3, 4: 2, 6: 4}
_COLOUR_TYPE_OF_CHANNELS = {channels: kind for kind, channels in _CHANNELS_OF_COLOUR_TYPE.items()}
#: Section 8.2: first row, first column, row step and column step of Adam7's passes.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
#: More is refused: a small file can claim, and unpack into, any number of pixels.
MAX_PIXELS = 1 << 28
#: Rows that are unfiltered together: long enough vectors, and few enough that the cache holds what they touch.
_BAND_ROWS = 1024
#: IDAT's data is cut into chunks of this many bytes, so that no reader needs it whole.
_IDAT_BYTES = 1 << 20


def is_png16(data: bytes) -> bool:
    """Whether `data` starts as a PNG file with 16 bits a sample does.

    Examples
    --------
    >>> import numpy as np
    >>> is_png16(write_png16(np.zeros((2, 3, 1), np.uint16))), is_png16(b"BM")
    (True, False)
    """
    return data[:8] == SIGNATURE and data[12:16] == b"IHDR" and data[24:25] == b"\x10"


def read_png16(data: bytes) -> DecodedImage:
    """Decode a 16-bit PNG file.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage
        Samples (H, W, C) uint16; C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. A colour that the file declares
        transparent (tRNS) becomes an alpha channel. gAMA, sBIT and the like are ignored, as Pillow ignores them.

    Raises
    ------
    ValueError
        The file is truncated, a checksum is wrong, it has more than `MAX_PIXELS` pixels, or it breaks the
        specification.

    Examples
    --------
    >>> import numpy as np
    >>> samples = np.array([[[0, 256, 65535]]], np.uint16)
    >>> read_png16(write_png16(samples)).samples.tolist()
    [[[0, 256, 65535]]]
    """
    chunks = _chunks(data)
    if "IHDR" not in chunks or "IDAT" not in chunks:
        raise ValueError("a PNG file needs the chunks IHDR and IDAT")
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", chunks["IHDR"])
    if depth != 16 or colour_type not in _CHANNELS_OF_COLOUR_TYPE or interlace not in (0, 1) or not width * height:
        raise ValueError("its PNG header is not one of a 16-bit image")
    if width * height > MAX_PIXELS:
        raise ValueError(f"it has {width} x {height} pixels, more than {MAX_PIXELS}")
    channels = _CHANNELS_OF_COLOUR_TYPE[colour_type]
    passes = _passes(height, width) if interlace else [(slice(None), slice(None), height, width)]
    samples = _decode_passes(chunks["IDAT"], passes, (height, width, channels))
    if "tRNS" in chunks and channels in (1, 3):
        samples = _with_alpha_from_colour(samples, chunks["tRNS"])
    return DecodedImage(
        samples=samples,
        orientation=_orientation(chunks.get("eXIf", b"")),
        icc_profile=_icc_profile(chunks.get("iCCP", b"")),
        frames=int.from_bytes(chunks["acTL"][:4], "big") if "acTL" in chunks else 1,
    )


def write_png16(samples: np.ndarray, icc_profile: bytes | None = None) -> bytes:
    """Encode a 16-bit PNG file.

    Parameters
    ----------
    samples : (H, W, C) uint16 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    icc_profile : bytes, optional

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
    parts = [SIGNATURE, _chunk(b"IHDR", header)]
    if icc_profile:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    parts += [_chunk(b"IDAT", packed[start : start + _IDAT_BYTES]) for start in range(0, len(packed), _IDAT_BYTES)]
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _chunks(data):
    """Section 5.3: the chunks by name, checksums checked; of IDAT all the bodies joined, of others the first."""
    bodies: dict[bytes, list[bytes]] = {}
    offset = len(SIGNATURE)
    while True:
        length = int.from_bytes(data[offset : offset + 4], "big")
        name, body = data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]
        checksum = data[offset + 8 + length : offset + 12 + length]
        if len(checksum) < 4:
            raise ValueError("the file is truncated")
        if zlib.crc32(name + body) != int.from_bytes(checksum, "big"):
            raise ValueError(f"the checksum of its chunk {name.decode('latin1')} is wrong")
        if name == b"IEND":
            break
        bodies.setdefault(name.decode("latin1"), []).append(body)
        offset += 12 + length
    return {name: b"".join(parts) if name == "IDAT" else parts[0] for name, parts in bodies.items()}


def _passes(height, width):
    """Adam7's passes as (rows, columns, height, width), without the empty ones."""
    for row, column, row_step, column_step in _ADAM7:
        if row < height and column < width:
            rows, columns = slice(row, None, row_step), slice(column, None, column_step)
            yield rows, columns, -(-(height - row) // row_step), -(-(width - column) // column_step)


def _decode_passes(packed, passes, shape):
    """Inflate IDAT, undo the filters and put every pass in its place: (H, W, C) uint16."""
    passes = list(passes)
    pixel_bytes = 2 * shape[2]
    expected = sum(height * (1 + width * pixel_bytes) for _, _, height, width in passes)
    # The limit is there for files that unpack into more than their header says.
    raw = zlib.decompressobj().decompress(packed, expected)
    if len(raw) < expected:
        raise ValueError("the file is truncated")
    samples = np.empty(shape, np.uint16)
    offset = 0
    for rows, columns, height, width in passes:
        size = height * (1 + width * pixel_bytes)
        lines = np.frombuffer(raw, np.uint8, size, offset).reshape(height, -1)
        plain = _unfiltered(lines[:, 0], lines[:, 1:].reshape(height * width, pixel_bytes), height, width)
        samples[rows, columns] = plain.view(">u2").reshape(height, width, shape[2])
        offset += size
    return samples


def _unfiltered(filters, filtered, height, width):
    """Section 9: undo the rows' filters.

    Parameters
    ----------
    filters : (H,) uint8 ndarray
    filtered : (H * W, B) uint8 ndarray
        The bytes of each pixel.

    Returns
    -------
    (H * W, B) uint8 ndarray
    """
    if filters.max() > 4:
        raise ValueError("it uses a filter that PNG does not define")
    # All bits set where the row's filter is 1, 2, 3, 4: choosing by bits is several times faster than by np.choose.
    masks = -(filters == np.arange(1, 5)[:, None]).astype(np.int16)
    plain = np.empty_like(filtered)
    above = np.zeros((width, filtered.shape[1]), np.uint8)
    for row in range(0, height, _BAND_ROWS):
        rows, pixels = slice(row, row + _BAND_ROWS), slice(row * width, (row + _BAND_ROWS) * width)
        _unfilter_band(masks[:, rows], filtered[pixels], above, plain[pixels])
        above = plain[pixels][-width:]
    return plain


def _unfilter_band(masks, filtered, above, plain):
    """Undo the filters of N rows, given the W pixels `above` them, into `plain`.

    A byte depends on its left, upper and upper left neighbours, so the pixels of one antidiagonal depend only on
    the two antidiagonals before it: these are the vectors to compute with. In the flat array of pixels an
    antidiagonal is a slice with step W - 1.
    """
    (width, size), height = above.shape, masks.shape[1]
    # Row r is entry r + 1 of a diagonal, entry 0 is of the row above, and an entry that was not written yet stands
    # for the zeros left of the image. The long axis comes last.
    older, newer = np.zeros((2, size, height + 1), np.int16)
    newer[:, 0] = above[0]
    for diagonal in range(height + width - 1):
        first, stop = max(0, diagonal - width + 1), min(height, diagonal + 1)
        here = slice(diagonal + first * (width - 1), diagonal + (stop - 1) * (width - 1) + 1, max(width - 1, 1))
        values = _predicted(
            masks[:, first:stop], newer[:, first + 1 : stop + 1], newer[:, first:stop], older[:, first:stop]
        )
        values += filtered[here].T
        values &= 255
        plain[here] = values.T
        older[:, first + 1 : stop + 1] = values
        if diagonal + 1 < width:
            older[:, 0] = above[diagonal + 1]
        older, newer = newer, older


def _predicted(masks, left, up, corner):
    """Table 9.1's predictions: (4, N) masks for the filters 1 to 4, (B, N) neighbours and result, all int16."""
    from_left, from_up = up - corner, left - corner
    to_corner = np.abs(from_left + from_up)
    to_left, to_up = np.abs(from_left), np.abs(from_up)
    paeth = np.where(to_up <= to_corner, up, corner)
    np.copyto(paeth, left, where=(to_left <= to_up) & (to_left <= to_corner))
    return (left & masks[0]) | (up & masks[1]) | (((left + up) >> 1) & masks[2]) | (paeth & masks[3])


def _with_alpha_from_colour(samples, transparent):
    """Section 11.3.2.1: the one colour that tRNS names is fully transparent."""
    colour = np.frombuffer(transparent[: 2 * samples.shape[2]], ">u2")
    opaque = (samples != colour).any(axis=2, keepdims=True)
    return np.concatenate([samples, opaque * np.uint16(65535)], axis=2)


def _icc_profile(body):
    """The profile in an iCCP chunk; a damaged one is no reason to refuse the image."""
    try:
        return zlib.decompress(body.split(b"\0", 1)[1][1:])
    except (IndexError, zlib.error):
        return None


def _orientation(exif):
    """The orientation (tag 274) in an eXIf chunk, which is a TIFF header and directory; 1 where there is none."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        return next(_short_values(exif, order, 274), 1) if order else 1
    except struct.error:  # A directory that reaches beyond its chunk is no reason to refuse the image.
        return 1


def _short_values(exif, order, wanted):
    """The values of a tag that holds one 16-bit number; struct.error where the directory is damaged."""
    directory = struct.unpack_from(order + "I", exif, 4)[0]
    for entry in range(struct.unpack_from(order + "H", exif, directory)[0]):
        tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, directory + 2 + 12 * entry)
        if (tag, kind, count) == (wanted, 3, 1):
            yield value
