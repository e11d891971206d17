"""A function over many items in several processes, which end when the caller is interrupted."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context


def map_unordered(function, items, jobs: int):
    """Yield ``function(item)`` of every item as it is finished.

    Parameters
    ----------
    function : callable
        A function of a module's top level; its items and results can be pickled.
    items : sequence
    jobs : int
        Processes; with 1, all is done in this one, in order.

    Yields
    ------
    object
        What the function returns, in the order in which the items are finished.

    Raises
    ------
    MemoryError
        If a process was killed, which mostly means that the memory was used up.

    Examples
    --------
    >>> sorted(map_unordered(abs, [3, -1, 2], jobs=1))
    [1, 2, 3]
    """
    if jobs == 1 or len(items) < 2:
        yield from map(function, items)
        return
    others = set(active_children())
    # Forked children would share the parent's thread pools, so clean ones are started.
    pool = ProcessPoolExecutor(min(jobs, len(items)), mp_context=get_context("spawn"))
    try:
        with _interrupts_postponed():
            futures = [pool.submit(function, item) for item in items]
        yield from map(Future.result, as_completed(futures))
    except BrokenProcessPool:
        raise MemoryError("a worker process was killed: use fewer jobs") from None
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_postponed():
    """Keep Ctrl-C from the processes that are started meanwhile.

    A terminal sends it to all of them, but it is their parent that ends them.

    A signal that is blocked stays blocked in a new process. In this one, whose other threads may still get it, it is
    kept until the end. Only the main thread is ever interrupted, and only it can say so.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = []
    handler = signal.signal(signal.SIGINT, lambda *arguments: kept.append(arguments))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if kept and callable(handler):
        handler(*kept[0])
