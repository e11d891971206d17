"""``pydeblur deconv``: image and kernel in, sharp image out."""

from __future__ import annotations

import argparse

from pydeblur.cli.outputs import check_outputs
from pydeblur.cli.solver_arguments import add_nonblind_arguments, nonblind_method, nonblind_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("image", metavar="IN", help="blurred image: PNG, JPEG, TIFF")
    parser.add_argument("kernel", metavar="K", help="kernel file: .tif, .npy, .mat or .png")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="sharp image; keeps depth, size and alpha")
    add_nonblind_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="accepted for symmetry: this command prints nothing")


def run(arguments: argparse.Namespace) -> None:
    """Deblur one image with its kernel."""
    from pydeblur.files import read_image, read_kernel, write_image
    from pydeblur.nonblind import deconvolve

    check_outputs([arguments.image, arguments.kernel], image=arguments.output)
    source = read_image(arguments.image)
    kernel = read_kernel(arguments.kernel)
    result = deconvolve(source.pixels, kernel, nonblind_method(arguments), **nonblind_options(arguments))
    write_image(arguments.output, result, like=source)
