"""Connections that keep a server waiting are closed: Uvicorn itself bounds only the time between two requests."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def bounded_protocol(seconds: float) -> type[H11Protocol]:
    """Return a class of connections that have so much time to send the head of a request.

    The same holds for the rest of a request that was answered before its end, such as an upload that was refused.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    type

    Examples
    --------
    >>> issubclass(bounded_protocol(10.0), H11Protocol)
    True
    """

    class BoundedProtocol(H11Protocol):
        """A connection that is closed when no request is complete in time."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_watching()
            super().connection_lost(exc)

        def _watch(self) -> None:
            """Set the deadline where no request is being answered; more bytes do not move it."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_watching()
            elif self._deadline is None:
                self._deadline = self.loop.call_later(seconds, self._close_if_waiting)

        def _stop_watching(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _close_if_waiting(self) -> None:
            self._deadline = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

    return BoundedProtocol
