"""Highlights that the sensor clipped: where they are, and whether a dark photograph has any.

Where light was clipped, the blurred image is no convolution any more. A kernel estimated from it all the same bends to
explain the clipped parts, and deblurring rings around them.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation

from pydeblur.matlab import padarray
from pydeblur.nonblind.tv import deconvolve_tv

#: Where a channel is at least so bright, the sensor may have clipped it.
CLIPPED_LEVEL = 0.98
#: Pixels around clipped ones that count as clipped too: a prefilter or a camera's sharpening has spread the clipping.
_MARGIN = 2
#: A scene darker than this by its median is one in which highlights are light sources, not white paper; one as black as the
#: first is no photograph, but white on black, drawn.
_BLACK, _DARK = 0.03, 0.4
#: A kernel of fewer pixels makes edges as steep as clipping does.
_SMALLEST_KERNEL = 15
#: A highlight's edge has been cut off where the slope that leads up to it would pass 1 by more than this...
_OVERSHOOT = 0.05
#: ...and so have highlights as such, if it happens in at least so many places, and in this share of all.
_FEWEST, _SHARE = 20, 0.05
#: What a scene without light beyond 1 lacks, on the mean over the clipped pixels, if there was such light. With the true kernels it
#: is 0.13 to 0.32 on clipped development images, and about 0 on others; with wrong ones either may have some hundredths.
_LACK = 0.05


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
    return binary_dilation(brightness_of(image) >= CLIPPED_LEVEL, window)


def has_clipped_highlights(image: np.ndarray, kernel_size: int) -> bool:
    """Whether a blurred photograph of a dark scene has highlights that were clipped after the blur.

    Blur is smooth: where it leads up to a plateau, the slope falls off before. Where the sensor cut it off, it breaks
    off at full steepness, so that a line through the last two pixels before the plateau passes 1. White that a small
    kernel has blurred looks the same. So small kernels, bright scenes, which may be paper, and black ones, which may be
    drawn, are never said to have any; :func:`needs_more_light` looks again once the kernel is known.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel_size : int
        Of the blur, as it is given to the solver.

    Returns
    -------
    bool
    """
    brightness = brightness_of(image)
    if kernel_size < _SMALLEST_KERNEL or not _BLACK <= np.median(brightness) < _DARK:
        return False
    reached = np.concatenate([_continued_edges(view) for view in _four_directions(brightness)])
    broken_off = np.count_nonzero(reached > 1 + _OVERSHOOT)
    return bool(broken_off >= max(_FEWEST, _SHARE * reached.size))


def needs_more_light(image: np.ndarray, kernel: np.ndarray) -> bool:
    """Whether the clipped pixels of a blurred image had light that no sharp image within [0, 1] could have given them.

    The image is deblurred by TV and clipped to [0, 1]: what it was before blurring, if nothing was clipped after. Blurred
    again, it is then as bright as the image; if lights were brighter than 1, it is darker where they were spread to.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.

    Returns
    -------
    bool
        False where no pixel is clipped but near the border.
    """
    # What lies beyond the border is not known.
    brightness = brightness_of(image)
    known = tuple(slice(length, -length or None) for length in kernel.shape)
    clipped = brightness[known] >= CLIPPED_LEVEL
    if not clipped.any():
        return False
    from scipy.signal import fftconvolve  # which takes a second to import

    sharp = np.clip(deconvolve_tv(brightness, kernel), 0, 1)
    margins = tuple(length // 2 for length in kernel.shape)
    reblurred = fftconvolve(padarray(sharp, margins, "replicate"), kernel, mode="valid")
    lack = (brightness - reblurred)[known][clipped]
    return bool(lack.mean() > _LACK)


def brightness_of(image: np.ndarray) -> np.ndarray:
    """The brightest channel (H, W) of an image (H, W) or (H, W, 3): the one that is clipped first."""
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
