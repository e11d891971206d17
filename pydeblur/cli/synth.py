"""``pydeblur synth``: a picture of random kernels and of the pairs that training sees."""

from __future__ import annotations

import argparse

from pydeblur.cli.argument_types import of_kind
from pydeblur.errors import InvalidInputError
from pydeblur.options import NOT_NEGATIVE_COUNT

#: Room for a crop and the largest kernel around it.
_SMALLEST_SIDE = 192
_IMAGES = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="folders of sharp images")
    parser.add_argument("-o", "--output", required=True, metavar="PNG")
    parser.add_argument("--seed", type=of_kind(NOT_NEGATIVE_COUNT), default=0, metavar="N", help="default: %(default)s")


def run(arguments: argparse.Namespace) -> None:
    """Draw it."""
    from pydeblur.datasets.photographs import find_images, load_compact
    from pydeblur.training.classifier.sheet import write_sheet

    paths = find_images(arguments.data)
    images = load_compact(paths[:: max(len(paths) // _IMAGES, 1)])
    images = [image for image in images if min(image.shape) >= _SMALLEST_SIDE]
    if not images:
        raise InvalidInputError(f"--data should hold images of at least {_SMALLEST_SIDE} pixels on their shorter side")
    write_sheet(arguments.output, images, seed=arguments.seed)
