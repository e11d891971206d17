"""Results as CSV files and Markdown tables, written whole or not at all."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import write_bytes


def output_folder(path) -> Path:
    """Make a folder, with its parents, if it is not there.

    Raises
    ------
    FileFormatError
        If it can't be made.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileFormatError(f"{path}: can't make this folder ({error.strerror})") from None
    return Path(path)


def write_csv(path, rows: list[dict]) -> Path:
    """Write rows that share their keys, with a header line."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())
    return Path(path)


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
        raise InvalidInputError("plots need matplotlib: pip install 'pydeblur[plot]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
