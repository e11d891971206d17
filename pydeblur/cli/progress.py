"""How much a command says while it works: ``--quiet`` and ``--verbose``, and what they mean."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line's help has no need of the solver
    from pydeblur.progress.report import ProgressReport


#: When the command line began to be loaded; None where it is called from a process that does other things.
_began: float | None = None


def process_began(moment: float) -> None:
    """Take note of when a process of the shell began: who waits for its first word has waited since then."""
    global _began
    _began = moment


def add_arguments(parser: argparse.ArgumentParser, verbose: bool = False) -> None:
    """``--quiet``, and ``--verbose`` where a command has more to say."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")
    if verbose:
        group.add_argument("-v", "--verbose", action="store_true", help="also write a table of the scales")


def wants_bar(arguments: argparse.Namespace) -> bool:
    """Whether a bar was not ruled out and would be seen: in a log file it is nothing but noise."""
    return not arguments.quiet and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def reported(arguments: argparse.Namespace, command: str, doing: str) -> Iterator[ProgressReport | None]:
    """A ``with`` block whose progress is told on standard error; nothing is, and there is no report, with ``--quiet``.

    Parameters
    ----------
    arguments : Namespace
    command : str
        Begins each line.
    doing : str
        What is done first.
    """
    if arguments.quiet or sys.stderr is None:
        yield None
        return
    from pydeblur.progress.report import ProgressReport

    waited = 0.0 if _began is None else time.monotonic() - _began
    with ProgressReport(f"pydeblur {command}: ", getattr(arguments, "verbose", False), waited=waited) as report:
        report.stage(doing)
        yield report


def say_notes(arguments: argparse.Namespace, command: str, notes: list[str]) -> None:
    """What a picture has decided, a line each, unless ``--quiet`` is given."""
    for note in () if arguments.quiet else notes:
        print(f"pydeblur {command}: {note}", file=sys.stderr)
