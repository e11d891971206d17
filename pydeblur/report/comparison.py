"""The section with the picture before and after: a dividing line, zoom, and the kernel at its scale over the picture.

Everything is drawn in one SVG whose units are the picture's own pixels; ``page.js`` moves its view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pydeblur.preprocess.region import Region
from pydeblur.report.encoding import EncodedPicture, encoded_kernel
from pydeblur.report.markup import Html, element, joined
from pydeblur.report.pictures import ShownPictures


class PlacedKernel(NamedTuple):
    """A kernel (n, n) and the pixel (x, y) that it holds for; None is every pixel."""

    kernel: np.ndarray
    place: tuple[float, float] | None = None


def comparison(
    pictures: ShownPictures, kernels: Sequence[PlacedKernel], region: Region | None = None, identifier: str = "picture"
) -> Html:
    """Draw the picture before and after.

    Parameters
    ----------
    pictures : ShownPictures
    kernels : sequence of PlacedKernel
        Drawn over the picture, each with its own pixels as large as the picture's.
    region : Region, optional
        The part that the kernel was estimated from.
    identifier : str
        Begins every id of the section: another one for each on a page.

    Returns
    -------
    Html
        A ``div`` that ``page.js`` brings to life; without a script it shows the left half before, and the right half after.

    Examples
    --------
    >>> picture = EncodedPicture(Html("data:,"), 4, 3, "PNG, without loss")
    >>> drawn = comparison(ShownPictures(4, 3, picture, picture), [PlacedKernel(np.ones((3, 3)) / 9)])
    >>> 'viewBox="0 0 4 3"' in drawn, drawn.count("<image")
    (True, 3)
    """
    stage = element(
        "div",
        _drawing(pictures, kernels, region, identifier),
        element("span", "before", class_="badge left", aria_hidden="true"),
        element("span", "after", class_="badge right", aria_hidden="true"),
        class_="stage",
        tabindex="0",
        role="group",
        aria_label="Picture before and after",
        aria_describedby=f"{identifier}-keys",
    )
    return element(
        "div",
        stage,
        _controls(pictures, region, identifier),
        _explanation(pictures),
        class_="comparison",
        data_comparison=identifier,
        data_width=pictures.width,
        data_height=pictures.height,
    )


def _drawing(pictures, kernels, region, identifier) -> Html:
    width, height = pictures.width, pictures.height
    sides = ("before", "after")
    clips = [
        element("clipPath", element("rect", x=x, y=0, width=width / 2, height=height), id=f"{identifier}-{side}")
        for side, x in zip(sides, (0, width / 2))
    ]
    layers = [
        element("g", *_layers(pictures, side), clip_path=f"url(#{identifier}-{side})", class_=side) for side in sides
    ]
    line = {"x1": width / 2, "x2": width / 2, "y1": 0, "y2": height}
    return element(
        "svg",
        element("title", "The picture, before at the left of the dividing line, and after at its right."),
        element("defs", *clips),
        *layers,
        None if pictures.part is None else _frame(pictures.part, "part"),
        None if region is None else _frame(region, "region"),
        element("g", element("line", class_="halo", **line), element("line", **line), class_="divider"),
        element("circle", cx=width / 2, cy=height / 2, r=min(width, height) / 30, class_="handle"),
        element("g", *(_overlay(each) for each in kernels), class_="kernels"),
        viewBox=f"0 0 {width} {height}",
        role="img",
        class_="chequered" if pictures.transparent else None,
    )


def _layers(pictures: ShownPictures, side: str) -> list[Html]:
    whole, part = getattr(pictures, side), getattr(pictures, f"part_{side}")
    layers = [_image(whole, 0, 0, pictures.width, pictures.height)]
    if part is not None:
        region = pictures.part
        layers.append(_image(part, region.left, region.top, region.width, region.height))
    return layers


def _image(picture: EncodedPicture, x, y, width, height) -> Html:
    return element("image", href=picture.address, x=x, y=y, width=width, height=height, preserveAspectRatio="none")


def _frame(region: Region, kind: str) -> Html:
    return element(
        "rect", x=region.left, y=region.top, width=region.width, height=region.height, class_=f"frame {kind}"
    )


def _overlay(placed: PlacedKernel) -> Html:
    """The kernel's picture about its place, or in the lower left corner, where ``page.js`` keeps it in view."""
    height, width = placed.kernel.shape
    x, y = (0.0, 0.0) if placed.place is None else (placed.place[0] - width / 2, placed.place[1] - height / 2)
    return element(
        "g",
        _image(encoded_kernel(placed.kernel), 0, 0, width, height),
        element("rect", x=0, y=0, width=width, height=height),
        transform=f"translate({x:g} {y:g})",
        data_width=width,
        data_height=height,
        data_placed=placed.place is not None,
    )


def _controls(pictures: ShownPictures, region: Region | None, identifier: str) -> Html:
    """All of them are hidden until the script that they need has started."""
    slider = element(
        "input",
        type="range",
        min="0",
        max="100",
        value="50",
        step="1",
        id=f"{identifier}-split",
        aria_valuetext="before 50 %, after 50 %",
    )
    buttons = [
        _button("whole", "Whole picture"),
        _button("closer", "+", "Zoom in"),
        _button("farther", "−", "Zoom out"),
        _button("actual", "Actual size"),
        _button("part", "Part at full size") if pictures.part is not None else None,
    ]
    boxes = [_box("kernels", "kernel over the picture", True)]
    if region is not None:
        boxes.append(_box("region", "region of the kernel", True))
    return element(
        "div",
        element(
            "div",
            element("label", "Dividing line", for_=f"{identifier}-split"),
            slider,
            class_="split",
        ),
        element("div", *buttons, class_="buttons", role="group", aria_label="Zoom"),
        element("div", *boxes, class_="boxes"),
        element("output", "", class_="status", aria_live="polite"),
        element(
            "p",
            "Keys in the picture: + and − zoom, 0 shows all of it, arrows move the view, or, as long as all is in view, the "
            "dividing line. The mouse drags the line or the view; Ctrl with its wheel zooms, and so do two fingers.",
            id=f"{identifier}-keys",
            class_="note",
        ),
        class_="controls",
        hidden=True,
    )


def _button(action: str, label: str, name: str | None = None) -> Html:
    return element("button", label, type="button", data_action=action, aria_label=name)


def _box(layer: str, label: str, checked: bool) -> Html:
    box = element("input", type="checkbox", data_layer=layer, checked=checked)
    return element("label", box, f" {label}")


def _explanation(pictures: ShownPictures) -> Html:
    size = f"{pictures.width} × {pictures.height}"
    sentences = []
    if pictures.is_reduced:
        shown = f"{pictures.before.width} × {pictures.before.height}"
        sentences.append(f"This page shows the picture in {shown} of its {size} pixels ({pictures.before.coding}).")
        sentences.append(_about_part(pictures))
    else:
        sentences.append(f"This page shows all {size} pixels of the picture ({pictures.before.coding}).")
    sentences.append("It has 8 bits per channel here, and what is darker than black or brighter than white is clipped.")
    return element("p", joined(sentences, " "), class_="note")


def _about_part(pictures: ShownPictures) -> str:
    part, coded = pictures.part, pictures.part_before
    if part is None or coded is None:
        return ""
    pixels = "all its pixels" if (coded.width, coded.height) == (part.width, part.height) else "more of its pixels"
    return f"The part in the dotted frame is there in {pixels} ({coded.coding}): see “Part at full size”."
