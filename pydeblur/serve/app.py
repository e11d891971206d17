"""The server's application: what each address answers. It decodes no picture and computes nothing itself."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pydeblur.errors import InvalidInputError
from pydeblur.report.page import program, stylesheet
from pydeblur.serve.access import AllowedHosts, GuardedApp
from pydeblur.serve.choices import choices_from
from pydeblur.serve.jobs import JobQueue, done_by
from pydeblur.serve.limits import Limits
from pydeblur.serve.names import PICTURE, VIEW
from pydeblur.serve.page_files import page_file, start_page
from pydeblur.serve.pages import Page, Pages, Picture
from pydeblur.serve.processes import Processes
from pydeblur.serve.refusals import Refusal, as_sentence
from pydeblur.serve.storage import bytes_in, new_folder, remove_folder
from pydeblur.serve.uploads import check_announced, receive_picture

#: Bytes of what was chosen, as JSON.
_LARGEST_CHOICES = 4096
_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not answer to this method."}
_NAME = re.compile(r"[a-z]{1,20}\.[a-z]{1,5}")
_MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".tif": "image/tiff",
    ".bmp": "image/bmp",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".html": "text/html; charset=utf-8",
}


class Service:
    """The state of one server, and its answers.

    Parameters
    ----------
    folder : Path
        Its private folder.
    limits : Limits
    """

    def __init__(self, folder: Path, limits: Limits):
        self.limits = limits
        self.processes = Processes(limits.memory, limits.keeps_ready)
        self.queue = JobQueue(limits, self.processes)
        self.pages = Pages(folder, self.queue, limits)
        self._folder = folder
        self._uploads = 0
        self._reading = asyncio.Semaphore(1)

    async def end(self) -> None:
        """Close all pages, and end all processes."""
        self.pages.close()
        await self.queue.end()
        self.processes.end()

    def routes(self) -> list[Route]:
        """Return what is answered where."""
        page, picture, job = "/pages/{page}", "/pages/{page}/pictures/{picture}", "/pages/{page}/jobs/{job}"
        return [
            Route("/", self.start),
            Route("/page.css", _file("page.css", "text/css")),
            Route("/page.js", _file("page.js", "text/javascript")),
            Route("/report.css", _text(stylesheet, "text/css")),
            Route("/report.js", _text(program, "text/javascript")),
            Route("/pages", self.open_page, methods=["POST"]),
            Route(f"{page}/close", self.close_page, methods=["POST"]),
            Route(f"{page}/events", self.events),
            Route(f"{page}/pictures", self.receive, methods=["POST"]),
            Route(f"{picture}/jobs", self.start_job, methods=["POST"]),
            Route(f"{job}/cancel", self.cancel_job, methods=["POST"]),
            Route(job, self.remove_job, methods=["DELETE"]),
            Route(f"{job}/view", self.view),
            Route(f"{job}/files/{{what}}", self.file),
        ]

    async def start(self, request: Request) -> Response:
        """The page itself."""
        return Response(start_page(self.limits), media_type="text/html")

    async def open_page(self, request: Request) -> Response:
        """An id for a page that was loaded."""
        return JSONResponse({"page": self.pages.open().identifier}, 201)

    async def close_page(self, request: Request) -> Response:
        """A page that its user has closed."""
        self._page(request).close()
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        """The stream of events."""
        return StreamingResponse(self._page(request).events(), media_type="text/event-stream")

    async def receive(self, request: Request) -> Response:
        """A picture: it is received, decoded by a process, and described."""
        page = self._page(request)
        check_announced(request, self.limits)
        if self._uploads >= self.limits.uploads:
            raise Refusal(503, "Other pictures are being received: try again in a moment.")
        if await asyncio.to_thread(bytes_in, self._folder) > self.limits.stored_bytes:
            raise Refusal(
                507, "There is no room for more pictures: remove results, or close pages that are not needed."
            )
        folder = new_folder(page.folder)
        try:
            self._uploads += 1
            try:
                await receive_picture(request, folder / PICTURE, self.limits)
            finally:
                self._uploads -= 1
            return await self._described(page, folder)
        except OSError as error:  # the disk is full, or the page was closed meanwhile
            remove_folder(folder)
            raise Refusal(507, as_sentence(f"the picture can't be kept: {error.strerror or error}")) from None
        except BaseException:
            remove_folder(folder)
            raise

    async def _described(self, page: Page, folder: Path) -> Response:
        task = {"folder": str(folder), "pixels": self.limits.pixels}
        async with self._reading:
            told = await done_by(self.processes, "look", task, lambda message: None, self.limits.reading_seconds)
        if self.queue.is_idle:
            self.processes.keep_ready()
        if told.pop("kind") == "failed":
            # It was received as it should be; what is told about it is that it is no picture.
            remove_folder(folder)
            return JSONResponse({"error": told["error"]})
        told["picture"] = page.add_picture(Picture(folder, told["width"], told["height"]))
        return JSONResponse(told, 201)

    async def start_job(self, request: Request) -> Response:
        """A picture to be deblurred as was chosen."""
        page = self._page(request)
        picture = page.picture(request.path_params["picture"])
        try:
            choices = choices_from(await _json(request))
            choices.check_fits(picture.width, picture.height)
        except InvalidInputError as error:
            raise Refusal(422, as_sentence(error)) from None
        return JSONResponse({"job": page.start(picture, choices).identifier}, 201)

    async def cancel_job(self, request: Request) -> Response:
        """A job that is not wanted any more."""
        page = self._page(request)
        page.cancel(page.job(request.path_params["job"]))
        return Response(status_code=204)

    async def remove_job(self, request: Request) -> Response:
        """A result that is not wanted any more."""
        page = self._page(request)
        page.remove(page.job(request.path_params["job"]))
        return Response(status_code=204)

    async def view(self, request: Request) -> Response:
        """The result as a part of the page."""
        job = self._page(request).job(request.path_params["job"])
        return _sent_file(job.folder / VIEW, job.state == "done", "text/html; charset=utf-8")

    async def file(self, request: Request) -> Response:
        """One of the files of a result, to be saved."""
        job = self._page(request).job(request.path_params["job"])
        name = job.outcome.get("files", {}).get(request.path_params["what"], "")
        kind = _MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
        is_there = _NAME.fullmatch(name) is not None
        # It is saved and not shown, so that nothing in it ever runs as a part of this site.
        return _sent_file(job.folder / name, is_there, kind, {"content-disposition": "attachment"})

    def _page(self, request: Request) -> Page:
        return self.pages.find(request.path_params["page"])


def _sent_file(path: Path, is_there: bool, media_type: str, headers: dict[str, str] | None = None) -> Response:
    if not is_there or not path.is_file():
        raise Refusal(404, "There is no such file.")
    return FileResponse(path, media_type=media_type, headers=headers)


async def _json(request: Request) -> object:
    """The body of a request, of few bytes."""
    if request.headers.get("content-type", "") != "application/json":
        raise Refusal(415, "What is chosen should be sent as application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_CHOICES:
            raise Refusal(413, f"What is chosen should have at most {_LARGEST_CHOICES} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "What is chosen should be JSON.") from None


def _file(name: str, media_type: str) -> Callable:
    return _text(lambda: page_file(name), media_type)


def _text(contents: Callable[[], str], media_type: str) -> Callable:
    async def answer(request: Request) -> Response:
        return Response(contents(), media_type=media_type)

    return answer


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _refusal(error)


def _refusal(refusal: Refusal) -> Response:
    return JSONResponse({"error": refusal.sentence}, refusal.status)


async def _not_answered(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = _SENTENCES.get(error.status_code, "The request can't be answered.")
    return JSONResponse({"error": sentence}, error.status_code, headers=error.headers)


async def _left(request: Request, error: Exception) -> Response:
    """The browser has gone, and nobody reads the answer."""
    return Response(status_code=400)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "Something went wrong in the server; its window says what."}, 500)


def make_app(folder: Path, limits: Limits, host: str) -> tuple[GuardedApp, Service]:
    """Make the application.

    Parameters
    ----------
    folder : Path
        The server's private folder.
    limits : Limits
    host : str
        What it listens on.

    Returns
    -------
    app : GuardedApp
    service : Service

    Examples
    --------
    >>> from pydeblur.serve.storage import private_folder
    >>> with private_folder() as folder:
    ...     app, service = make_app(folder, Limits(), "127.0.0.1")
    >>> len(service.routes())
    14
    """
    service = Service(folder, limits)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.processes.keep_ready()
        try:
            yield
        finally:
            await service.end()

    handlers = {Refusal: _refused, HTTPException: _not_answered, ClientDisconnect: _left, Exception: _failed}
    # A redirect would send browsers to addresses that are made of what the client has asked for.
    app = Starlette(routes=service.routes(), exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False
    return GuardedApp(app, AllowedHosts(host), _refusal), service
