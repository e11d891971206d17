"""Files that appear whole or not at all.

This module is written by hand because no call of the standard library replaces a file in one step and keeps its
permissions and the symbolic links that lead to it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pydeblur.errors import FileFormatError
from pydeblur.files.file_names import as_path, shown_path
from pydeblur.files.temporary_files import LONGEST_NAME_BYTES, remove_stale_files, temporary_name

#: A message that names a file and its folder stays below 300 characters.
_SHOWN_FOLDER_CHARACTERS = 75

__all__ = ["as_path", "check_writable", "make_folder", "write_bytes"]


def check_writable(path: str | os.PathLike) -> Path:
    """Check, without writing anything, that a file can be put at `path`.

    Long computations call this first, so that a mistyped folder costs a second and not an hour.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    Path
        Where the file will really be: `path` with symbolic links followed.

    Raises
    ------
    FileFormatError
        The folder is missing or can't be written to, the name is too long for it, or `path` is a folder, a device or
        a read-only file.

    Examples
    --------
    >>> check_writable("no-such-folder/sharp.png")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: no-such-folder/sharp.png can't be written: the folder ... does not exist.
    """
    # Links are followed, because replacing a link by a file would leave the file that it points to as it was.
    target = Path(os.path.realpath(as_path(path)))
    shown = shown_path(path)
    try:
        _check_name_fits(shown, target)
        if target.is_dir():
            raise FileFormatError(f"{shown} can't be written: it is a folder.")
        if not target.parent.is_dir():
            folder = shown_path(target.parent, _SHOWN_FOLDER_CHARACTERS)
            raise FileFormatError(f"{shown} can't be written: the folder {folder} does not exist.")
        # A rename would replace even a device such as /dev/null by a regular file.
        if target.exists() and not target.is_file():
            raise FileFormatError(f"{shown} can't be written: it is not a regular file.")
        if not os.access(target.parent, os.W_OK | os.X_OK) or (target.exists() and not os.access(target, os.W_OK)):
            raise FileFormatError(f"{shown} can't be written: permission denied.")
    except OSError as error:  # A path that is too long as a whole, a folder that may not be entered.
        raise FileFormatError(f"{shown} can't be written: {error.strerror or error}.") from error
    return target


def _check_name_fits(shown, target):
    """Refuse a name that is longer than the names that the folder can hold."""
    longest = LONGEST_NAME_BYTES
    if hasattr(os, "pathconf") and target.parent.is_dir():
        longest = os.pathconf(target.parent, "PC_NAME_MAX")
    size = len(os.fsencode(target.name))
    if size > longest > 0:
        raise FileFormatError(f"{shown} can't be written: its name has {size} bytes, more than the {longest} allowed.")


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Put `data` at `path`: it is written under a temporary name in the same folder, which is then renamed.

    A file that was there keeps its contents until the new one is complete, and its permissions after that.
    On any error, an interrupt included, the temporary file is removed; one that a killed process left in the folder
    is removed by the next call of any process that writes there.

    Parameters
    ----------
    path : str or os.PathLike
    data : bytes-like

    Raises
    ------
    FileFormatError
        `check_writable` refuses `path`, or the disk refuses the data (it is full, read-only, ...).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(Path(folder) / "note.txt", b"sharp")
    ...     (Path(folder) / "note.txt").read_bytes()
    b'sharp'
    """
    target = check_writable(path)
    remove_stale_files(target.parent)
    temporary = target.with_name(temporary_name())
    try:
        try:
            # "x" honours the umask, which tempfile's 0600 files do not.
            with open(temporary, "xb") as file:
                file.write(data)
            if target.exists():
                shutil.copymode(target, temporary)
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileFormatError(f"{shown_path(path)} can't be written: {error.strerror or error}.") from error


def make_folder(path: str | os.PathLike) -> Path:
    """Make a folder, with its parents, if it is not there.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileFormatError
        `path` is not a file name, or the folder can't be made: a file has its name, or permission is denied.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_folder(f"{folder}/results/kernels").is_dir()
    True
    """
    folder = as_path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileFormatError(f"{shown_path(folder)}: can't make this folder ({error.strerror or error}).") from error
    return folder
