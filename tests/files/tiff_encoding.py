"""A TIFF encoder written from TIFF 6.0, for what other libraries do not write: packed bits, fill order, 24-bit floats."""

import struct

import numpy as np

#: Compressions by their tag's value and the function of imagecodecs.
COMPRESSIONS = {None: 1, "lzw": 5, "zlib": 8, "packbits": 32773, "lzma": 34925, "zstd": 50000}


def tiff_file(tags, segments, byteorder="<"):
    """A file of one directory; `tags` are {tag: list of SHORT}, `segments` the bytes of its strips or tiles.

    The tags of the places and lengths of strips (273, 279) or tiles (324, 325) are added.
    """
    offsets, lengths = (324, 325) if 322 in tags else (273, 279)
    data, places = b"", []
    for segment in segments:
        places.append(8 + len(data))
        data += segment + b"\0" * (len(segment) % 2)
    entries = [(tag, "H", list(values)) for tag, values in tags.items()]
    entries += [(offsets, "I", places), (lengths, "I", [len(segment) for segment in segments])]
    start = 8 + len(data)
    behind = start + 2 + 12 * len(entries) + 4
    directory, rest = struct.pack(byteorder + "H", len(entries)), b""
    for tag, code, values in sorted(entries):
        packed = struct.pack(f"{byteorder}{len(values)}{code}", *values)
        if len(packed) > 4:
            packed, rest = struct.pack(byteorder + "I", behind + len(rest)), rest + packed + b"\0" * (len(packed) % 4)
        kind = {"H": 3, "I": 4}[code]
        directory += struct.pack(byteorder + "HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    header = (b"II*\0" if byteorder == "<" else b"MM\0*") + struct.pack(byteorder + "I", start)
    return header + data + directory + bytes(4) + rest


def packed_rows(samples, bits, byteorder="<"):
    """The bytes of (H, W, C) unsigned samples, each row from a byte of its own on (section "Data", bits from the left)."""
    if bits in (8, 16):
        return samples.astype(f"{byteorder}u{bits // 8}").tobytes()
    planes = [(samples.reshape(len(samples), -1) >> place) & 1 for place in range(bits - 1, -1, -1)]
    rows = np.stack(planes, axis=-1).reshape(len(samples), -1)
    return np.packbits(rows.astype(np.uint8), axis=1).tobytes()


def compressed(data, compression):
    if compression is None:
        return data
    import imagecodecs

    return bytes(getattr(imagecodecs, f"{compression}_encode")(data))


def reversed_bits(data):
    return np.packbits(np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, 8)[:, ::-1]).tobytes()


def encoded(
    samples,
    bits,
    compression=None,
    photometric=1,
    byteorder="<",
    rows=None,
    tile=None,
    planar=False,
    fill_order=1,
    more=None,
):
    """The file of (H, W, C) unsigned samples of `bits` bits each, in strips of `rows` rows or in tiles."""
    height, width, channels = samples.shape
    planes = [samples[..., place : place + 1] for place in range(channels)] if planar else [samples]
    length, side = tile or (rows or height, width)
    parts = []
    for plane in planes:
        for row in range(0, height, length):
            for column in range(0, width, side):
                part = plane[row : row + length, column : column + side]
                if tile:
                    part = np.pad(part, ((0, length - part.shape[0]), (0, side - part.shape[1]), (0, 0)))
                data = compressed(packed_rows(part, bits, byteorder), compression)
                parts.append(reversed_bits(data) if fill_order == 2 else data)
    tags = {
        256: [width],
        257: [height],
        258: [bits] * channels,
        259: [COMPRESSIONS[compression]],
        262: [photometric],
        266: [fill_order],
        277: [channels],
        284: [2 if planar else 1],
        **({322: [side], 323: [length]} if tile else {278: [length]}),
        **(more or {}),
    }
    return tiff_file(tags, parts, byteorder)
