"""``pydeblur reproduce``: a table or figure of the paper, or all of them."""

from __future__ import annotations

import argparse

from pydeblur.cli.argument_types import count
from pydeblur.cli.scheduler_argument import add_scheduler_argument
from pydeblur.options import shown
from pydeblur.reproduce import ALL, ITEMS, reproduce


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("item", choices=(*ITEMS, ALL), metavar="ITEM", help=f"{', '.join(ITEMS)}, or {ALL}")
    parser.add_argument("--data", metavar="D", help="data folder (default: the environment's PYDEBLUR_DATA)")
    parser.add_argument("--out", default="docs/results", metavar="FOLDER", help="where to write (default: %(default)s)")
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes (default: 1)")
    add_scheduler_argument(parser)
    parser.add_argument(
        "--subset", type=count, metavar="N", help="so many cases, evenly over images and kernels (default: all)"
    )
    parser.add_argument(
        "--methods",
        "--method",
        metavar="A,B,…",
        help="the methods to run, or one (default: the item's own choice)",
    )
    parser.add_argument("--frames", metavar="FOLDER", help="fig3a: Köhler et al.'s 199 sharp frames per case")
    parser.add_argument(
        "--kernels",
        type=named_folder,
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="a row for the kernel estimates stored here, such as im01_ker02.tif or k_2_im_1.png; can be repeated, "
        "for fig3a, fig3b, fig10b and table1",
    )
    parser.add_argument("--restart", action="store_true", help="run finished cases anew")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def named_folder(text: str) -> tuple[str, str]:
    """A row's name and a folder, with an equals sign between."""
    name, sign, folder = (part.strip() for part in text.partition("="))
    if not (name and sign and folder):
        raise argparse.ArgumentTypeError(f"it should be NAME=FOLDER, but is {shown(text)}")
    return name, folder


def run(arguments: argparse.Namespace) -> None:
    """Make it, and say which files it wrote."""
    from pydeblur.evaluation.store import Request

    methods = None
    if arguments.methods is not None:
        methods = tuple(name.strip() for name in arguments.methods.split(",") if name.strip())
    request = Request(
        out=arguments.out,
        data=arguments.data,
        jobs=arguments.jobs,
        scheduler=arguments.scheduler,
        subset=arguments.subset,
        methods=methods,
        restart=arguments.restart,
        frames=arguments.frames,
        progress=not arguments.quiet,
        kernels=tuple(arguments.kernels),
    )
    for path in reproduce(arguments.item, request):
        print(path)
