"""``pydeblur matlab-server``: the process that computes for the functions of matlab_ref/dropin."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pydeblur.errors import InvalidInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no arguments."""
    parser.epilog = (
        "The functions of matlab_ref/dropin start it, one for each session of MATLAB or Octave. It reads requests from "
        "standard input and ends with it."
    )


def run(arguments: argparse.Namespace) -> None:
    """Serve until standard input ends."""
    from pydeblur.matlab_api.server import serve

    if sys.stdin is None or sys.stdin.isatty():
        raise InvalidInputError("matlab-server should be started by MATLAB or Octave, not in a terminal")
    # A thread that waits in a buffered reader would keep the interpreter from ending.
    with _ctrl_c_ignored(), _own_output() as answers, open(0, "rb", buffering=0, closefd=False) as requests:
        serve(requests, answers)


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """Ctrl-C in a terminal reaches all its processes; it is for MATLAB or Octave, which closes the pipe if it is for us."""
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)


@contextmanager
def _own_output() -> Iterator[BinaryIO]:
    """Standard output for the answers alone: what else is printed goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "wb") as answers:
            yield answers
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
