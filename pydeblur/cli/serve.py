"""``pydeblur serve``: the page to try it."""

from __future__ import annotations

import argparse
from dataclasses import replace

from pydeblur.cli.argument_types import count, of_kind
from pydeblur.cli.messages import say
from pydeblur.options import whole_from_to
from pydeblur.parallel.signals import Terminated
from pydeblur.serve.access import is_loopback
from pydeblur.serve.limits import MEGABYTE, Limits

_PORT = 8765


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    default = Limits()
    parser.add_argument(
        "--port",
        type=of_kind(whole_from_to(0, 65535)),
        default=_PORT,
        metavar="N",
        help=f"default: {_PORT}; 0 is any that is free",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, which only this machine can reach)",
    )
    parser.add_argument(
        "--jobs", type=count, default=default.jobs, metavar="N", help="pictures at the same time (default: 1)"
    )
    parser.add_argument(
        "--memory",
        type=count,
        default=default.memory // MEGABYTE,
        metavar="MB",
        help=f"memory of each job in megabytes (default: {default.memory // MEGABYTE})",
    )
    parser.add_argument(
        "--largest",
        type=count,
        default=default.pixels // 10**6,
        metavar="MP",
        help=f"largest picture in megapixels (default: {default.pixels // 10**6})",
    )
    parser.epilog = "Open the address that it prints in a browser; Ctrl-C ends it. Pictures stay on this machine."


def run(arguments: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    from pydeblur.serve.server import serve

    limits = replace(
        Limits(), jobs=arguments.jobs, memory=arguments.memory * MEGABYTE, pixels=arguments.largest * 10**6
    )
    if not is_loopback(arguments.host):
        say(
            "pydeblur serve: warning: ",
            f"everybody who can reach {arguments.host or 'this machine'} can use the page and this machine's time: it asks for "
            "no password, and nothing is encrypted",
        )
    try:
        serve(arguments.host, arguments.port, limits, _say_ready)
    except KeyboardInterrupt as ended:  # Ctrl-C is the usual end
        if isinstance(ended, Terminated):
            raise
    print("pydeblur serve: ended", flush=True)


def _say_ready(address: str) -> None:
    print(f"pydeblur serve: the page is at {address} (Ctrl-C ends it)", flush=True)
