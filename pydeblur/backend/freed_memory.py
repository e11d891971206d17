"""Whether a process keeps the memory that it frees for what it needs next, or gives it back to the system at once."""

from __future__ import annotations

import ctypes
import sys

#: Numbers of glibc's settings (mallopt(3)): the free memory from which some is given back, and the size from which an array has
#: pages of its own.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: The largest values that glibc itself goes up to, while a process frees ever larger arrays.
_LARGEST_KEPT = 32 << 20
_MOST_FREE = 2 * _LARGEST_KEPT


def keep_freed_memory() -> bool:
    """Let this process use the memory again that arrays of up to 32 MB leave, in place of new pages for each.

    That is what glibc does by itself, unless it is told a threshold: Dask tells it one for its workers (the variable
    MALLOC_TRIM_THRESHOLD_ of the setting distributed.nanny.pre-spawn-environ), with which every array of more than 128 kB has
    new pages, which the system first has to fill with zeros. An estimation of a kernel takes a fifth more processor time so.

    Returns
    -------
    bool
        Whether the C library has such settings; where it has none, nothing is changed.

    Examples
    --------
    A worker of a Dask cluster calls it once, before its first picture:

    >>> keep_freed_memory()  # doctest: +SKIP
    True
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is None:
        return False
    kept = [set_option(_MMAP_THRESHOLD, _LARGEST_KEPT), set_option(_TRIM_THRESHOLD, _MOST_FREE)]
    return all(kept)
