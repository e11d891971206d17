"""``pydeblur deconv``: image and kernel in, sharp image out."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import PurePath

from pydeblur.cli import progress
from pydeblur.cli.argument_types import processes
from pydeblur.cli.report_page import noted_warnings
from pydeblur.cli.solver_arguments import add_nonblind_arguments, nonblind_method, nonblind_options
from pydeblur.cli.summary import add_json_argument, common_record, deconvolution_line, write_record
from pydeblur.cli.value_range import add_range_argument, for_output, range_note, range_of_pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument(
        "kernel",
        metavar="K",
        help="kernel file: .tif, .npy, .mat or .png; or a blur that changes over the picture: .npz",
    )
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="sharp image; keeps depth, size and alpha")
    add_nonblind_arguments(parser)
    add_range_argument(parser)
    parser.add_argument("--threads", type=processes, metavar="N", default=1, help="threads (default: 1)")
    add_json_argument(parser)
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Deblur one image with its kernel, or with its blur that changes over it, and say what was done."""
    with (
        noted_warnings() as warned,
        progress.reported(arguments, "deconv", f"reading {arguments.image}") as report,
    ):
        notes, line = _deconvolve(arguments, report, warned)
    progress.say_notes(arguments, "deconv", notes)
    if not arguments.quiet:
        print(line)


def _deconvolve(arguments: argparse.Namespace, report, warned: list[str]) -> tuple[list[str], str]:
    from pydeblur.files import read_image, write_image
    from pydeblur.nonblind.options import DEFAULT
    from pydeblur.preprocess.value_range import in_unit_range

    begun = time.perf_counter()
    method, options = nonblind_method(arguments), nonblind_options(arguments)
    if arguments.threads > 1:
        options = {**options, "workers": arguments.threads}
    deconvolve = _deconvolution(arguments.kernel, method)
    # A large picture is in single precision from the file to the result, which takes its place in memory.
    source = read_image(arguments.image, dtype="auto")
    picture = in_unit_range(source.pixels, range_of_pixels(arguments, source))
    _announce(report, picture.pixels, method, options)
    result = picture.restored(deconvolve(picture.pixels, options))
    write_image(arguments.output, for_output(arguments.output, result, picture.value_range, source), like=source)
    note = range_note(arguments, picture.value_range, source, arguments.output)
    notes, seconds = [] if note is None else [note], time.perf_counter() - begun
    if arguments.json:
        remarks = {"notes": notes, "warnings": list(warned)}
        record = common_record(arguments, result.shape, seconds, remarks)
        final_step = {"name": method or DEFAULT, "options": dict(options)}
        write_record(arguments.json, {**record, "kernel_input": arguments.kernel, "final_step": final_step})
    line = deconvolution_line(arguments.output, result.shape, seconds, arguments.kernel, method or DEFAULT)
    return notes, line


def _announce(report, pixels, method: str | None, options: dict) -> None:
    """Tell what begins; how long it takes is worth a measurement only where somebody would wait for it."""
    from pydeblur.nonblind.options import DEFAULT
    from pydeblur.preprocess.region import is_large
    from pydeblur.progress.final_step import final_step_seconds

    if report is None:
        return
    name = method or DEFAULT
    is_long = is_large(pixels.shape)
    report.final_step(name, final_step_seconds(pixels, 15, method, options, pixels.dtype.name) if is_long else None)


def _deconvolution(path: str, method: str | None) -> Callable:
    """A function of an image in [0, 1] and of the final step's options, with the kernel or the blur of a file."""
    from pydeblur.files import read_kernel
    from pydeblur.nonblind import deconvolve
    from pydeblur.nonuniform import deconvolve_nonuniform, read_blur
    from pydeblur.nonuniform.local_blur import check_same_shape
    from pydeblur.nonuniform.plan import check_nonuniform_step
    from pydeblur.nonuniform.single_kernel import kernel_of_grid
    from pydeblur.preprocess.region import is_large

    def by_kernel(image, options):
        out = image if is_large(image.shape) else None
        return deconvolve(image, kernel, method, value_range="full", out=out, **options)

    if PurePath(path).suffix.lower() != ".npz":
        kernel = read_kernel(path)
        return by_kernel
    blur = read_blur(path)
    kernel = kernel_of_grid(blur)
    if kernel is None:
        check_nonuniform_step(method)

    def by_blur(image, options):
        check_same_shape(blur, image.shape)
        return deconvolve_nonuniform(image, blur, method, **options) if kernel is None else by_kernel(image, options)

    return by_blur
