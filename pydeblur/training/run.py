"""The folder of a training run: its checkpoints, its log, its time, and the check that a resumed run is the same run.

All trainings share it, and add their own mathematics. A checkpoint is a dict; a :class:`CheckpointFormat` makes a file of it,
so that only the trainings of networks need PyTorch (:mod:`pydeblur.training.torch_run`).
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.files import make_folder, write_bytes
from pydeblur.files.contents import file_contents, shown_path
from pydeblur.files.json_text import parsed_json
from pydeblur.files.npy_file import NUMBERS
from pydeblur.files.zip_archive import read_npz
from pydeblur.options import is_finite_number, is_integer

#: The member of an .npz checkpoint that holds all that is no array, as JSON.
_PLAIN = "plain"
#: Larger logs are none of a run's.
_MOST_LOG_BYTES = 2**28
#: Messages show so many characters of a setting.
_SHOWN_CHARACTERS = 60


class CheckpointFormat(Protocol):
    """How a checkpoint becomes a file, and a file a checkpoint."""

    #: Ends the names of the files.
    suffix: str

    def write(self, path: Path, checkpoint: dict) -> None:
        """Write a checkpoint: whole or not at all."""

    def read(self, path: Path) -> dict:
        """Read a checkpoint; FileFormatError if the file is missing or is none."""


class ArrayCheckpoints:
    """Checkpoints of NumPy arrays, and of values that JSON knows, as .npz files.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "last.npz"
    ...     ArrayCheckpoints().write(path, {"mass": np.arange(3), "settings": {"seed": 1}})
    ...     ArrayCheckpoints().read(path)
    {'mass': array([0, 1, 2]), 'settings': {'seed': 1}}
    """

    suffix = ".npz"

    def write(self, path: Path, checkpoint: dict) -> None:
        """Write a checkpoint: whole or not at all."""
        arrays = {name: value for name, value in checkpoint.items() if isinstance(value, np.ndarray)}
        plain = {name: value for name, value in checkpoint.items() if name not in arrays}
        stream = io.BytesIO()
        np.savez(stream, **arrays, **{_PLAIN: np.array(json.dumps(plain))})
        write_bytes(path, stream.getbuffer())

    def read(self, path: Path) -> dict:
        """Read a checkpoint; FileFormatError if the file is missing or is none."""
        try:
            arrays = {name: array.copy() for name, array in read_npz(path, NUMBERS + "U").items()}
            plain = parsed_json(str(arrays.pop(_PLAIN)))
        except KeyError:
            raise not_a_checkpoint(path, f"it lacks {_PLAIN}") from None
        except ValueError as error:  # FileFormatError is one.
            raise not_a_checkpoint(path, error) from error
        if not isinstance(plain, dict):
            raise not_a_checkpoint(path, f"{_PLAIN} should be a JSON object")
        return arrays | plain


class TrainingRun:
    """One run of a training, as its folder holds it.

    Parameters
    ----------
    folder : path
        It gets the checkpoint ``last`` with the format's suffix, and ``log.csv``.
    settings : dict
        What decides the result, in plain values or options objects: a run can be resumed only with the same.
    columns : sequence of str
        Of the log, without "seconds", which is the last. The first is the step.
    checkpoints : CheckpointFormat

    Attributes
    ----------
    step : int
        Of the checkpoint that was read or written last; 0 at the start.
    settings : dict
        In plain values.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     run = TrainingRun(folder, {"seed": 1}, ("step", "loss"), ArrayCheckpoints())
    ...     run.start()
    ...     run.save(10, {"weights": np.ones(2)}, [0.25])
    ...     later = TrainingRun(folder, {"seed": 1}, ("step", "loss"), ArrayCheckpoints())
    ...     state = later.resume()
    >>> later.step, state["weights"]
    (10, array([1., 1.]))
    """

    def __init__(self, folder, settings: dict, columns: Sequence[str], checkpoints: CheckpointFormat):
        self.folder, self.settings, self.step = Path(folder), plain_values(settings), 0
        self.log = RunLog(self.folder / "log.csv", (*columns, "seconds"))
        self._checkpoints = checkpoints
        self._clock, self._seconds_before = time.monotonic(), 0.0

    @property
    def last(self) -> Path:
        """The file of the last checkpoint."""
        return self.folder / f"last{self._checkpoints.suffix}"

    @property
    def seconds(self) -> float:
        """Time since the start, without that between an interruption and the run's going on."""
        return self._seconds_before + time.monotonic() - self._clock

    def start(self) -> None:
        """Make the folder and begin the log; FileFormatError if that can't be done."""
        make_folder(self.folder)
        self.log.write([])
        self._clock, self._seconds_before = time.monotonic(), 0.0

    def resume(self, needed: Iterable[str] = ()) -> dict:
        """The state that the interrupted run has saved last, with which it goes on.

        Rows of the log that are later than this state go: the resumed run writes them again.

        Parameters
        ----------
        needed : iterable of str
            What the state has to hold.

        Returns
        -------
        dict

        Raises
        ------
        FileFormatError
            If there is no checkpoint, or it lacks something.
        InvalidOptionError
            If the settings are others than the interrupted run's.
        """
        checkpoint = self._checkpoints.read(self.last)
        require_keys(self.last, checkpoint, ("settings", "position", *needed))
        step, seconds = self._position(checkpoint["position"])
        if not (isinstance(checkpoint["settings"], dict) and is_plain(checkpoint["settings"])):
            raise not_a_checkpoint(self.last, "its settings should be plain values by name")
        self._refuse_others(checkpoint["settings"])
        self.step, self._seconds_before = step, seconds
        self.log.write(row for row in self.log.rows() if int(row[0]) <= self.step)
        self._clock = time.monotonic()
        return checkpoint

    def save(self, step: int, state: dict, logged: Sequence | None = None) -> None:
        """Write the last checkpoint and, before it, a row of the log.

        Parameters
        ----------
        step : int
            How far the run is.
        state : dict
            All that it needs to go on.
        logged : sequence, optional
            The row's values between the step and the seconds.
        """
        if logged is not None:
            self.log.append((step, *logged, self.seconds))
        self._checkpoints.write(self.last, self._checkpoint(step, state))
        self.step = step

    def keep(self, name: str, step: int, state: dict) -> Path:
        """Write a checkpoint of another name, such as that of the best state; its path."""
        path = self.folder / f"{name}{self._checkpoints.suffix}"
        self._checkpoints.write(path, self._checkpoint(step, state))
        return path

    def _checkpoint(self, step: int, state: dict) -> dict:
        return {**state, "settings": self.settings, "position": {"step": step, "seconds": self.seconds}}

    def _position(self, saved) -> tuple[int, float]:
        """Step and seconds of a checkpoint's position."""
        require_keys(self.last, saved, ("step", "seconds"))
        step, seconds = saved["step"], saved["seconds"]
        if not (is_integer(step) and step >= 0 and is_finite_number(seconds) and seconds >= 0):
            raise not_a_checkpoint(self.last, "its position should be a step and seconds, both of at least 0")
        return step, seconds

    def _refuse_others(self, saved: dict) -> None:
        difference = _first_difference(saved, self.settings)
        if difference is not None:
            name, was, is_ = difference
            raise InvalidOptionError(
                f"{_shown(name)} should be {_shown(repr(was))}, as in the run in '{shown_path(self.folder)}' to resume, "
                f"but is {_shown(repr(is_))}"
            )


class RunLog:
    """The log of a run: a CSV file whose first column is the step.

    Parameters
    ----------
    path : Path
    columns : sequence of str

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     log = RunLog(Path(folder) / "log.csv", ("step", "loss"))
    ...     log.write([])
    ...     log.append((1, 0.5))
    ...     log.rows()
    [['1', '0.5']]
    """

    def __init__(self, path: Path, columns: Sequence[str]):
        self.path, self.columns = path, tuple(columns)

    def rows(self) -> list[list[str]]:
        """All complete rows of numbers below the header, as text; none where there is no file.

        The last row may be incomplete, if the run was killed while it wrote it.
        """
        if not os.path.lexists(self.path) or (self.path.is_file() and not os.path.getsize(self.path)):
            return []
        text = file_contents(self.path, _MOST_LOG_BYTES).decode("utf-8", "replace")
        # Numbers need no quotes, with which a damaged row could go on to the end of the file.
        rows = [line.split(",") for line in text.splitlines()[1:]]
        return [row for row in rows if len(row) == len(self.columns) and _is_row(row)]

    def write(self, rows: Iterable[Sequence]) -> None:
        """Write the log anew: the header and these rows."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([self.columns, *rows])
        write_bytes(self.path, text.getvalue().encode())

    def append(self, row: Sequence) -> None:
        """Add a row; numbers get eight significant digits."""
        values = [
            f"{value:.8g}" if isinstance(value, float) else value for _, value in zip(self.columns, row, strict=True)
        ]
        try:
            with self.path.open("a", newline="") as file:
                csv.writer(file).writerow(values)
        except OSError as error:
            raise FileFormatError(f"{shown_path(self.path)} can't be written: {error.strerror or error}.") from error


def plain_values(value: Any) -> Any:
    """A value as dicts, lists, strings, numbers and None, which compare equal after a round trip through a file.

    Parameters
    ----------
    value : object
        An options dataclass becomes a dict, a tuple a list, a path a string, and a number of NumPy's one of Python's.

    Examples
    --------
    >>> plain_values({"sizes": (7, 51), "seed": np.int64(3)})
    {'sizes': [7, 51], 'seed': 3}
    """
    if dataclasses.is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): plain_values(member) for name, member in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain_values(member) for member in value]
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Path) else value


def is_plain(value: Any) -> bool:
    """Whether a value is one that :func:`plain_values` gives; what a file says instead might not even be compared.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> is_plain({"sizes": [7, 51]}), is_plain({"sizes": np.zeros(2)})
    (True, False)
    """
    if isinstance(value, dict):
        return all(isinstance(name, str) and is_plain(member) for name, member in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))


def require_keys(path, checkpoint, keys: Iterable[str]) -> None:
    """FileFormatError unless what was read from a file is a dict that holds these keys."""
    missing = [key for key in keys if not isinstance(checkpoint, dict) or key not in checkpoint]
    if missing:
        raise not_a_checkpoint(path, f"it lacks {', '.join(missing)}")


def require_arrays(path, checkpoint: dict, shapes: dict[str, tuple[int, ...]]) -> None:
    """FileFormatError unless these members of a checkpoint are finite floating arrays of these shapes."""
    require_keys(path, checkpoint, shapes)
    for name, shape in shapes.items():
        array = checkpoint[name]
        if not (isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.shape == shape):
            raise not_a_checkpoint(path, f"{name} should be a floating array of the shape {shape}")
        if not np.isfinite(array).all():
            raise not_a_checkpoint(path, f"{name} should be finite")


def require_numbers(path, checkpoint: dict, names: Iterable[str]) -> None:
    """FileFormatError unless these members of a checkpoint are finite numbers."""
    for name in names:
        if not is_finite_number(checkpoint[name]):
            raise not_a_checkpoint(path, f"{name} should be a finite number")


def not_a_checkpoint(path, reason) -> FileFormatError:
    """The error for a file that should be a checkpoint, to be raised."""
    shown = shown_path(path)
    # What the readers of files say names the file too.
    reason = " ".join(str(reason).split()).removeprefix(f"{shown} ").replace(shown, "it").rstrip(".")
    reason = "there is no such file" if reason == "does not exist" else reason
    return FileFormatError(f"'{shown[-100:]}' should be a checkpoint of a training run of pydeblur: {reason[:150]}")


def today() -> str:
    """The date (UTC) as YYYY-MM-DD, for what a file says of itself."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def _is_row(row: list[str]) -> bool:
    """Whether a row is a step of at most 18 digits, and numbers."""
    try:
        return row[0].isascii() and row[0].isdecimal() and len(row[0]) <= 18 and bool([float(cell) for cell in row])
    except ValueError:
        return False


def _shown(text: str) -> str:
    """The name of a setting, or what stands for its value, for a message."""
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 3]}..."


def _first_difference(saved, wanted, name: str = "") -> tuple[str, Any, Any] | None:
    """Name of the first setting that differs, with its two values; the members of a dict are named after a dot."""
    if not (isinstance(saved, dict) and isinstance(wanted, dict)):
        return None if saved == wanted else (name, saved, wanted)
    for key in [*saved, *(key for key in wanted if key not in saved)]:
        found = _first_difference(saved.get(key), wanted.get(key), f"{name}.{key}" if name else key)
        if found is not None:
            return found
    return None
