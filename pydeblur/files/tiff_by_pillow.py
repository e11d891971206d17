"""TIFF pages that tifffile can't decode here, and Pillow's libtiff decodes exactly."""

from __future__ import annotations

import numpy as np
import tifffile

from pydeblur.files.decoded_image import DecodedImage
from pydeblur.files.foreign_messages import no_standard_error
from pydeblur.files.pillow_reading import open_by_pillow, samples_of_pillow
from pydeblur.files.tiff_colours import CMYK, MIN_IS_BLACK, MIN_IS_WHITE, PALETTE, RGB, YCBCR

_NONE = 1
#: libtiff passes over a predictor with any other compression: LZW, Deflate, LZMA, Zstandard.
_WITH_PREDICTOR = (5, 8, 32946, 34925, 50000)
_ORIENTATION = 274
_LITTLE_ENDIAN = "<"
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "F")


def page_by_pillow(page: tifffile.TiffPage, data: bytes) -> DecodedImage | None:
    """Decode the first page of a TIFF file by Pillow, where that keeps all bits.

    Parameters
    ----------
    page : tifffile.TiffPage
        The first one.
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage or None
        Samples (H, W, C) uint8, uint16 or float32; None where Pillow would change them.

    Raises
    ------
    ValueError, OSError, ...
        Whatever a damaged file leads Pillow to.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file = BytesIO()
    >>> Image.new("L", (3, 2), 7).save(file, "TIFF", compression="tiff_lzw")
    >>> page_by_pillow(tifffile.TiffFile(BytesIO(file.getvalue())).pages[0], file.getvalue()).samples.shape
    (2, 3, 1)
    """
    if not _is_exact(page):
        return None
    with no_standard_error(), open_by_pillow(_without_orientation(page, data), "TIFF") as image:
        if image.size != (page.imagewidth, page.imagelength):
            raise ValueError("its header is damaged")
        if image.mode in _DEEP_MODES:
            samples = np.asarray(image)[..., None]
            samples = samples.astype(samples.dtype.newbyteorder("="))
        else:
            samples = samples_of_pillow(image)
    # Pillow inverts 8-bit samples for which 0 means white, but not 16-bit ones.
    if samples.dtype == np.uint16 and int(page.photometric) == MIN_IS_WHITE:
        samples = 65535 - samples
    return DecodedImage(samples=samples)


def _is_exact(page):
    """Whether Pillow keeps all bits and all channels, and their meaning."""
    photometric, bits, channels = int(page.photometric), page.bitspersample, page.samplesperpixel
    if page.planarconfig != 1 or (photometric == YCBCR and page.compression == _NONE):
        return False
    if page.predictor != 1 and page.compression not in _WITH_PREDICTOR:
        return False
    if page.sampleformat == 3:
        # Pillow swaps the bytes of big-endian floats once more after libtiff has.
        little = page.parent.byteorder == _LITTLE_ENDIAN or page.compression == _NONE
        return bits == 32 and channels == 1 and photometric == MIN_IS_BLACK and little
    alphas = [int(kind) for kind in page.extrasamples]
    if bits == 16:
        return channels == 1 and photometric in (MIN_IS_WHITE, MIN_IS_BLACK)
    if bits in (1, 2, 4):
        return channels == 1 and photometric in (MIN_IS_WHITE, MIN_IS_BLACK, PALETTE)
    plain = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, PALETTE: 1, RGB: 3, CMYK: 4, YCBCR: 3}[photometric]
    return bits == 8 and (channels == plain or (photometric in (MIN_IS_BLACK, RGB) and alphas == [2]))


def _without_orientation(page, data):
    """The file with orientation 1: some versions of Pillow turn TIFF images, and others leave it to the caller."""
    tag = page.tags.get(_ORIENTATION)
    if tag is None:
        return data
    changed = bytearray(data)
    changed[tag.valueoffset : tag.valueoffset + 2] = (1).to_bytes(
        2, "little" if page.parent.byteorder == _LITTLE_ENDIAN else "big"
    )
    return bytes(changed)
