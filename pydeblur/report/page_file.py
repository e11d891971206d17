"""The file that a page is written to."""

from __future__ import annotations

import os

from pydeblur.errors import FileFormatError
from pydeblur.files.atomic_write import as_path, check_writable, write_bytes
from pydeblur.files.file_names import shown_path

_SUFFIXES = (".html", ".htm")


def check_page_output(path: str | os.PathLike) -> None:
    """Check, without writing anything, that a page can be put at a path.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    FileFormatError
        If its extension is another one, or it can't be written.

    Examples
    --------
    >>> check_page_output("sharp.jpg")
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: sharp.jpg can't be written: the name of a report should end in .html or .htm.
    """
    if as_path(path).suffix.lower() not in _SUFFIXES:
        raise FileFormatError(f"{shown_path(path)} can't be written: the name of a report should end in .html or .htm.")
    check_writable(path)


def write_page(path: str | os.PathLike, page: str) -> None:
    """Write a page whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
    page : str

    Raises
    ------
    FileFormatError
        See :func:`check_page_output`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_page(f"{folder}/result.html", "<!DOCTYPE html><title>Nothing</title>")
    """
    check_page_output(path)
    write_bytes(path, page.encode())
