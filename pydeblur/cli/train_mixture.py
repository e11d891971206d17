"""``pydeblur train-mixture``: train the mixture of Gaussians that EPLL takes as its prior."""

from __future__ import annotations

import argparse

from pydeblur.cli import progress
from pydeblur.cli.argument_types import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="folders of sharp images")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder for the mixture, checkpoint and log")
    parser.add_argument("--components", type=count, default=200, metavar="K", help="default: %(default)s")
    parser.add_argument("--patches", type=count, default=2_000_000, metavar="N", help="default: %(default)s")
    parser.add_argument("--iterations", type=count, default=20, metavar="N", help="passes (default: %(default)s)")
    parser.add_argument("--blocks", type=count, default=20, metavar="N", help="updates per pass (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train, and print where the mixture is."""
    from pydeblur.training.mixture import train_mixture

    options = vars(arguments).copy()
    for name in ("command", "data", "out", "quiet"):
        del options[name]
    print(train_mixture(arguments.data, arguments.out, progress=progress.wants_bar(arguments), **options))
