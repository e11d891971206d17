"""Highlights that the sensor clipped: where they are, and whether a dark photograph has any.

Where light was clipped, the blurred image is no convolution any more. A kernel estimated from it all the same bends to
explain the clipped parts, and deblurring rings around them.
"""

from __future__ import annotations

import numpy as np
import scipy

#: The sensor may have clipped a channel that is at least so bright.
CLIPPED_LEVEL = 0.98
#: Pixels around clipped ones that count as clipped too: a prefilter or a camera's sharpening has spread the clipping.
_MARGIN = 2
#: In a scene whose median is below the second, highlights are light sources, not white paper; one whose median is below
#: the first is no photograph, but drawn in white on black.
_BLACK, _DARK = 0.03, 0.4
#: A kernel of fewer pixels makes edges as steep as clipping does.
_SMALLEST_KERNEL = 15
#: A highlight's edge has been cut off where the slope that leads up to it would pass 1 by more than this.
_OVERSHOOT = 0.05
#: Highlights have been clipped if at least so many edges, and this share of all edges, have been cut off.
_FEWEST, _SHARE = 20, 0.05


def clipped_pixels(image: np.ndarray) -> np.ndarray:
    """Find the pixels that may have been clipped in some channel, and those next to them.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].

    Returns
    -------
    (H, W) ndarray of bool
        True for pixels of at least 0.98 in the brightest channel, and for those up to two pixels from them.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[4, 4] = 1.0
    >>> int(clipped_pixels(image).sum())
    25
    """
    window = np.ones((2 * _MARGIN + 1, 2 * _MARGIN + 1), bool)
    return scipy.ndimage.binary_dilation(brightness_of(image) >= CLIPPED_LEVEL, window)


def has_clipped_highlights(image: np.ndarray, kernel_size: int) -> bool:
    """Tell whether a blurred photograph of a dark scene has highlights that were clipped after the blur.

    Blur is smooth: where it leads up to a plateau, the slope falls off before. Where the sensor cut it off, it breaks
    off at full steepness, so that a line through the last two pixels before the plateau passes 1. White that a small
    kernel has blurred looks the same. So small kernels, bright scenes, which may be paper, and black ones, which may be
    drawn, are never said to have any; :func:`pydeblur.nonblind.saturation.needs_more_light` looks again once the kernel
    is known. It goes beyond the paper (docs/algorithm, section 9).

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel_size : int
        The size of the blur, as it is given to the solver.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> light = np.tile(np.clip(0.3 * (np.arange(64) - 50), 0.1, 1.2), (64, 1))
    >>> has_clipped_highlights(np.minimum(light, 1.0), 21), has_clipped_highlights(light / 1.2, 21)
    (True, False)
    """
    brightness = brightness_of(image)
    if kernel_size < _SMALLEST_KERNEL or not _BLACK <= np.median(brightness) < _DARK:
        return False
    reached = np.concatenate([_continued_edges(view) for view in _four_directions(brightness)])
    broken_off = np.count_nonzero(reached > 1 + _OVERSHOOT)
    return bool(broken_off >= max(_FEWEST, _SHARE * reached.size))


def brightness_of(image: np.ndarray) -> np.ndarray:
    """Return the brightest channel of an image: the one that is clipped first.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray

    Returns
    -------
    (H, W) ndarray
        A grey image is returned as it is.

    Examples
    --------
    >>> import numpy as np
    >>> brightness_of(np.array([[[0.1, 0.9, 0.2]]])).tolist()
    [[0.9]]
    """
    return image.max(axis=-1) if image.ndim == 3 else image


def _four_directions(image):
    """Yield the image turned so that each of its four directions runs down the rows once."""
    for upright in (image, image.T):
        yield upright
        yield upright[::-1]


def _continued_edges(image):
    """Continue the edges down the rows that lead up to clipped pixels.

    Where two pixels that are not clipped are followed by two that are, this is what a line through the first two
    reaches at the next."""
    clipped = image >= CLIPPED_LEVEL
    before, last, first, second = (slice(start, start - 3 or None) for start in range(4))
    edges = ~clipped[before] & ~clipped[last] & clipped[first] & clipped[second]
    return (2 * image[last] - image[before])[edges]
