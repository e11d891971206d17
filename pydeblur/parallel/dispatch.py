"""Which worker of a Dask cluster gets which item, and what happens to the item of a worker that is lost.

All of it runs in the event loop of the client, in steps: between two steps the caller does with the outcomes what it likes.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import distributed
from distributed.client import FutureCancelledError

from pydeblur.errors import InvalidInputError, SchedulerError
from pydeblur.files import write_bytes
from pydeblur.files.temporary_files import temporary_name
from pydeblur.parallel.cluster_worker import WorkerState, pickled_answer, versions_here, worker_state
from pydeblur.parallel.protocol import SharedFiles, shown_item
from pydeblur.parallel.worker import Answer

#: Seconds in which a scheduler or a worker has to answer a question.
ANSWER_SECONDS = 30.0
#: Seconds for which there may be no worker at all.
_PATIENCE = 60.0
#: Seconds between two looks at the list of workers.
_INTERVAL = 1.0
#: So many workers are lost with an item before it counts as the reason.
_MOST_LOSSES = 3
#: Items of more bytes go to their worker as data; the scheduler is not made for them.
_LARGE = 2**20
_LOST = "a worker was lost"


@dataclass(eq=False)
class _Run:
    """An item that a worker has."""

    index: int
    worker: str
    task: asyncio.Task


class Dispatch:
    """The items of one call, and the workers that compute them.

    Parameters
    ----------
    client : distributed.Client
    function : callable
    items : sequence
    files : SharedFiles

    Attributes
    ----------
    carried : set of int
        Places of the items that were sent with their files.
    """

    def __init__(self, client: distributed.Client, function: Callable, items: Sequence, files: SharedFiles):
        self._client, self._items, self._files = client, items, files
        self._function = function
        self._folder = _working_folder()
        self._waiting = deque(range(len(items)))
        self._losses = dict.fromkeys(range(len(items)), 0)
        self._runs: list[_Run] = []
        #: Of each worker that can be used, whether items have to be carried to it.
        self._usable: dict[str, bool] = {}
        self._unusable: dict[str, str] = {}
        self._running_workers: set[str] = set()
        self._messages: list[str] = []
        self._looked = -_INTERVAL
        self._worked = time.monotonic()
        self._name = f"pydeblur-{uuid.uuid4().hex}"
        self.carried: set[int] = set()

    @property
    def is_finished(self) -> bool:
        """Whether there was an outcome of each item."""
        return not self._waiting and not self._runs

    def taken_messages(self) -> list[str]:
        """What users should know of since the last call: a sentence for each worker that was lost or can't be used."""
        messages, self._messages = self._messages, []
        return messages

    async def step(self) -> list[tuple[int, Answer | str]]:
        """Hand out items, and wait a moment for answers.

        Returns
        -------
        list of (int, Answer or str)
            The places of the items that were finished, with the answers or the reasons why there are none.

        Raises
        ------
        SchedulerError
            If the scheduler is lost, or there is no worker to wait for.
        """
        finished = await self._look_at_workers() if time.monotonic() - self._looked >= _INTERVAL else []
        finished += self._hand_out()
        tasks = [run.task for run in self._runs]
        if tasks:
            self._worked = time.monotonic()
            await asyncio.wait(tasks, timeout=_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
        elif self._waiting:
            self._check_hope()
            await asyncio.sleep(_INTERVAL)
        for run in [run for run in self._runs if run.task.done()]:
            self._runs.remove(run)
            finished += self._outcome(run)
        return finished

    async def cancel(self) -> None:
        """Take back what the workers have."""
        self._waiting.clear()
        runs, self._runs = self._runs, []
        for run in runs:
            run.task.cancel()
        await asyncio.gather(*(run.task for run in runs), return_exceptions=True)

    def _hand_out(self) -> list[tuple[int, Answer | str]]:
        """An item for each worker that has none; returns those that can't be sent to any."""
        busy = {run.worker for run in self._runs}
        refused: list[tuple[int, Answer | str]] = []
        for worker in sorted(self._usable.keys() & self._running_workers - busy):
            for index in list(self._waiting):
                try:
                    sent = self._pickled(index, self._usable[worker])
                except InvalidInputError as error:
                    if all(self._usable.values()):  # no other worker sees its files, either
                        self._waiting.remove(index)
                        refused.append((index, str(error)))
                    continue
                self._waiting.remove(index)
                task = asyncio.create_task(self._computed(f"{self._name}-{index}", worker, *sent))
                self._runs.append(_Run(index, worker, task))
                break
        return refused

    def _pickled(self, index: int, is_carried: bool) -> tuple[bytes, bytes]:
        """The function and the item as they are sent to a worker."""
        function, item = self._function, self._items[index]
        self.carried.discard(index)
        if is_carried:
            assert self._files.carrier is not None
            function, item = self._files.carrier.packed(item)
            self.carried.add(index)
        # Functions of the caller's own script go by their contents, as Dask does it.
        return cloudpickle.dumps(function), pickle.dumps(item, protocol=5)

    async def _computed(self, key: str, worker: str, function: bytes, item: bytes) -> bytes:
        """The pickled answer of a worker to a pickled item."""
        place: dict[str, Any] = {"workers": [worker], "allow_other_workers": False}
        sent = item
        if len(item) > _LARGE:
            sent = await self._client.scatter(item, workers=[worker], hash=False)
        key = f"{key}-{uuid.uuid4().hex}"
        future = self._client.submit(pickled_answer, function, sent, self._folder, key=key, pure=False, **place)
        try:
            return await future
        except asyncio.CancelledError:
            # Where it has not begun yet, it does not begin any more.
            await self._client.cancel([future])
            raise

    def _outcome(self, run: _Run) -> list[tuple[int, Answer | str]]:
        """What has become of an item; nothing if it is to be computed again."""
        try:
            return [(run.index, pickle.loads(run.task.result()))]
        except (FutureCancelledError, asyncio.CancelledError, distributed.KilledWorker, OSError):
            self._check_connection()
            return self._lost(run)
        except Exception as error:  # of the cluster, not of the function, whose errors are in its answer
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
            raise SchedulerError(f"the worker {run.worker} can't compute the items ({reason})") from error

    def _lost(self, run: _Run) -> list[tuple[int, Answer | str]]:
        """Give an item to another worker, unless it has cost too many of them."""
        self._losses[run.index] += 1
        if self._losses[run.index] >= _MOST_LOSSES:
            return [(run.index, f"{_MOST_LOSSES} workers were lost with it, perhaps because the memory was used up")]
        self._waiting.appendleft(run.index)
        self._messages.append(f"the worker {run.worker} was lost: what it had is done again ({self._named(run.index)})")
        return []

    def _named(self, index: int) -> str:
        item = self._items[index]
        return shown_item(getattr(item, "image", item))

    async def _look_at_workers(self) -> list[tuple[int, Answer | str]]:
        """Find who has come and who has gone; returns items that have cost too many workers."""
        self._check_connection()
        try:
            identity = await asyncio.wait_for(self._client.scheduler.identity(), ANSWER_SECONDS)
        except (OSError, asyncio.TimeoutError):
            raise SchedulerError(
                "the scheduler no longer answers: what is finished stays, and can be gone on from"
            ) from None
        self._looked = time.monotonic()
        workers = identity["workers"]
        self._running_workers = {name for name, found in workers.items() if found.get("status", "running") == "running"}
        for known in (self._usable, self._unusable):
            for gone in known.keys() - workers.keys():
                del known[gone]
        finished = []
        for run in [run for run in self._runs if run.worker not in workers]:
            if not run.task.done():
                self._runs.remove(run)
                run.task.cancel()
                finished += self._lost(run)
        await self._ask(sorted(self._running_workers - self._usable.keys() - self._unusable.keys()))
        return finished

    async def _ask(self, workers: Sequence[str]) -> None:
        """Find out of new workers whether they can be used, and whether items have to be carried to them."""
        if not workers:
            return
        token = None if self._files.output is None else self._files.output / temporary_name()
        paths = [str(path) for path in (*self._files.folders, token) if path is not None]
        if token is not None:
            # Another folder of the same name on another machine does not have it.
            write_bytes(token, b"")
        try:
            states = await asyncio.gather(*(self._state(worker, paths) for worker in workers))
        finally:
            if token is not None:
                token.unlink(missing_ok=True)
        for worker, state in zip(workers, states):
            self._judge(worker, state)

    async def _state(self, worker: str, paths: Sequence[str]) -> WorkerState | Exception:
        question = self._client.run(worker_state, paths, workers=[worker], on_error="return")
        try:
            answers = await asyncio.wait_for(question, ANSWER_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            return error
        return answers.get(worker, OSError("it has ended"))

    def _judge(self, worker: str, state: WorkerState | Exception) -> None:
        reason = _why_unusable(state, self._files)
        if reason is None and isinstance(state, WorkerState):
            self._usable[worker] = bool(state.missing)
        elif reason is not None:
            self._unusable[worker] = reason
            self._messages.append(f"the worker {worker} is not used: {reason}")

    def _check_hope(self) -> None:
        """SchedulerError if no worker can be used, and none can be waited for any longer."""
        if self._usable.keys() & self._running_workers:
            return
        if self._unusable:
            worker, reason = next(iter(self._unusable.items()))
            self._messages.clear()
            raise SchedulerError(f"no worker can be used; of {worker}, {reason}")
        if time.monotonic() - self._worked > _PATIENCE:
            raise SchedulerError(
                f"the scheduler has had no worker for {_PATIENCE:.0f} seconds: one is started by the command dask worker"
            )

    def _check_connection(self) -> None:
        if self._client.status != "running":
            raise SchedulerError(
                "the connection to the scheduler is lost: what is finished stays, and the same command goes on from there"
            )


def _why_unusable(state: WorkerState | Exception, files: SharedFiles) -> str | None:
    """A clause that says why a worker gets no items; None if it gets some."""
    ours = versions_here()
    if isinstance(state, Exception):
        reason = f"{type(state).__name__}: {' '.join(str(state).split())[:80]}"
        return f"pydeblur {ours['pydeblur']} should be installed, but can't be used ({reason})"
    for name, version in ours.items():
        if state.versions.get(name) != version:
            return f"{name} should be {version}, as it is here, but is {state.versions.get(name)}"
    if state.missing and files.carrier is None:
        missing = [path for path in state.missing if Path(path).parent != files.output] or [str(files.output)]
        return f"the folder {missing[0]} should be shared by all machines, but is not seen"
    return None


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None
