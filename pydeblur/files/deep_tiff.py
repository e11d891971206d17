"""TIFF files beyond what Pillow reads or writes exactly: 16-bit colour, floating colour, 64-bit floating grey."""

import struct
from io import BytesIO

import imageio.v3 as iio
import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.decoded_image import DecodedImage

_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_BYTES_OF_TYPE = {_SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}
_UNCOMPRESSED, _LZW = 1, 5
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB = 0, 1, 2
_UNASSOCIATED_ALPHA = 2


def read_deep_tiff(data):
    """Decode the first page of a TIFF file by tifffile, with all its bits.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage
        Samples (H, W, C) uint8, uint16, or floating; alpha is never premultiplied.

    Raises
    ------
    FileFormatError
        tifffile is not installed (the message starts with a verb: the caller puts the file's name before it).
    ValueError
        The samples are of another type, or not grey or RGB.
    """
    try:
        import tifffile
    except ImportError:
        raise FileFormatError(
            "needs the package tifffile to be read (pip install tifffile): it is a colour TIFF with more than 8 bits, "
            "or one of an unusual kind"
        ) from None
    with tifffile.TiffFile(BytesIO(data)) as file:
        page = file.pages[0]
        if int(page.photometric) not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB) or page.axes not in ("YX", "YXS", "SYX"):
            raise ValueError("it is neither a grey nor an RGB image")
        samples = _lzw_samples(page) if page.compression == _LZW else page.asarray()
        samples = np.moveaxis(samples, 0, -1) if page.axes == "SYX" else samples.reshape(*samples.shape[:2], -1)
        if samples.dtype not in (np.uint8, np.uint16, np.float16, np.float32, np.float64):
            raise ValueError(f"its samples are {samples.dtype}, not 8 or 16 bit unsigned or floating")
        orientation = page.tags.get(274)
        return DecodedImage(
            samples=_plain_samples(samples, int(page.photometric), [int(kind) for kind in page.extrasamples]),
            orientation=int(orientation.value) if orientation is not None else 1,
            icc_profile=page.iccprofile,
            frames=len(file.pages),
        )


def _lzw_samples(page):
    """`page.asarray()` where tifffile lacks the package imagecodecs for LZW: Pillow undoes that, tifffile the rest."""
    page.compression = _UNCOMPRESSED
    samples = np.empty(page.shaped, page.dtype)
    for index, (offset, size) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        page.parent.filehandle.seek(offset)
        packed = page.parent.filehandle.read(size)
        shape = page.decode(None, index)[2]
        length = int(np.prod(shape)) * samples.dtype.itemsize
        segment, (plane, _, row, column, _), _ = page.decode(_without_lzw(packed, length), index)
        place = samples[plane, 0, row : row + shape[1], column : column + shape[2]]
        # Tiles reach beyond the image.
        place[...] = segment[0, : place.shape[0], : place.shape[1]]
    return samples.reshape(page.shape)


def _without_lzw(packed, length):
    """The `length` bytes that LZW data stands for: Pillow reads them as the pixels of an 8-bit image of one row."""
    entries = {
        256: (_LONG, [length]),
        257: (_LONG, [1]),
        258: (_SHORT, [8]),
        259: (_SHORT, [_LZW]),
        262: (_SHORT, [_MIN_IS_BLACK]),
        277: (_SHORT, [1]),
        278: (_LONG, [1]),
    }
    return iio.imread(_one_strip(entries, packed), plugin="pillow").tobytes()


def _plain_samples(samples, photometric, extra_kinds):
    """Black as 0, colour undone from its alpha, and of the extra samples only alpha: (H, W, C)."""
    if photometric == _MIN_IS_WHITE and samples.dtype.kind == "u":
        samples = np.iinfo(samples.dtype).max - samples
    colours = 3 if photometric == _RGB else 1
    if samples.shape[2] < colours:
        raise ValueError(f"it has {samples.shape[2]} samples per pixel where {colours} are needed")
    alphas = [colours + index for index, kind in enumerate(extra_kinds) if kind in (1, 2)]
    if not alphas:
        return samples[..., :colours]
    alpha = samples[..., alphas[0], None]
    colour = samples[..., :colours]
    if extra_kinds[alphas[0] - colours] == 1:
        full = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1.0
        # A pixel that is fully transparent has no colour left to recover.
        colour = colour * (full / np.where(alpha > 0, alpha, full))
        if samples.dtype.kind == "u":
            colour = np.floor(np.minimum(colour, full) + 0.5)
        colour = colour.astype(samples.dtype)
    return np.concatenate([colour, alpha], axis=2)


def write_tiff(samples, icc_profile=None):
    """Encode a baseline TIFF file: little-endian, one uncompressed strip, so that every reader reads it.

    Parameters
    ----------
    samples : (H, W, C) uint8, uint16, float32 or float64 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    icc_profile : bytes, optional

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        The image needs more than TIFF's 4 GiB.
    """
    height, width, channels = samples.shape
    pixels = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    if len(pixels) + len(icc_profile or b"") > 2**32 - 4096:
        raise ValueError("TIFF files end at 4 GiB")
    entries = {
        256: (_LONG, [width]),
        257: (_LONG, [height]),
        258: (_SHORT, [8 * samples.dtype.itemsize] * channels),
        259: (_SHORT, [_UNCOMPRESSED]),
        262: (_SHORT, [_RGB if channels >= 3 else _MIN_IS_BLACK]),
        277: (_SHORT, [channels]),
        278: (_LONG, [height]),
        282: (_RATIONAL, [1, 1]),
        283: (_RATIONAL, [1, 1]),
        284: (_SHORT, [1]),  # the samples of a pixel lie side by side
        296: (_SHORT, [1]),  # no unit of resolution
        339: (_SHORT, [3 if samples.dtype.kind == "f" else 1] * channels),
    }
    if channels in (2, 4):
        entries[338] = (_SHORT, [_UNASSOCIATED_ALPHA])
    if icc_profile:
        entries[34675] = (_UNDEFINED, list(icc_profile))
    return _one_strip(entries, pixels)


def _one_strip(entries, strip):
    """A TIFF file of the header, one strip, and the directory with these `entries` and those of the strip."""
    directory_at = 8 + len(strip) + len(strip) % 2
    entries = {**entries, 273: (_LONG, [8]), 279: (_LONG, [len(strip)])}
    header = struct.pack("<2sHI", b"II", 42, directory_at)
    return header + strip.ljust(directory_at - 8, b"\0") + _directory(entries, directory_at)


def _directory(entries, offset):
    """TIFF 6.0, section 2: the directory at `offset`, followed by the values that don't fit into 4 bytes."""
    fields, values = [struct.pack("<H", len(entries))], b""
    values_at = offset + 2 + 12 * len(entries) + 4
    for tag, (kind, numbers) in sorted(entries.items()):
        code = {_SHORT: "H", _UNDEFINED: "B"}.get(kind, "I")
        packed = struct.pack(f"<{len(numbers)}{code}", *numbers)
        if len(packed) > 4:
            location = struct.pack("<I", values_at + len(values))
            values += packed + b"\0" * (len(packed) % 2)
        else:
            location = packed.ljust(4, b"\0")
        count = len(packed) // _BYTES_OF_TYPE[kind]
        fields.append(struct.pack("<HHI", tag, kind, count) + location)
    return b"".join(fields) + b"\0\0\0\0" + values
