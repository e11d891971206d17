"""Tables as CSV files, written whole or not at all, and as Markdown."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from pydeblur.files.atomic_write import write_bytes


def write_csv(path: str | os.PathLike, rows: list[dict]) -> Path:
    """Write rows that share their keys, with a header line.

    Parameters
    ----------
    path : str or os.PathLike
    rows : list of dict
        At least one; all of them have the keys of the first one, whose order the columns have. None becomes an empty
        cell.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ValueError
        There are no rows, or their keys differ.
    FileFormatError
        The file can't be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_csv(f"{folder}/psnr.csv", [{"case": "im1", "psnr": 31.5}, {"case": "im2", "psnr": None}])
    ...     print(path.read_text(), end="")
    case,psnr
    im1,31.5
    im2,
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())
    return Path(path)


def markdown_table(rows: list[dict], formats: dict[str, str] | None = None) -> str:
    """Rows that share their keys as a Markdown table.

    Parameters
    ----------
    rows : list of dict
        At least one; all of them have the keys of the first one, whose order the columns have. None becomes a dash.
    formats : dict, optional
        Column to the format of its numbers, such as ".2f". Strings are shown as they are.

    Returns
    -------
    str
        Without a line break at the end.

    Raises
    ------
    ValueError
        There are no rows, or their keys differ.

    Examples
    --------
    >>> print(markdown_table([{"method": "ours", "PSNR": 28.1}, {"method": "none", "PSNR": None}], {"PSNR": ".2f"}))
    | method | PSNR |
    | --- | --- |
    | ours | 28.10 |
    | none | — |
    """
    formats = formats or {}
    columns = _columns(rows)
    lines = [[_cell(name) for name in columns], ["---"] * len(columns)]
    lines += [[_cell(row[name], formats.get(name, "")) for name in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _columns(rows):
    """The keys that all rows have, in the order of the first row."""
    if not rows:
        raise ValueError("A table should have at least one row.")
    for number, row in enumerate(rows, 1):
        if row.keys() != rows[0].keys():
            raise ValueError(f"Row {number} should have the keys {list(rows[0])} of the first row, not {list(row)}.")
    return list(rows[0])


def _cell(value, number_format=""):
    if value is None:
        return "—"
    text = str(value) if isinstance(value, str) or not number_format else format(value, number_format)
    # A bar or a line break would end the cell.
    return text.replace("|", "\\|").replace("\n", " ")
