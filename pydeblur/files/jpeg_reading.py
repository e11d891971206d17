"""Reading JPEG files: Pillow decodes them; what it does not say of a damaged one is found out here.

Marker codes are those of ITU-T T.81, table B.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from pydeblur.files.decoded_image import DecodedImage
from pydeblur.files.foreign_messages import no_foreign_messages
from pydeblur.files.pillow_reading import UnreadableHeaderError, open_by_pillow, read_by_pillow, samples_of_pillow

_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_RESTARTS = range(0xD0, 0xD8)
#: Frames with arithmetic coding.
_ARITHMETIC = (0xC9, 0xCA, 0xCB)
#: JFIF (APP0) and Adobe (APP14) say how the colours are coded; all other application data and comments are metadata.
_METADATA = (*range(0xE1, 0xEE), 0xEF, 0xFE)
#: Put behind the last block of a scan, these bytes change nothing; in place of missing blocks, they are decoded.
_FILLING = b"\x5a\xc3\x96\x3c\xa5\x69\x1e\xb4" * 32
#: The remark about it.
MISSING_BLOCKS = "is incomplete: a part of its pixels is not in the file, and is grey"


class _Segment(NamedTuple):
    """A marker with its parameters, and the entropy-coded data that follow it: places in the file."""

    marker: int
    start: int
    data: int
    stop: int


def read_jpeg(data: bytes) -> DecodedImage:
    """Decode a JPEG file.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage
        Samples (H, W, 1 or 3) uint8. Previews and gain maps that cameras add (MPO) are smaller than the picture, and
        no further frames of it; images of at least its size are. A picture whose last blocks are missing has a remark.

    Raises
    ------
    Exception
        Whatever a damaged file leads Pillow to.

    Examples
    --------
    >>> from pydeblur.files.pillow_writing import write_by_pillow
    >>> read_jpeg(write_by_pillow(np.full((8, 8, 1), 200, np.uint8), "JPEG")).samples[0, 0, 0]
    np.uint8(200)
    """
    try:
        decoded = read_by_pillow(data, "JPEG")
    except UnreadableHeaderError:
        # The metadata may have stopped Pillow.
        data = _without_metadata(data)
        decoded = read_by_pillow(data, "JPEG")
        decoded = decoded._replace(remarks=(*decoded.remarks, "has metadata that can't be read and are left out"))
    if not tail_is_there(data, decoded.samples, _samples):
        decoded = decoded._replace(remarks=(*decoded.remarks, MISSING_BLOCKS))
    return decoded


def _samples(data):
    with no_foreign_messages(), open_by_pillow(data, "JPEG") as image:
        return samples_of_pillow(image)


def tail_is_there(data: bytes, samples: np.ndarray, decode: Callable[[bytes], np.ndarray]) -> bool:
    """Whether all blocks of a JPEG image are in its data; decoders fill missing ones with grey and say nothing.

    Bytes are added to the end of each scan: a decoder that has all blocks skips them, and one that misses some decodes
    them. Arithmetic coding has no such end, and is taken for whole.

    Parameters
    ----------
    data : bytes
        A JPEG stream.
    samples : (H, W, C) ndarray
        What `decode` makes of it.
    decode : callable
        From such a stream to its samples.

    Returns
    -------
    bool

    Examples
    --------
    >>> from pydeblur.files.pillow_reading import read_by_pillow
    >>> from pydeblur.files.pillow_writing import write_by_pillow
    >>> picture = np.random.default_rng(0).integers(0, 256, (64, 64, 1), np.uint8)
    >>> whole = write_by_pillow(picture, "JPEG")
    >>> cut = whole[: len(whole) // 2] + whole[-2:]
    >>> decode = lambda data: read_by_pillow(data, "JPEG").samples
    >>> [tail_is_there(data, decode(data), decode) for data in (whole, cut)]
    [True, False]
    """
    parts, done = [], 0
    for segment in _segments(data):
        if segment.marker in _ARITHMETIC:
            return True
        if segment.marker == _START_OF_SCAN:
            parts += [data[done : segment.stop], _FILLING]
            done = segment.stop
    parts.append(data[done:])
    try:
        return np.array_equal(decode(b"".join(parts)), samples)
    except Exception:  # The filling means nothing, so it leads a decoder that reads it anywhere.
        return False


def _without_metadata(data: bytes) -> bytes:
    """The file without application data that say nothing of its pixels."""
    parts, done = [], 0
    for segment in _segments(data):
        if segment.marker in _METADATA:
            parts.append(data[done : segment.start])
            done = segment.stop
    return b"".join([*parts, data[done:]])


def _segments(data: bytes) -> Iterator[_Segment]:
    """Section B.1.1: the marker segments of the first image, up to its end."""
    place = 2
    while True:
        start = data.find(b"\xff", place)
        if start < 0 or start + 1 >= len(data):
            return
        marker = data[start + 1]
        if marker in (0x00, 0xFF) or marker in _RESTARTS or marker == _START_OF_IMAGE:
            place = start + (1 if marker == 0xFF else 2)
            continue
        if marker == _END_OF_IMAGE:
            return
        after = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        stop = _end_of_coded_data(data, after) if marker == _START_OF_SCAN else min(after, len(data))
        yield _Segment(marker, start, min(after, len(data)), stop)
        place = stop


def _end_of_coded_data(data, place):
    """Where the next marker is that no coded data contain: neither a stuffed zero nor a restart."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            return len(data)
        if data[place + 1] != 0 and data[place + 1] not in _RESTARTS and data[place + 1] != 0xFF:
            return place
        place += 1
