"""Writing TIFF files, by tifffile."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import tifffile

from pydeblur.files import exif as exif_blocks
from pydeblur.files.metadata import Metadata, Resolution

#: A value of the tag ExtraSamples (TIFF 6.0, section 18).
_UNASSOCIATED_ALPHA = 2
_UNITS = {"none": "NONE", "inch": "INCH", "centimetre": "CENTIMETER"}


def write_tiff(samples: np.ndarray, icc_profile: bytes | None = None, metadata: Metadata | None = None) -> bytes:
    """Encode a baseline TIFF file: little-endian, one uncompressed strip, so that every reader reads it.

    Parameters
    ----------
    samples : (H, W, C) uint8, uint16, float32 or float64 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Alpha is stored as unassociated: colours are not multiplied by it.
    icc_profile : bytes, optional
    metadata : Metadata, optional
        As `fit_metadata` gives it for TIFF: EXIF, resolution, XMP and IPTC are written.

    Returns
    -------
    bytes
        A BigTIFF file if the samples need more than the 4 GiB that a TIFF file can have.

    Examples
    --------
    >>> import numpy as np
    >>> write_tiff(np.zeros((2, 3, 1), np.float32))[:4]
    b'II*\\x00'
    """
    metadata = metadata or Metadata()
    channels = samples.shape[2]
    file = BytesIO()
    tifffile.imwrite(
        file,
        samples if channels > 1 else samples[..., 0],
        byteorder="<",
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=[_UNASSOCIATED_ALPHA] if channels in (2, 4) else None,
        iccprofile=icc_profile,
        # By default tifffile describes the array's shape and names itself; neither is a property of the picture.
        metadata=None,
        software=False,
        extratags=_byte_tags(metadata),
        **_resolution_options(metadata.resolution),
    )
    data = file.getvalue()
    return exif_blocks.into_tiff(data, metadata.exif) if metadata.exif else data


def _byte_tags(metadata):
    pieces = ((exif_blocks.XMP, metadata.xmp), (exif_blocks.IPTC, metadata.iptc))
    return [(tag, "B", len(value), value, True) for tag, value in pieces if value]


def _resolution_options(resolution: Resolution | None):
    if resolution is None:
        return {}
    if resolution.unit == "metre":
        x, y = resolution.per("inch")
        resolution = Resolution(x, y, "inch")
    return {"resolution": (resolution.x, resolution.y), "resolutionunit": _UNITS[resolution.unit]}
