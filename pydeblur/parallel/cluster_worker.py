"""What is called in a worker of a Dask cluster."""

from __future__ import annotations

import os
import pickle
import platform
import threading
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from pydeblur.backend.freed_memory import keep_freed_memory
from pydeblur.parallel.worker import Answer, answered, prepare_process
from pydeblur.version import __version__

#: A worker may have several threads. FFT library, warnings' filters and networks are the process's: items go one by one.
_one_at_a_time = threading.Lock()


class WorkerState(NamedTuple):
    """What a client has to know of a worker.

    ``versions`` names what has to be the same everywhere; ``missing`` are the paths that the worker does not see.
    """

    versions: dict[str, str]
    missing: tuple[str, ...]


def versions_here() -> dict[str, str]:
    """Versions in this process: results, or what is sent, depend on them.

    Examples
    --------
    >>> versions_here()["pydeblur"] == __version__
    True
    """
    import distributed

    python = ".".join(platform.python_version_tuple()[:2])
    return {"pydeblur": __version__, "Python": python, "distributed": distributed.__version__}


def worker_state(paths: Sequence[str]) -> WorkerState:
    """Prepare the worker that calls this, and tell its state, with those of the paths that it does not see."""
    prepare_process()
    # Dask has told it to give all memory back at once.
    keep_freed_memory()
    return WorkerState(versions_here(), tuple(path for path in paths if not os.path.exists(path)))


def pickled_answer(function: bytes, item: bytes, folder: str | None = None) -> bytes:
    """Call a pickled function on a pickled item.

    Parameters
    ----------
    function, item : bytes
    folder : str, optional
        The caller's working folder: what it names by relative paths is found from there, if the worker sees it.

    Returns
    -------
    bytes
        The pickled :class:`~pydeblur.parallel.worker.Answer`.

    Examples
    --------
    >>> pickle.loads(pickled_answer(pickle.dumps(abs), pickle.dumps(-2))).value
    2
    """
    with _one_at_a_time, _working_folder(folder):
        try:
            answer = answered(pickle.loads(function), pickle.loads(item))
        except Exception as error:  # pickle raises whatever an object's own methods do
            answer = Answer(error=RuntimeError(f"the function can't be loaded in a worker ({_text(error)})"))
    try:
        return pickle.dumps(answer, protocol=5)
    except Exception as error:
        unsent = RuntimeError(f"a worker's answer can't be sent to its parent ({_text(error)})")
        return pickle.dumps(Answer(error=unsent))


@contextmanager
def _working_folder(folder: str | None):
    """A ``with`` block in another working folder, if it can be entered; no other item of this process is at work."""
    try:
        earlier = os.getcwd()
        os.chdir(earlier if folder is None else folder)
    except OSError:  # one of them is not there: relative paths then lead nowhere, others do
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):  # it was removed meanwhile
            os.chdir(earlier)


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
