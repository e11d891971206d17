"""The names of temporary files, which tell whether the process that wrote one is still at work.

This module is written by hand because the standard library's temporary files bear no sign of their writer: after a
process was killed, nobody knows whether its file may go.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import secrets
import socket
import time
from pathlib import Path

#: What nearly every file system allows; temporary names are far shorter, whatever the file is called.
LONGEST_NAME_BYTES = 255
#: Of a writer on another machine, or before the machine was started again, nothing can be asked. It writes for seconds.
_STALE_SECONDS = 24 * 3600
_NAME = re.compile(r"\.pydeblur-([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-[0-9a-f]{12}\.part")


def temporary_name() -> str:
    """A new name for a file that this process writes and then renames.

    Returns
    -------
    str
        It holds a mark of this machine since its start, the process's number and when the process was started.

    Examples
    --------
    >>> temporary_name().startswith(".pydeblur-"), len(temporary_name()) < 100
    (True, True)
    """
    process = os.getpid()
    return f".pydeblur-{_machine()}-{process}-{_status(process)[1]}-{secrets.token_hex(6)}.part"


def remove_stale_files(folder: Path) -> None:
    """Remove the temporary files in a folder whose writers were killed.

    Those of writers that are alive stay. Where nothing can be known of a writer, because it is on another machine or
    in another container, or was before the last start, its file goes when it has not changed for a day.

    Parameters
    ----------
    folder : Path
        What can't be listed or removed there is left alone.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     own = Path(folder) / temporary_name()
    ...     own.touch()
    ...     remove_stale_files(Path(folder))
    ...     own.exists()
    True
    """
    # A folder that may be written but not listed is no reason to refuse the result.
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            match = _NAME.fullmatch(name)
            if match and _is_stale(folder / name, match[1], int(match[2]), int(match[3])):
                with contextlib.suppress(OSError):
                    os.unlink(folder / name)


def _is_stale(path, machine, process, started):
    """Whether nobody is writing the file any more."""
    # Elsewhere than on POSIX systems os.kill would end the process that it should ask for.
    if machine == _machine() and os.name == "posix":
        return not _is_alive(process, started)
    try:
        return time.time() - os.lstat(path).st_mtime > _STALE_SECONDS
    except OSError:
        return False


def _is_alive(process, started):
    """Whether the process runs, and is the one that was started then and not a later one with its number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # Another user's, or a number that this system has not.
        pass
    state, now = _status(process)
    # A process that has ended stays known until its parent asks for it.
    return state not in ("Z", "X") and (0 in (started, now) or now == started)


@functools.cache
def _machine() -> str:
    """A mark of this machine since its last start, and of the container that numbers its processes."""
    parts = [socket.gethostname(), *_read("/proc/sys/kernel/random/boot_id").split()]
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:12]


def _status(process) -> tuple[str, int]:
    """A process's state, and its start in ticks since that of the machine; "" and 0 where the system does not say it."""
    # The process's name, in brackets, may hold anything; the state is field 3, the start is field 22.
    fields = _read(f"/proc/{process}/stat").rpartition(")")[2].split()
    return (fields[0], int(fields[19])) if len(fields) > 19 else ("", 0)


def _read(path):
    """The text of a file of the system; empty where it has none."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
