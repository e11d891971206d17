"""``pydeblur info``: what a report of a fault should say about this installation."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--json", metavar="FILE", help="also write it to a file, for machines")


def run(arguments: argparse.Namespace) -> None:
    """Print it."""
    import json

    from pydeblur.files import write_bytes
    from pydeblur.system_info import info_lines, system_info

    info = system_info()
    print(*info_lines(info), sep="\n")
    if arguments.json:
        write_bytes(arguments.json, (json.dumps(info, indent=2, ensure_ascii=False) + "\n").encode())
