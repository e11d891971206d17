"""Items computed by processes of this machine.

A process that is killed costs the item that it worked on and no other, which the pools of the standard library can't do: they
do not know which item that was, and break as a whole. Pipes alone connect the processes, so that no semaphores are needed,
which some containers don't allow, and nothing is left of them after an interrupt.
"""

from __future__ import annotations

import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from pydeblur.errors import WorkerLostError
from pydeblur.parallel.signals import ending_words
from pydeblur.parallel.worker import Answer, work

#: Seconds in which a worker that is told to end can tidy up.
_GRACE = 3.0
#: So many workers that end before they have begun, one after the other, say that none will begin.
_FAILED_STARTS = 3


class ThisMachine:
    """An executor with processes of this machine.

    Parameters
    ----------
    jobs : int
        How many, at most.

    Examples
    --------
    >>> executor = ThisMachine(2)
    >>> list(executor.outcomes(abs, []))
    []
    >>> executor.end()
    """

    def __init__(self, jobs: int):
        self._jobs = jobs
        self._pool: _Pool | None = None

    def outcomes(self, function: Callable, items: Sequence) -> Iterator[tuple[Any, Answer | str]]:
        """Yield every item with the answer to it, or the reason why there is none.

        Raises
        ------
        WorkerLostError
            If no process can be started.
        """
        self._pool = _Pool(function, items, min(self._jobs, len(items)))
        yield from self._pool.outcomes()

    def end(self) -> None:
        """End all processes: at once where one works, by the closed pipe where it waits."""
        if self._pool is not None:
            self._pool.end()


@dataclass(eq=False)
class _Worker:
    """A process, this end of the pipe to it, and the place of the item that it works on among all items."""

    process: BaseProcess
    connection: Connection
    has_started: bool = False
    index: int | None = None


class _Pool:
    """Worker processes, and the items that none of them has been given yet."""

    def __init__(self, function: Callable, items: Sequence, count: int):
        self._function, self._items, self._count = function, items, count
        self._waiting = deque(range(len(items)))
        self._workers: dict[Connection, _Worker] = {}
        self._failed_starts = 0

    def outcomes(self) -> Iterator[tuple[Any, Answer | str]]:
        """Every item, with the answer to it or the reason why there is none."""
        while self._waiting or any(worker.index is not None for worker in self._workers.values()):
            self._start_missing()
            for connection in wait(list(self._workers)):
                worker = self._workers[connection]
                try:
                    answer = connection.recv()
                except (EOFError, OSError):
                    reason = self._remove(worker)
                    if worker.index is not None:
                        yield self._items[worker.index], reason
                    continue
                if answer is not None and answer.error is not None and not worker.has_started:
                    raise answer.error
                index, worker.index, worker.has_started = worker.index, None, True
                self._failed_starts = 0
                self._give_next(worker)
                if index is not None:
                    yield self._items[index], answer

    def end(self) -> None:
        """End all workers: at once where one works, by the closed pipe where it waits."""
        for worker in self._workers.values():
            worker.connection.close()
            if worker.index is not None or not worker.has_started:
                worker.process.terminate()
        deadline = time.monotonic() + _GRACE
        for worker in self._workers.values():
            worker.process.join(max(deadline - time.monotonic(), 0))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()

    def _start_missing(self) -> None:
        """As many workers as there is work for."""
        idle = sum(worker.index is None for worker in self._workers.values())
        while len(self._workers) < self._count and idle < len(self._waiting):
            try:
                self._start()
            except OSError as error:  # no more processes, memory or open files
                if not self._workers:
                    raise WorkerLostError(f"no process can be started: {error.strerror or error}") from None
                return
            idle += 1

    def _start(self) -> None:
        context = get_context("spawn")  # forked children would share the parent's thread pools
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs,), daemon=True)
        with theirs, quiet_start():
            process.start()
        self._workers[ours] = _Worker(process, ours)
        with suppress(OSError):  # it has ended already, which is seen where it is waited for
            ours.send(self._function)

    def _give_next(self, worker: _Worker) -> None:
        if not self._waiting:
            return
        index = self._waiting.popleft()
        try:
            worker.connection.send(self._items[index])
            worker.index = index
        except OSError:  # it was killed between two items
            self._waiting.appendleft(index)

    def _remove(self, worker: _Worker) -> str:
        """Forget a worker that has ended; returns a clause that says why."""
        del self._workers[worker.connection]
        worker.connection.close()
        worker.process.join(_GRACE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        ending = ending_words(worker.process.exitcode or 0)
        if not worker.has_started:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                raise WorkerLostError(f"no worker process can be started: each {ending} before its first item")
        return f"its process {ending}, perhaps because the memory was used up; use fewer jobs"


@contextmanager
def quiet_start():
    """A ``with`` block for the start of a process that Ctrl-C and a closed terminal do not reach.

    A terminal sends them to all of its processes, but it is the parent that ends its workers. A signal that is blocked
    stays blocked in a new process.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    with warnings.catch_warnings():
        # The tracker has no resource of ours to lose if somebody has killed it.
        warnings.simplefilter("ignore")
        # Its own start would end the blocking.
        ensure_running()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
