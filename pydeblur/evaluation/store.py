"""Runs that take hours: every finished case is on the disk at once, and is never run again.

A table or figure is made of tasks, a method on a case each. What a finished task gave is one line of a file; a line is
used again only if it was made by the same options, the same weights and the same code (:mod:`pydeblur.evaluation.code_hash`).
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import numpy as np

from pydeblur.backend.fft import fft_fixed
from pydeblur.datasets.folder import DATA_VARIABLE
from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.evaluation.code_hash import code_hash
from pydeblur.files import make_folder, write_bytes
from pydeblur.files.contents import file_contents
from pydeblur.files.json_text import is_finite_throughout, parsed_json
from pydeblur.files.npy_file import NUMBERS
from pydeblur.files.zip_archive import read_npz
from pydeblur.options import is_integer
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.version import __version__

#: Where the lines lie, inside the folder of the results.
RUNS_FOLDER = "runs"
#: Seconds between two lines of progress where nobody watches a bar.
_LOG_INTERVAL = 30
_LINE = ("figures", "wall_seconds", "cpu_seconds", "date")
#: What a line holds.
_LINE_TYPES = {
    "method": str,
    "case": str,
    "fingerprint": str,
    "figures": dict,
    "arrays": list,
    "wall_seconds": (int, float),
    "cpu_seconds": (int, float),
    "date": str,
}
_CHECK = "check"
#: Larger files, lines and arrays are none of a store's.
_MOST_FILE_BYTES, _LONGEST_LINE, _MOST_ARRAY_BYTES = 2**28, 2**22, 2**29


@dataclass(frozen=True)
class Request:
    """What a user asks of a table or figure.

    Parameters
    ----------
    out : Path
        Folder of the results.
    data : path, optional
        Data folder; else the environment's PYDEBLUR_DATA.
    jobs : int
        Processes, >= 1.
    subset : int, optional
        How many cases, evenly over images and kernels; by default all.
    methods : tuple of str, optional
        Names of the methods; by default the item's usual ones.
    restart : bool
        Forget what was finished before.
    frames : path, optional
        Folder of Köhler's 199 frames per case, for fig3a.
    progress : bool
        Show progress and the time left on standard error.
    kernels : tuple of (str, path)
        Name and folder of stored kernel estimates that get a row of their own, see
        :mod:`pydeblur.evaluation.stored_kernels`.
    scheduler : str, optional
        A Dask cluster in place of processes, as for :func:`pydeblur.parallel.map_unordered`; its workers have to see `data`,
        `frames` and `kernels`.

    Raises
    ------
    InvalidOptionError
        If `jobs` or `subset` is no whole number of at least 1.
    """

    out: Path
    data: object = None
    jobs: int = 1
    subset: int | None = None
    methods: tuple[str, ...] | None = None
    restart: bool = False
    frames: object = None
    progress: bool = False
    kernels: tuple[tuple[str, object], ...] = ()
    scheduler: object = None

    def __post_init__(self):
        object.__setattr__(self, "out", Path(self.out))
        for name in ("jobs", "subset"):
            value = getattr(self, name)
            if not (is_integer(value) and value >= 1) and not (name == "subset" and value is None):
                raise InvalidOptionError(f"{name} should be a whole number of at least 1, but is {value!r}")


@dataclass(frozen=True)
class Task:
    """One method on one case; `options`, in plain values, are all that decides on the outcome."""

    method: str
    case: str
    options: dict = field(hash=False)

    def __str__(self):
        return f"{self.method} {self.case}"

    def fingerprint(self, code: str) -> str:
        """Of the options, in which the weights are named by their hash, of the package's version and of a hash of its code."""
        text = json.dumps({"pydeblur": __version__, "code": code, "options": self.options}, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Finished:
    """What a task gave.

    ``figures`` are numbers, texts, None and lists of them; ``arrays`` are pictures and the like. Times are those of
    the whole task; ``date`` is when it ended, in UTC; ``fingerprint`` is the task's, with the code that was run.
    """

    task: Task
    figures: dict
    wall_seconds: float
    cpu_seconds: float
    date: str
    fingerprint: str
    arrays: dict = field(default_factory=dict)

    def row(self) -> dict:
        """A line of the table of all cases."""
        times = {"wall_seconds": round(self.wall_seconds, 3), "cpu_seconds": round(self.cpu_seconds, 3)}
        named = {"method": self.task.method, "case": self.task.case}
        return {**named, **self.figures, **times, "fingerprint": self.fingerprint, "date": self.date}


class RunStore:
    """The finished tasks of one item: a file of JSON lines, and one of arrays for each task that has some.

    A line is written in one piece and forced to the disk. What a crash may have left of a last line is skipped, and so is
    a line that was changed since it was written: its task is run again.

    Parameters
    ----------
    folder : path
        Of the results; the store is ``runs/ITEM.jsonl`` in it.
    item : str
    code : str
        Hash of the code that results are made by.
    """

    def __init__(self, folder, item: str, code: str):
        self.code = code
        self._path = Path(folder) / RUNS_FOLDER / f"{item}.jsonl"
        self._arrays = self._path.with_suffix("")

    def clear(self, tasks) -> None:
        """Forget what is known of these tasks' methods and cases, whatever their options were."""
        unwanted = {(task.method, task.case) for task in tasks}
        kept = [line for line in self._lines() if (line["method"], line["case"]) not in unwanted]
        if self._path.exists():
            write_bytes(self._path, b"".join(_encoded({**line, _CHECK: _check_sum(line)}) for line in kept))
        for task in tasks:
            for path in self._arrays.glob(f"{_file_name(task.method, task.case)}-*.npz"):
                path.unlink()

    def finished(self, tasks) -> dict[Task, Finished]:
        """Those of the tasks that were finished with the same options, weights and code; the last line counts."""
        wanted = {(task.method, task.case, task.fingerprint(self.code)): task for task in tasks}
        found = {}
        for line in self._lines():
            task = wanted.get((line["method"], line["case"], line["fingerprint"]))
            if task is None:
                continue
            arrays = self._read_arrays(task, line["fingerprint"], line["arrays"]) if line["arrays"] else {}
            if arrays is not None:
                found[task] = Finished(task, *(line[name] for name in _LINE), line["fingerprint"], arrays)
        return found

    def add(self, finished: Finished) -> None:
        """Put a finished task on the disk, its arrays first."""
        make_folder(self._path.parent)
        task = finished.task
        if finished.arrays:
            make_folder(self._arrays)
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **finished.arrays)
            write_bytes(self._array_path(task, finished.fingerprint), buffer.getvalue())
        line = {
            "method": task.method,
            "case": task.case,
            "fingerprint": finished.fingerprint,
            "figures": finished.figures,
            "arrays": sorted(finished.arrays),
            "wall_seconds": finished.wall_seconds,
            "cpu_seconds": finished.cpu_seconds,
            "date": finished.date,
        }
        self._append(_encoded({**line, _CHECK: _check_sum(line)}))

    def _append(self, line: bytes) -> None:
        try:
            with open(self._path, "a+b") as stream:
                if stream.tell() > 0:
                    stream.seek(-1, os.SEEK_END)
                    # A line that a crash cut short ends here: the next one must not become a part of it.
                    line = line if stream.read() == b"\n" else b"\n" + line
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise FileFormatError(f"{self._path} can't be written: {error.strerror}") from None

    def _lines(self):
        """Every line that is whole."""
        for text in io.BytesIO(self._content()):
            line = _line(text)
            if line is not None:
                yield line

    def _content(self) -> bytes:
        """The file's bytes; none where there is no file yet."""
        if not os.path.lexists(self._path) or (self._path.is_file() and not os.path.getsize(self._path)):
            return b""
        return file_contents(self._path, _MOST_FILE_BYTES)

    def _array_path(self, task: Task, fingerprint: str) -> Path:
        return self._arrays / f"{_file_name(task.method, task.case)}-{fingerprint}.npz"

    def _read_arrays(self, task: Task, fingerprint: str, names: list[str]) -> dict | None:
        """The task's arrays, or None if their file is gone or damaged: then it has to be run again."""
        try:
            arrays = read_npz(self._array_path(task, fingerprint), NUMBERS + "U", _MOST_ARRAY_BYTES)
        except FileFormatError:
            return None
        # What the readers give can't be written to.
        return {name: array.copy() for name, array in arrays.items()} if sorted(arrays) == names else None


def run_tasks(item: str, tasks, measure, request: Request) -> list[Finished]:
    """Run what is not finished yet; returns what all tasks gave, in their order.

    Parameters
    ----------
    item : str
    tasks : sequence of Task
    measure : callable
        ``measure(request, task)``, of a module's top level, which returns a dict of figures and arrays.
    request : Request

    Raises
    ------
    InvalidInputError
        What `measure` raises; what was finished before stays on the disk.
    """
    store = RunStore(request.out, item, code_hash(measure))
    if request.restart:
        store.clear(tasks)
    finished = store.finished(tasks)
    left = [task for task in tasks if task not in finished]
    there, files = _for_workers(request)
    run = map_unordered(
        partial(_timed, measure, there, store.code), left, request.jobs, scheduler=request.scheduler, files=files
    )
    with _progress_bar(item, len(tasks), len(finished), request.progress) as bar, closing(run):
        for result in run:
            store.add(result)
            finished[result.task] = result
            bar.set_postfix_str(f"{result.task.method} {result.task.case}", refresh=False)
            bar.update()
    return [finished[task] for task in tasks]


def _for_workers(request: Request) -> tuple[Request, SharedFiles]:
    """The request as workers of a cluster need it, whose environment may be another, and the files that they have to see."""
    data = request.data or os.environ.get(DATA_VARIABLE)
    folders = [data, request.frames, *(folder for _, folder in request.kernels)]
    return replace(request, data=data), SharedFiles.at(folder for folder in folders if folder)


def _timed(measure, request: Request, code: str, task: Task) -> Finished:
    wall, cpu = time.perf_counter(), time.process_time()
    # As in `evaluate_case`, for what is measured otherwise.
    with fft_fixed("scipy"):
        measured = measure(request, task)
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    arrays = {name: value for name, value in measured.items() if isinstance(value, np.ndarray)}
    figures = {name: _plain(value) for name, value in measured.items() if name not in arrays}
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
    return Finished(task, figures, *seconds, date, task.fingerprint(code), arrays)


def _plain(value):
    """Python's own types; None for what is no finite number, which JSON does not have."""
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (np.integer, np.bool_)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def _line(text: bytes) -> dict | None:
    """A line of the file; None if it is not whole, or no line of a store's."""
    if len(text) > _LONGEST_LINE:
        return None
    try:
        line = parsed_json(text)
    except ValueError:
        return None
    if not isinstance(line, dict) or not line.keys() >= _LINE_TYPES.keys() or not is_finite_throughout(line):
        return None
    # Python counts True among the integers.
    if not all(isinstance(line[name], kind) and not isinstance(line[name], bool) for name, kind in _LINE_TYPES.items()):
        return None
    if not all(isinstance(name, str) for name in line["arrays"]):
        return None
    # Stores that were written without check sums stay readable.
    check = line.pop(_CHECK, None)
    return line if check is None or check == _check_sum(line) else None


def _check_sum(line: dict) -> str:
    """By which a line is known that was changed since it was written."""
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()[:16]


def _encoded(line: dict) -> bytes:
    return (json.dumps(line, allow_nan=False) + "\n").encode()


def _file_name(method: str, case: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", f"{method}_{case}")


def _progress_bar(item: str, total: int, done: int, wanted: bool):
    from tqdm import tqdm

    watched = sys.stderr is not None and sys.stderr.isatty()
    # Smoothing 0: cases differ, so the time left is told by the mean of all so far.
    return tqdm(
        total=total,
        initial=done,
        desc=item,
        unit="case",
        smoothing=0,
        disable=not wanted,
        mininterval=0.1 if watched else _LOG_INTERVAL,
        dynamic_ncols=watched,
    )
