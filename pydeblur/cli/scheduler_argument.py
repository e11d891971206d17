"""``--scheduler``, which the commands share that compute many cases or images."""

from __future__ import annotations

import argparse

from pydeblur.errors import InvalidOptionError
from pydeblur.options import shown
from pydeblur.parallel.schedulers import WORDS, check_scheduler


def add_scheduler_argument(parser: argparse.ArgumentParser) -> None:
    """``--scheduler``: None where it is not given."""
    parser.add_argument(
        "--scheduler",
        type=scheduler,
        metavar="S",
        help="the workers of a Dask cluster in place of processes: tcp://HOST:PORT, or local, which starts --jobs workers "
        "here (extra [cluster])",
    )


def scheduler(text: str) -> str:
    """The name of a scheduler."""
    try:
        return check_scheduler(text)
    except InvalidOptionError:
        raise argparse.ArgumentTypeError(f"it should be {WORDS}, but is {shown(text)}") from None
