"""When to draw a progress bar."""

from __future__ import annotations

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--quiet``."""
    parser.add_argument("--quiet", action="store_true", help="no progress bar (nor is there one where no terminal is)")


def wants_bar(arguments: argparse.Namespace) -> bool:
    """Whether a bar was not ruled out and would be seen: in a log file it is nothing but noise."""
    return not arguments.quiet and sys.stderr is not None and sys.stderr.isatty()
