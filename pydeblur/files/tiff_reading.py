"""Reading TIFF files: what their first page is, its samples, and what these mean as colours.

tifffile reads the tags and the samples, for it keeps all bits; for LZW and some other compressions it needs the package
imagecodecs (the extra "tiff"). Without that package, and for the few kinds that tifffile does not decode, Pillow is asked
where it is exact. Tags and their values are those of TIFF 6.0 and its supplements.
"""

from __future__ import annotations

from io import BytesIO

import tifffile

from pydeblur.files.decoded_image import DecodedImage, check_pixel_count
from pydeblur.files.foreign_messages import no_foreign_messages
from pydeblur.files.jpeg_reading import MISSING_BLOCKS
from pydeblur.files.metadata import of_tiff_page
from pydeblur.files.tiff_by_pillow import page_by_pillow
from pydeblur.files.tiff_colours import check_colours, picture_of_samples
from pydeblur.files.tiff_pages import check_is_picture, count_pictures
from pydeblur.files.tiff_segments import TiffPackageError, blocks_are_missing, check_segments, decoded_page

_UNSIGNED, _SIGNED, _FLOATING, _UNTYPED = 1, 2, 3, 4
_KINDS = {_SIGNED: "signed integers", _FLOATING: "floating samples", 5: "complex integers", 6: "complex samples"}
_FLOAT_BITS = (16, 24, 32, 64)


def read_tiff(data: bytes) -> DecodedImage:
    """Decode the first page of a TIFF or BigTIFF file, with all its bits.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage
        Samples (H, W, C) uint8 (up to 8 bits), uint16 (up to 16 bits) or floating; C = 1 grey, 2 grey and alpha, 3 RGB,
        4 RGBA. Palettes, CMYK and YCbCr become RGB, black is 0, and alpha is never premultiplied. Further pages and
        channels are left out with a remark.

    Raises
    ------
    ValueError
        The page is no picture (a thumbnail, the colour filter array of a raw file), its samples are of another type
        (signed, complex, or integers of more than 16 bits, whose white no tag tells), its colours are of another kind,
        some of its data are missing, it is larger than `MAX_PIXELS`, or its compression needs the package imagecodecs,
        which is not installed.
    Exception
        Whatever else a damaged file leads tifffile or Pillow to.

    Examples
    --------
    >>> import numpy as np
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.full((2, 3, 3), 40000, np.uint16), photometric="rgb")
    >>> read_tiff(file.getvalue()).samples[0, 0].tolist()
    [40000, 40000, 40000]
    """
    with no_foreign_messages(), tifffile.TiffFile(BytesIO(data), is_ome=False) as file:
        page = file.pages[0]
        frames = count_pictures(file)
        check_is_picture(file)
        check_pixel_count(page.imagewidth, page.imagelength, page.samplesperpixel)
        _check_samples(page)
        check_colours(page)
        check_segments(page, data)
        try:
            samples, photometric = decoded_page(page, data)
        except TiffPackageError as error:
            decoded = page_by_pillow(page, data)
            if decoded is None:
                raise ValueError(str(error)) from error
        else:
            _check_values(page, samples)
            decoded = picture_of_samples(page, samples, photometric)
            if blocks_are_missing(page, data):
                decoded = decoded._replace(remarks=(*decoded.remarks, MISSING_BLOCKS))
        decoded = decoded._replace(frames=frames)
        return decoded.with_collected(of_tiff_page(page))


def _check_samples(page):
    """Refuse samples that are neither unsigned integers of up to 16 bits nor floating."""
    bits, kind = page.bitspersample, page.sampleformat
    if not isinstance(bits, int) or isinstance(kind, tuple):
        raise ValueError(f"its channels differ in depth or type: {str(bits)[:40]} bits")
    if kind == _FLOATING:
        readable = bits in _FLOAT_BITS
    else:
        readable = kind in (_UNSIGNED, _UNTYPED) and 1 <= bits <= 16
    if not readable:
        name = _KINDS.get(int(kind), "unsigned integers")
        raise ValueError(
            f"its samples are {bits}-bit {name}, neither unsigned of up to 16 bits nor 16- to 64-bit floats"
        )


def _check_values(page, samples):
    """Refuse decoded integers that are larger than their bits can tell: the page's tags are not those of its data."""
    if samples.dtype.kind == "u" and samples.size and int(samples.max()) >> page.bitspersample:
        raise ValueError(f"its data hold larger samples than its tags say: {page.bitspersample} bits")
