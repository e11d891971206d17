"""Plots by matplotlib, drawn without a display and written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError
from pydeblur.files import write_bytes


def write_figure(path, figure) -> Path:
    """Write a matplotlib figure as PNG and close it."""
    from matplotlib import pyplot

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, bbox_inches="tight")
    pyplot.close(figure)
    write_bytes(path, buffer.getvalue())
    return Path(path)


def pyplot_without_display():
    """matplotlib's pyplot, drawing to files only.

    Raises
    ------
    InvalidInputError
        If matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise InvalidInputError(missing_extra("plotting", "matplotlib", "reproduce")) from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
