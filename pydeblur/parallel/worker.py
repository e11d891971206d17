"""What a worker process does: it calls a function on each item that it is sent, until its parent closes the pipe or is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

from pydeblur.backend.kept import keep_for_later_pictures
from pydeblur.parallel.signals import Terminated, terminations_raised

#: Seconds that a worker has to tidy up once its parent is gone.
_GRACE = 2.0


@dataclass(frozen=True)
class Answer:
    """What a worker sends back for an item.

    Attributes
    ----------
    value : object
        What the function has returned; None if it has raised something.
    error : Exception or None
        What the function has raised.
    warnings : tuple of UserWarning
        What it has warned of.
    """

    value: object = None
    error: Exception | None = None
    warnings: tuple[UserWarning, ...] = ()


class _TextOfWorker(Exception):
    """The traceback of a worker's error, which the error's own pickled form does not have."""

    def __str__(self):
        return f"\n{self.args[0]}"


def work(connection: Connection) -> None:
    """Answer items until there are no more.

    The first thing that comes is the function, and the first answer is None, which says that the process has started, or an
    :class:`Answer` with the error why it can't be used. An item comes alone; its answer is an :class:`Answer`.

    Parameters
    ----------
    connection : Connection
        To the parent.
    """
    # The parent is told by a terminal as well, and it is the parent that ends its workers.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    prepare_process()
    try:
        with terminations_raised():
            threading.Thread(target=_end_with_the_parent, daemon=True).start()
            _answer_all(connection)
    except Terminated as ended:
        raise SystemExit(ended.exit_code) from None


def prepare_process() -> None:
    """Make this process ready for many items, one after the other."""
    from tqdm import tqdm  # a command without workers does without it

    # The lock that tqdm makes otherwise is a semaphore of the system, even for a bar that is not shown.
    tqdm.set_lock(threading.RLock())
    keep_for_later_pictures()


def _answer_all(connection: Connection) -> None:
    try:
        try:
            function = connection.recv()
        except (EOFError, OSError):
            raise
        except Exception as error:  # its module can't be imported here
            text = f"the function can't be loaded in a worker ({type(error).__name__}: {error})"
            connection.send(Answer(error=RuntimeError(text)))
            return
        connection.send(None)
        while True:
            answer = answered(function, connection.recv())
            try:
                connection.send(answer)
            except OSError:
                raise
            except Exception as error:  # pickle raises whatever an object's own methods do
                text = f"a worker's answer can't be sent to its parent ({type(error).__name__}: {error})"
                connection.send(Answer(error=RuntimeError(text)))
    except (EOFError, OSError):  # the parent has closed the pipe
        return


def answered(function, item) -> Answer:
    """Call a function on an item.

    Whatever it raises, and whatever UserWarning it gives, is part of the answer. Only one thread of a process may do so at a
    time, because Python's filters of warnings are the process's.

    Examples
    --------
    >>> answered(abs, -3)
    Answer(value=3, error=None, warnings=())
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            value, error = function(item), None
        except Exception as raised:  # it is raised again in the parent
            value, error = None, raised
            error.__cause__ = _TextOfWorker(traceback.format_exc())
    said = tuple(warning.message for warning in caught if isinstance(warning.message, UserWarning))
    return Answer(value, error, said)


def _end_with_the_parent() -> None:
    """Interrupt the main thread when the parent is gone, however it ended; end the process if that does not help."""
    parent = parent_process()
    if parent is None:  # called in the parent itself
        return
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(128 + signal.SIGTERM)
