"""``pydeblur kernel``: image in, blur kernel out."""

from __future__ import annotations

import argparse
import time

from pydeblur.cli import progress
from pydeblur.cli.nonuniform_arguments import (
    add_nonuniform_arguments,
    nonuniform_choice,
    nonuniform_note,
    write_blur_file,
    write_drawings,
)
from pydeblur.cli.report_page import noted_warnings
from pydeblur.cli.solver_arguments import (
    add_saturated_argument,
    add_solver_arguments,
    prior_choice,
    solver_options,
)
from pydeblur.cli.summary import add_json_argument, estimate_line, estimate_record, size_note, write_record
from pydeblur.cli.value_range import range_note, range_of_pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="K",
        help="kernel: .tif, .npy, .mat or .png; with --nonuniform the blur as .npz, or its drawing as .png",
    )
    add_solver_arguments(parser)
    add_saturated_argument(parser)
    add_nonuniform_arguments(parser)
    parser.add_argument("--history", metavar="CSV", help="also write one line per iteration of the run that was chosen")
    add_json_argument(parser)
    progress.add_arguments(parser, verbose=True)


def run(arguments: argparse.Namespace) -> None:
    """Estimate one kernel, and say what was decided on the way and what was done."""
    with (
        noted_warnings() as warned,
        progress.reported(arguments, "kernel", f"reading {arguments.image}") as report,
    ):
        notes, line = _estimate(arguments, report, warned)
    progress.say_notes(arguments, "kernel", notes)
    if not arguments.quiet:
        print(line)


def _estimate(arguments: argparse.Namespace, report, warned: list[str]) -> tuple[list[str], str]:
    from pydeblur.api import estimate_kernel
    from pydeblur.files import read_image

    begun = time.perf_counter()
    source = read_image(arguments.image)
    result = estimate_kernel(
        source.pixels,
        arguments.kernel_size,
        **prior_choice(arguments),
        saturated=arguments.saturated,
        value_range=range_of_pixels(arguments, source),
        median=arguments.median,
        crop=arguments.crop,
        **nonuniform_choice(arguments, source),
        progress=report or False,
        **solver_options(arguments),
    )
    write_blur_file(arguments.output, arguments, result, source)
    write_drawings(arguments, result, source)
    if arguments.history:
        result.history.write_csv(arguments.history)
    notes, seconds, shape = _notes(arguments, result, source), time.perf_counter() - begun, source.pixels.shape
    if arguments.json:
        remarks = {"notes": notes, "warnings": list(warned)}
        write_record(arguments.json, estimate_record(arguments, shape, seconds, result, remarks))
    return notes, estimate_line(arguments.output, shape, seconds, result)


def _notes(arguments: argparse.Namespace, result, source) -> list[str]:
    """A sentence about each thing that the image has decided."""
    notes = [range_note(arguments, result.value_range, source), nonuniform_note(arguments, result, source)]
    notes.append(size_note(arguments, result))
    if result.saturated and arguments.saturated is None and result.nonuniform is None:
        notes.append("clipped highlights found, and not counted (--no-saturated counts them)")
    return [note for note in notes if note is not None]
