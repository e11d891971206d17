"""The queue of jobs: each is a picture that is deblurred in a process of its own, a few at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydeblur.errors import WorkerLostError
from pydeblur.serve.choices import Choices
from pydeblur.serve.limits import Limits
from pydeblur.serve.processes import Processes
from pydeblur.serve.refusals import Refusal, as_sentence
from pydeblur.serve.storage import new_identifier

#: States in which nothing happens any more.
ENDED = ("done", "failed", "cancelled")


@dataclass(eq=False)
class Job:
    """One picture with what was chosen for it, and how far it is.

    Attributes
    ----------
    picture, folder : Path
        Folders of the picture, and of the result.
    choices : Choices
    changed : callable
        Called with "state" or "iteration" whenever there is something new to be told.
    identifier : str
        Can't be guessed.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    place : int
        In the queue, from 1; 0 where it does not wait.
    progress : dict
        The last message about what is done.
    iteration : dict
        The last one with a latent image and a kernel.
    outcome : dict
        The last message of all.
    """

    picture: Path
    folder: Path
    choices: Choices
    changed: Callable[[str], None]
    identifier: str = field(default_factory=new_identifier)
    state: str = "waiting"
    place: int = 0
    progress: dict[str, Any] = field(default_factory=dict)
    iteration: dict[str, Any] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens any more."""
        return self.state in ENDED

    def told(self, message: dict[str, Any]) -> None:
        """Take note of a message of its process."""
        if message["kind"] == "iteration":
            self.iteration = message
            self.changed("iteration")
        elif message["kind"] == "progress":
            self.progress = message
            self.changed("state")

    def become(self, state: str, **outcome: Any) -> None:
        """Enter a state; nothing follows the states of :data:`ENDED`."""
        if not self.has_ended:
            self.state, self.place, self.outcome = state, 0, outcome
            self.changed("state")

    def shown(self) -> dict[str, Any]:
        """Return its state for the page.

        Returns
        -------
        dict
        """
        told = {key: self.progress.get(key) for key in ("doing", "share", "left")}
        result = {key: value for key, value in self.outcome.items() if key not in ("kind", "files")}
        files = list(self.outcome.get("files", ()))
        extensions = {what: Path(name).suffix for what, name in self.outcome.get("files", {}).items()}
        return {
            "job": self.identifier,
            "state": self.state,
            "place": self.place,
            **told,
            **result,
            "files": files,
            "extensions": extensions,
        }


class JobQueue:
    """Jobs that wait and jobs that run.

    Parameters
    ----------
    limits : Limits
    processes : Processes
    """

    def __init__(self, limits: Limits, processes: Processes):
        self._limits, self._processes = limits, processes
        self._waiting: deque[Job] = deque()
        self._running: dict[Job, asyncio.Task] = {}

    @property
    def is_idle(self) -> bool:
        """Whether no job runs."""
        return not self._running

    def add(self, job: Job) -> None:
        """Put a job at the end of the queue.

        Raises
        ------
        Refusal
            If the queue is full.
        """
        if len(self._waiting) >= self._limits.waiting:
            raise Refusal(503, f"The queue is full: {self._limits.waiting} pictures wait already. Try again later.")
        self._waiting.append(job)
        self._start_next()

    def cancel(self, job: Job) -> None:
        """Take a job out of the queue, or end its process."""
        job.become("cancelled")
        if job in self._running:
            self._running[job].cancel()
        elif job in self._waiting:
            self._waiting.remove(job)
            self._start_next()

    async def end(self) -> None:
        """Cancel all jobs, and wait until their processes are gone."""
        tasks = list(self._running.values())
        for job in [*self._waiting, *self._running]:
            self.cancel(job)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start_next(self) -> None:
        while self._waiting and len(self._running) < self._limits.jobs:
            job = self._waiting.popleft()
            job.become("running")
            task = asyncio.create_task(self._run(job))
            self._running[job] = task
            task.add_done_callback(partial(self._ended, job))
        for place, job in enumerate(self._waiting, 1):
            if job.place != place:
                job.place = place
                job.changed("state")

    def _ended(self, job: Job, task: asyncio.Task) -> None:
        # A job that is cancelled before its task has begun never comes to its own end.
        job.become("cancelled")
        del self._running[job]
        self._start_next()
        if self.is_idle:
            # Not while a job runs: starting a process would slow it down.
            self._processes.keep_ready()

    async def _run(self, job: Job) -> None:
        task = {
            "folder": str(job.picture),
            "results": str(job.folder),
            "pixels": self._limits.pixels,
            "choices": vars(job.choices),
        }
        outcome = await done_by(self._processes, "deblur", task, job.told, self._limits.job_seconds)
        job.become(outcome.pop("kind"), **outcome)


async def done_by(
    processes: Processes, purpose: str, task: dict[str, Any], told: Callable[[dict[str, Any]], None], seconds: float
) -> dict[str, Any]:
    """Let a process do a task, and see to it that the process is gone afterwards.

    Parameters
    ----------
    processes : Processes
    purpose : {"look", "deblur"}
    task : dict
        See :meth:`~pydeblur.serve.processes.TaskProcess.do`.
    told : callable
        Called with every message on the way.
    seconds : float
        How long it may take.

    Returns
    -------
    dict
        Of the ``kind`` "done", or "failed" with one sentence as ``error``.
    """
    try:
        process = processes.take(purpose)
    except WorkerLostError as error:
        return {"kind": "failed", "error": as_sentence(error)}
    try:
        return await asyncio.wait_for(process.do(task, told), seconds)
    except WorkerLostError as error:
        return {"kind": "failed", "error": as_sentence(error)}
    except asyncio.TimeoutError:
        return {"kind": "failed", "error": f"It was ended, because it took more than {seconds:g} seconds."}
    finally:
        process.end()
