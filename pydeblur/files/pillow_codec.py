"""The files that Pillow, through imageio, reads and writes exactly: 8-bit ones, and TIFF files of one deep channel."""

from __future__ import annotations

import imageio.v3 as iio
import numpy as np

from pydeblur.files.decoded_image import DecodedImage

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
_PLAIN_MODES = ("1", "L", "LA", "RGB", "RGBA", "I;16", "I;16B", "I;16L", "F")


def read_by_pillow(data: bytes) -> DecodedImage:
    """Decode the first frame of an image file.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    DecodedImage
        Samples (H, W, C) uint8, uint16 or float32. Palettes, CMYK and YCbCr become RGB, a transparent colour becomes an
        alpha channel, and alpha is never premultiplied.

    Raises
    ------
    ValueError
        The header is damaged, or the image is neither grey nor RGB nor CMYK.
    Exception
        Whatever else a damaged file leads Pillow to.

    Examples
    --------
    >>> import numpy as np
    >>> samples = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    >>> read_by_pillow(write_by_pillow(samples, "PNG")).samples[..., 0].tolist()
    [[0, 1, 2], [3, 4, 5]]
    """
    try:
        file = iio.imopen(data, "r", plugin="pillow")
    except OSError as error:  # imageio's own message is about its plugins.
        raise ValueError("its header is damaged") from error
    with file:
        tags = file.metadata(index=0)
        mode = tags["mode"]
        transparent_colour = "transparency" in tags
        if mode not in _PLAIN_MODES and mode not in _CONVERSIONS:
            raise ValueError(f"its colour mode {mode} is neither grey, RGB nor CMYK")
        # imageio's types know no "as it is" and no "all frames".
        wanted = "RGBA" if transparent_colour else _CONVERSIONS.get(mode)
        samples = file.read(index=0, mode=wanted)  # type: ignore[arg-type]
        # The tags are taken after reading: some versions of Pillow turn TIFF images on reading, and then drop the tag.
        tags = file.metadata(index=0, exclude_applied=False)
        frames = file.properties(index=...).n_images or 1  # type: ignore[arg-type]
    if transparent_colour and mode in ("1", "L"):
        samples = samples[..., [0, 3]]
    if samples.dtype == bool:
        samples = samples * np.uint8(255)
    # Pillow inverts 8-bit samples for which 0 means white, but not 16-bit ones.
    if samples.dtype.itemsize == 2 and tags.get("PhotometricInterpretation") == 0:
        samples = 65535 - samples
    return DecodedImage(
        samples=samples.reshape(*samples.shape[:2], -1),
        orientation=tags.get("Orientation", 1),
        icc_profile=tags.get("icc_profile"),
        frames=frames,
    )


def write_by_pillow(samples: np.ndarray, name: str, icc_profile: bytes | None = None, **options) -> bytes:
    """Encode an image file of 8 bits a sample.

    Parameters
    ----------
    samples : (H, W, C) uint8 ndarray
        C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    name : str
        Pillow's name of the format, such as "PNG".
    icc_profile : bytes, optional
    **options
        Of Pillow's writer for this format.

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
    if icc_profile:
        options["icc_profile"] = icc_profile
    picture = samples[..., 0] if samples.shape[2] == 1 else samples
    # is_batch: a picture of 2 to 4 columns is not a stack of pictures.
    return iio.imwrite("<bytes>", picture, plugin="pillow", extension=f".{name.lower()}", is_batch=False, **options)
