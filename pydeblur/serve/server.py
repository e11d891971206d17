"""The server as a whole: its socket, its private folder, and its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError
from pydeblur.serve.limits import Limits
from pydeblur.serve.storage import private_folder

try:
    import starlette  # noqa: F401
    import uvicorn
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio", "h11"):
        raise
    raise InvalidInputError(missing_extra("the page", "Starlette with Uvicorn", "serve")) from None

from pydeblur.serve.app import Service, make_app
from pydeblur.serve.connections import bounded_protocol

_BACKLOG = 64
#: Seconds that answers under way have when the server ends.
_GRACE = 2


def serve(host: str, port: int, limits: Limits, ready: Callable[[str], None]) -> None:
    """Serve the page until the process is interrupted.

    Parameters
    ----------
    host : str
        An address or a name of this machine.
    port : int
        0 is any that is free.
    limits : Limits
    ready : callable
        Called with the page's address once it can be opened.

    Raises
    ------
    InvalidInputError
        If nothing can be listened to there.
    KeyboardInterrupt
        Once all is tidied up.
    """
    with listening(host, port) as listener, private_folder() as folder:
        app, service = make_app(folder, limits, host)
        config = uvicorn.Config(
            app,
            http=bounded_protocol(limits.header_seconds),
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            limit_concurrency=limits.connections,
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(config, service, lambda: ready(address_of(host, listener)))
        asyncio.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """Uvicorn's server, which closes the pages first, so that their streams end."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]):
        super().__init__(config)
        self._service, self._ready = service, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.pages.close()
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host : str
    port : int

    Returns
    -------
    socket

    Raises
    ------
    InvalidInputError

    Examples
    --------
    >>> with listening("127.0.0.1", 0) as first:
    ...     listening("127.0.0.1", first.getsockname()[1])
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: port ... of 127.0.0.1 is in use: choose another one with --port, or 0 for any
    """
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    except (socket.gaierror, UnicodeError):
        raise InvalidInputError(f"host should be an address or a name of this machine, but is {host[:60]!r}") from None
    except OSError as error:
        raise InvalidInputError(_why_not(host, port, error)) from None


def _why_not(host: str, port: int, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another one with --port, or 0 for any"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host should be an address of this machine, but is {host!r}"
    return f"port {port} of {host} can't be used ({error.strerror or error}): choose another one with --port"


def address_of(host: str, listener: socket.socket) -> str:
    """Return the address of the page for a browser of this machine.

    Examples
    --------
    >>> with listening("127.0.0.1", 0) as listener:
    ...     address_of("127.0.0.1", listener).startswith("http://127.0.0.1:")
    True
    """
    port = listener.getsockname()[1]
    name = {"0.0.0.0": "localhost", "::": "localhost", "": "localhost"}.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"
