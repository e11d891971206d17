"""Pictures of a blur that changes over the picture: its local kernels over the image, and the weights of its poses."""

from __future__ import annotations

import math

import numpy as np
import scipy
from PIL import Image, ImageDraw

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform.local_blur import LocalBlur, PoseBlur, check_same_shape
from pydeblur.nonuniform.poses import CameraPoses
from pydeblur.options import is_integer, is_row, shown
from pydeblur.preprocess.grey import grey_image

#: How much of the image's brightness is left below the kernels, and the colour (red, green, blue) of a kernel's maximum.
_BACKGROUND, _COLOUR = 0.45, np.array([1.0, 0.82, 0.2])
#: A kernel takes at most this share of its cell; small ones are enlarged up to so many times.
_CELL_SHARE, _LARGEST_ENLARGEMENT = 0.9, 12
#: Kernels along the longer side of the picture, as long as there is room for them.
_ALONG_LONGER_SIDE = 8
#: Elements of a kernel below this share of its maximum are not drawn.
_FAINT = 0.04
_ROUNDING = 1e-9
#: Side of a panel of the poses' picture, the space around it, and the width of a pose's spot, in pixels.
_PANEL, _LEFT, _BELOW, _AROUND, _SPOT = 260, 64, 44, 16, 3.0


def draw_kernels(
    blur: LocalBlur, image=None, counts: tuple[int, int] | None = None, enlargement: int | None = None
) -> np.ndarray:
    """Draw a grid of local kernels over the image.

    Each kernel stands in its place, as bright as its maximum allows. All are enlarged by the same whole number where there
    is room.

    Parameters
    ----------
    blur : PoseBlur or KernelGridBlur
    image : (H, W) or (H, W, 3) array_like, optional
        The picture that the blur is for, in [0, 1]: it is shown below the kernels, in dark grey. Without it that is black.
    counts : (int, int), optional
        Rows and columns of kernels; by default as many as there is room for, up to 8 along the longer side.

    enlargement : int, optional
        How many pixels a pixel of the kernels has along each side; by default as many as there is room for, up to 12.

    Returns
    -------
    (H, W, 3) float64 ndarray
        In [0, 1].

    Raises
    ------
    InvalidInputError
        If the image is of another size than the blur, or the counts are not two whole numbers of at least 1 that are no
        larger than the picture's sides, or the enlargement is not a whole number of at least 1.

    Examples
    --------
    >>> blur = PoseBlur(CameraPoses([[-3.0, 0.0, 0.02], [3.0, 0.0, -0.02]], (80, 120)), [1.0, 1.0])
    >>> picture = draw_kernels(blur, np.full((80, 120), 0.5))
    >>> picture.shape, round(float(picture.max()), 2)
    ((80, 120, 3), 1.0)
    """
    shape = (blur.shape[0], blur.shape[1])
    canvas = np.zeros((*shape, 3))
    if image is not None:
        image = np.asarray(image, np.float64)
        check_same_shape(blur, image.shape)
        canvas += np.clip(grey_image(image), 0, 1)[..., None] * _BACKGROUND
    if not (enlargement is None or (is_integer(enlargement) and enlargement >= 1)):
        raise InvalidInputError(f"enlargement should be a whole number of at least 1, but is {shown(enlargement)}")
    places, kernels, room = _grid_of_kernels(blur, shape, counts)
    enlargement = int(enlargement or min(max(1, room), _LARGEST_ENLARGEMENT))
    for (x, y), kernel in zip(places, kernels):
        share = np.sqrt(kernel / kernel.max()) * (kernel > _FAINT * kernel.max())
        _put(canvas, np.kron(share, np.ones((enlargement, enlargement))), round(y), round(x))
    return canvas


def draw_poses(blur: PoseBlur) -> np.ndarray:
    """Draw the weights of the camera's poses: the paths of each pair of their three parameters.

    Parameters
    ----------
    blur : PoseBlur
        :func:`~pydeblur.nonuniform.single_kernel.poses_of_kernel` makes one of a single kernel.

    Returns
    -------
    (320, 1020, 3) float64 ndarray
        In [0, 1]: three panels, the brighter the more weight, with the units at their axes. Translations are in pixels,
        rotations in degrees.

    Examples
    --------
    >>> blur = PoseBlur(CameraPoses([[-3.0, 0.0, 0.02], [3.0, 0.0, -0.02]], (80, 120)), [1.0, 1.0])
    >>> picture = draw_poses(blur)
    >>> picture.ndim, round(float(picture.max()), 2)
    (3, 1.0)
    """
    parameters, names = _shown_parameters(blur.poses)
    panels = [_panel(parameters[:, [i, j]], blur.weights, names[i], names[j]) for i, j in ((0, 1), (0, 2), (2, 1))]
    return np.concatenate(panels, axis=1) / 255.0


def _grid_of_kernels(blur: LocalBlur, shape, counts):
    """Where the kernels stand, (P, 2) in (x, y), the kernels without empty borders, and how many times there is room for them."""
    counts = None if counts is None else _checked_counts(counts, shape)
    side = 2 * blur.radius + 1
    if counts is None:
        cell = max(max(shape) / _ALONG_LONGER_SIDE, side / _CELL_SHARE)
        counts = max(1, int(shape[0] / cell + _ROUNDING)), max(1, int(shape[1] / cell + _ROUNDING))
    y, x = np.meshgrid(*((np.arange(n) + 0.5) * length / n - 0.5 for n, length in zip(counts, shape)), indexing="ij")
    places = np.column_stack([x.ravel(), y.ravel()])
    kernels = _without_border(blur.kernels_at(places))
    room = _CELL_SHARE * min(length / n for n, length in zip(counts, shape))
    return places, kernels, int(room // kernels.shape[1])


def _without_border(kernels: np.ndarray) -> np.ndarray:
    """As many elements from the middle as the largest of the kernels needs."""
    middle = kernels.shape[1] // 2
    rows, columns = np.nonzero((kernels > _FAINT * kernels.max(axis=(1, 2), keepdims=True)).any(axis=0))
    reach = max(np.abs(rows - middle).max(), np.abs(columns - middle).max())
    inside = slice(middle - reach, middle + reach + 1)
    return kernels[:, inside, inside]


def _put(canvas: np.ndarray, share: np.ndarray, row: int, column: int) -> None:
    """Mix the colour of kernels into a picture, around a pixel; what lies beyond the border is left out."""
    top, left = row - share.shape[0] // 2, column - share.shape[1] // 2
    first = max(-top, 0), max(-left, 0)
    area = canvas[top + first[0] : top + share.shape[0], left + first[1] : left + share.shape[1]]
    part = share[first[0] : first[0] + area.shape[0], first[1] : first[1] + area.shape[1], None]
    area += part * (_COLOUR - area)


def _checked_counts(counts, shape) -> tuple[int, int]:
    fits = is_row(counts) and len(counts) == 2 and all(is_integer(n) and 1 <= n <= m for n, m in zip(counts, shape))
    if not fits:
        raise InvalidInputError(
            f"counts should be two whole numbers from 1 to the picture's {shape[0]} rows and {shape[1]} columns, but is "
            f"{shown(counts)}"
        )
    return int(counts[0]), int(counts[1])


def _shown_parameters(poses: CameraPoses) -> tuple[np.ndarray, tuple[str, str, str]]:
    """Three parameters that move the picture along x, along y, and about its middle, with their names and units."""
    x, y, roll = poses.parameters.T
    if poses.model == "roll-xy":
        return np.column_stack([x, y, np.rad2deg(roll)]), ("x (px)", "y (px)", "roll (deg)")
    # A rotation about the y axis moves the picture along x, one about the x axis along y.
    return np.rad2deg(np.column_stack([y, x, roll])), ("yaw (deg)", "pitch (deg)", "roll (deg)")


def _panel(points: np.ndarray, weights: np.ndarray, name_x: str, name_y: str) -> np.ndarray:
    """One pair of parameters as a picture (h, w, 3) of uint8."""
    limits = [_limit(values) for values in points.T]
    where = [(values / limit + 1) / 2 * (_PANEL - 1) for values, limit in zip(points.T, limits)]
    edges = np.arange(_PANEL + 1) - 0.5
    density, _, _ = np.histogram2d(where[1], where[0], bins=(edges, edges), weights=weights)
    density = scipy.ndimage.gaussian_filter(density, _SPOT, mode="constant")
    colours = np.sqrt(density / density.max())[..., None] * _COLOUR
    size = _LEFT + _PANEL + _AROUND, _AROUND + _PANEL + _BELOW
    picture = Image.new("RGB", size, "white")
    picture.paste(Image.fromarray((255 * np.clip(colours, 0, 1)).astype(np.uint8)), (_LEFT, _AROUND))
    draw = ImageDraw.Draw(picture)
    bottom, right = _AROUND + _PANEL, _LEFT + _PANEL
    _write(draw, (_LEFT, bottom + 4), f"{-limits[0]:.3g}", 0.0)
    _write(draw, (right, bottom + 4), f"{limits[0]:.3g}", 1.0)
    _write(draw, (_LEFT + _PANEL // 2, bottom + 22), name_x, 0.5)
    # Pixels are counted downward, as in the picture that the poses move.
    _write(draw, (_LEFT - 4, _AROUND), f"{-limits[1]:.3g}", 1.0)
    _write(draw, (_LEFT - 4, bottom - 12), f"{limits[1]:.3g}", 1.0)
    _write(draw, (_LEFT - 4, _AROUND + _PANEL // 2 - 6), name_y, 1.0)
    return np.asarray(picture)


def _write(draw: ImageDraw.ImageDraw, place, text: str, share: float) -> None:
    """Write a text that begins so large a share of its width to the left of a place."""
    draw.text((place[0] - share * draw.textlength(text), place[1]), text, fill="black")


def _limit(values: np.ndarray) -> float:
    """The end of an axis around 0: a little more than the largest value, and 1 where all are 0."""
    largest = float(np.abs(values).max())
    return 1.1 * largest if largest > 0 and math.isfinite(largest) else 1.0
