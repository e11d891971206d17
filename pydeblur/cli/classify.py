"""``pydeblur classify``: how blurred the classifier takes an image to be."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli.value_range import add_range_argument, range_note, range_of_pixels
from pydeblur.errors import InvalidOptionError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG or TIFF")
    parser.add_argument(
        "--weights", default="classifier-paper", metavar="W", help="name or ONNX file (default: %(default)s)"
    )
    parser.add_argument("--backend", choices=("onnxruntime", "torch", "numpy"), default="onnxruntime")
    parser.add_argument("--device", choices=("cpu", "cuda", "auto"), default="cpu")
    add_range_argument(parser)
    parser.add_argument("--activation-map", metavar="PNG", help="write the last convolution's map (one image only)")


#: What the first line of the output says of the others.
MEANING = "# probability that the picture is blurred, by {weights}: 0 is sharp, 1 is blurred, 0.5 is undecided"


def run(arguments: argparse.Namespace) -> None:
    """Print for each picture the probability that it is blurred, and first of all that this is what it is."""
    from pydeblur.files import read_image, write_image
    from pydeblur.matlab import im2double
    from pydeblur.preprocess.grey import grey_image
    from pydeblur.preprocess.value_range import in_unit_range
    from pydeblur.priors import load_prior
    from pydeblur.priors.classifier.activation import activation_picture

    if arguments.activation_map and len(arguments.images) > 1:
        raise InvalidOptionError("--activation-map takes one image only")
    prior = load_prior("classifier", weights=arguments.weights, backend=arguments.backend, device=arguments.device)
    for number, path in enumerate(arguments.images):
        source = read_image(path)
        picture = in_unit_range(source.pixels, range_of_pixels(arguments, source))
        note = range_note(arguments, picture.value_range, source)
        if note is not None:
            print(f"pydeblur classify: {path}: {note}", file=sys.stderr)
        grey = grey_image(picture.pixels)
        score = prior.score(grey)
        if number == 0:
            print(MEANING.format(weights=arguments.weights))
        print(f"{score:.6f}  {path}", flush=True)
        if arguments.activation_map:
            picture = activation_picture(prior.activation_map(grey), grey.shape)
            write_image(arguments.activation_map, im2double(picture))
