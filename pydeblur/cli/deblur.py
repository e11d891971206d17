"""``pydeblur deblur``: image in, sharp image out."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli import progress
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    nonblind_options,
    prior_choice,
    saturation,
    solver_options,
)
from pydeblur.cli.value_range import for_output, range_note, range_of_pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="sharp image; keeps depth, size and alpha")
    add_solver_arguments(parser)
    add_nonblind_arguments(parser, detects=True)
    parser.add_argument("--kernel-out", metavar="K", help="also write the kernel: .tif, .npy, .mat or .png")
    parser.add_argument("--history", metavar="CSV", help="also write one line per iteration of the run that was chosen")
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Deblur one image, and say what was decided on the way."""
    for note in deblur_file(arguments):
        if not arguments.quiet:
            print(f"pydeblur deblur: {note}", file=sys.stderr)


def deblur_file(arguments: argparse.Namespace) -> list[str]:
    """Deblur one image; returns a sentence about each thing that the image has decided."""
    from pydeblur.api import deblur
    from pydeblur.files import read_image, write_image, write_kernel

    source = read_image(arguments.image)
    result = deblur(
        source.pixels,
        arguments.kernel_size,
        **prior_choice(arguments),
        **saturation(arguments),
        nonblind_options=nonblind_options(arguments),
        value_range=range_of_pixels(arguments, source),
        median=arguments.median,
        crop=arguments.crop,
        progress=progress.wants_bar(arguments),
        **solver_options(arguments),
    )
    write_image(arguments.output, for_output(arguments.output, result.image, result.value_range, source), like=source)
    if arguments.kernel_out:
        write_kernel(arguments.kernel_out, result.kernel)
    if arguments.history:
        result.history.write_csv(arguments.history)
    notes = [range_note(arguments, result.value_range, source, arguments.output)]
    if result.saturated and arguments.saturated is None:
        found = "clipped highlights found, and not counted for the kernel"
        notes.append(f"{found}; the final step is {result.nonblind} (--no-saturated counts them)")
    return [note for note in notes if note is not None]
