"""Line charts as SVG, whose colours are the style sheet's, and whose figures are a table beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pydeblur.report.markup import Html, element

_WIDTH, _HEIGHT = 380, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 34
#: Values that span more than this factor are drawn on a logarithmic axis.
_LOGARITHMIC = 20.0
#: Fewest units between the names of two stretches.
_LEAST_GAP = 18.0
_TICKS = 5
#: Marks within a decade, the coarsest choice first.
_DECADE_MARKS = ((1,), (1, 3), (1, 2, 5))


class Series(NamedTuple):
    """A line of a chart: its name and its values, of which those that are no finite numbers are left out."""

    name: str
    values: Sequence[float]


class Stretch(NamedTuple):
    """Some points in a row that have a name in common: the index of the first, and the name."""

    first: int
    name: str


class _Axis(NamedTuple):
    """The way from values to the picture's units along y."""

    low: float
    high: float
    logarithmic: bool

    def place(self, value: float) -> float:
        low, high = self._scaled(self.low), self._scaled(self.high)
        share = (self._scaled(value) - low) / (high - low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    def holds(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.logarithmic)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def line_chart(
    title: str, series: Sequence[Series], stretches: Sequence[Stretch] = (), below: str = "iteration", above: str = ""
) -> Html:
    """Draw values over the numbers 1, 2, …

    Parameters
    ----------
    title : str
        What is drawn, with its unit.
    series : sequence of Series
        All of one length.
    stretches : sequence of Stretch
        Separated by lines.
    below, above : str
        Names of the points, and of the stretches.

    Returns
    -------
    Html
        A ``figure``; a sentence instead of the drawing where no value is finite.

    Examples
    --------
    >>> chart = line_chart("Energy", [Series("energy", [4.0, 2.0, float("nan"), 1.0])])
    >>> chart.count("<path"), chart.count("<circle")
    (1, 3)
    """
    values = [float(value) for each in series for value in each.values if math.isfinite(value)]
    caption = element("figcaption", title)
    if not values:
        return element("figure", caption, element("p", "This method reports no such figures."), class_="chart")
    axis = _axis(values)
    count = len(series[0].values)
    drawing = element(
        "svg",
        element("title", f"{title}: {_summary(series)}"),
        *_horizontal_lines(axis),
        *_stretches(stretches, count, above),
        *(_line(each, axis, number) for number, each in enumerate(series, 1)),
        *_names_below(count, below),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
    )
    return element("figure", caption, _legend(series), drawing, class_="chart")


def _summary(series) -> str:
    """What the lines do, in words."""
    parts = []
    for each in series:
        finite = [value for value in each.values if math.isfinite(value)]
        if finite:
            parts.append(f"{each.name} from {finite[0]:.3g} to {finite[-1]:.3g}")
    return ", ".join(parts) + "; all figures are in the table below."


def _axis(values: Sequence[float]) -> _Axis:
    low, high = min(values), max(values)
    positive = [value for value in values if value > 0]
    if low >= 0 and positive and high > _LOGARITHMIC * min(positive):
        low = min(positive)
        return _Axis(low / 1.2, high * 1.2, True)
    if not high > low:
        low, high = low - 0.5 * abs(low or 1), high + 0.5 * abs(high or 1)
    low = 0.0 if 0 <= low < 0.5 * high else low
    return _Axis(low, high + 0.05 * (high - low), False)


def _marks(axis: _Axis) -> list[float]:
    """Round numbers within the axis, about five of them."""
    if axis.logarithmic:
        decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        for factors in _DECADE_MARKS:
            marks = [factor * 10.0**power for power in decades for factor in factors]
            marks = [mark for mark in marks if axis.low <= mark <= axis.high]
            if len(marks) >= 3:
                break
        return marks[:: max(1, round(len(marks) / _TICKS))]
    step = 10.0 ** math.floor(math.log10((axis.high - axis.low) / _TICKS))
    step *= next(factor for factor in (1, 2, 5, 10) if factor * step * _TICKS >= axis.high - axis.low)
    first, last = math.ceil(axis.low / step), math.floor(axis.high / step)
    return [number * step for number in range(first, last + 1)]


def _horizontal_lines(axis: _Axis) -> list[Html]:
    drawn = []
    for mark in _marks(axis):
        y = axis.place(mark)
        drawn.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        drawn.append(element("text", f"{mark:.3g}", x=_LEFT - 6, y=y + 4, text_anchor="end"))
    return drawn


def _x(index: float, count: int) -> float:
    return _LEFT + (index + 0.5) * (_WIDTH - _LEFT - _RIGHT) / count


def _stretches(stretches: Sequence[Stretch], count: int, above: str) -> list[Html]:
    drawn = [element("text", above, x=_LEFT - 6, y=_TOP - 12, text_anchor="end")] if above else []
    named_until = -math.inf
    for stretch, following in zip(stretches, [*(each.first for each in stretches[1:]), count]):
        x = _x(stretch.first - 0.5, count)
        drawn.append(element("line", x1=x, x2=x, y1=_TOP - 6, y2=_HEIGHT - _BOTTOM, class_="stretch"))
        middle = (x + _x(following - 0.5, count)) / 2
        if middle - named_until >= _LEAST_GAP:
            drawn.append(element("text", stretch.name, x=middle, y=_TOP - 12, text_anchor="middle"))
            named_until = middle
    return drawn


def _line(series: Series, axis: _Axis, number: int) -> Html:
    """A line with a point at each value, interrupted where a value is missing."""
    count, path, points, pen = len(series.values), [], [], "M"
    for index, value in enumerate(series.values):
        if not axis.holds(float(value)):
            pen = "M"
            continue
        x, y = _x(index, count), axis.place(float(value))
        path.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
        hint = element("title", f"{series.name}, {index + 1}: {value:.4g}")
        points.append(element("circle", hint, cx=round(x, 1), cy=round(y, 1), r=2.5))
    return element("g", element("path", d=" ".join(path)), *points, class_=f"series s{number}")


def _names_below(count: int, below: str) -> list[Html]:
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if count / size <= 8)
    y = _HEIGHT - _BOTTOM + 14
    numbers = np.arange(step, count + 1, step) if step <= count else []
    drawn = [element("text", int(number), x=_x(number - 1, count), y=y, text_anchor="middle") for number in numbers]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*drawn, element("text", below, x=middle, y=_HEIGHT - 4, text_anchor="middle")]


def _legend(series: Sequence[Series]) -> Html | None:
    """The names of the lines, where there are several."""
    if len(series) < 2:
        return None
    entries = [
        element(
            "li",
            element(
                "svg",
                element("g", element("path", d="M0 6 L26 6"), class_=f"series s{number}"),
                viewBox="0 0 26 12",
                width=26,
                height=12,
                aria_hidden="true",
            ),
            f" {each.name}",
        )
        for number, each in enumerate(series, 1)
    ]
    return element("ul", *entries, class_="legend")
