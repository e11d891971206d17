"""TIFF files: tifffile writes them all, and reads those that Pillow does not read exactly.

Pillow undoes every usual compression without a further package, but it drops half of the bits of 16-bit colour and
refuses floating colour. tifffile keeps all bits, but needs the package imagecodecs (the extra "tiff") for LZW and some
others.
"""

from __future__ import annotations

from io import BytesIO

import imageio.v3 as iio
import numpy as np
import tifffile

from pydeblur.files.decoded_image import DecodedImage
from pydeblur.files.pillow_codec import read_by_pillow

#: Values of the tags PhotometricInterpretation, ExtraSamples and SampleFormat, and the tag Orientation (TIFF 6.0).
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB = 0, 1, 2
_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA = 1, 2
_SIGNED = 2
_ORIENTATION = 274
_DTYPES = (np.uint8, np.uint16, np.float16, np.float32, np.float64)


def read_tiff(data: bytes) -> DecodedImage:
    """Decode the first page of a TIFF or BigTIFF file, with all its bits.

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
    ValueError
        The samples are of another type, or neither grey nor RGB nor of a kind that Pillow converts to RGB, or the
        file's compression needs the package imagecodecs, which is not installed.
    Exception
        Whatever else a damaged file leads Pillow or tifffile to.

    Examples
    --------
    >>> import numpy as np
    >>> read_tiff(write_tiff(np.full((2, 3, 3), 40000, np.uint16))).samples[0, 0].tolist()
    [40000, 40000, 40000]
    """
    try:
        file = iio.imopen(data, "r", plugin="pillow")
    except OSError:  # The file is of a kind that Pillow does not know.
        return _read_by_tifffile(data)
    with file:
        exact = _pillow_reads_exactly(file.metadata(index=0))
    return read_by_pillow(data) if exact else _read_by_tifffile(data)


def write_tiff(samples: np.ndarray, icc_profile: bytes | None = None) -> bytes:
    """Encode a baseline TIFF file: little-endian, one uncompressed strip, so that every reader reads it.

    Parameters
    ----------
    samples : (H, W, C) uint8, uint16, float32 or float64 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Alpha is stored as unassociated: colours are not multiplied by it.
    icc_profile : bytes, optional

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
    )
    return file.getvalue()


def _pillow_reads_exactly(tags):
    """Whether Pillow keeps all bits of a TIFF file: of 16-bit colour it drops half, of signed ones the meaning."""
    bits, sample_format = (int(np.max(tags.get(tag, 1))) for tag in ("BitsPerSample", "SampleFormat"))
    deep_mode = {16: ("I;16", "I;16B"), 32: ("F",)}.get(bits, ())
    return (bits <= 8 and sample_format != _SIGNED) or tags["mode"] in deep_mode


def _read_by_tifffile(data):
    with tifffile.TiffFile(BytesIO(data)) as file:
        page = file.pages[0]
        if int(page.photometric) not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB) or page.axes not in ("YX", "YXS", "SYX"):
            raise ValueError("it is neither a grey nor an RGB image")
        # Samples of 12 bits, say, come in 16, but their white is 4095.
        if page.dtype not in _DTYPES or page.bitspersample != 8 * page.dtype.itemsize:
            raise ValueError(
                f"its samples are {page.bitspersample}-bit {page.dtype}, neither 8- or 16-bit unsigned nor floating"
            )
        samples = _decoded_samples(page)
        samples = np.moveaxis(samples, 0, -1) if page.axes == "SYX" else samples.reshape(*samples.shape[:2], -1)
        orientation = page.tags.get(_ORIENTATION)
        return DecodedImage(
            samples=_plain_samples(samples, int(page.photometric), [int(kind) for kind in page.extrasamples]),
            orientation=int(orientation.value) if orientation is not None else 1,
            icc_profile=page.iccprofile,
            frames=len(file.pages),
        )


def _decoded_samples(page):
    """The samples of a page, or a `ValueError` that says what to install."""
    try:
        return page.asarray()
    except (ValueError, NotImplementedError, ImportError) as error:
        # tifffile has no exception of its own for this, and for Zstandard it looks for another module that is missing.
        if "imagecodecs" not in str(error) and not isinstance(error, ImportError):
            raise
        raise ValueError(
            f"its compression ({page.compression.name}) needs the package imagecodecs (pip install 'pydeblur[tiff]')"
        ) from error


def _plain_samples(samples, photometric, extra_kinds):
    """Black as 0, colour undone from its alpha, and of the extra samples only alpha: (H, W, C)."""
    if photometric == _MIN_IS_WHITE and samples.dtype.kind == "u":
        samples = np.iinfo(samples.dtype).max - samples
    colours = 3 if photometric == _RGB else 1
    if samples.shape[2] < colours:
        raise ValueError(f"it has {samples.shape[2]} samples per pixel where {colours} are needed")
    colour = samples[..., :colours]
    alphas = [place for place, kind in enumerate(extra_kinds) if kind in (_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA)]
    if not alphas:
        return colour
    alpha = samples[..., colours + alphas[0], None]
    if extra_kinds[alphas[0]] == _ASSOCIATED_ALPHA:
        colour = _divided_by_alpha(colour, alpha)
    return np.concatenate([colour, alpha], axis=2)


def _divided_by_alpha(colour, alpha):
    """(H, W, C) colours that were multiplied by their (H, W, 1) alpha, as they were before, in their dtype."""
    whole = colour.dtype.kind == "u"
    full = np.iinfo(colour.dtype).max if whole else 1.0
    # A pixel that is fully transparent has no colour left to recover.
    plain = colour * (full / np.where(alpha > 0, alpha, full))
    if whole:
        plain = np.floor(np.minimum(plain, full) + 0.5)
    return plain.astype(colour.dtype)
