"""Sharp scenes to blur: parts of photographs, and documents and periodic patterns that are drawn by this code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from pydeblur.datasets.photographs import find_images, load_grey, split_images
from pydeblur.errors import InvalidInputError
from pydeblur.synthesis.resize import resize

#: Shares of the scenes that are drawn; all others are parts of photographs.
_DOCUMENTS, _PATTERNS = 0.12, 0.09
#: Share of the photographs that are reduced, which takes away their noise, and by how much at most.
_REDUCED, _LEAST_FACTOR = 0.5, 0.5
#: Photographs whose shorter side is larger are reduced, and so many are kept in memory.
_LARGEST_SIDE, _KEPT_PHOTOGRAPHS = 768, 100
#: Drawn pictures are drawn so many times as large, and then averaged.
_OVERSAMPLING = 3
_LETTERS = "aabcdeeefghiijklmnnooprrssttuuvwyzABDEFGHKLMNPRSTW0123456789.,"


class SceneSource:
    """Draws scenes from folders of photographs and from what this code draws.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images. A folder comes up in proportion to the square root of the number of its images, so that a rare
        kind is seen often enough.
    split : {"train", "validation", "test"}
        Whose images, see :func:`pydeblur.datasets.photographs.split_images`.

    Attributes
    ----------
    data : tuple of path
        The folders.

    Raises
    ------
    InvalidInputError
        If there is no image of the split.

    Examples
    --------
    >>> source = SceneSource("photographs", "train")  # doctest: +SKIP
    >>> scene = source.draw(np.random.default_rng(0), 200)  # doctest: +SKIP
    """

    def __init__(self, data, split: str):
        self.data = _hashable(data)
        self._folders = _folders(self.data, split)
        counts = np.sqrt([len(folder) for folder in self._folders])
        self._shares = counts / counts.sum()

    def draw(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Draw a (side, side) float32 scene in [0, 1]; None where the photograph that was drawn is too small."""
        drawn = rng.random()
        if drawn < _DOCUMENTS:
            return drawn_document(rng, side)
        if drawn < _DOCUMENTS + _PATTERNS:
            return drawn_pattern(rng, side)
        folder = self._folders[rng.choice(len(self._folders), p=self._shares)]
        return part_of(_photograph(folder[rng.integers(len(folder))]), rng, side)


def part_of(picture: np.ndarray, rng: np.random.Generator, side: int) -> np.ndarray | None:
    """Cut a random square out of a picture, of half of which a reduced copy is taken.

    Parameters
    ----------
    picture : (H, W) float32 ndarray
    rng : numpy.random.Generator
    side : int

    Returns
    -------
    (side, side) float32 ndarray or None
        None where the picture is smaller.

    Examples
    --------
    >>> part_of(np.zeros((50, 60), np.float32), np.random.default_rng(0), 40).shape
    (40, 40)
    """
    if min(picture.shape) < side:
        return None
    if rng.random() < _REDUCED:
        least = max(_LEAST_FACTOR, (side + 0.5) / min(picture.shape))
        if least < 1:
            picture = np.clip(resize(picture, rng.uniform(least, 1)), 0, 1)
    corners = [int(rng.integers(length - side + 1)) for length in picture.shape]
    return picture[corners[0] : corners[0] + side, corners[1] : corners[1] + side]


def drawn_document(rng: np.random.Generator, side: int) -> np.ndarray:
    """Draw lines of text and rules in one or two sizes: dark on light or light on dark, some of them turned a little.

    Parameters
    ----------
    rng : numpy.random.Generator
    side : int

    Returns
    -------
    (side, side) float32 ndarray in [0, 1]

    Examples
    --------
    >>> page = drawn_document(np.random.default_rng(0), 64)
    >>> page.shape, bool(page.std() > 0.02)
    ((64, 64), True)
    """
    # A turned page has corners: it is drawn larger and cut.
    whole = int(1.3 * side * _OVERSAMPLING)
    canvas = Image.new("L", (whole, whole), 255)
    draw = ImageDraw.Draw(canvas)
    top = 0.0
    size = float(np.exp(rng.uniform(np.log(9), np.log(42)))) * _OVERSAMPLING
    while top < whole:
        if rng.random() < 0.08:
            size = float(np.exp(rng.uniform(np.log(9), np.log(42)))) * _OVERSAMPLING
        if rng.random() < 0.1:
            draw.rectangle((0, top, whole, top + rng.uniform(0.03, 0.15) * size), fill=0)
        draw.text(
            (-rng.uniform(0, 3) * size, top), _line(rng, int(2.5 * whole / size) + 4), 0, ImageFont.load_default(size)
        )
        top += rng.uniform(1.0, 1.7) * size
    if rng.random() < 0.5:
        canvas = canvas.rotate(rng.normal(0, 4), Image.Resampling.BILINEAR, fillcolor=255)
    first = (whole - side * _OVERSAMPLING) // 2
    canvas = canvas.crop((first, first, first + side * _OVERSAMPLING, first + side * _OVERSAMPLING))
    ink = np.asarray(canvas.resize((side, side), Image.Resampling.BOX), np.float32) / 255
    dark, light = rng.uniform(0, 0.35), rng.uniform(0.6, 1)
    if rng.random() < 0.3:
        dark, light = light, dark
    page = dark + (light - dark) * ink
    return np.clip(page * _illumination(rng, side, 0.15), 0, 1).astype(np.float32)


def _line(rng: np.random.Generator, letters: int) -> str:
    """Words of random letters."""
    text = "".join(rng.choice(list(_LETTERS), letters))
    cuts = np.flatnonzero(rng.random(letters) < 0.17)
    return "".join(" " if place in cuts else letter for place, letter in enumerate(text))


def drawn_pattern(rng: np.random.Generator, side: int) -> np.ndarray:
    """Draw something that repeats: stripes, panes of a façade, bricks, or a chequered floor, under uneven light.

    Parameters
    ----------
    rng : numpy.random.Generator
    side : int

    Returns
    -------
    (side, side) float32 ndarray in [0, 1]

    Examples
    --------
    >>> pattern = drawn_pattern(np.random.default_rng(1), 64)
    >>> pattern.shape, bool(pattern.std() > 0.02)
    ((64, 64), True)
    """
    count = side * _OVERSAMPLING
    rows, columns = np.mgrid[:count, :count].astype(np.float32) / _OVERSAMPLING
    angle = rng.normal(0, 0.1) + rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)], p=[0.4, 0.4, 0.2])
    along = np.cos(angle) * columns + np.sin(angle) * rows
    across = np.cos(angle) * rows - np.sin(angle) * columns
    # A plane that recedes: the periods shrink along it.
    along = along * (1 + rng.uniform(0, 0.4) * along / side)
    periods = np.exp(rng.uniform(np.log(4), np.log(48), 2))
    kind = rng.integers(4)
    offset = 0.5 * (np.floor(across / periods[1]) % 2) if kind == 2 else 0.0
    first, second = along / periods[0] + offset, across / periods[1]
    duties = rng.uniform(0.25, 0.85, 2)
    inside = (first % 1) < duties[0]
    if kind in (1, 2):
        inside = inside & ((second % 1) < duties[1])
    elif kind == 3:
        inside = (np.floor(2 * first) + np.floor(2 * second)) % 2 > 0
    ground, figure = rng.uniform(0, 1, 2)
    if abs(ground - figure) < 0.15:
        figure = (ground + 0.4) % 1
    levels = figure + rng.choice([0, 0.15]) * _of_cells(rng, first, second)
    drawn = np.where(inside, levels, ground).reshape(side, _OVERSAMPLING, side, _OVERSAMPLING).mean((1, 3))
    grain = gaussian_filter(rng.standard_normal((side, side)), 0.7) * rng.choice([0, 0.02])
    return np.clip((drawn + grain) * _illumination(rng, side, 0.3), 0, 1).astype(np.float32)


def _of_cells(rng: np.random.Generator, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """A number from -1 to 1 for every cell of a pattern: windows differ in what is behind them."""
    table = rng.uniform(-1, 1, (64, 64))
    return table[np.floor(first).astype(int) % 64, np.floor(second).astype(int) % 64]


def _illumination(rng: np.random.Generator, side: int, depth: float) -> np.ndarray:
    """A smooth factor from 1 - depth to 1."""
    field = resize(rng.random((4, 4)), side / 4, "linear")[:side, :side]
    return 1 - depth * np.pad(field, [(0, side - length) for length in field.shape], mode="edge")


def _hashable(data) -> tuple[str, ...]:
    return (str(data),) if isinstance(data, (str, Path)) else tuple(map(str, data))


@lru_cache(maxsize=4)
def _folders(data: tuple[str, ...], split: str) -> tuple[Sequence[Path], ...]:
    """The images of a split, those of each folder together."""
    found: dict[str, list[Path]] = {}
    for path in split_images(find_images(data))[split]:
        found.setdefault(str(path.parent), []).append(path)
    if not found:
        raise InvalidInputError(
            f"data should hold images of the {split} split (by the hash of the file name), but none is"
        )
    return tuple(tuple(found[name]) for name in sorted(found))


@lru_cache(maxsize=_KEPT_PHOTOGRAPHS)
def _photograph(path: Path) -> np.ndarray:
    picture = load_grey(path)
    factor = _LARGEST_SIDE / min(picture.shape)
    return picture if factor >= 1 else np.clip(resize(picture, factor), 0, 1)
