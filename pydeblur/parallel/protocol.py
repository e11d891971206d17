"""What computes items, behind one protocol: this process, processes of this machine, or workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydeblur.parallel.worker import Answer

#: Longest part of an item's text in a message.
_ITEM_LENGTH = 80


class Executor(Protocol):
    """What calls a function on items, somewhere."""

    def outcomes(self, function: Callable, items: Sequence) -> Iterator[tuple[Any, Answer | str]]:
        """Yield each item once, as it is finished, with the answer to it or a clause that says why there is none."""

    def end(self) -> None:
        """End what is at work, and give back what was opened."""


class Carrier(Protocol):
    """How an item is computed by a worker that doesn't see its files: with their contents, there and back."""

    def packed(self, item) -> tuple[Callable, Any]:
        """Return a function for the worker, and what it is called with.

        An InvalidInputError says why the files can't be sent; the item then has no answer.
        """

    def unpacked(self, item, value) -> Any:
        """Put what that function has returned where it belongs; returns what the item's own function would have returned."""


@dataclass(frozen=True)
class SharedFiles:
    """The files that items are about.

    Attributes
    ----------
    folders : tuple of Path
        Absolute paths of files or folders that are read.
    output : Path or None
        The absolute path of the folder that results are written to.
    carrier : Carrier or None
        What serves workers that do not see them; without it, such workers get no items.

    Examples
    --------
    >>> SharedFiles(folders=(Path("/photos"),)).output is None
    True
    """

    folders: tuple[Path, ...] = ()
    output: Path | None = None
    carrier: Carrier | None = None

    @classmethod
    def at(cls, paths: Iterable, output=None, carrier: Carrier | None = None) -> SharedFiles:
        """Name files and folders by any path: for relative ones, the working folder has to be seen as well.

        Parameters
        ----------
        paths : iterable of path
            What is read; None among them is left out.
        output : path, optional
            The folder that is written to.
        carrier : Carrier, optional

        Returns
        -------
        SharedFiles

        Examples
        --------
        >>> SharedFiles.at(["/photos", None], "/sharp").folders == (Path(os.path.abspath("/photos")),)
        True
        """
        given = [Path(path) for path in paths if path is not None]
        relative = [path for path in (*given, *([] if output is None else [Path(output)])) if not path.is_absolute()]
        needed = dict.fromkeys(Path(os.path.abspath(path)) for path in (*given, *([os.curdir] if relative else [])))
        return cls(tuple(needed), None if output is None else Path(os.path.abspath(output)), carrier)


def shown_item(item: object) -> str:
    """An item as a message names it: its text, cut where it is long.

    Parameters
    ----------
    item : object

    Returns
    -------
    str

    Examples
    --------
    >>> shown_item("a.png"), len(shown_item("a" * 200))
    ('a.png', 81)
    """
    text = str(item)
    return text if len(text) <= _ITEM_LENGTH else f"{text[:_ITEM_LENGTH]}…"
