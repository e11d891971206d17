"""File names as callers give them, and as messages show them."""

from __future__ import annotations

import os
from pathlib import Path

from pydeblur.errors import FileFormatError

#: Messages show no more than this many characters of a path, its end.
_SHOWN_CHARACTERS = 150


def as_path(path: str | os.PathLike) -> Path:
    """The path that a caller named.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    Path

    Raises
    ------
    FileFormatError
        `path` is anything else than a non-empty string or a path object, or it has a character that no file name has.

    Examples
    --------
    >>> as_path("kernels/motion.tif").suffix
    '.tif'
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise FileFormatError(f"A file name should be a non-empty string or a path, not {path!r}.")
    name = str(path)
    if "\0" in name:
        raise FileFormatError(f"The file name {shown_path(name)!r} has a null character in it.")
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        raise FileFormatError(
            f"The file name {shown_path(name)!r} has characters that this system can't write."
        ) from None
    return Path(path)


def shown_path(path: str | os.PathLike, longest: int = _SHOWN_CHARACTERS) -> str:
    """A path as messages show it: on one line, and of a very long one the end only.

    Parameters
    ----------
    path : str or os.PathLike
    longest : int, optional
        No more than so many characters are shown.

    Returns
    -------
    str
        Characters that can't be printed, line breaks among them, are escaped.

    Examples
    --------
    >>> shown_path("photo.png"), shown_path("two\\nlines.png")
    ('photo.png', 'two\\\\nlines.png')
    """
    text = os.fsdecode(path)
    if not text.isprintable():
        text = "".join(part if part.isprintable() else repr(part)[1:-1] for part in text)
    return text if len(text) <= longest else "..." + text[-longest:]
