"""Highlights that the sensor clipped: where they are, and whether a dark photograph has any.

Where light was clipped, the blurred image is no convolution any more. A kernel estimated from it all the same bends to
explain the clipped parts, and deblurring rings around them.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation

#: Where a channel is at least so bright, the sensor may have clipped it.
CLIPPED_LEVEL = 0.98
#: Pixels around clipped ones that count as clipped too: a prefilter or a camera's sharpening has spread the clipping.
_MARGIN = 2
#: A scene darker than this by its median is one in which highlights are light sources, not white paper.
_DARK = 0.4
#: A highlight's edge has been cut off where the slope that leads up to it would pass 1 by more than this...
_OVERSHOOT = 0.05
#: ...and so have highlights as such, if it happens in at least so many places, and in this share of all.
_FEWEST, _SHARE = 20, 0.05


def clipped_pixels(image: np.ndarray) -> np.ndarray:
    """Pixels that may have been clipped in some channel, and those next to them.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].

    Returns
    -------
    (H, W) ndarray of bool
    """
    window = np.ones((2 * _MARGIN + 1, 2 * _MARGIN + 1), bool)
    return binary_dilation(_brightness(image) >= CLIPPED_LEVEL, window)


def has_clipped_highlights(image: np.ndarray) -> bool:
    """Whether a blurred photograph of a dark scene has highlights that were clipped after the blur.

    Blur is smooth: where it leads up to a plateau, the slope falls off before. Where the sensor cut it off, it breaks
    off at full steepness, so that a line through the last two pixels before the plateau passes 1. White paper under a
    small kernel can look the same, so that bright scenes are never said to be clipped.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    """
    brightness = _brightness(image)
    if np.median(brightness) >= _DARK:
        return False
    reached = np.concatenate([_continued_edges(view) for view in _four_directions(brightness)])
    broken_off = np.count_nonzero(reached > 1 + _OVERSHOOT)
    return bool(broken_off >= max(_FEWEST, _SHARE * reached.size))


def _brightness(image):
    return image.max(axis=-1) if image.ndim == 3 else image


def _four_directions(image):
    """The image so turned that each direction in it runs down the rows once."""
    for upright in (image, image.T):
        yield upright
        yield upright[::-1]


def _continued_edges(image):
    """Down the rows: what a line through two pixels that are not clipped reaches at the next, if two clipped ones follow."""
    clipped = image >= CLIPPED_LEVEL
    before, last, first, second = (slice(start, start - 3 or None) for start in range(4))
    edges = ~clipped[before] & ~clipped[last] & clipped[first] & clipped[second]
    return (2 * image[last] - image[before])[edges]
