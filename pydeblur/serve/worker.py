"""What a process of the server does: it gets one task, tells how far it is, and ends.

Tasks and messages are JSON, so that a process that a picture has made do something else can't hand objects to the server.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

from pydeblur.errors import InvalidInputError
from pydeblur.parallel.worker import prepare_process
from pydeblur.serve.refusals import as_sentence

#: Messages of more bytes are refused by the server.
LARGEST_MESSAGE = 4 << 20
_NO_MEMORY = "There is not enough memory for this picture: try a smaller one, or a region of it."


def run(connection: Connection, purpose: str, memory: int, warms_up: bool) -> None:
    """Get ready, do one task, and end.

    Parameters
    ----------
    connection : Connection
        To the server: the task comes from it, and messages go to it.
    purpose : {"look", "deblur"}
        The task that it gets ready for.
    memory : int
        Bytes that this process may allocate.
    warms_up : bool
        Whether it loads everything before it gets its task, since it will have to wait for it.
    """
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    bound_memory(memory)

    def send(message: dict[str, Any]) -> None:
        connection.send_bytes(json.dumps(message).encode())

    try:
        prepare_process()
        do = _load(purpose, warms_up)
        send({"kind": "ready"})
        send(_outcome(do, json.loads(connection.recv_bytes()), send))
    except (EOFError, OSError):  # the server has closed the pipe
        return


def _end_with_the_server() -> None:
    """End at once when the server is gone, however it ended: nobody waits for the result."""
    server = parent_process()
    if server is not None:
        wait([server.sentinel])
        os._exit(128 + signal.SIGTERM)


def bound_memory(memory: int) -> None:
    """Let this process allocate no more than so many bytes, and leave no core file; nothing happens where neither can be done."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # RLIMIT_DATA counts memory that is written to; address space alone, which threads reserve, costs nothing.
    with suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        bound = memory if most == resource.RLIM_INFINITY else min(memory, most)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _load(purpose: str, warms_up: bool) -> Callable[..., dict[str, Any]]:
    """The function of a task, with all that it needs; what is loaded lazily is, too, once a tiny picture was deblurred."""
    if purpose == "look":
        from pydeblur.serve.looking import look_at

        return look_at
    from pydeblur.serve.deblurring import deblur_picture

    if warms_up:
        import numpy as np

        from pydeblur.api import deblur

        tiles = np.kron(np.random.default_rng(0).random((5, 5)), np.ones((6, 6)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            deblur(tiles, 5, iterations=1)
    return deblur_picture


def _outcome(do: Callable[..., dict[str, Any]], task: dict[str, Any], send: Callable) -> dict[str, Any]:
    """The last message: what was done, or one sentence that says why it was not."""
    try:
        done = do(**task, send=send)
    except InvalidInputError as error:
        return {"kind": "failed", "error": as_sentence(error)}
    except MemoryError:
        return {"kind": "failed", "error": _NO_MEMORY}
    except OSError as error:
        return {"kind": "failed", "error": as_sentence(f"the result can't be written: {error.strerror or error}")}
    return {"kind": "done", **done}
