"""Refuse outputs that can't be written, or that would replace what is read, before minutes are spent on what goes into them.

:data:`FILES` says of each command which of its arguments name files; :func:`check_files` is called before any command runs.
"""

from __future__ import annotations

import argparse
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from pydeblur.cli.nonuniform_arguments import check_blur_file, is_nonuniform
from pydeblur.errors import FileFormatError


@dataclass(frozen=True)
class CommandFiles:
    """Which arguments of a command name files.

    Attributes
    ----------
    reads : tuple of str
        Files, and names of weights.
    folders : tuple of str
        Folders, of which any file may be read.
    image, kernel, table : str or None
        An output of one of the three kinds that there are.
    folder : str or None
        A folder of outputs.
    contents : tuple of str
        The files in it that are written.
    stands_apart : bool
        That the folder may not even lie within a folder that is read.
    replaces_weights : bool
        That an output may replace weights that come with the package.
    texts : tuple of str
        Arguments of any text that names no file.
    pictures : tuple of str
        Further outputs that are images.
    page : str or None
        An output that is a page of HTML.
    record : str or None
        An output that tells machines what was done.
    """

    reads: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    image: str | None = None
    kernel: str | None = None
    table: str | None = None
    folder: str | None = None
    contents: tuple[str, ...] = ()
    stands_apart: bool = False
    replaces_weights: bool = False
    texts: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    page: str | None = None
    record: str | None = None

    @property
    def declared(self) -> set[str]:
        """All of these arguments."""
        single = (self.image, self.kernel, self.table, self.folder, self.page, self.record)
        return {*self.reads, *self.folders, *self.texts, *self.pictures, *(name for name in single if name is not None)}


_WEIGHTS = ("weights", "ranking_weights")
#: Of the commands that make a final image, too.
_ALL_WEIGHTS = (*_WEIGHTS, "restoration_weights")
_SHAKES = "synth --nonuniform"
_DRAWINGS = ("kernel_grid_out", "poses_out")
FILES = {
    "deblur": CommandFiles(
        ("image", *_ALL_WEIGHTS),
        image="output",
        kernel="kernel_out",
        table="history",
        pictures=_DRAWINGS,
        page="report",
        record="json",
    ),
    "kernel": CommandFiles(("image", *_WEIGHTS), kernel="output", table="history", pictures=_DRAWINGS, record="json"),
    "deconv": CommandFiles(("image", "kernel", "restoration_weights"), image="output", record="json"),
    # Its outputs follow from its inputs: the command itself calls `check_outputs` with them.
    "batch": CommandFiles(("inputs", *_ALL_WEIGHTS), folder="output", record="json"),
    "evaluate": CommandFiles(_ALL_WEIGHTS, ("data", "kernels"), table="json", texts=("cases",)),
    "classify": CommandFiles(("images", "weights"), image="activation_map"),
    "synth": CommandFiles(("image",), ("data",), image="output"),
    # Its outputs follow from its inputs, as those of batch do.
    _SHAKES: CommandFiles(("image",), ("data",), folder="output"),
    "train": CommandFiles(
        ("init_from",),
        ("data",),
        folder="out",
        contents=("last.pt", "best.pt", "log.csv", "log.png", "report.json", "report.md"),
    ),
    "train-mixture": CommandFiles((), ("data",), folder="out", contents=("last.npz", "mixture.npz", "log.csv")),
    "train-ranking": CommandFiles(("init_from",), ("data",), folder="out", contents=("last.pt", "log.csv")),
    "train-restoration": CommandFiles((), ("data",), folder="out", contents=("last.pt", "log.csv", "restoration.onnx")),
    "export": CommandFiles(("checkpoint",), table="output", replaces_weights=True),
    "reproduce": CommandFiles((), ("data", "frames"), folder="out", stands_apart=True, texts=("methods",)),
    "demo": CommandFiles(folder="out"),
    "info": CommandFiles(record="json"),
    "matlab-server": CommandFiles(),
    "matlab-path": CommandFiles(),
    "serve": CommandFiles(texts=("host",)),
    "completion": CommandFiles(),
}


def check_files(command: str, arguments: argparse.Namespace) -> None:
    """Check a command's outputs, before it runs.

    Parameters
    ----------
    command : str
    arguments : Namespace
        Of the command line.

    Raises
    ------
    FileFormatError
        See :func:`check_outputs`; or if the folder of the outputs is one that is read.
    """
    files = _files_of(command, arguments)
    reads = files_read(command, arguments)

    def given(name):
        return None if name is None else getattr(arguments, name, None)

    pictures = tuple(filter(None, map(given, files.pictures)))
    outputs = [given(name) for name in (files.image, files.kernel, files.table)]
    check_outputs(reads, *outputs, pictures, is_nonuniform(arguments), given(files.page), given(files.record))
    folder = given(files.folder)
    if folder is not None and (files.contents or files.stands_apart):
        _check_folder(folder, files, reads)


def check_outputs(
    reads: ReadFiles, image=None, kernel=None, table=None, pictures=(), nonuniform=False, page=None, record=None
) -> None:
    """Check the paths that are given.

    Parameters
    ----------
    reads : ReadFiles
        What the command reads: no output may be one of them.
    image, kernel, table : str or None
        Outputs, of the three kinds that there are.
    pictures : sequence of str
        Further images.
    nonuniform : bool
        Whether the kernel may be a blur that changes over the picture.
    page : str or None
        An output that is a page of HTML.
    record : str or None
        An output that tells machines what was done.

    Raises
    ------
    FileFormatError
        If a folder is missing or can't be written to, a path is a folder, an extension is unknown, two outputs are the
        same, or one would overwrite a file that is read.
    """
    from pydeblur.files import check_image_output, check_kernel_output, check_writable
    from pydeblur.report.page_file import check_page_output

    given = [path for path in (image, kernel, table, page, record, *pictures) if path is not None]
    if len({place_of(path) for path in given}) < len(given):
        raise FileFormatError(f"the outputs should be different files, but are {', '.join(given)}")
    check_kernel = check_blur_file if nonuniform else check_kernel_output
    checks = [(image, check_image_output), (kernel, check_kernel), (page, check_page_output)]
    checks += [(table, check_writable), (record, check_writable)]
    for path, check in [*checks, *((picture, check_image_output) for picture in pictures)]:
        if path is not None:
            check(path)
            reads.refuse(path)


def _check_folder(folder: str, files: CommandFiles, reads: ReadFiles) -> None:
    within = reads.folder_around(folder)
    if within is not None and (files.stands_apart or place_of(within) == place_of(folder)):
        raise FileFormatError(f"the results should go to another folder than {folder}, whose files are read")
    for name in files.contents:
        reads.refuse(os.path.join(folder, name))


def files_read(command: str, arguments: argparse.Namespace) -> ReadFiles:
    """What the arguments of a command name, what the environment names, and what comes with the package."""
    from pydeblur.files.shipped_weights import weights_folders

    files = _files_of(command, arguments)
    folders = list(_given(files.folders, arguments))
    if "data" in files.folders and arguments.data is None:
        from pydeblur.datasets.folder import DATA_VARIABLE

        folders += filter(None, [os.environ.get(DATA_VARIABLE)])
    weights = [] if files.replaces_weights else weights_folders()
    return ReadFiles(_given(files.reads, arguments), folders, weights)


def _files_of(command: str, arguments: argparse.Namespace) -> CommandFiles:
    shakes = command == "synth" and getattr(arguments, "nonuniform", False)
    return FILES.get(_SHAKES if shakes else command, CommandFiles())


def _given(names: Iterable[str], arguments: argparse.Namespace) -> Iterator[str]:
    for name in names:
        value = getattr(arguments, name, None)
        if value is not None:
            yield from [value] if isinstance(value, (str, os.PathLike)) else value


class ReadFiles:
    """The files that a command reads, whatever links lead to them.

    Parameters
    ----------
    files : iterable of path
        They need not exist.
    folders : iterable of path
        All files in them count.
    weights_folders : iterable of path
        The same; the results' folder may well be one of them.

    Examples
    --------
    >>> reads = ReadFiles(["photos/a.png"])
    >>> reads.refuse("photos/b.png")
    >>> reads.refuse("photos/../photos/a.png")
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: photos/../photos/a.png is a file that is read: the output would overwrite it
    """

    def __init__(self, files: Iterable, folders: Iterable = (), weights_folders: Iterable = ()):
        self._files = list(files)
        self._folders = list(folders)
        self._all_folders = [*self._folders, *weights_folders]
        self._places = {place_of(path) for path in self._files}

    def refuse(self, output: str | os.PathLike) -> None:
        """Raise FileFormatError if an output is one of these files."""
        identity = _identity(output)
        if place_of(output) in self._places or (
            identity is not None
            and (_folder_around(output, self._all_folders) is not None or identity in self._identities)
        ):
            raise FileFormatError(f"{output} is a file that is read: the output would overwrite it")

    def folder_around(self, folder: str | os.PathLike) -> str | os.PathLike | None:
        """The folder that is read and that another is, or lies in, at any depth; None if there is none."""
        return _folder_around(folder, self._folders)

    @cached_property
    def _identities(self) -> set[tuple[int, int]]:
        """Of all files, as hard links and links of other names have them."""
        found = {_identity(path) for path in self._files}
        for folder in self._all_folders:
            found |= {_identity(path) for path in _paths_within(folder)}
        return found - {None}


def _folder_around(path, folders):
    identities = {_identity(folder): folder for folder in folders if os.path.isdir(folder)}
    real = Path(os.path.realpath(path))
    return next((identities[key] for key in map(_identity, (real, *real.parents)) if key in identities), None)


def _paths_within(folder) -> Iterator[str]:
    """All files in a folder and its subfolders, also in those that are links, as a data folder's benchmarks may be."""
    try:
        with os.scandir(folder) as entries:
            links = [entry.path for entry in entries if entry.is_symlink() and entry.is_dir()]
    except OSError:  # what can't be listed is not read either
        return
    for each in (folder, *links):
        for parent, _, names in os.walk(each):
            yield from (os.path.join(parent, name) for name in names)


def _identity(path) -> tuple[int, int] | None:
    """What hard links and links have in common with their file; None if there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def place_of(path: str | os.PathLike) -> str:
    """The one name of a place in the file system, which need not exist.

    Parameters
    ----------
    path : path

    Returns
    -------
    str
        The real path; in lower case where the file system does not tell cases apart.

    Raises
    ------
    FileFormatError
        If it is no path.

    Examples
    --------
    >>> place_of("a/../b.png") == place_of("./b.png")
    True
    """
    from pydeblur.files.atomic_write import as_path

    real = os.path.realpath(as_path(path))
    if _ignores_case(os.path.dirname(real)):
        return unicodedata.normalize("NFC", real).casefold()
    return real


@lru_cache(maxsize=1000)
def _ignores_case(folder: str) -> bool:
    """Whether a folder, or the nearest one above it that exists, is found by its name in the other case, too."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    parent, name = os.path.split(folder)
    other = os.path.join(parent, name.swapcase())
    if name == name.swapcase():
        return parent != folder and _ignores_case(parent)
    return os.path.exists(other) and os.path.samefile(folder, other)
