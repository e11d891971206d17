"""The section about the iterations of the chosen run: energy and kernel change as charts, and every figure in a table."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.report.charts import Series, Stretch, line_chart
from pydeblur.report.markup import Html, element, table
from pydeblur.solver.records import History


def iterations(history: History) -> Html:
    """Draw what the iterations of a run did.

    Parameters
    ----------
    history : History
        Of at least one iteration.

    Returns
    -------
    Html

    Examples
    --------
    >>> from pydeblur.solver.records import IterationRecord
    >>> drawn = iterations(History([IterationRecord(0, 1, 30, 40, 9, energy=12.0, data_term=6.0)]))
    >>> drawn.count("<figure"), drawn.count("<table")
    (2, 1)
    """
    pixels = history.column("height") * history.column("width")
    stretches = _stretches(history)
    terms = {"all terms": "energy", "data term": "data_term"}
    energy = line_chart(
        "Energy of each pixel, eq. (4)",
        [Series(name, _each_pixel(history, field, pixels)) for name, field in terms.items()],
        stretches,
        above="kernel",
    )
    change = line_chart(
        "Change of the kernel in an iteration, relative to its norm",
        [Series("kernel change", history.column("kernel_change").tolist())],
        stretches,
        above="kernel",
    )
    note = element(
        "p",
        "The numbers above the charts are the sides of the kernel at the scales, from coarse to fine.",
        class_="note",
    )
    return element("div", element("div", energy, change, class_="charts"), note, _figures(history))


def _each_pixel(history: History, field: str, pixels: np.ndarray) -> list[float]:
    return (history.column(field) / pixels).tolist()


def _stretches(history: History) -> list[Stretch]:
    found: list[Stretch] = []
    scale = None
    for index, record in enumerate(history):
        if record.scale != scale:
            found.append(Stretch(index, str(record.kernel_size)))
            scale = record.scale
    return found


def _figures(history: History) -> Html:
    """The whole history, folded away."""
    # A column that this method leaves empty says nothing.
    columns = [name for name in history.columns if any(not _is_missing(getattr(record, name)) for record in history)]
    rows = [
        [str(number), *(_shown(getattr(record, name)) for name in columns)] for number, record in enumerate(history, 1)
    ]
    head = ["number", *(name.replace("_", " ") for name in columns)]
    made = table("All figures of the chosen run, one row for each iteration", head, rows)
    return element("details", element("summary", "All figures as a table"), made)


def _is_missing(value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _shown(value) -> str:
    if _is_missing(value):
        return "–"
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)
