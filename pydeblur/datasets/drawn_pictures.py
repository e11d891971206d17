"""Pictures that are drawn by this code: they may be shown, and need no package and no file beside pydeblur itself."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

#: A picture is drawn so many times as large, and then averaged: edges are smooth, as a lens makes them.
_OVERSAMPLING = 3
_WORDS = (
    "A camera that moves while its shutter is open draws every point of the scene as a short path. The picture is the sharp "
    "one, smeared along that path. Who knows neither the scene nor the path can still find both, because sharp pictures "
    "have few strong edges and much that is even, and blurred ones do not."
)


def drawn_street(side: int = 360, seed: int = 3) -> np.ndarray:
    """Draw houses with roofs and windows under a cloudy sky, a tree, and a wall of stones.

    Parameters
    ----------
    side : int
        Height and width in pixels, at least 64.
    seed : int
        Of all that is random in it.

    Returns
    -------
    (side, side) float64 ndarray
        In [0, 1].

    Examples
    --------
    >>> picture = drawn_street(96)
    >>> picture.shape, bool(picture.std() > 0.1)
    ((96, 96), True)
    """
    rng = np.random.default_rng(seed)
    canvas = Image.new("L", (side * _OVERSAMPLING,) * 2, 205)
    draw = ImageDraw.Draw(canvas)
    unit = canvas.width / 12
    for number in range(5):
        _house(draw, unit, left=(2.5 * number - 0.4) * unit, rng=rng)
    _wall(draw, unit, rng)
    _tree(draw, unit, rng)
    drawn = np.asarray(canvas.resize((side, side), Image.Resampling.BOX), np.float64) / 255
    return np.clip(drawn + _surface(drawn, rng), 0, 1)


def drawn_page(side: int = 360) -> np.ndarray:
    """Draw a page of text in two sizes, black on white.

    Parameters
    ----------
    side : int
        Height and width in pixels, at least 64.

    Returns
    -------
    (side, side) float64 ndarray
        In [0, 1].

    Examples
    --------
    >>> page = drawn_page(96)
    >>> page.shape, float(page.max())
    ((96, 96), 1.0)
    """
    width = side * _OVERSAMPLING
    canvas = Image.new("L", (width, width), 255)
    draw = ImageDraw.Draw(canvas)
    top, words, margin = width * 0.05, _WORDS.split(), width * 0.05
    for size, lines in ((0.085, 4), (0.058, 9)):
        font = ImageFont.load_default(size * width)
        for _ in range(lines):
            line = ""
            while words and draw.textlength(f"{line} {words[0]}", font) < width - 2 * margin:
                line = f"{line} {words.pop(0)}".strip()
            draw.text((margin, top), line, 10, font)
            top += 1.18 * size * width
    return np.asarray(canvas.resize((side, side), Image.Resampling.BOX), np.float64) / 255


def _house(draw: ImageDraw.ImageDraw, unit: float, left: float, rng) -> None:
    width, top = rng.uniform(2.1, 2.5) * unit, rng.uniform(2.6, 4.6) * unit
    bottom = 9.2 * unit
    draw.rectangle((left, top, left + width, bottom), fill=int(rng.integers(90, 180)))
    peak = (left + width * rng.uniform(0.35, 0.65), top - rng.uniform(0.8, 1.6) * unit)
    draw.polygon([(left - 0.15 * unit, top), peak, (left + width + 0.15 * unit, top)], fill=int(rng.integers(30, 80)))
    columns, frame = int(rng.integers(2, 4)), int(rng.integers(200, 240))
    step = width / (columns + 0.4)
    for row in np.arange(top + 0.4 * unit, bottom - 1.2 * unit, 1.3 * unit):
        for column in range(columns):
            x = left + (column + 0.35) * step
            pane = int(rng.integers(15, 70))
            draw.rectangle((x, row, x + 0.62 * step, row + 0.85 * unit), fill=frame)
            inner = 0.06 * unit
            middle = x + 0.31 * step
            draw.rectangle((x + inner, row + inner, middle - inner / 2, row + 0.85 * unit - inner), fill=pane)
            right = x + 0.62 * step - inner
            draw.rectangle((middle + inner / 2, row + inner, right, row + 0.85 * unit - inner), fill=pane)


def _wall(draw: ImageDraw.ImageDraw, unit: float, rng) -> None:
    top = 9.2 * unit
    draw.rectangle((0, top, 12 * unit, 12 * unit), fill=60)
    height = 0.56 * unit
    for row in range(6):
        x = -rng.uniform(0, 1) * unit
        while x < 12 * unit:
            width = rng.uniform(0.6, 1.5) * unit
            y = top + row * height
            box = (x, y, x + width - 0.08 * unit, y + height - 0.08 * unit)
            draw.rounded_rectangle(box, 0.12 * unit, fill=int(rng.integers(100, 215)))
            x += width


def _tree(draw: ImageDraw.ImageDraw, unit: float, rng) -> None:
    draw.polygon([(8.9 * unit, 9.4 * unit), (9.15 * unit, 5 * unit), (9.4 * unit, 9.4 * unit)], fill=40)
    for angle in rng.uniform(0, 2 * np.pi, 900):
        radius = 1.7 * unit * np.sqrt(rng.uniform())
        x, y = 9.15 * unit + radius * np.cos(angle), 4.6 * unit + 1.1 * radius * np.sin(angle)
        size = rng.uniform(0.05, 0.16) * unit
        draw.ellipse((x - size, y - 0.6 * size, x + size, y + 0.6 * size), fill=int(rng.integers(20, 170)))


def _surface(drawn: np.ndarray, rng) -> np.ndarray:
    """Clouds where the sky is, and the grain of plaster and stone elsewhere."""
    side = drawn.shape[0]
    clouds = gaussian_filter(rng.standard_normal(drawn.shape), side / 18)
    grain = gaussian_filter(rng.standard_normal(drawn.shape), 0.8)
    sky = np.abs(drawn - 205 / 255) < 1e-9
    return np.where(sky, 0.1 * clouds / clouds.std(), 0.03 * grain / grain.std())
