"""The strips and tiles of a TIFF page: whether all are there, how large they unpack, and their samples."""

from __future__ import annotations

import importlib.util
import lzma
import math
import zlib
from io import BytesIO

import numpy as np
import tifffile
from PIL import Image

from pydeblur.files.jpeg_reading import tail_is_there
from pydeblur.files.tiff_colours import RGB, YCBCR

_NONE, _OLD_JPEG, _JPEG, _LZMA = 1, 6, 7, 34925
_CCITT = (2, 3, 4)
_DEFLATE = (8, 32946, 50013)
#: Compressions whose data tell their own size, which Pillow reads: JPEG, JPEG 2000, PNG, WebP.
_IMAGES = (_JPEG, 33003, 33005, 34712, 34933, 50001)
#: Compressions that are asked for nothing but the bytes that the page has room for: LZW, PackBits, Zstandard, LERC.
_BOUNDED = (5, 32773, 50000, 34926, 34887)
_READ = (_NONE, *_CCITT, *_DEFLATE, *_IMAGES, *_BOUNDED, _LZMA, _OLD_JPEG)
#: How many bytes a byte of compressed data can stand for, where there is a bound: else a page that claims to be large
#: would be allocated before its data run out.
_EXPANSION = {_NONE: 1, 5: 4096, 8: 1100, 32946: 1100, 32773: 128, _JPEG: 4096}

#: A damaged tag may hold any number of values.
_NAME_CHARACTERS = 20


class TiffPackageError(ValueError):
    """The data can't be decoded without the package imagecodecs, or by tifffile at all.

    Examples
    --------
    >>> str(TiffPackageError("its compression (LZW) needs the package imagecodecs"))
    'its compression (LZW) needs the package imagecodecs'
    """


def check_segments(page: tifffile.TiffPage, data: bytes) -> None:
    """Refuse a page some of whose strips or tiles are missing from the file, before anything is allocated.

    Parameters
    ----------
    page : tifffile.TiffPage
    data : bytes
        The whole file.

    Raises
    ------
    ValueError
        The message says what is missing.

    Examples
    --------
    >>> import numpy as np
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.zeros((20, 30), np.uint8), rowsperstrip=5)
    >>> page = tifffile.TiffFile(BytesIO(file.getvalue())).pages[0]
    >>> check_segments(page, file.getvalue())
    >>> check_segments(page, file.getvalue()[:-100])
    Traceback (most recent call last):
        ...
    ValueError: 1 of its 4 strips or tiles is missing or cut
    """
    if page.compression not in _READ:
        raise ValueError(f"its compression ({_compression_name(page)}) is not one that is read")
    if page.imagedepth != 1:
        raise ValueError(f"it is a volume of {page.imagedepth} layers, not a picture")
    sides = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, page.imagewidth)
    if min(sides) < 1:
        raise ValueError("its strips or tiles have no size")
    expected = math.prod(page.chunked)
    if page.is_tiled and math.prod(sides) > 4 * page.imagelength * page.imagewidth + 2**20:
        raise ValueError(f"its tiles are larger than its {page.imagewidth} x {page.imagelength} pixels")
    places = list(zip(page.dataoffsets, page.databytecounts))[:expected]
    found = sum(count > 0 and start > 0 and start + count <= len(data) for start, count in places)
    missing = expected - found
    if missing:
        raise ValueError(
            f"{missing} of its {expected} strips or tiles {'is' if missing == 1 else 'are'} missing or cut"
        )
    bound = _EXPANSION.get(int(page.compression))
    size = math.prod(page.shape) * page.bitspersample // 8
    if bound and size > bound * sum(count for _, count in places):
        raise ValueError("it is truncated: its data are too short for its size")


def blocks_are_missing(page: tifffile.TiffPage, data: bytes) -> bool:
    """Whether a strip or tile of JPEG data lacks its last blocks, which decoders fill with grey and say nothing.

    Parameters
    ----------
    page : tifffile.TiffPage
    data : bytes
        The whole file.

    Examples
    --------
    >>> import numpy as np
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.full((20, 30), 7, np.uint8), compression="zlib")
    >>> page = tifffile.TiffFile(BytesIO(file.getvalue())).pages[0]
    >>> blocks_are_missing(page, file.getvalue())
    False
    """
    if page.compression != _JPEG or page.bitspersample != 8:
        return False
    tables = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
    for index, (start, count) in enumerate(zip(page.dataoffsets, page.databytecounts)):
        segment = data[start : start + count]

        def decode(changed, index=index):
            return np.asarray(page.decode(changed, index, **tables)[0])

        if not tail_is_there(segment, decode(segment), decode):
            return True
    return False


def decoded_page(page: tifffile.TiffPage, data: bytes) -> tuple[np.ndarray, int]:
    """Decode a page that `check_segments` has passed.

    Parameters
    ----------
    page : tifffile.TiffPage
    data : bytes
        The whole file.

    Returns
    -------
    (H, W, S) ndarray
        Samples of the page's depth, uint8, uint16 or floating.
    int
        What the samples are as colours: the page's PhotometricInterpretation, or RGB where decoding has changed it.

    Raises
    ------
    TiffPackageError
        The compression, the depth or the predictor needs imagecodecs, or tifffile does not decode it.
    ValueError
        The data are damaged or incomplete.
    Exception
        Whatever else damaged data lead a decoder to.

    Examples
    --------
    >>> import numpy as np
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.full((2, 3), 7, np.uint8), compression="zlib")
    >>> samples, photometric = decoded_page(tifffile.TiffFile(BytesIO(file.getvalue())).pages[0], file.getvalue())
    >>> samples.shape, samples.max().item(), photometric
    ((2, 3, 1), 7, 1)
    """
    photometric = int(page.photometric)
    if page.compression == _OLD_JPEG or (page.is_subsampled and page.compression != _JPEG):
        raise TiffPackageError(f"its compression ({_compression_name(page)}) with subsampled colours is not read")
    _check_unpacked_sizes(page, data)
    samples = _samples(page)
    if samples.dtype == bool:
        samples = samples.view(np.uint8)
    samples = np.moveaxis(samples, 0, -1) if page.axes == "SYX" else samples.reshape(*samples.shape[:2], -1)
    if samples.shape[:2] != (page.imagelength, page.imagewidth):
        raise ValueError("its data have another size than its header tells")
    if photometric == YCBCR and page.compression == _JPEG:
        photometric = RGB
    return samples, photometric


def _compression_name(page):
    return str(getattr(page.compression, "name", page.compression))[:_NAME_CHARACTERS]


def _samples(page):
    """The samples as tifffile decodes them, or a `TiffPackageError`."""
    try:
        return page.asarray(maxworkers=1)
    except tifffile.TiffFileError as error:  # It names shapes of arrays.
        raise ValueError("a strip or tile holds fewer samples than its header tells") from error
    except (ValueError, NotImplementedError, ImportError, AttributeError) as error:
        # tifffile has no exception of its own for this, and for Zstandard it looks for another module that is missing.
        if "imagecodecs" in str(error) or isinstance(error, ImportError):
            what = f"its compression ({_compression_name(page)})" + _details(page)
            raise TiffPackageError(f"{what} needs the package imagecodecs (pip install 'pydeblur[tiff]')") from error
        if isinstance(error, NotImplementedError):
            raise TiffPackageError(
                f"its compression ({_compression_name(page)}){_details(page)} is not read"
            ) from error
        raise


def _details(page):
    """What else than the compression may be the reason."""
    predictor = " and floating predictor" if page.predictor == 3 else ""
    depth = f" of {page.bitspersample}-bit samples" if page.bitspersample not in (8, 16, 32, 64) else ""
    return predictor + depth


def _check_unpacked_sizes(page, data):
    """Refuse segments that unpack into more than the page has room for, where the decoder knows no such bound."""
    compression, with_package = int(page.compression), importlib.util.find_spec("imagecodecs") is not None
    if compression in _IMAGES and with_package:
        _check_image_segments(page, data)
    elif compression in (*_DEFLATE, _LZMA) and not with_package:
        # tifffile takes the standard library's functions in place of those of imagecodecs.
        limit = 2 * _segment_bytes(page) + 1024
        for start, count in zip(page.dataoffsets, page.databytecounts):
            decompressor = zlib.decompressobj() if compression in _DEFLATE else lzma.LZMADecompressor()
            if len(decompressor.decompress(data[start : start + count], limit)) >= limit:
                raise ValueError("its data unpack into more than its header tells")


def _segment_bytes(page):
    """How many bytes a strip or a tile has, unpacked."""
    length, width = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, page.imagewidth)
    channels = page.samplesperpixel if page.planarconfig == 1 else 1
    return length * -(-width * channels * page.bitspersample // 8)


def _check_image_segments(page, data):
    """Segments that are files of their own should be as large as the page says, and whole."""
    length, width = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, page.imagewidth)
    for start, count in zip(page.dataoffsets, page.databytecounts):
        with Image.open(BytesIO(data[start : start + count])) as image:
            if image.width > width or image.height > length:
                raise ValueError("its data have another size than its header tells")
