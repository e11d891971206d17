"""The private folder of a server: made when it starts, gone when it ends, and swept up by the next one if it was killed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows: folders that killed servers left stay there
    fcntl = None  # type: ignore[assignment]

_PREFIX = "pydeblur-serve-"
_NAME = re.compile(r"pydeblur-serve-[0-9A-Za-z_]{8,}")
_LOCK = "lock"


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A ``with`` block with a new folder that no other user can look into, removed at its end.

    Yields
    ------
    Path

    Examples
    --------
    >>> with private_folder() as folder:
    ...     folder.is_dir(), oct(folder.stat().st_mode & 0o777)
    (True, '0o700')
    >>> folder.exists()
    False
    """
    _remove_folders_of_killed_servers()
    # A folder that tempfile.mkdtemp makes is its owner's alone.
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with open(folder / _LOCK, "wb") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_folders_of_killed_servers() -> None:
    """Remove folders of this user whose lock nobody holds: the system frees it when a process ends, however it does."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):
        for entry in os.scandir(tempfile.gettempdir()):
            with contextlib.suppress(OSError):
                is_folder = _NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
                if is_folder and entry.stat(follow_symlinks=False).st_uid == os.getuid():
                    _remove_if_left(Path(entry.path))


def _remove_if_left(folder: Path) -> None:
    with open(folder / _LOCK, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


def new_identifier() -> str:
    """Return an id that can't be guessed: 192 random bits in the letters that addresses allow.

    Examples
    --------
    >>> len(new_identifier())
    32
    """
    return secrets.token_urlsafe(24)


def new_folder(inside: Path) -> Path:
    """Make a new folder in another one, with a name that nobody has chosen.

    Parameters
    ----------
    inside : Path

    Returns
    -------
    Path

    Examples
    --------
    >>> with private_folder() as folder:
    ...     new_folder(folder).parent == folder
    True
    """
    return Path(tempfile.mkdtemp(dir=inside))


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; nothing happens where it is gone.

    Examples
    --------
    >>> remove_folder(Path("no-such-folder"))
    """
    shutil.rmtree(folder, ignore_errors=True)


def bytes_in(folder: Path) -> int:
    """Return how many bytes all files below a folder have.

    Examples
    --------
    >>> with private_folder() as folder:
    ...     _ = (new_folder(folder) / "picture").write_bytes(b"12345")
    ...     bytes_in(folder)
    5
    """
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # removed meanwhile
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
