"""How many threads a computation may use."""

from __future__ import annotations

import os

from pydeblur.errors import InvalidOptionError
from pydeblur.options import is_integer


def thread_count(threads) -> int:
    """Return a number of threads.

    Parameters
    ----------
    threads : int or None
        None is the number of processors that this process may run on, which is less than the machine has in a container
        or under taskset.

    Returns
    -------
    int

    Raises
    ------
    InvalidOptionError
        If it is something else than a whole number of at least 1.

    Examples
    --------
    >>> thread_count(2)
    2
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not is_integer(threads) or threads < 1:
        raise InvalidOptionError(f"threads should be a positive integer, but is {threads!r}.")
    return int(threads)
