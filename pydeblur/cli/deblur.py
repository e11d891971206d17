"""``pydeblur deblur``: image in, sharp image out."""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from pydeblur.cli import progress
from pydeblur.cli.nonuniform_arguments import (
    add_nonuniform_arguments,
    nonuniform_choice,
    nonuniform_note,
    write_blur_file,
    write_drawings,
)
from pydeblur.cli.report_page import add_report_argument, noted_warnings
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    nonblind_options,
    prior_choice,
    saturation,
    solver_options,
)
from pydeblur.cli.summary import add_json_argument, estimate_line, estimate_record, size_note, write_record
from pydeblur.cli.value_range import for_output, range_note, range_of_pixels

if TYPE_CHECKING:  # the command line's help has no need of the solver
    from pydeblur.progress.report import ProgressReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="sharp image; keeps depth, size and alpha")
    add_solver_arguments(parser)
    add_nonblind_arguments(parser, detects=True)
    add_nonuniform_arguments(parser)
    parser.add_argument(
        "--kernel-out",
        metavar="K",
        help="also write the kernel: .tif, .npy, .mat or .png; with --nonuniform the blur as .npz, or its drawing as .png",
    )
    parser.add_argument("--history", metavar="CSV", help="also write one line per iteration of the run that was chosen")
    add_report_argument(parser)
    add_json_argument(parser)
    progress.add_arguments(parser, verbose=True)


def run(arguments: argparse.Namespace) -> None:
    """Deblur one image, and say what was decided on the way and what was done."""
    with progress.reported(arguments, "deblur", f"reading {arguments.image}") as report:
        done = deblur_file(arguments, report)
    progress.say_notes(arguments, "deblur", done.notes)
    if not arguments.quiet:
        print(done.line)


class Done(NamedTuple):
    """A sentence about each thing that the image has decided, a line about what was done, and the same for machines."""

    notes: list[str]
    line: str
    record: dict[str, Any]


def deblur_file(arguments: argparse.Namespace, report: ProgressReport | None = None) -> Done:
    """Deblur one image."""
    with noted_warnings() as warned:
        return _deblur_file(arguments, report, warned)


def _deblur_file(arguments: argparse.Namespace, report: ProgressReport | None, warned: list[str]) -> Done:
    begun = time.perf_counter()
    from pydeblur.api import deblur
    from pydeblur.files import read_image, write_image

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
        **nonuniform_choice(arguments, source),
        progress=report or False,
        **solver_options(arguments),
    )
    if report is not None:
        report.stage(f"writing {arguments.output}")
    image = for_output(arguments.output, result.unclipped, result.value_range, source)
    write_image(arguments.output, image, like=source)
    if arguments.kernel_out:
        write_blur_file(arguments.kernel_out, arguments, result, source)
    write_drawings(arguments, result, source)
    if arguments.history:
        result.history.write_csv(arguments.history)
    if arguments.report:
        if report is not None:
            report.stage(f"writing {arguments.report}")
        result.report(arguments.report, name=os.path.basename(arguments.image), source=source, warnings=warned)
    notes = [range_note(arguments, result.value_range, source, arguments.output)]
    notes.append(nonuniform_note(arguments, result, source))
    notes.append(size_note(arguments, result))
    if result.saturated and arguments.saturated is None:
        notes.append(_clipping_note(result))
    said = [note for note in notes if note is not None]
    seconds = time.perf_counter() - begun
    record = estimate_record(arguments, image.shape, seconds, result, {"notes": said, "warnings": list(warned)})
    if arguments.json:
        write_record(arguments.json, record)
    return Done(said, estimate_line(arguments.output, image.shape, seconds, result), record)


def _clipping_note(result) -> str:
    step = f"the final step is {result.nonblind}"
    if result.nonuniform is not None:
        return f"clipped highlights found; {step} (--no-saturated takes them as they are)"
    stored = " in stored values" if result.nonblind_options.get("light_gamma") == 1 else ""
    return f"clipped highlights found, and not counted for the kernel; {step}{stored} (--no-saturated counts them)"
