"""The folder in which a session's .mat files lie, which goes when its process does, however that ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where the folders of killed processes stay until the user's temporary folder is cleaned
    fcntl = None  # type: ignore[assignment]

_PREFIX = "pydeblur-matlab-"
_LOCK = "lock"
#: A folder this young may belong to a process that has not locked it yet.
_YOUNGEST_STALE_SECONDS = 60


class SessionFolder:
    """A new folder among the temporary ones, which only this user can read.

    The folders of processes that were killed are removed at this occasion: nobody holds the lock of theirs.

    Attributes
    ----------
    path : Path

    Examples
    --------
    >>> with SessionFolder() as folder:
    ...     folder.path.is_dir()
    True
    >>> folder.path.exists()
    False
    """

    def __init__(self):
        _remove_stale_folders(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = open(self.path / _LOCK, "wb")  # noqa: SIM115 - it is held as long as the process lives
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self) -> None:
        """Remove the folder with all that is in it; a second time nothing happens."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _remove_stale_folders(parent: Path) -> None:
    if fcntl is None:
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        # Another user's folder can't be looked into, and another process may remove a stale one first.
        with contextlib.suppress(OSError):
            if time.time() - os.lstat(folder).st_mtime > _YOUNGEST_STALE_SECONDS and _is_unlocked(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _is_unlocked(path: Path) -> bool:
    with open(path, "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
