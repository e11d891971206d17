"""``--report``, and the warnings that its page repeats."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def add_report_argument(parser: argparse.ArgumentParser) -> None:
    """``--report``."""
    parser.add_argument(
        "--report",
        metavar="HTML",
        help="also write a page about the result: before and after, kernels, candidates, iterations, options, timings",
    )


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """A ``with`` block whose warnings are kept as texts, and shown as they would be without it."""
    noted: list[str] = []
    show = warnings.showwarning

    def note_and_show(message, category, *others, **words):
        noted.append(str(message))
        show(message, category, *others, **words)

    warnings.showwarning = note_and_show
    try:
        yield noted
    finally:
        warnings.showwarning = show
