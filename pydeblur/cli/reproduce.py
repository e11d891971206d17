"""``pydeblur reproduce``: a table or figure of the paper."""

from __future__ import annotations

import argparse

from pydeblur.reproduce.registry import ITEMS, reproduce


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("item", choices=tuple(ITEMS), metavar="ITEM", help=", ".join(ITEMS))
    parser.add_argument("--data", metavar="D", help="data folder (default: the environment's PYDEBLUR_DATA)")
    parser.add_argument("--out", default="docs/results", metavar="FOLDER", help="where to write (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Make it, and say which files it wrote."""
    for path in reproduce(arguments.item, arguments.data, arguments.out):
        print(path)
