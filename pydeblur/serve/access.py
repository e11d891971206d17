"""Who may ask: requests of the page itself, under a name of this machine, and of nobody else.

A page of another site could make a browser send requests here, or give its own name this machine's address (DNS rebinding).
The headers Host, Origin (RFC 6454) and Sec-Fetch-Site (Fetch Metadata) tell of both.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from pydeblur.serve.refusals import Refusal

#: No page but our own runs anything, shows itself in another one, or learns anything from here.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
_SAFE = ("GET", "HEAD")
_LOCAL_NAMES = ("localhost",)
_Scope = MutableMapping[str, Any]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AllowedHosts:
    """The names under which a server may be asked for.

    An address in digits is always one: a page that a browser got from there is our own. Names are those of this machine alone.

    Parameters
    ----------
    host : str
        What the server listens on.

    Examples
    --------
    >>> hosts = AllowedHosts("127.0.0.1")
    >>> [hosts.allow(each) for each in ("127.0.0.1:8765", "localhost:8765", "[::1]:8765", "evil.example:8765", "")]
    [True, True, True, False, False]
    """

    def __init__(self, host: str):
        own = [] if is_loopback(host) else [host.lower(), socket.gethostname().lower()]
        self._names = {*_LOCAL_NAMES, *own}

    def allow(self, header: str) -> bool:
        """Return whether a Host header names this machine.

        Parameters
        ----------
        header : str
            The name, and perhaps the port.

        Returns
        -------
        bool
        """
        try:
            parts = urlsplit(f"//{header}")
            name, _ = parts.hostname, parts.port
        except ValueError:
            return False
        # Whatever else an address could hold, such as a user's name or a path, is no name of a machine.
        if not name or parts.netloc != header or "@" in header:
            return False
        return name in self._names or is_address(name)


def is_address(name: str) -> bool:
    """Return whether a name is an address in digits.

    Examples
    --------
    >>> is_address("192.168.0.7"), is_address("::1"), is_address("photo.example")
    (True, True, False)
    """
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether a host can be reached from this machine alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return host in _LOCAL_NAMES or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def check_request(method: str, path: str, headers: dict[str, str], hosts: AllowedHosts) -> None:
    """Refuse what does not come from the page itself.

    Parameters
    ----------
    method, path : str
    headers : dict
        Names in lower case.
    hosts : AllowedHosts

    Raises
    ------
    Refusal

    Examples
    --------
    >>> own = {"host": "localhost:8765", "origin": "http://localhost:8765"}
    >>> check_request("POST", "/pages", own, AllowedHosts("localhost"))
    >>> try:
    ...     check_request("POST", "/pages", {**own, "origin": "http://evil.example"}, AllowedHosts("localhost"))
    ... except Refusal as refusal:
    ...     print(refusal.status, refusal)
    403 Requests of other sites are refused.
    """
    host = headers.get("host", "")
    if not hosts.allow(host):
        raise Refusal(421, "This server should be asked for by its address or as localhost.")
    origin = headers.get("origin")
    # Browsers send Origin with everything that changes something.
    is_own = origin in (f"http://{host}", f"https://{host}") or (origin is None and method in _SAFE)
    site = headers.get("sec-fetch-site", "same-origin")
    follows_link = method in _SAFE and path == "/" and headers.get("sec-fetch-mode") == "navigate"
    if not is_own or (site not in ("same-origin", "none") and not follows_link):
        raise Refusal(403, "Requests of other sites are refused.")


class GuardedApp:
    """An ASGI application behind these checks, whose answers all have the headers of :data:`HEADERS`.

    Parameters
    ----------
    app : callable
    hosts : AllowedHosts
    refuse : callable
        From a :class:`Refusal` to an ASGI application that answers with it.
    """

    def __init__(self, app: Callable, hosts: AllowedHosts, refuse: Callable[[Refusal], Callable]):
        self._app, self._hosts, self._refuse = app, hosts, refuse

    async def __call__(self, scope: _Scope, receive: Callable, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in given)]
            await send(message)

        try:
            check_request(scope["method"], scope["path"], _single_headers(scope["headers"]), self._hosts)
        except Refusal as refusal:
            await self._refuse(refusal)(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)


def _single_headers(pairs) -> dict[str, str]:
    """Headers by their names.

    Raises
    ------
    Refusal
        If one of those that are looked at is there more than once.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.decode("latin-1").lower()
        if key in ("host", "origin") and key in found:
            raise Refusal(400, f"There should be one header {key.capitalize()}.")
        found[key] = value.decode("latin-1")
    return found
