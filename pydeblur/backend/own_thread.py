"""A function call in a thread of its own, for which the caller waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


def in_own_thread(function, *arguments):
    """Call a function in a new thread and wait for it.

    Python delivers Ctrl-C to the main thread alone. Some code must not be interrupted in the middle: Numba and LLVM
    call back and forth while they load and compile, and lose the exception; ONNX Runtime takes it for a failure of its
    import. In a thread of its own such code runs to its end, while the interrupt ends the waiting main thread.

    Parameters
    ----------
    function : callable
    *arguments
        Its arguments.

    Returns
    -------
    object
        What the function returns; what it raises is raised here.

    Examples
    --------
    >>> in_own_thread(max, 1, 2)
    2
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()
