"""How much a command says while it works: ``--quiet`` and ``--verbose``, and what they mean."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydeblur.cli.messages import say

if TYPE_CHECKING:  # the command line's help has no need of the solver
    from pydeblur.progress.report import ProgressReport

#: Commands that tell of their progress by :func:`reported`, and the seconds after which they say that they are being loaded.
_REPORTED, _FIRST_WORD = ("deblur", "kernel", "deconv"), 1.0
#: When the command line began to be loaded; None where it is called from a process that does other things.
_began: float | None = None
#: Where the first word is not due any more.
_report_begun = threading.Event()


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
def first_word(arguments: argparse.Namespace) -> Iterator[None]:
    """A ``with`` block in which a command that takes long to load says so, unless ``--quiet`` is given.

    On a busy machine the import of NumPy alone takes seconds, before :func:`reported` begins.

    Parameters
    ----------
    arguments : Namespace
        Of the command.
    """
    if _began is None or sys.stderr is None or arguments.command not in _REPORTED or arguments.quiet:
        yield
        return
    _report_begun.clear()
    due = max(_began + _FIRST_WORD - time.monotonic(), 0.0)
    waiting = threading.Thread(
        target=_say_later, args=(arguments.command, due), name="pydeblur-first-word", daemon=True
    )
    waiting.start()
    try:
        yield
    finally:
        _report_begun.set()


def _say_later(command: str, seconds: float) -> None:
    if not _report_begun.wait(seconds):
        say(f"pydeblur {command}: ", "starting")


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

    _report_begun.set()
    waited = 0.0 if _began is None else time.monotonic() - _began
    with ProgressReport(f"pydeblur {command}: ", getattr(arguments, "verbose", False), waited=waited) as report:
        report.stage(doing)
        yield report


def say_notes(arguments: argparse.Namespace, command: str, notes: list[str]) -> None:
    """What a picture has decided, a line each, unless ``--quiet`` is given."""
    for note in () if arguments.quiet else notes:
        print(f"pydeblur {command}: {note}", file=sys.stderr)
