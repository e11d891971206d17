"""Open pages: the pictures and jobs of each, and the stream of events that tells whether it is still open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydeblur.serve.choices import Choices
from pydeblur.serve.jobs import Job, JobQueue
from pydeblur.serve.limits import Limits
from pydeblur.serve.refusals import Refusal
from pydeblur.serve.storage import new_folder, new_identifier, remove_folder

#: Seconds between two signs of life on a stream.
_SIGN_SECONDS = 10.0
#: How soon a browser tries again when the stream is interrupted, in milliseconds.
_RETRY = 1000
#: A page that was asked for and never opened its stream counts as closed after so many times the limit.
_PATIENCE = 5


@dataclass(frozen=True)
class Picture:
    """A picture that was received and can be decoded: its folder, and its size in pixels."""

    folder: Path
    width: int
    height: int


@dataclass(eq=False)
class _Stream:
    """What a stream of events has not told yet: jobs, and whether their state or their iteration is new."""

    news: dict[tuple[str, str], None]
    has_news: asyncio.Event = field(default_factory=asyncio.Event)


class Page:
    """One open page of a browser.

    Parameters
    ----------
    folder : Path
        Its own.
    queue : JobQueue
    limits : Limits
    closed : callable
        Called with the page when it is closed.
    """

    def __init__(self, folder: Path, queue: JobQueue, limits: Limits, closed: Callable[[Page], None]):
        self.identifier = new_identifier()
        self.folder = folder
        self.pictures: dict[str, Picture] = {}
        self.jobs: dict[str, Job] = {}
        self._queue, self._limits, self._closed = queue, limits, closed
        self._streams: set[_Stream] = set()
        self._is_closed = False
        self._closing: asyncio.TimerHandle | None = None
        self._close_later(_PATIENCE * limits.page_seconds)

    def add_picture(self, picture: Picture) -> str:
        """Keep a picture, in place of earlier ones that no job needs any more; returns its id."""
        needed = {job.picture for job in self.jobs.values() if not job.has_ended}
        for name, earlier in list(self.pictures.items()):
            if earlier.folder not in needed:
                del self.pictures[name]
                remove_folder(earlier.folder)
        identifier = new_identifier()
        self.pictures[identifier] = picture
        return identifier

    def picture(self, identifier: str) -> Picture:
        """Return a picture of this page.

        Raises
        ------
        Refusal
            If it has no such picture.
        """
        if identifier not in self.pictures:
            raise Refusal(404, "There is no such picture: choose it once more.")
        return self.pictures[identifier]

    def job(self, identifier: str) -> Job:
        """Return a job of this page.

        Raises
        ------
        Refusal
            If it has no such job.
        """
        if identifier not in self.jobs:
            raise Refusal(404, "There is no such result any more.")
        return self.jobs[identifier]

    def start(self, picture: Picture, choices: Choices) -> Job:
        """Put a picture into the queue.

        Raises
        ------
        Refusal
            If the queue is full, or the page has as many results as it may have.
        """
        if len(self.jobs) >= self._limits.results:
            raise Refusal(429, f"This page has {self._limits.results} results already: remove some of them first.")
        job = Job(picture.folder, new_folder(self.folder), choices, lambda kind: self._tell(job, kind))
        self.jobs[job.identifier] = job
        try:
            self._queue.add(job)
        except Refusal:
            self.remove(job)
            raise
        self._tell(job, "state")
        return job

    def cancel(self, job: Job) -> None:
        """End a job, which stays in the list of the page's jobs."""
        self._queue.cancel(job)

    def remove(self, job: Job) -> None:
        """End a job, and remove its result."""
        self._queue.cancel(job)
        self.jobs.pop(job.identifier, None)
        remove_folder(job.folder)

    def close(self) -> None:
        """End all of its jobs, and remove all of its files."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._closing is not None:
            self._closing.cancel()
        for job in list(self.jobs.values()):
            self._queue.cancel(job)
        for stream in self._streams:
            stream.has_news.set()
        remove_folder(self.folder)
        self._closed(self)

    async def events(self) -> AsyncIterator[str]:
        """Yield what is new, as server-sent events (HTML Living Standard, section 9.2); all of it at the beginning.

        While somebody listens, the page counts as open.
        """
        stream = _Stream({(name, kind): None for name in self.jobs for kind in ("state", "iteration")})
        self._streams.add(stream)
        if self._closing is not None:
            self._closing.cancel()
        try:
            yield f"retry: {_RETRY}\n\n"
            while not self._is_closed:
                while stream.news:
                    name, kind = next(iter(stream.news))
                    del stream.news[name, kind]
                    if (event := self._event(name, kind)) is not None:
                        yield event
                stream.has_news.clear()
                try:
                    await asyncio.wait_for(stream.has_news.wait(), _SIGN_SECONDS)
                except asyncio.TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._streams.remove(stream)
            if not self._streams and not self._is_closed:
                self._close_later(self._limits.page_seconds)

    def _tell(self, job: Job, kind: str) -> None:
        """Note that there is something new; what was not told yet is told once, as it is by then."""
        for stream in self._streams:
            stream.news[job.identifier, kind] = None
            stream.has_news.set()

    def _event(self, name: str, kind: str) -> str | None:
        job = self.jobs.get(name)
        if job is None or (kind == "iteration" and (job.has_ended or not job.iteration)):
            return None
        contents: dict[str, Any] = job.shown() if kind == "state" else {**job.iteration, "job": job.identifier}
        return f"event: {kind}\ndata: {json.dumps(contents)}\n\n"

    def _close_later(self, seconds: float) -> None:
        self._closing = asyncio.get_running_loop().call_later(seconds, self.close)


class Pages:
    """All open pages.

    Parameters
    ----------
    folder : Path
        The server's private one.
    queue : JobQueue
    limits : Limits
    """

    def __init__(self, folder: Path, queue: JobQueue, limits: Limits):
        self._folder, self._queue, self._limits = folder, queue, limits
        self._pages: dict[str, Page] = {}

    def open(self) -> Page:
        """Return a new page.

        Raises
        ------
        Refusal
            If there are as many as there may be.
        """
        if len(self._pages) >= self._limits.pages:
            raise Refusal(
                503, f"{self._limits.pages} pages are open already: close one of them, and load this one again."
            )
        page = Page(new_folder(self._folder), self._queue, self._limits, self._forget)
        self._pages[page.identifier] = page
        return page

    def find(self, identifier: str) -> Page:
        """Return an open page.

        Raises
        ------
        Refusal
            If there is none.
        """
        if identifier not in self._pages:
            raise Refusal(404, "There is no such page any more: load it again.")
        return self._pages[identifier]

    def close(self) -> None:
        """Close all of them."""
        for page in list(self._pages.values()):
            page.close()

    def _forget(self, page: Page) -> None:
        self._pages.pop(page.identifier, None)
