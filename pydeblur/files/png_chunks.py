"""The chunks of a PNG file: sections 5 and 11 of the PNG specification (W3C Recommendation, third edition)."""

from __future__ import annotations

import re
import struct
import zlib
from typing import NamedTuple

_SIGNATURE_BYTES = 8
#: The critical chunks, and the one that changes what is seen and is therefore not left out where it is damaged.
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_OF_PIXELS = (*_CRITICAL, b"tRNS")
_CHANNELS_OF_COLOUR_TYPE = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS_OF_COLOUR_TYPE = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
#: Section 8.2: first row, first column, row step and column step of Adam7's passes.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
_INFLATE_STEP = 1 << 20


class PngHeader(NamedTuple):
    """The chunk IHDR, section 11.2.2.

    Examples
    --------
    >>> PngHeader(5, 2, 16, 2, 0, 0, 0).channels
    3
    """

    width: int
    height: int
    depth: int
    colour_type: int
    compression: int
    filtering: int
    interlaced: int

    @property
    def channels(self) -> int:
        """How many samples a pixel has; the index into a palette is one."""
        return _CHANNELS_OF_COLOUR_TYPE[self.colour_type]

    def packed_bytes(self) -> int:
        """How many bytes IDAT holds once it is inflated: one per row for the filter, and the row's samples.

        Examples
        --------
        >>> PngHeader(5, 2, 16, 2, 0, 0, 0).packed_bytes()
        62
        """
        bits = self.channels * self.depth
        if not self.interlaced:
            return self.height * (1 + (self.width * bits + 7) // 8)
        total = 0
        for row, column, row_step, column_step in _ADAM7:
            height, width = -(-(self.height - row) // row_step), -(-(self.width - column) // column_step)
            # A pass without columns has no rows either, not even their filters.
            if height > 0 and width > 0:
                total += height * (1 + (width * bits + 7) // 8)
        return total


class PngChunks(NamedTuple):
    """A PNG file, cut into its chunks.

    Attributes
    ----------
    header : PngHeader
    idat : bytes
        The compressed pixels, of all IDAT chunks together.
    others : list of (bytes, bytes)
        Names and bodies of all other chunks but IEND, in their order.
    remarks : tuple of str
        Which chunks were left out because they are damaged.
    """

    header: PngHeader
    idat: bytes
    others: list[tuple[bytes, bytes]]
    remarks: tuple[str, ...]

    def first(self, name: bytes) -> bytes | None:
        """The body of the first chunk of this name, or None."""
        return next((body for kind, body in self.others if kind == name), None)


def png_chunks(data: bytes) -> PngChunks:
    """Cut a PNG file into its chunks, and check what the pixels depend on.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    PngChunks

    Raises
    ------
    ValueError
        The file is truncated, the header is not one of the specification, or a chunk that the pixels depend on is
        damaged or unknown. The other chunks are checked too, but a damaged one is only left out.

    Examples
    --------
    >>> from pydeblur.files.pillow_writing import write_by_pillow
    >>> import numpy as np
    >>> png_chunks(write_by_pillow(np.zeros((2, 3, 1), np.uint8), "PNG")).header.width
    3
    """
    header, idat, others, damaged = None, [], [], []
    for name, body, whole in _walk(data):
        text = name.decode("latin1") if name.isalpha() else repr(name)
        if not whole:
            if name in _OF_PIXELS or not _is_ancillary(name):
                raise ValueError(f"the checksum of its chunk {text} is wrong")
            damaged.append(text)
        elif name == b"IHDR":
            header = header or _checked_header(body)
        elif name == b"IDAT":
            idat.append(body)
        elif name not in _CRITICAL and not _is_ancillary(name):
            raise ValueError(f"it has the chunk {text}, which PNG does not define and the pixels depend on")
        elif name != b"IEND":
            others.append((name, body))
    if header is None or not idat:
        raise ValueError("a PNG file needs the chunks IHDR and IDAT")
    names = ", ".join(dict.fromkeys(damaged))
    remarks = (f"has damaged chunks ({names}), which are left out",) if damaged else ()
    return PngChunks(header, b"".join(idat), others, remarks)


def _is_ancillary(name):
    """Section 5.4: the first letter is a small one."""
    return re.fullmatch(rb"[a-z][A-Za-z]{3}", name) is not None


def _walk(data):
    """Section 5.3: each chunk's name, body, and whether its checksum is right; IEND is the last."""
    offset, name = _SIGNATURE_BYTES, b""
    while name != b"IEND":
        length = int.from_bytes(data[offset : offset + 4], "big")
        name, body = data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]
        checksum = data[offset + 8 + length : offset + 12 + length]
        if len(checksum) < 4:
            raise ValueError("the file is truncated")
        yield name, body, zlib.crc32(body, zlib.crc32(name)) == int.from_bytes(checksum, "big")
        offset += 12 + length


def _checked_header(body):
    if len(body) != 13:
        raise ValueError("its header has not the 13 bytes that PNG defines")
    header = PngHeader(*struct.unpack(">IIBBBBB", body))
    known = header.depth in _DEPTHS_OF_COLOUR_TYPE.get(header.colour_type, ())
    if not known or header.compression or header.filtering or header.interlaced > 1:
        raise ValueError("its header has values that PNG does not define")
    return header


def check_packed_pixels(chunks: PngChunks) -> None:
    """Inflate the compressed pixels, in small steps, to see whether all of them are there.

    Raises
    ------
    ValueError
        The data are damaged, or fewer than the header promises; then the message tells how many rows are there.

    Examples
    --------
    >>> import zlib
    >>> header = PngHeader(5, 2, 8, 0, 0, 0, 0)
    >>> check_packed_pixels(PngChunks(header, zlib.compress(bytes(12)), [], ()))
    >>> check_packed_pixels(PngChunks(header, zlib.compress(bytes(6)), [], ()))
    Traceback (most recent call last):
        ...
    ValueError: it is truncated: 6 of its 12 bytes of pixels are there
    """
    expected = chunks.header.packed_bytes()
    inflater, found, rest = zlib.decompressobj(), 0, chunks.idat
    try:
        while found < expected:
            step = inflater.decompress(rest, min(_INFLATE_STEP, expected - found))
            rest, found = inflater.unconsumed_tail, found + len(step)
            if not step and (inflater.eof or not rest):
                raise ValueError(f"it is truncated: {found} of its {expected} bytes of pixels are there")
        # The checksum of all pixels follows the last of them.
        if not inflater.eof:
            inflater.decompress(rest, 1)
    except zlib.error as error:
        raise ValueError("its compressed pixels are damaged") from error
