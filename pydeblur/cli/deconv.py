"""``pydeblur deconv``: image and kernel in, sharp image out."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli.solver_arguments import add_nonblind_arguments, nonblind_method, nonblind_options
from pydeblur.cli.value_range import add_range_argument, for_output, range_note, range_of_pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument("kernel", metavar="K", help="kernel file: .tif, .npy, .mat or .png")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="sharp image; keeps depth, size and alpha")
    add_nonblind_arguments(parser)
    add_range_argument(parser)
    parser.add_argument("--quiet", action="store_true", help="do not say which value range was found")


def run(arguments: argparse.Namespace) -> None:
    """Deblur one image with its kernel."""
    from pydeblur.files import read_image, read_kernel, write_image
    from pydeblur.nonblind import deconvolve
    from pydeblur.preprocess.value_range import in_unit_range

    source = read_image(arguments.image)
    kernel = read_kernel(arguments.kernel)
    picture = in_unit_range(source.pixels, range_of_pixels(arguments, source))
    method, options = nonblind_method(arguments), nonblind_options(arguments)
    result = picture.restored(deconvolve(picture.pixels, kernel, method, value_range="full", **options))
    write_image(arguments.output, for_output(arguments.output, result, picture.value_range, source), like=source)
    note = range_note(arguments, picture.value_range, source, arguments.output)
    if note is not None and not arguments.quiet:
        print(f"pydeblur deconv: {note}", file=sys.stderr)
