"""The server's side of its processes: one task each, killed when it is not wanted any more, and one of each kind kept ready."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from pydeblur.errors import WorkerLostError
from pydeblur.parallel.signals import ending_words
from pydeblur.parallel.this_machine import quiet_start
from pydeblur.serve import worker

#: Seconds that a killed process may take to be gone.
_GRACE = 5.0
PURPOSES = ("look", "deblur")


class TaskProcess:
    """A process that does one task.

    Parameters
    ----------
    purpose : {"look", "deblur"}
        The task that it gets ready for.
    memory : int
        Bytes that it may allocate.
    warms_up : bool
        Whether it loads everything before it gets its task.

    Raises
    ------
    WorkerLostError
        If no process can be started.
    """

    def __init__(self, purpose: str, memory: int, warms_up: bool = False):
        context = get_context("spawn")  # forked children would share the server's sockets and threads
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=worker.run, args=(theirs, purpose, memory, warms_up), daemon=True)
        try:
            with theirs, quiet_start():
                self._process.start()
        except OSError as error:  # no more processes, memory or open files
            self._connection.close()
            raise WorkerLostError(f"no process can be started: {error.strerror or error}") from None
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_receive, args=(self._connection, loop, self._messages.put_nowait), daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    @property
    def number(self) -> int | None:
        """The system's number of the process."""
        return self._process.pid

    async def do(self, task: dict[str, Any], told: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Give it its task, and wait for the end.

        Parameters
        ----------
        task : dict
            The arguments of its function, see :mod:`pydeblur.serve.looking` and :mod:`pydeblur.serve.deblurring`.
        told : callable
            Called with every message on the way.

        Returns
        -------
        dict
            The last message, of the kind "done" or "failed".

        Raises
        ------
        WorkerLostError
            If it ends without one.
        """
        with suppress(OSError):  # it has ended, which the missing message tells
            self._connection.send_bytes(json.dumps(task).encode())
        while True:
            message = await self._messages.get()
            if message is None:
                raise WorkerLostError(f"the process that computed it {await self._ending()}")
            if message["kind"] in ("done", "failed"):
                return message
            if message["kind"] != "ready":
                told(message)

    async def _ending(self) -> str:
        """How it has ended, in words."""
        await asyncio.to_thread(self._process.join, _GRACE)
        code = self._process.exitcode
        return f"{ending_words(code or 0)}, perhaps because the memory was used up"

    def end(self) -> None:
        """End it at once, whatever it does."""
        with suppress(ValueError):  # it was closed before
            self._process.kill()
            self._process.join(_GRACE)
            self._process.close()
        with suppress(OSError):
            self._connection.close()


def _receive(connection: Connection, loop: asyncio.AbstractEventLoop, put: Callable[[dict | None], None]) -> None:
    """Hand over messages until the process has ended; None is the last one. This runs in a thread of its own."""
    with suppress(RuntimeError):  # the loop has ended, and nobody waits
        try:
            while True:
                message = _checked(connection.recv_bytes(worker.LARGEST_MESSAGE))
                loop.call_soon_threadsafe(put, message)
        except (EOFError, OSError, ValueError, TypeError):
            loop.call_soon_threadsafe(put, None)


def _checked(contents: bytes) -> dict[str, Any]:
    message = json.loads(contents)
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise ValueError("a message should be an object with a kind")
    return message


class Processes:
    """Starts processes, and keeps one for each purpose ready: loading everything takes a second or two.

    Parameters
    ----------
    memory : int
        Bytes that each may allocate.
    keeps_ready : bool
        Whether any are kept.
    """

    def __init__(self, memory: int, keeps_ready: bool = True):
        self._memory, self._keeps_ready = memory, keeps_ready
        self._ready: dict[str, TaskProcess] = {}

    def take(self, purpose: str) -> TaskProcess:
        """Return a process for one task; who takes it ends it.

        Raises
        ------
        WorkerLostError
            If none can be started.
        """
        ready = self._ready.pop(purpose, None)
        if ready is not None and ready.is_alive:
            return ready
        if ready is not None:
            ready.end()
        return TaskProcess(purpose, self._memory)

    def keep_ready(self) -> None:
        """Start the processes for the next tasks that are not ready."""
        for purpose in PURPOSES if self._keeps_ready else ():
            if purpose not in self._ready:
                with suppress(WorkerLostError):  # the next task says so
                    self._ready[purpose] = TaskProcess(purpose, self._memory, warms_up=True)

    def end(self) -> None:
        """End the processes that are ready."""
        for process in self._ready.values():
            process.end()
        self._ready.clear()
