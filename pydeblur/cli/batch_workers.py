"""How the images of a batch get to the workers of a cluster that do not see them, and the results back."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydeblur.errors import FileFormatError

#: A job's arguments that name files that are read, and that are written.
_READ = ("image", "weights", "ranking_weights", "restoration_weights")
_WRITTEN = ("output", "kernel_out", "report")
#: Larger images are not sent: their folder has to be shared.
MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class CarriedFiles:
    """A :class:`pydeblur.parallel.protocol.Carrier` for the jobs of ``pydeblur batch``.

    Attributes
    ----------
    run : callable
        ``run(job)`` deblurs one image; it returns a named tuple of texts.
    """

    run: Callable[[argparse.Namespace], Any]

    def packed(self, job: argparse.Namespace) -> tuple[Callable, tuple[argparse.Namespace, dict[str, bytes]]]:
        """A job with the contents of the files that it reads.

        Raises
        ------
        FileFormatError
            If they can't be read, or are too large to be sent.
        """
        paths = {name: getattr(job, name, None) for name in _READ}
        files = {name: path for name, path in paths.items() if path is not None and os.path.isfile(path)}
        size = sum(os.path.getsize(path) for path in files.values())
        if size > MOST_BYTES:
            raise FileFormatError(
                f"{size / 2**20:.0f} MB are too much to be sent to a worker that does not see them (at most "
                f"{MOST_BYTES // 2**20} MB): the folder should be shared by all machines"
            )
        try:
            return partial(run_carried, self.run), (
                job,
                {name: Path(path).read_bytes() for name, path in files.items()},
            )
        except OSError as error:
            raise FileFormatError(f"it can't be read: {error.strerror or error}") from None

    def unpacked(self, job: argparse.Namespace, value: tuple[Any, dict[str, bytes]]):
        """Write what a worker has sent back, the image last: it says that the job is finished."""
        from pydeblur.files import write_bytes

        outcome, contents = value
        for name in sorted(contents, key=_WRITTEN.index, reverse=True):
            write_bytes(getattr(job, name), contents[name])
        return outcome


def run_carried(run: Callable, packed: tuple[argparse.Namespace, dict[str, bytes]]) -> tuple[Any, dict[str, bytes]]:
    """Run a job on files of a worker's own; returns the outcome and the contents of what was written.

    Parameters
    ----------
    run : callable
    packed : tuple
        The job and the contents of the files that it reads.

    Returns
    -------
    outcome : tuple
        In its texts, files have the names that they have for the caller.
    contents : dict of str to bytes
    """
    job, contents = packed
    with TemporaryDirectory(prefix="pydeblur-") as folder:
        here = {name: _place(folder, name, getattr(job, name)) for name in contents}
        here |= {name: _place(folder, name, getattr(job, name)) for name in _WRITTEN if getattr(job, name, None)}
        for name, content in contents.items():
            Path(here[name]).write_bytes(content)
        outcome = run(argparse.Namespace(**{**vars(job), **here}))
        written = {
            name: Path(here[name]).read_bytes() for name in _WRITTEN if name in here and os.path.exists(here[name])
        }
    names = {path: str(getattr(job, name)) for name, path in here.items()}
    return outcome._make(_renamed(text, names) for text in outcome), written


def _place(folder: str, name: str, path) -> str:
    """A folder of its own for each file, which keeps its name."""
    own = Path(folder) / name
    own.mkdir()
    return str(own / Path(path).name)


def _renamed(text, names: dict[str, str]):
    if isinstance(text, tuple):
        return tuple(_renamed(each, names) for each in text)
    for here, there in names.items():
        text = text.replace(here, there) if isinstance(text, str) else text
    return text
