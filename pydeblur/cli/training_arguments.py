"""Arguments that the trainings share: the data, the folder of the run, and flags that follow from the fields of the options."""

from __future__ import annotations

import argparse

from pydeblur.cli import progress
from pydeblur.cli.argument_types import add_option_flag
from pydeblur.options import option_infos


def add_run_arguments(parser: argparse.ArgumentParser, contents: str) -> None:
    """``--data``, ``--out``, ``--resume`` and ``--quiet``; `contents` says what the run's folder is for."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="folders of sharp images")
    parser.add_argument("--out", required=True, metavar="RUN", help=f"folder for {contents}")
    parser.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
    progress.add_arguments(parser)


def add_option_arguments(parser: argparse.ArgumentParser, options_class: type) -> None:
    """A flag for each field of an options dataclass that has one."""
    for name, info in _flagged(options_class).items():
        default = getattr(options_class, name)
        add_option_flag(parser, name, info, "" if default is None else str(default), default)


def options_given(arguments: argparse.Namespace, options_class: type, **others):
    """The options of what was given after those flags; `others` are fields without a flag."""
    return options_class(**{name: getattr(arguments, name) for name in _flagged(options_class)}, **others)


def _flagged(options_class: type) -> dict:
    return {name: info for name, info in option_infos(options_class).items() if info.flag}
