"""What a decoder hands over: samples as the file stores them, and how to hold them."""

from typing import NamedTuple

import numpy as np


class DecodedImage(NamedTuple):
    """An image file's first frame, undone from its coding but neither rotated nor scaled."""

    #: (H, W, C) uint8, uint16 or floating; C is 1 or 3, plus 1 if the last channel is alpha.
    samples: np.ndarray
    #: EXIF orientation, 1 to 8.
    orientation: int = 1
    #: The embedded ICC profile, if any.
    icc_profile: bytes | None = None
    #: How many frames or pages the file has.
    frames: int = 1


def upright(samples, orientation):
    """Turn an (H, W, C) array the way that its EXIF orientation (1 to 8; others count as 1) asks for."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples
