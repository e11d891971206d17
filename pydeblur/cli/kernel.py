"""``pydeblur kernel``: image in, blur kernel out."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli import progress
from pydeblur.cli.solver_arguments import (
    add_saturated_argument,
    add_solver_arguments,
    prior_choice,
    solver_options,
)
from pydeblur.cli.value_range import range_note, range_of_pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument("-o", "--output", required=True, metavar="K", help="kernel: .tif, .npy, .mat or .png")
    add_solver_arguments(parser)
    add_saturated_argument(parser)
    parser.add_argument("--history", metavar="CSV", help="also write one line per iteration of the run that was chosen")
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Estimate one kernel."""
    from pydeblur.api import estimate_kernel
    from pydeblur.files import read_image, write_kernel

    source = read_image(arguments.image)
    result = estimate_kernel(
        source.pixels,
        arguments.kernel_size,
        **prior_choice(arguments),
        saturated=arguments.saturated,
        value_range=range_of_pixels(arguments, source),
        median=arguments.median,
        crop=arguments.crop,
        progress=progress.wants_bar(arguments),
        **solver_options(arguments),
    )
    note = range_note(arguments, result.value_range, source)
    if note is not None and not arguments.quiet:
        print(f"pydeblur kernel: {note}", file=sys.stderr)
    if result.saturated and arguments.saturated is None and not arguments.quiet:
        print(
            "pydeblur kernel: clipped highlights found, and not counted (--no-saturated counts them)", file=sys.stderr
        )
    write_kernel(arguments.output, result.kernel)
    if arguments.history:
        result.history.write_csv(arguments.history)
