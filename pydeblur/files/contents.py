"""The bytes of a file that a user named, without a hang and without a limitless read."""

from __future__ import annotations

import os
import stat

from pydeblur.errors import FileFormatError
from pydeblur.files.file_names import as_path, shown_path

#: Larger files are refused. A picture of `decoded_image.MAX_PIXELS` pixels with three floats each is smaller.
MAX_FILE_BYTES = 1 << 32
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def file_contents(path: str | os.PathLike, limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a whole file.

    Only regular files are read: a pipe would wait for its writer, and a device such as /dev/zero never ends.

    Parameters
    ----------
    path : str or os.PathLike
        A local file; links are followed.
    limit : int, optional
        The most bytes that the file may have.

    Returns
    -------
    bytes
        At least one.

    Raises
    ------
    FileFormatError
        The file is missing, no regular file, empty, larger than `limit` or the free memory, or it can't be read. The
        message is one sentence that names the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write(b"abc")
    ...     file.flush()
    ...     file_contents(file.name)
    b'abc'
    """
    name = as_path(path)
    shown = shown_path(name)
    try:
        # The kind is asked for before opening, as opening a device may already do something, and once more after it.
        _check_is_regular(shown, os.stat(name))
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(name, flags), "rb") as file:
            status = os.fstat(file.fileno())
            _check_is_regular(shown, status)
            size = status.st_size
            if size > limit:
                raise FileFormatError(f"{shown} has {size} bytes, more than the {limit} that are read of such a file.")
            data = file.read(size or 1)
    except FileNotFoundError:
        raise FileFormatError(f"{shown} does not exist.") from None
    except MemoryError:
        raise FileFormatError(f"{shown} can't be read: there is not enough free memory for its bytes.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"{shown} can't be read: {getattr(error, 'strerror', None) or error}.") from error
    if data and not size:
        raise FileFormatError(f"{shown} is no ordinary file: it does not tell its size, like the files below /proc.")
    if not data:
        raise FileFormatError(f"{shown} is empty.")
    return data


def _check_is_regular(shown, status):
    """Refuse anything but a regular file, by its kind."""
    if not stat.S_ISREG(status.st_mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), "something else")
        raise FileFormatError(f"{shown} is {kind}, not a regular file.")
