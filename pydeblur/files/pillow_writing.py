"""Writing the files that Pillow encodes: JPEG, BMP, WebP, AVIF, and PNG of 8 bits a sample."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from pydeblur.files import exif as exif_blocks
from pydeblur.files.metadata import Metadata

_EXIF_MARK = b"Exif\0\0"
#: BITMAPINFOHEADER and BITMAPV5HEADER, with the file's header of 14 bytes before them.
_BMP_FILE_HEADER, _BMP_INFO_HEADER, _BMP_V5_HEADER = 14, 40, 124
_BMP_PERCEPTUAL = 4


def can_encode(name: str) -> bool:
    """Whether this installation's Pillow writes a format.

    Parameters
    ----------
    name : str
        Pillow's name of the format, such as "AVIF".

    Examples
    --------
    >>> can_encode("JPEG"), can_encode("none such")
    (True, False)
    """
    Image.init()
    return name.upper() in Image.SAVE


def write_by_pillow(samples: np.ndarray, name: str, **options) -> bytes:
    """Encode an image file of 8 bits a sample.

    Parameters
    ----------
    samples : (H, W, C) uint8 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    name : str
        Pillow's name of the format, such as "PNG".
    **options
        Of Pillow's writer for this format; those that are None are left to it.

    Returns
    -------
    bytes

    Raises
    ------
    Exception
        Whatever Pillow raises for what the format can't hold, for instance 65536 columns in a JPEG file.

    Examples
    --------
    >>> import numpy as np
    >>> write_by_pillow(np.zeros((2, 3, 1), np.uint8), "BMP")[:2]
    b'BM'
    """
    file = BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(samples[..., 0] if samples.shape[2] == 1 else samples))
    picture.save(file, name, **{option: value for option, value in options.items() if value is not None})
    return file.getvalue()


def write_jpeg(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode a JPEG file with quality 95 and full colour resolution.

    Parameters
    ----------
    samples : (H, W, C) uint8 ndarray
        C = 1 grey, 3 RGB.
    icc_profile : bytes, optional
    metadata : Metadata, optional
        As `fit_metadata` gives it for JPEG.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import numpy as np
    >>> write_jpeg(np.zeros((2, 3, 1), np.uint8))[:3]
    b'\\xff\\xd8\\xff'
    """
    metadata = metadata or Metadata()
    return write_by_pillow(
        samples,
        "JPEG",
        quality=95,
        subsampling=0,
        icc_profile=icc_profile,
        exif=_EXIF_MARK + metadata.exif if metadata.exif else None,
        xmp=metadata.xmp,
        dpi=_per_inch(metadata),
        comment=metadata.text[0].text.encode() if metadata.text else None,
        extra=_photoshop_segment(metadata.iptc) if metadata.iptc else None,
    )


def write_bmp(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode a BMP file.

    Parameters
    ----------
    samples : (H, W, C) uint8 ndarray
        C = 1 grey, 3 RGB.
    icc_profile : bytes, optional
        For RGB. It makes the header a BITMAPV5HEADER, which older programs don't know.
    metadata : Metadata, optional
        As `fit_metadata` gives it for BMP.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import numpy as np
    >>> write_bmp(np.zeros((2, 3, 1), np.uint8))[:2]
    b'BM'
    """
    data = write_by_pillow(samples, "BMP", dpi=_per_inch(metadata or Metadata()))
    return _with_bmp_profile(data, icc_profile) if icc_profile else data


def write_webp(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode a WebP file without loss: its lossy coding halves the colour resolution.

    Parameters
    ----------
    samples : (H, W, C) uint8 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; grey is stored as RGB.
    icc_profile : bytes, optional
    metadata : Metadata, optional
        As `fit_metadata` gives it for WebP.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import numpy as np
    >>> write_webp(np.zeros((2, 3, 1), np.uint8))[8:12] if can_encode("WEBP") else b"WEBP"
    b'WEBP'
    """
    metadata = metadata or Metadata()
    # exact: colours under full transparency stay.
    return write_by_pillow(
        _as_colour(samples),
        "WEBP",
        lossless=True,
        exact=True,
        icc_profile=icc_profile,
        exif=metadata.exif,
        xmp=metadata.xmp,
    )


def write_avif(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode an AVIF file with quality 95 and full colour resolution.

    Parameters
    ----------
    samples : (H, W, C) uint8 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    icc_profile : bytes, optional
    metadata : Metadata, optional
        As `fit_metadata` gives it for AVIF.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import numpy as np
    >>> write_avif(np.zeros((2, 3, 1), np.uint8))[4:12] if can_encode("AVIF") else b"ftypavif"
    b'ftypavif'
    """
    metadata = metadata or Metadata()
    return write_by_pillow(
        _as_colour(samples) if samples.shape[2] == 2 else samples,
        "AVIF",
        quality=95,
        subsampling="4:4:4" if samples.shape[2] > 1 else None,
        # An empty profile keeps Pillow from looking for another one.
        icc_profile=icc_profile or b"",
        # Pillow takes the orientation out of EXIF data, and writes all of them anew where there is one.
        exif=exif_blocks.extended(metadata.exif, {}, frozenset((exif_blocks.ORIENTATION,))) if metadata.exif else None,
        xmp=metadata.xmp,
    )


def _as_colour(samples):
    """Grey as RGB, with its alpha."""
    return samples[..., [0, 0, 0, 1][: samples.shape[2] + 2]] if samples.shape[2] <= 2 else samples


def _per_inch(metadata):
    return None if metadata.resolution is None else metadata.resolution.per("inch")


def _photoshop_segment(iptc):
    """IPTC records as JPEG files hold them: Photoshop's resource 0x0404 in a segment APP13."""
    resource = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc + bytes(len(iptc) % 2)
    return b"\xff\xed" + struct.pack(">H", len(resource) + 2) + resource


def _with_bmp_profile(data, profile):
    """A BMP file of RGB pixels with an embedded profile: its header becomes a BITMAPV5HEADER, the profile comes last."""
    info = bytearray(data[_BMP_FILE_HEADER : _BMP_FILE_HEADER + _BMP_INFO_HEADER])
    pixels = data[_BMP_FILE_HEADER + _BMP_INFO_HEADER :]
    info[:4] = struct.pack("<I", _BMP_V5_HEADER)
    # Masks, which uncompressed pixels have not, the kind of colour space, and end points and gamma, which "MBED" ignores.
    info += bytes(16) + b"DEBM" + bytes(36 + 12)
    info += struct.pack("<IIII", _BMP_PERCEPTUAL, _BMP_V5_HEADER + len(pixels), len(profile), 0)
    start = _BMP_FILE_HEADER + _BMP_V5_HEADER
    size = start + len(pixels) + len(profile)
    return struct.pack("<2sIHHI", b"BM", size, 0, 0, start) + bytes(info) + pixels + profile
