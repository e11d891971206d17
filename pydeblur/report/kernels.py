"""The section with the kernel by itself, large, with a scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pydeblur.estimators.description import kernel_extent
from pydeblur.report.encoding import encoded_kernel
from pydeblur.report.markup import Html, element

#: Lengths of the scale's bar, of which the longest of at most half the kernel is taken.
_BARS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def kernel_figure(kernel: np.ndarray, name: str = "Kernel") -> Html:
    """Draw one kernel, enlarged, with a bar that tells the scale.

    Parameters
    ----------
    kernel : (m, n) ndarray
        Non-negative.
    name : str
        Begins its description.

    Returns
    -------
    Html
        A ``figure``.

    Examples
    --------
    >>> figure = kernel_figure(np.ones((5, 5)) / 25)
    >>> "blurs over 5 × 5 pixels" in figure
    True
    """
    height, width = kernel.shape
    down, across = kernel_extent(kernel)
    size = f"{width} × {height} elements"
    bar = max((length for length in _BARS if length <= max(1, width // 2)), default=1)
    line = height + 0.06 * width
    described = f"{name} of {size}; it blurs over {across} × {down} pixels of the picture."
    drawing = element(
        "svg",
        element("title", described),
        element(
            "image",
            href=encoded_kernel(kernel).address,
            x=0,
            y=0,
            width=width,
            height=height,
            preserveAspectRatio="none",
        ),
        element("line", x1=0, x2=bar, y1=line, y2=line, class_="bar", stroke_width=0.02 * width),
        element("text", f"{bar} px", x=bar + 0.03 * width, y=line, font_size=0.065 * width, dominant_baseline="middle"),
        viewBox=f"0 0 {width} {height + 0.12 * width:g}",
        role="img",
        class_="kernel",
    )
    return element("figure", drawing, element("figcaption", described), class_="single-kernel")


def kernel_grid(kernels: np.ndarray, shape: tuple[int, int]) -> Html:
    """Draw kernels that belong to places of the picture, in the places' order.

    Parameters
    ----------
    kernels : (R, C, n, n) ndarray
    shape : (int, int)
        Rows and columns of the picture.

    Returns
    -------
    Html
        A ``figure``.

    Examples
    --------
    >>> kernel_grid(np.ones((2, 3, 5, 5)) / 25, (40, 60)).count("<img")
    6
    """
    rows, columns = kernels.shape[:2]
    drawn = [
        element("div", *(_small(each, f"row {row}, column {column}") for column, each in enumerate(line, 1)))
        for row, line in enumerate(kernels, 1)
    ]
    size = f"{shape[1]} × {shape[0]} pixels"
    caption = f"The kernels at {rows} × {columns} places of the picture of {size}: the blur changes over it."
    return element("figure", *drawn, element("figcaption", caption), class_="kernel-grid")


def _small(kernel: np.ndarray, place: str) -> Html:
    picture = encoded_kernel(kernel)
    down, across = kernel_extent(kernel)
    return element(
        "img",
        src=picture.address,
        width=picture.width,
        height=picture.height,
        alt=f"Kernel at {place}: it blurs over {across} × {down} pixels.",
        class_="kernel",
    )


def places_of_grid(shape: tuple[int, int], counts: tuple[int, int]) -> np.ndarray:
    """Return the centres of the fields that a picture is divided into.

    Parameters
    ----------
    shape, counts : (int, int)
        Rows and columns of the picture, and of the fields.

    Returns
    -------
    (R, C, 2) float64 ndarray
        (x, y) in pixels.

    Examples
    --------
    >>> places_of_grid((10, 40), (1, 2)).tolist()
    [[[9.5, 4.5], [29.5, 4.5]]]
    """
    rows, columns = ((np.arange(count) + 0.5) * side / count - 0.5 for side, count in zip(shape, counts))
    return np.stack(np.meshgrid(columns, rows), axis=-1)


def grid_counts(shape: Sequence[int]) -> tuple[int, int]:
    """Return how many rows and columns of local kernels are shown of a picture: five along its longer side.

    Examples
    --------
    >>> grid_counts((3000, 4000)), grid_counts((100, 5000))
    ((4, 5), (1, 5))
    """
    longest = max(shape[:2])
    rows, columns = (max(1, round(5 * side / longest)) for side in shape[:2])
    return rows, columns
