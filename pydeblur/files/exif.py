"""EXIF data, which is a TIFF file without pixels: reading, turning upright, adding to, and moving in and out of TIFF.

This module is written by hand because Pillow's class `Exif` guesses the types of the values when it writes, and moves
them: maker notes, which hold positions within the block, do not survive that. Here a block is changed in place, or by
a new first directory at its end. Section numbers are those of TIFF 6.0; the tags are those of Exif 2.32.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 282, 283, 296
DOCUMENT_NAME, DESCRIPTION, SOFTWARE, DATE_TIME, ARTIST, COPYRIGHT = 269, 270, 305, 306, 315, 33432
XMP, IPTC, ICC_PROFILE = 700, 33723, 34675
_EXIF_DIRECTORY, _GPS_DIRECTORY, _INTEROPERABILITY_DIRECTORY = 34665, 34853, 40965
_BELOW = (_EXIF_DIRECTORY, _GPS_DIRECTORY, _INTEROPERABILITY_DIRECTORY)
_PIXEL_WIDTH, _PIXEL_HEIGHT = 0xA002, 0xA003
_FOCAL_LENGTH_35MM = 0xA405
#: Where a thumbnail's bytes are, and how many: as JPEG, or as strips.
_THUMBNAIL_PLACES = ((513, 514), (273, 279))

#: Bytes of a value, and of the numbers that it consists of, for each type (section 2).
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBER_BYTES = {**_VALUE_BYTES, 5: 4, 10: 4}
_ASCII, _SHORT, _LONG, _RATIONAL, _LONG8 = 2, 3, 4, 5, 16
_POINTERS = (13, 17, 18)

#: Tags of a TIFF directory that say how its pixels are stored or point at them, or describe other images of the file
#: (further sizes, layers, stacks): they are wrong for any other file. Resolution, XMP, IPTC and ICC go their own way.
_STORAGE = frozenset(
    (*range(254, 267), *range(273, 285), *range(286, 294), 296, 297, 301, 317, *range(320, 348), *range(512, 533), 559)
    + (XMP, IPTC, 34377, ICC_PROFILE, 37724, 50838, 50839)
    + (*range(32995, 32999), *range(33421, 33423), 34016, 34022, *range(50706, 51200))
)


class Entry(NamedTuple):
    """One tag of a directory: its type and its value, as bytes in the byte order of the block that it is from."""

    kind: int
    value: bytes


#: By tag: a value, a directory below, or the bytes of an entry whose value lies elsewhere in the block already.
Directory: TypeAlias = "Mapping[int, Entry | Directory | bytes]"


@dataclass(frozen=True)
class _Layout:
    """Byte order ("<" or ">") and kind of a TIFF structure: classic, or BigTIFF with its 64-bit positions."""

    order: str
    big: bool = False

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))

    @property
    def pointer(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "I"))


class _Place(NamedTuple):
    """Where an entry stands, and where its value is."""

    tag: int
    kind: int
    start: int
    value: range


def text_entry(text: str) -> Entry:
    """A tag that holds text, in UTF-8 with a null at its end."""
    return Entry(_ASCII, text.encode("utf-8", "replace") + b"\0")


def short_entry(value: int) -> Entry:
    """A tag that holds one 16-bit number, for a little-endian block."""
    return Entry(_SHORT, struct.pack("<H", value))


def rational_entry(numerator: int, denominator: int) -> Entry:
    """A tag that holds one fraction, for a little-endian block."""
    return Entry(_RATIONAL, struct.pack("<II", numerator, denominator))


def orientation(block: bytes) -> int | None:
    """The orientation that a block of EXIF data asks for.

    Parameters
    ----------
    block : bytes
        From its TIFF header on.

    Returns
    -------
    int or None
        1 to 8; None if the block says nothing, or another number.

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> orientation(extended(None, {ORIENTATION: short_entry(6)}))
    6
    """
    layout, first = _header(block)
    for place in _places(block, layout, first):
        if place.tag == ORIENTATION:
            value = _whole_number(_bytes(block, place), layout)
            return value if 1 <= value <= 8 else None
    return None


def focal_length_35mm(block: bytes) -> int | None:
    """The focal length in millimetres that a 35-mm camera with the same angle of view has (FocalLengthIn35mmFilm).

    Parameters
    ----------
    block : bytes
        From its TIFF header on.

    Returns
    -------
    int or None
        Positive; None if the block says nothing, or 0, which stands for unknown.

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> focal_length_35mm(extended(None, {_EXIF_DIRECTORY: {_FOCAL_LENGTH_35MM: short_entry(50)}}))
    50
    """
    layout, first = _header(block)
    below = _directory(block, layout, first, depth=0).get(_EXIF_DIRECTORY)
    entry = below.get(_FOCAL_LENGTH_35MM) if isinstance(below, Mapping) else None
    # A value of another kind, or several, is none that the standard has.
    if (
        not isinstance(entry, Entry)
        or entry.kind not in (_SHORT, _LONG)
        or len(entry.value) != _VALUE_BYTES[entry.kind]
    ):
        return None
    return _whole_number(entry.value, layout) or None


def _whole_number(value: bytes, layout: _Layout) -> int:
    """A number without sign, in a block's byte order."""
    return int.from_bytes(value, "little" if layout.order == "<" else "big")


def entries(block: bytes, offset: int | None = None) -> dict[int, Entry]:
    """The values of a directory, by default the first, by tag, in the block's byte order; damaged ones are left out.

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> entries(extended(None, {ARTIST: text_entry("A. Nobody")}))[ARTIST].value
    b'A. Nobody\\x00'
    """
    layout, first = _header(block)
    places = _places(block, layout, first if offset is None else offset)
    found: dict[int, Entry] = {}
    for place in places:
        # Of a tag that is there twice the first one counts: tifffile adds a description of its own to a given one.
        found.setdefault(place.tag, Entry(place.kind, _bytes(block, place)))
    return found


def without(block: bytes, tag: int) -> bytes | None:
    """A block without one tag of its first directory, and without its value; None if nothing else is in it.

    The values that stay are moved.

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> block = extended(None, {ARTIST: text_entry("A. Nobody")})
    >>> without(block, ARTIST) is None
    True
    """
    layout, first = _header(block)
    directory = _directory(block, layout, first, depth=0)
    directory.pop(tag, None)
    start = bytes(block[:4]) + layout.pointer.pack(8)
    return start + _encoded(directory, layout, 8) if directory else None


def upright(block: bytes, asked: int | None = None) -> bytes:
    """EXIF data for the picture that `decoded_image.upright` makes: orientation 1, no thumbnail, all else in its place.

    The sizes that the block gives (tags 0xA002 and 0xA003) are exchanged where the picture is turned by a quarter.

    Parameters
    ----------
    block : bytes
        From its TIFF header on.
    asked : int, optional
        The orientation that the picture had, if not the block says so.

    Returns
    -------
    bytes
        Every byte that stays is where it was, so maker notes keep the positions that they hold.

    Raises
    ------
    ValueError
        The block has no readable first directory, or is one of a BigTIFF file.

    Examples
    --------
    >>> block = extended(None, {ORIENTATION: short_entry(6), ARTIST: text_entry("A. Nobody")})
    >>> orientation(upright(block)), len(upright(block)) == len(block)
    (1, True)
    """
    layout, first = _header(block)
    if layout.big:
        raise ValueError("it is a BigTIFF file, which EXIF data never are")
    edited = bytearray(block)
    places = list(_places(block, layout, first))
    turned = (asked or orientation(block)) in (5, 6, 7, 8)
    for place in places:
        if place.tag == ORIENTATION:
            value = struct.pack(layout.order + "H", 1)
            layout.entry.pack_into(edited, place.start, ORIENTATION, _SHORT, 1, value)
        if place.tag == _EXIF_DIRECTORY and turned:
            _exchange_sizes(edited, layout, _pointer(block, layout, place))
    return bytes(_without_thumbnail(edited, layout, first))


def extended(block: bytes | None, added: Directory, removed: frozenset[int] = frozenset()) -> bytes:
    """A block, or a whole TIFF file of one page, with further tags in a new first directory at its end.

    Parameters
    ----------
    block : bytes or None
        From its TIFF header on; None makes a new little-endian one.
    added : mapping of int to Entry or directory
        Their values are in little-endian order. They replace the block's own.
    removed : frozenset of int
        Tags that the new directory leaves out.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> block = extended(None, {ARTIST: text_entry("A. Nobody")})
    >>> sorted(entries(extended(block, {ORIENTATION: short_entry(1)})))
    [274, 315]
    """
    if block is None:
        layout = _Layout("<")
        return b"II*\0" + layout.pointer.pack(8) + _encoded(added, layout, 8)
    layout, first = _header(block)
    size = layout.entry.size
    kept = {place.tag: bytes(block[place.start : place.start + size]) for place in _places(block, layout, first)}
    directory: dict[int, Entry | Directory | bytes] = {tag: raw for tag, raw in kept.items() if tag not in removed}
    directory |= _in_order(added, "<", layout.order)
    padding = bytes(-len(block) % 8)
    start, link = len(block) + len(padding), 8 if layout.big else 4
    # The block may be a whole picture: it is copied once.
    view = memoryview(block)
    after_link = view[link + layout.pointer.size :]
    return b"".join((view[:link], layout.pointer.pack(start), after_link, padding, _encoded(directory, layout, start)))


def shortened(block: bytes, longest: int) -> bytes | None:
    """A block of at most so many bytes: its longest values are left out, however deep they are, until the rest fits.

    Parameters
    ----------
    block : bytes
        From its TIFF header on; not of a BigTIFF file.
    longest : int

    Returns
    -------
    bytes or None
        The values that stay are moved. None if nothing stays.

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> block = extended(None, {ARTIST: text_entry("A. Nobody"), DESCRIPTION: text_entry("a" * 1000)})
    >>> list(entries(shortened(block, 200))) == [ARTIST]
    True
    """
    layout, first = _header(block)
    directory = _directory(block, layout, first, depth=0)
    leaves = sorted(_leaves(directory), key=lambda leaf: len(leaf[2].value))
    # A value may need a byte of padding, and every directory its count and its link.
    size = 100 + sum(layout.entry.size + len(entry.value) + 1 for _, _, entry in leaves)
    while leaves and size > longest:
        holder, tag, entry = leaves.pop()
        del holder[tag]
        size -= layout.entry.size + len(entry.value) + 1
    if not leaves:
        return None
    return bytes(block[:4]) + layout.pointer.pack(8) + _encoded(directory, layout, 8)


def of_tiff(file: bytes, offset: int | None = None) -> bytes | None:
    """The EXIF block of a TIFF or BigTIFF page: what its directory says of the picture, and nothing of its storage.

    Parameters
    ----------
    file : bytes
        The whole file.
    offset : int, optional
        Where the page's directory is; by default the first one.

    Returns
    -------
    bytes or None
        A block in the file's byte order, with the directories of EXIF and GPS tags below; None if there is nothing.

    Raises
    ------
    ValueError
        The file has no readable directory there.

    Examples
    --------
    >>> from pydeblur.files.tiff_writing import write_tiff
    >>> import numpy as np
    >>> of_tiff(write_tiff(np.zeros((2, 3, 1), np.uint8))) is None
    True
    """
    layout, first = _header(file)
    directory = _directory(file, layout, first if offset is None else offset, depth=0)
    plain = {tag: entry for tag, entry in directory.items() if tag not in _STORAGE}
    if not plain:
        return None
    order = _Layout(layout.order)
    start = (b"II*\0" if order.order == "<" else b"MM\0*") + order.pointer.pack(8)
    return start + _encoded(plain, order, 8)


def into_tiff(file: bytes, block: bytes) -> bytes:
    """A TIFF or BigTIFF file of one page with the tags of an EXIF block, as `of_tiff` takes them out again.

    Parameters
    ----------
    file : bytes
        Little-endian.
    block : bytes
        Its tags on storage are ignored.

    Raises
    ------
    ValueError
        The block has no readable first directory.

    Examples
    --------
    >>> from pydeblur.files.tiff_writing import write_tiff
    >>> import numpy as np
    >>> plain = write_tiff(np.zeros((2, 3, 1), np.uint8))
    >>> entries(into_tiff(plain, extended(None, {ARTIST: text_entry("A. Nobody")})))[ARTIST].value
    b'A. Nobody\\x00'
    """
    layout, first = _header(block)
    directory = _directory(block, layout, first, depth=0)
    plain = {tag: entry for tag, entry in directory.items() if tag not in _STORAGE}
    return extended(file, _in_order(plain, layout.order, "<")) if plain else file


def _header(block):
    """Section 2: the layout, and the position of the first directory."""
    layout = {
        b"II*\0": _Layout("<"),
        b"MM\0*": _Layout(">"),
        b"II+\0": _Layout("<", big=True),
        b"MM\0+": _Layout(">", big=True),
    }.get(bytes(block[:4]))
    if layout is None:
        raise ValueError("it does not start as a TIFF structure does")
    try:
        first = layout.pointer.unpack_from(block, 8 if layout.big else 4)[0]
        number = layout.count.unpack_from(block, first)[0]
    except struct.error as error:
        raise ValueError("its first directory lies beyond its end") from error
    if first < (16 if layout.big else 8) or first + layout.count.size + number * layout.entry.size > len(block):
        raise ValueError("its first directory is cut, or lies in the header")
    return layout, first


def _places(block, layout, offset) -> Iterator[_Place]:
    """The entries of a directory whose values lie within the block; a directory beyond its end has none.

    Values that together are longer than the block overlap, as those of sound files never do; the rest is left out.
    """
    if offset + layout.count.size > len(block):
        return
    number = layout.count.unpack_from(block, offset)[0]
    table, left = offset + layout.count.size, len(block)
    stop = min(table + number * layout.entry.size, len(block) - layout.entry.size + 1)
    for start in range(table, stop, layout.entry.size):
        tag, kind, count, _ = layout.entry.unpack_from(block, start)
        size = _VALUE_BYTES.get(kind, 0) * count
        inline = start + layout.entry.size - layout.pointer.size
        where = inline if size <= layout.pointer.size else layout.pointer.unpack_from(block, inline)[0]
        if size and where + size <= len(block):
            left -= size
            if left < 0:
                return
            yield _Place(tag, kind, start, range(where, where + size))


def _bytes(block, place):
    return bytes(block[place.value.start : place.value.stop])


def _numbers(block, layout, place):
    """The whole numbers of an entry."""
    code = {1: "B", _SHORT: "H", _LONG: "I", 13: "I", _LONG8: "Q", 18: "Q"}.get(place.kind)
    if code is None:
        return ()
    return struct.unpack(f"{layout.order}{len(place.value) // struct.calcsize(code)}{code}", _bytes(block, place))


def _pointer(block, layout, place):
    """The position that an entry holds, or one beyond the block."""
    return next(iter(_numbers(block, layout, place)), len(block))


def _directory(block, layout, offset, depth) -> dict[int, Entry | Directory]:
    """A directory with those below it; depth 0 is the first, 1 that of EXIF tags, 2 that of interoperability."""
    directory: dict[int, Entry | Directory] = {}
    for place in _places(block, layout, offset):
        if place.tag in _BELOW and depth < 2:
            below = _directory(block, layout, _pointer(block, layout, place), depth + 1)
            if below:
                directory.setdefault(place.tag, below)
        elif place.kind not in (*_POINTERS, _LONG8):
            directory.setdefault(place.tag, Entry(place.kind, _bytes(block, place)))
    return directory


def _leaves(directory):
    """The values of a directory and of those below it, with the directory and the tag of each."""
    for tag, entry in directory.items():
        if isinstance(entry, Entry):
            yield directory, tag, entry
        else:
            yield from _leaves(entry)


def _in_order(directory: Directory, order, wanted) -> dict[int, Entry | Directory | bytes]:
    """A directory whose values are in the byte order `wanted`."""
    if order == wanted:
        return dict(directory)
    changed: dict[int, Entry | Directory | bytes] = {}
    for tag, entry in directory.items():
        if isinstance(entry, Mapping):
            changed[tag] = _in_order(entry, order, wanted)
        elif isinstance(entry, Entry):
            changed[tag] = Entry(entry.kind, _turned(entry.value, _NUMBER_BYTES[entry.kind]))
    return changed


def _turned(value, size):
    """Numbers of `size` bytes in the other byte order."""
    return np.frombuffer(value, f"u{size}").byteswap().tobytes() if size > 1 else value


def _encoded(directory: Directory, layout, start) -> bytes:
    """The bytes of a directory that begins at `start`, with its values and the directories below after it."""
    table, values = bytearray(layout.count.pack(len(directory))), bytearray()
    first_value = start + layout.count.size + len(directory) * layout.entry.size + layout.pointer.size
    for tag in sorted(directory):
        entry = directory[tag]
        if isinstance(entry, bytes) and not isinstance(entry, Entry):
            table += entry
            continue
        values += bytes(-(first_value + len(values)) % 2)
        position = first_value + len(values)
        if isinstance(entry, Mapping):
            values += _encoded(entry, layout, position)
            table += layout.entry.pack(tag, _LONG8 if layout.big else _LONG, 1, layout.pointer.pack(position))
            continue
        count = len(entry.value) // _VALUE_BYTES[entry.kind]
        inline = entry.value
        if len(entry.value) > layout.pointer.size:
            values += entry.value
            inline = layout.pointer.pack(position)
        table += layout.entry.pack(tag, entry.kind, count, inline)
    return bytes(table + layout.pointer.pack(0) + values)


def _exchange_sizes(edited, layout, offset):
    """Width and height, in the directory of EXIF tags."""
    places = {place.tag: place.start + 2 for place in _places(edited, layout, offset)}
    if _PIXEL_WIDTH in places and _PIXEL_HEIGHT in places:
        size = layout.entry.size - 2
        width, height = (slice(places[tag], places[tag] + size) for tag in (_PIXEL_WIDTH, _PIXEL_HEIGHT))
        edited[width], edited[height] = edited[height], edited[width]


def _without_thumbnail(edited, layout, first):
    """The second directory unlinked, and it and its thumbnail overwritten, or cut off where they are the last."""
    link = first + layout.count.size + layout.count.unpack_from(edited, first)[0] * layout.entry.size
    if link + layout.pointer.size > len(edited):
        return edited
    second = layout.pointer.unpack_from(edited, link)[0]
    layout.pointer.pack_into(edited, link, 0)
    if not second:
        return edited
    # What the rest of the block uses stays, even where a damaged second directory points at it.
    used = [(piece, bytes(edited[piece.start : piece.stop])) for piece in _used(edited, layout, first, depth=0)]
    erased = [*_used(edited, layout, second, depth=2), *_thumbnails(edited, layout, second)]
    for piece in erased:
        edited[piece.start : piece.stop] = bytes(len(edited[piece.start : piece.stop]))
    for piece, contents in used:
        edited[piece.start : piece.stop] = contents
    last_used = max(piece.stop for piece, _ in used)
    # A thumbnail is nearly always the last; a byte of padding may follow.
    tails = [piece.start for piece in erased if piece.stop >= len(edited) - 1 and piece.start >= last_used]
    return edited[: min(tails)] if tails else edited


def _used(block, layout, offset, depth) -> list[range]:
    """The pieces of a block that a directory and those below it take."""
    if offset + layout.count.size > len(block):
        return []
    number = layout.count.unpack_from(block, offset)[0]
    stop = offset + layout.count.size + number * layout.entry.size + layout.pointer.size
    pieces = [range(16 if layout.big else 8), range(offset, min(stop, len(block)))]
    for place in _places(block, layout, offset):
        pieces.append(place.value)
        if place.tag in _BELOW and depth < 2:
            pieces += _used(block, layout, _pointer(block, layout, place), depth + 1)
    return pieces


def _thumbnails(block, layout, offset) -> list[range]:
    places = {place.tag: place for place in _places(block, layout, offset)}
    pieces = []
    for starts, lengths in _THUMBNAIL_PLACES:
        if starts in places and lengths in places:
            pairs = zip(_numbers(block, layout, places[starts]), _numbers(block, layout, places[lengths]), strict=False)
            pieces += [range(start, min(start + length, len(block))) for start, length in pairs if start < len(block)]
    return pieces
