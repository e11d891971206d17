"""The part of a large image that its kernel is estimated from: given, or the part that tells most about the blur.

A kernel needs a few hundred pixels of edges in all directions, not twelve million pixels; time and memory of the
estimate grow with the pixels that it looks at.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError
from pydeblur.options import is_integer, is_row, shown
from pydeblur.preprocess.clipping import CLIPPED_LEVEL, brightness_of
from pydeblur.preprocess.grey import grey_image

#: From so many pixels on an image counts as large: its kernel is estimated from a part of it unless the caller says otherwise.
LARGE_IMAGE = 2_000_000
#: Side of the chosen region: so many pixels, or so many kernel sizes, whichever is more.
_SMALLEST_SIDE = 512
#: The same where the blur changes over the image: from 512 pixels of twelve million a camera's turn comes out too large by a
#: fifth, from 1024 by 3 %.
_SMALLEST_SIDE_OF_VARYING = 1024
_KERNEL_SIZES = 12
#: Gradients are taken between means of blocks of this many pixels squared, in which noise loses its share.
_BLOCK = 2
#: Positions are tried this many to a region's side.
_STEPS = 8
#: Gradients stronger than this quantile count no more than it: twenty strong edges are better than one very strong one.
_STRONG = 0.9


class Region(NamedTuple):
    """A rectangle of pixels, given by its first row and column, its height and its width.

    Examples
    --------
    >>> import numpy as np
    >>> Region(2, 3, 4, 5).part_of(np.zeros((10, 10))).shape
    (4, 5)
    """

    top: int
    left: int
    height: int
    width: int

    def part_of(self, image: np.ndarray) -> np.ndarray:
        """Return the pixels of an image (H, W[, C]) that lie in the rectangle, as a view."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


def is_large(shape: tuple[int, ...]) -> bool:
    """Whether an image of a shape (H, W[, C]) has 2 million pixels or more.

    Examples
    --------
    >>> is_large((1080, 1920, 3)), is_large((3000, 4000, 3))
    (True, True)
    >>> is_large((1000, 1500))
    False
    """
    return shape[0] * shape[1] >= LARGE_IMAGE


def region_from(crop, image: np.ndarray, kernel_size: int, varies: bool = False) -> Region | None:
    """Return the region that the argument ``crop`` of :func:`pydeblur.deblur` means.

    Parameters
    ----------
    crop : None, "auto", "all" or (int, int, int, int)
        "all" stands for the whole image, "auto" for the choice of :func:`choose_region`; four numbers are top, left,
        height and width in pixels. None is "auto" for an image of 2 million pixels or more, else "all".
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel_size : int
        The size of the kernel that will be estimated.
    varies : bool
        Whether the blur changes over the image: a region that is chosen is then larger, so that it shows the change.

    Returns
    -------
    Region or None
        None for the whole image.

    Raises
    ------
    InvalidInputError
        If `crop` is something else, or does not lie within the image.

    Examples
    --------
    >>> import numpy as np
    >>> region_from((0, 10, 50, 60), np.zeros((100, 100)), 15)
    Region(top=0, left=10, height=50, width=60)
    """
    if crop is None:
        crop = "auto" if is_large(image.shape) else "all"
    if isinstance(crop, str) and crop == "auto":
        smallest = _SMALLEST_SIDE_OF_VARYING if varies else _SMALLEST_SIDE
        return choose_region(image, kernel_size, max(smallest, _KERNEL_SIZES * kernel_size))
    if isinstance(crop, str) and crop == "all":
        return None
    region = _given_region(crop)
    inside = (
        min(region.top, region.left) >= 0
        and min(region.height, region.width) >= 1
        and region.top + region.height <= image.shape[0]
        and region.left + region.width <= image.shape[1]
    )
    if not inside:
        raise InvalidInputError(
            f"crop should lie within the image of {image.shape[:2]} pixels, but is {shown(tuple(region))}"
        )
    return region


def check_crop(crop) -> None:
    """Check the argument ``crop`` as far as that needs no image.

    Raises
    ------
    InvalidInputError
        If it is neither None nor "auto" nor "all" nor four whole numbers.

    Examples
    --------
    >>> check_crop((0, 10, 50, 60))
    >>> check_crop("left")
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: crop should be None, "auto", "all" or (top, left, height, width), but is 'left'
    """
    if crop is not None and not (isinstance(crop, str) and crop in ("auto", "all")):
        _given_region(crop)


def _given_region(crop) -> Region:
    if not is_row(crop) or len(crop) != 4 or not all(is_integer(number) for number in crop):
        raise InvalidInputError(
            f'crop should be None, "auto", "all" or (top, left, height, width), but is {shown(crop)}'
        )
    return Region(*map(int, crop))


def choose_region(image: np.ndarray, kernel_size: int, side: int | None = None) -> Region:
    """Choose the square region with most gradients in all directions, where nothing is clipped.

    A region's worth is the smaller eigenvalue of its structure tensor, the sum of ∇I∇Iᵀ: a blur has to be seen by the
    gradients along every direction, and so by the weakest ones too. No gradient counts for more than the 0.9 quantile
    of all that differ from 0, so that many edges weigh more than a few strong ones. Gradients within half a kernel of
    clipped pixels do not count, and the worth is multiplied by the square of the share of pixels that do.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Floating, in [0, 1].
    kernel_size : int
        The size of the kernel that will be estimated.
    side : int, optional
        Side of the region, at least 2; by default 12 kernel sizes, at least 512. An image that is smaller in one
        direction is taken whole in that direction.

    Returns
    -------
    Region
        The middle of the image where no region has any worth.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((96, 96), 0.5)
    >>> image[:32, :32] = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((4, 4)))
    >>> choose_region(image, 5, side=32)
    Region(top=0, left=0, height=32, width=32)
    """
    side = side or max(_SMALLEST_SIDE, _KERNEL_SIZES * kernel_size)
    height, width = (min(side, length) for length in image.shape[:2])
    middle = Region((image.shape[0] - height) // 2, (image.shape[1] - width) // 2, height, width)
    if (height, width) == image.shape[:2] or min(height, width) < _BLOCK:
        return middle
    tensor, usable = _structure(image, kernel_size)
    corners = [_positions(length, part) for length, part in zip(image.shape[:2], (height, width))]
    blocks = [(first // _BLOCK, (first + part) // _BLOCK) for first, part in zip(corners, (height, width))]
    xx, yy, xy, share = (_region_means(plane, *blocks) for plane in (*tensor, usable))
    worth = share**2 * ((xx + yy) / 2 - np.hypot((xx - yy) / 2, xy))
    if worth.max() <= 0:
        return middle
    row, column = np.unravel_index(np.argmax(worth), worth.shape)
    return Region(int(corners[0][row]), int(corners[1][column]), height, width)


def _structure(image, kernel_size):
    """∇I∇Iᵀ of the blocks' means, as three planes (h, w), and a plane that is 0 near clipped pixels, else 1."""
    means = _block_means(grey_image(image).astype(np.float32, copy=False), np.mean)
    clipped = _block_means(brightness_of(image), np.max) >= CLIPPED_LEVEL
    usable = ~scipy.ndimage.maximum_filter(clipped, size=2 * (kernel_size // (2 * _BLOCK)) + 3)
    vertical, horizontal = np.zeros_like(means), np.zeros_like(means)
    vertical[:-1] = np.diff(means, axis=0)
    horizontal[:, :-1] = np.diff(means, axis=1)
    magnitude = np.hypot(horizontal, vertical)
    seen = magnitude[usable & (magnitude > 0)]
    limit = np.quantile(seen, _STRONG) if seen.size else 1
    factor = usable * np.minimum(1, limit / np.maximum(magnitude, limit))
    horizontal *= factor
    vertical *= factor
    return (horizontal**2, vertical**2, horizontal * vertical), usable.astype(np.float32)


def _block_means(image, statistic):
    """A statistic of each block; rows and columns that are left over at the end are dropped."""
    rows, columns = (length // _BLOCK for length in image.shape)
    blocks = image[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return statistic(blocks, axis=(1, 3))


def _positions(length, part):
    """First pixels of the regions that are tried along one side, the last one flush with the image's end."""
    step = max(part // _STEPS, 1)
    return np.append(np.arange(0, length - part, step), length - part)


def _region_means(plane, rows, columns):
    """Means over all pairs of row and column ranges, (first, last) arrays each, by an integral image in float64."""
    integral = np.zeros((plane.shape[0] + 1, plane.shape[1] + 1))
    np.cumsum(np.cumsum(plane, axis=0, dtype=np.float64), axis=1, out=integral[1:, 1:])
    corners = [[integral[np.ix_(row, column)] for column in columns] for row in rows]
    areas = np.multiply.outer(rows[1] - rows[0], columns[1] - columns[0])
    return (corners[1][1] - corners[1][0] - corners[0][1] + corners[0][0]) / areas
