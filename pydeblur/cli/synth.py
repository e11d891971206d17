"""``pydeblur synth``: a picture of random kernels and of the pairs that training sees."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="folders of sharp images")
    parser.add_argument("-o", "--output", required=True, metavar="PNG")
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: argparse.Namespace) -> None:
    """Draw it."""
    from pydeblur.cli.outputs import check_outputs
    from pydeblur.training.images import find_images, load_compact
    from pydeblur.training.sheet import write_sheet

    check_outputs(image=arguments.output)
    paths = find_images(arguments.data)
    write_sheet(arguments.output, load_compact(paths[:: max(len(paths) // 24, 1)]), seed=arguments.seed)
