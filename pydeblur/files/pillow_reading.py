"""Reading image files of 8 bits a sample by Pillow."""

from __future__ import annotations

import math
import re
import struct
from io import BytesIO

import numpy as np
from PIL import Image, features

from pydeblur.files.decoded_image import DecodedImage, check_pixel_count
from pydeblur.files.foreign_messages import no_foreign_messages
from pydeblur.files.metadata import of_pillow_image

#: Pillow's modes that are converted before use, and those that are used as they are.
_CONVERSIONS = {
    "P": "RGB",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}
_PLAIN_MODES = ("1", "L", "LA", "RGB", "RGBA")
#: A byte of the file stands for no more pixels, so that a small file that claims to be large is refused before anything
#: is allocated. In JPEG data, a block of 64 pixels needs a bit for each of its two codes, and with subsampled colours six
#: blocks make 256 pixels. A BMP file's shortest code for many pixels is to skip 255 rows and columns with four bytes.
_PIXELS_PER_BYTE = {"JPEG": 1024, "BMP": 255 * 255 // 4}
#: Where the header of a BMP file has the compression, and the width, the height and the bits of a pixel; those values of
#: the first that mean rows without compression. The older header of 12 bytes has nothing at the former place.
_BMP_COMPRESSION, _BMP_SIZE = slice(30, 34), (slice(18, 22), slice(22, 26), slice(28, 30))
_UNCOMPRESSED_BMP = (bytes(4), b"\3\0\0\0")
#: What damaged headers lead Pillow to.
_DAMAGED = (OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, struct.error)
#: In an AVIF file, what declares an item as EXIF data (ISO/IEC 14496-12, ItemInfoEntry: version, identity, protection).
_AVIF_EXIF_ITEM = re.compile(rb"(infe[\x02\x03]...(?:..|....)..)Exif", re.DOTALL)


class UnreadableHeaderError(ValueError):
    """Pillow does not get as far as the pixels.

    Examples
    --------
    >>> str(UnreadableHeaderError("its header is damaged"))
    'its header is damaged'
    """


def read_by_pillow(data: bytes, name: str) -> DecodedImage:
    """Decode the first frame of an image file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Pillow's name of the format, such as "PNG".

    Returns
    -------
    DecodedImage
        Samples (H, W, C) uint8. Palettes, CMYK and YCbCr become RGB, a transparent colour becomes an alpha channel,
        and alpha is never premultiplied.

    Raises
    ------
    ValueError
        The header is damaged, the image is larger than `MAX_PIXELS` or Pillow's own limit, or it is neither grey nor
        RGB nor CMYK.
    Exception
        Whatever else a damaged file leads Pillow to.

    Examples
    --------
    >>> file = BytesIO()
    >>> Image.new("L", (3, 2), 7).save(file, "PNG")
    >>> read_by_pillow(file.getvalue(), "PNG").samples[..., 0].tolist()
    [[7, 7, 7], [7, 7, 7]]
    """
    with no_foreign_messages():
        image = open_by_pillow(data, name)
        with image:
            frames = _frames(image, name)
            samples = samples_of_pillow(image)
            decoded = DecodedImage(samples=samples, frames=frames)
            # The chunks of a PNG file are read elsewhere.
            return decoded if name == "PNG" else decoded.with_collected(of_pillow_image(image, data))


def open_by_pillow(data: bytes, name: str) -> Image.Image:
    """The image as Pillow opens it, its size checked, its pixels not yet read.

    Raises
    ------
    ValueError
        As `read_by_pillow` raises it.

    Examples
    --------
    >>> open_by_pillow(b"BM" + bytes(60), "BMP")
    Traceback (most recent call last):
        ...
    pydeblur.files.pillow_reading.UnreadableHeaderError: its header is damaged
    """
    try:
        image = Image.open(BytesIO(data), formats=(name,))
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ValueError(
            f"it has more pixels than Pillow's limit of {limit}; cut it into parts, or set PIL.Image.MAX_IMAGE_PIXELS"
        ) from error
    except _DAMAGED as error:  # Pillow's own messages name no reason that a user knows.
        raise UnreadableHeaderError("its header is damaged") from error
    check_pixel_count(*image.size)
    if image.width * image.height > _PIXELS_PER_BYTE.get(name, math.inf) * len(data):
        raise ValueError(f"it is truncated: {len(data)} bytes can't hold its {image.width} x {image.height} pixels")
    return image


def samples_of_pillow(image: Image.Image) -> np.ndarray:
    """The (H, W, C) uint8 samples of an opened image; C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.

    Raises
    ------
    ValueError
        The image is neither grey nor RGB nor CMYK.
    Exception
        Whatever a damaged file leads Pillow to.

    Examples
    --------
    >>> samples_of_pillow(Image.new("CMYK", (1, 1), (0, 255, 0, 0))).tolist()
    [[[255, 0, 255]]]
    """
    mode, transparent = image.mode, "transparency" in image.info
    if mode not in _PLAIN_MODES and mode not in _CONVERSIONS:
        raise ValueError(f"its colour mode {mode} is neither grey, RGB nor CMYK")
    image.load()
    wanted = "RGBA" if transparent and mode in ("P", "1", "L", "RGB") else _CONVERSIONS.get(image.mode, image.mode)
    samples = np.asarray(image if image.mode == wanted else image.convert(wanted))
    if wanted == "RGBA" and mode in ("1", "L"):
        samples = samples[..., [0, 3]]
    if samples.dtype == bool:
        samples = samples * np.uint8(255)
    return samples.reshape(*samples.shape[:2], -1)


def read_bmp(data: bytes) -> DecodedImage:
    """Decode a BMP file, as `read_by_pillow` does.

    Examples
    --------
    >>> file = BytesIO()
    >>> Image.new("L", (3, 2), 7).save(file, "BMP")
    >>> read_bmp(file.getvalue()).samples.shape
    (2, 3, 1)
    """
    if data[_BMP_COMPRESSION] in _UNCOMPRESSED_BMP:
        width, height, bits = (int.from_bytes(data[place], "little", signed=True) for place in _BMP_SIZE)
        needed = -(-width * bits // 32) * 4 * abs(height)
        if needed > len(data):
            raise ValueError(f"it is truncated: {len(data)} bytes can't hold its {width} x {abs(height)} pixels")
    return read_by_pillow(data, "BMP")


def read_webp(data: bytes) -> DecodedImage:
    """Decode a WebP file, as `read_by_pillow` does.

    Raises
    ------
    ValueError
        Pillow is installed without WebP.

    Examples
    --------
    >>> read_webp(b"RIFF")
    Traceback (most recent call last):
        ...
    pydeblur.files.pillow_reading.UnreadableHeaderError: its header is damaged
    """
    _check_feature("webp", "WebP")
    return read_by_pillow(data, "WEBP")


def read_avif(data: bytes) -> DecodedImage:
    """Decode an AVIF file, as `read_by_pillow` does.

    Raises
    ------
    ValueError
        Pillow is installed without AVIF.

    Examples
    --------
    >>> try:
    ...     read_avif(b"ftypavif")
    ... except ValueError as error:
    ...     print(type(error).__name__)
    UnreadableHeaderError
    """
    _check_feature("avif", "AVIF")
    try:
        return read_by_pillow(data, "AVIF")
    except UnreadableHeaderError:
        # Pillow parses the EXIF data before anything else, and damaged ones stop it: they are declared as free space.
        decoded = read_by_pillow(_AVIF_EXIF_ITEM.sub(rb"\1free", data), "AVIF")
        return decoded._replace(remarks=(*decoded.remarks, "has metadata that can't be read and are left out"))


def _check_feature(feature, name):
    """Refuse a format that the installed Pillow was built without; some versions do not even know of it."""
    with no_foreign_messages():
        if not features.check(feature):
            raise UnreadableHeaderError(f"the installed version of Pillow can't read {name} files")


def _frames(image, name):
    """How many pictures the file has: of a camera's JPEG file, those that are at least as large as the first."""
    frames = getattr(image, "n_frames", 1)
    if name != "JPEG" or frames < 2:
        return frames
    size, pictures = image.size, 1
    try:
        for frame in range(1, frames):
            image.seek(frame)
            pictures += image.width >= size[0] and image.height >= size[1]
    except Exception:  # A further frame that is damaged leads Pillow anywhere, and is no picture.
        return pictures
    finally:
        image.seek(0)
    return pictures
