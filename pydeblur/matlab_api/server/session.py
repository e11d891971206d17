"""The loop of requests and answers.

The first line that is written is ``pydeblur VERSION FOLDER``, with the folder of the .mat files up to the line's end. A request
(:mod:`pydeblur.matlab_api.server.request`) has its arguments in ``request.mat`` there. The answer to it is any number of lines
``warning NAME TEXT``, and then ``result N``, with the results ``r1`` … in ``result.mat``, or ``error NAME TEXT``; NAME is the
class of the warning or error. The session ends with a line ``end``, or at the end of the requests, which comes as well when the
process that writes them ends: then even a computation in progress does not go on.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import scipy.io

from pydeblur.errors import InvalidInputError
from pydeblur.matlab_api.server.folder import SessionFolder
from pydeblur.matlab_api.server.functions import call
from pydeblur.matlab_api.server.request import LONGEST_LINE, read_arguments, read_request
from pydeblur.version import __version__

#: After the end of the requests a computation may go on for so long, and its answer is lost.
_SECONDS_TO_END = 1.0
_SECONDS_BETWEEN_LOOKS_AT_THE_PARENT = 2.0


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until they end.

    Parameters
    ----------
    requests, answers : binary file objects
        Lines in UTF-8. Where the requests end in the middle of a computation, the whole process ends with exit code 0.

    Examples
    --------
    >>> import io
    >>> answers = io.BytesIO()
    >>> serve(io.BytesIO(b"call blind_deconv\\n"), answers)
    >>> for line in answers.getvalue().decode().splitlines():
    ...     print(line)
    pydeblur ...
    error InvalidInputError the request's line should be 'call FUNCTION OUTPUTS ARGUMENT …'
    """
    with SessionFolder() as folder, _lines(requests, folder) as lines:
        _write(answers, f"pydeblur {__version__} {os.fspath(folder.path)}")
        for line in lines:
            for answer in _answers(line, folder.path):
                _write(answers, answer)


def _write(answers: BinaryIO, line: str) -> None:
    answers.write(f"{line}\n".encode("utf-8", "surrogateescape"))
    answers.flush()


@contextlib.contextmanager
def _lines(requests: BinaryIO, folder: SessionFolder) -> Iterator[Iterator[str]]:
    """The requests' lines, read by a thread of its own, which notices their end even while another one computes."""
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    ended = threading.Event()

    def read():
        while (line := requests.readline(LONGEST_LINE).decode("utf-8", "replace")) and line.strip() != "end":
            waiting.put(line.rstrip("\r\n"))
        _end()

    def watch_parent():
        # A pipe's other end may be held open by processes that the one that was killed had started.
        parent = os.getppid()
        while not ended.wait(_SECONDS_BETWEEN_LOOKS_AT_THE_PARENT):
            if os.getppid() != parent:
                _end()
                return

    def _end():
        waiting.put(None)
        if not ended.wait(_SECONDS_TO_END):
            folder.remove()
            os._exit(0)

    for work in (read, watch_parent):
        threading.Thread(target=work, daemon=True).start()
    try:
        yield iter(waiting.get, None)
    finally:
        ended.set()


def _answers(line: str, folder: Path) -> Iterator[str]:
    """The lines that answer a request; the last one says how it ended."""
    request, result = folder / "request.mat", folder / "result.mat"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            result.unlink(missing_ok=True)
            last = _computed(line, request, result)
        except InvalidInputError as error:
            last = _line("error", type(error).__name__, error)
        except MemoryError:
            last = _line("error", "OutOfMemory", "there is not enough memory")
        except Exception as error:  # the session goes on, whatever a function stumbles over
            last = _line("error", "InternalError", f"{type(error).__name__}: {error}")
        finally:
            request.unlink(missing_ok=True)
    for warning in dict.fromkeys((warning.category.__name__, str(warning.message)) for warning in caught):
        yield _line("warning", *warning)
    yield last


def _computed(line: str, request_path: Path, result_path: Path) -> str:
    request = read_request(line)
    results = call(request.function, read_arguments(request, request_path), request.outputs)
    scipy.io.savemat(result_path, {f"r{place}": array for place, array in enumerate(results, 1)})
    return f"result {len(results)}"


def _line(kind: str, name: str, text: object) -> str:
    return f"{kind} {name} {' '.join(str(text).split())}"
