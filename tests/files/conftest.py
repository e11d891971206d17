"""Random pictures, and the files that Pillow makes of pictures, for the tests of images."""

import io

import numpy as np
from PIL import Image

RNG = np.random.default_rng(5)


def picture(height, width, channels, dtype=np.uint8):
    """Random integer samples (H, W[, C])."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def bytes_of(samples, file_format, **options):
    """The file that Pillow makes of an array."""
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, file_format, **options)
    return buffer.getvalue()
