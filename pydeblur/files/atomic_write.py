"""Files that appear whole or not at all."""

import os
import secrets
import shutil
from pathlib import Path

from pydeblur.errors import FileFormatError


def as_path(path):
    """`path` as a `Path`; anything else than a non-empty string or path object is a `FileFormatError`."""
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise FileFormatError(f"A file name should be a non-empty string or a path, not {path!r}.")
    if "\0" in str(path):
        raise FileFormatError(f"The file name {str(path)!r} has a null character in it.")
    return Path(path)


def check_writable(path):
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
        The folder is missing or can't be written to, or `path` is a folder, a device or a read-only file.
    """
    # Followed, because replacing a link by a file would leave the file that it points to as it was.
    target = Path(os.path.realpath(as_path(path)))
    if target.is_dir():
        raise FileFormatError(f"{path} can't be written: it is a folder.")
    if not target.parent.is_dir():
        raise FileFormatError(f"{path} can't be written: the folder {target.parent} does not exist.")
    # Replacing /dev/null by a regular file would be a memorable mistake.
    if target.exists() and not target.is_file():
        raise FileFormatError(f"{path} can't be written: it is not a regular file.")
    if not os.access(target.parent, os.W_OK | os.X_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise FileFormatError(f"{path} can't be written: permission denied.")
    return target


def write_bytes(path, data):
    """Put `data` at `path`: written under a temporary name in the same folder, then renamed.

    A file that was there keeps its contents until the new one is complete, and its permissions after that.
    On any error, an interrupt included, the temporary file is removed.

    Parameters
    ----------
    path : str or os.PathLike
    data : bytes-like

    Raises
    ------
    FileFormatError
        As `check_writable`, or the disk refuses (full, read-only, ...).
    """
    target = check_writable(path)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
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
        raise FileFormatError(f"{path} can't be written: {error.strerror or error}.") from error
