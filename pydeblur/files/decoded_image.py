"""What a decoder hands over: samples as the file stores them, and how to hold them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class DecodedImage(NamedTuple):
    """The first frame of an image file, freed from its coding but neither rotated nor scaled.

    Every decoder returns one, and `read_image` makes an `ImageFile` of it.

    Attributes
    ----------
    samples : (H, W, C) uint8, uint16 or floating ndarray
        C is 1 or 3, plus 1 if the last channel is alpha.
    orientation : int
        EXIF orientation, 1 to 8.
    icc_profile : bytes or None
        The embedded ICC profile.
    frames : int
        How many frames or pages the file has.
    """

    samples: np.ndarray
    orientation: int = 1
    icc_profile: bytes | None = None
    frames: int = 1


def upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an image the way that its EXIF orientation asks for (Exif 2.32, tag 274).

    Parameters
    ----------
    samples : (H, W, C) ndarray
    orientation : int
        1 to 8; any other value counts as 1, which asks for nothing.

    Returns
    -------
    (H, W, C) or (W, H, C) ndarray
        A view of `samples`.

    Examples
    --------
    >>> import numpy as np
    >>> upright(np.array([[[1], [2], [3]]]), 6)[..., 0].tolist()
    [[1], [2], [3]]
    >>> upright(np.array([[[1], [2], [3]]]), 3)[..., 0].tolist()
    [[3, 2, 1]]
    """
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples
