"""How many threads a computation may use."""

from __future__ import annotations

import os

from pydeblur.errors import InvalidOptionError
from pydeblur.options import Kind, is_integer, shown

#: More threads than this for each processor bring nothing, and so many that the system has no more end the process.
_MOST_FOR_EACH_PROCESSOR = 16


def processor_count() -> int:
    """Return the number of processors that this process may run on.

    Returns
    -------
    int
        Less than the machine has in a container or under taskset.

    Examples
    --------
    >>> processor_count() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def most_threads() -> int:
    """Return the largest number of threads or processes that may be asked for: 16 for each processor.

    Returns
    -------
    int

    Examples
    --------
    >>> most_threads() // processor_count()
    16
    """
    return _MOST_FOR_EACH_PROCESSOR * processor_count()


#: A number of threads or of processes.
THREADS = Kind(
    f"a whole number from 1 to {_MOST_FOR_EACH_PROCESSOR} for each processor",
    lambda value: is_integer(value) and 1 <= value <= most_threads(),
    int,
    "int",
    bound_here=most_threads,
)


def thread_count(threads) -> int:
    """Return a number of threads.

    Parameters
    ----------
    threads : int or None
        None is the number of processors that this process may run on.

    Returns
    -------
    int

    Raises
    ------
    InvalidOptionError
        If it is something else than a whole number of at least 1, or more than 16 for each processor.

    Examples
    --------
    >>> thread_count(2)
    2
    """
    if threads is None:
        return processor_count()
    if not is_integer(threads) or threads < 1:
        raise InvalidOptionError(f"threads should be a positive integer, but is {shown(threads)}.")
    if threads > most_threads():
        raise InvalidOptionError(
            f"threads should be at most {most_threads()}, {_MOST_FOR_EACH_PROCESSOR} for each processor, but is {shown(threads)}."
        )
    return int(threads)
