"""``pydeblur synth``: a picture of random kernels and of the pairs that training sees, or pictures of known camera shake."""

from __future__ import annotations

import argparse
import os
from argparse import ArgumentTypeError

from pydeblur.cli.argument_types import add_option_flag, count, of_kind
from pydeblur.cli.outputs import check_outputs, files_read
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.options import NOT_NEGATIVE, NOT_NEGATIVE_COUNT, option_infos, shown, text_like

#: Room for a crop and the largest kernel around it.
_SMALLEST_SIDE = 192
_IMAGES = 24
_OF_SHAKES = ("image", "count", "roll", "size", "noise", "poses", "focal_length")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    from pydeblur.nonuniform.options import NonuniformOptions

    parser.add_argument("--data", nargs="+", metavar="FOLDER", help="folders of sharp images")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="a PNG file; with --nonuniform a folder, made if missing"
    )
    parser.add_argument("--seed", type=of_kind(NOT_NEGATIVE_COUNT), default=0, metavar="N", help="default: %(default)s")
    group = parser.add_argument_group("pictures shaken by a camera that turns, with their truth")
    group.add_argument(
        "--nonuniform",
        action="store_true",
        help="write NAME_blurred.png, NAME_sharp.png and NAME_blur.npz, in grey and without the border of the scene",
    )
    group.add_argument(
        "--image",
        nargs="+",
        metavar="FILE",
        help="sharp pictures (default: those of --data, else six that come with scikit-image)",
    )
    group.add_argument("--count", type=count, metavar="N", help="shakes of each picture (default: 1)")
    group.add_argument("--roll", type=interval, metavar="LOW,HIGH", help="largest roll in degrees (default: 1,2.5)")
    group.add_argument(
        "--size", type=interval, metavar="LOW,HIGH", help="largest blur at a corner in pixels (default: 9,30)"
    )
    group.add_argument("--noise", type=of_kind(NOT_NEGATIVE), metavar="S", help="standard deviation (default: 0.01)")
    infos = option_infos(NonuniformOptions)
    add_option_flag(group, "poses", infos["poses"], "rotations")
    add_option_flag(group, "focal_length", infos["focal_length"], "the longer side")


def interval(text: str) -> tuple[float, float]:
    """Two numbers, the first at least 0 and no larger than the second."""
    pair = text_like(r"\s*\d+(\.\d*)?\s*,\s*\d+(\.\d*)?\s*", "LOW,HIGH")
    low, high = (float(number) for number in str(of_kind(pair)(text)).split(","))
    if low > high:
        raise ArgumentTypeError(f"it should be LOW,HIGH with LOW ≤ HIGH, but is {shown(text)}")
    return low, high


def run(arguments: argparse.Namespace) -> None:
    """Draw it, or write the pictures."""
    if arguments.nonuniform:
        _write_shakes(arguments)
        return
    for name in _OF_SHAKES:
        if getattr(arguments, name) is not None:
            raise InvalidOptionError(f"--{name.replace('_', '-')} belongs to --nonuniform")
    if arguments.data is None:
        raise InvalidOptionError("--data should name folders of sharp images, unless --nonuniform is given")
    _write_sheet(arguments)


def _write_sheet(arguments: argparse.Namespace) -> None:
    from pydeblur.datasets.photographs import find_images, load_compact
    from pydeblur.training.classifier.sheet import write_sheet

    paths = find_images(arguments.data)
    images = load_compact(paths[:: max(len(paths) // _IMAGES, 1)])
    images = [image for image in images if min(image.shape) >= _SMALLEST_SIDE]
    if not images:
        raise InvalidInputError(f"--data should hold images of at least {_SMALLEST_SIDE} pixels on their shorter side")
    write_sheet(arguments.output, images, seed=arguments.seed)


def _write_shakes(arguments: argparse.Namespace) -> None:
    """Every picture of every shake, one after the other; the k-th has the seed N + k."""
    from pydeblur.files import make_folder, write_image
    from pydeblur.nonuniform import PoseBlur, write_blur
    from pydeblur.nonuniform.shake import drawn_shake, shaken_case

    scenes = _scenes(arguments)
    shakes = arguments.count or 1
    names = [name if shakes == 1 else f"{name}_{number + 1}" for name in scenes for number in range(shakes)]
    options = _shake_options(arguments)
    repeated = (load for load in scenes.values() for _ in range(shakes))
    cases = list(enumerate(repeated, arguments.seed))
    # Every picture is read and every shake drawn before the first result is written.
    without_noise = {name: value for name, value in options.items() if name != "noise"}
    for seed, load in cases:
        drawn_shake(load().shape, seed, **without_noise)
    folder = make_folder(arguments.output)
    outputs = [{what: os.path.join(folder, f"{name}_{what}") for what in _OUTPUTS} for name in names]
    _check_outputs(arguments, outputs)
    for (seed, load), paths in zip(cases, outputs):
        case = shaken_case(load(), seed, **options)
        write_image(paths["blurred.png"], case.blurred)
        write_image(paths["sharp.png"], case.sharp)
        write_blur(paths["blur.npz"], PoseBlur(case.poses, case.weights))
        print(f"{paths['blurred.png']}: {case.extent:.0f} pixels at the corners, --kernel-size {case.kernel_size}")


_OUTPUTS = ("blurred.png", "sharp.png", "blur.npz")


def _scenes(arguments: argparse.Namespace) -> dict:
    """Functions that load the sharp scenes, by the names that the outputs begin with."""
    from pydeblur.datasets.packaged_images import packaged_image
    from pydeblur.datasets.photographs import find_images
    from pydeblur.files import read_image
    from pydeblur.preprocess.grey import grey_image

    if arguments.image is not None and arguments.data is not None:
        raise InvalidOptionError("--image and --data should not both be given")
    if arguments.image is None and arguments.data is None:
        return {name: lambda name=name: packaged_image(name) for name in _PACKAGED}
    paths = [str(path) for path in (arguments.image or find_images(arguments.data))]
    scenes: dict = {}
    for path in paths:
        name = os.path.splitext(os.path.basename(path))[0]
        if name in scenes:
            raise InvalidInputError(f"two pictures are named {name}: their results would overwrite each other")
        scenes[name] = lambda path=path: grey_image(read_image(path).pixels)
    return scenes


_PACKAGED = ("camera", "astronaut", "coffee", "chelsea", "rocket", "coins")


def _check_outputs(arguments: argparse.Namespace, outputs: list[dict]) -> None:
    read = files_read("synth", arguments)
    for paths in outputs:
        check_outputs(
            read, image=paths["blurred.png"], kernel=paths["blur.npz"], pictures=[paths["sharp.png"]], nonuniform=True
        )


def _shake_options(arguments: argparse.Namespace) -> dict:
    """The given arguments of :func:`pydeblur.nonuniform.shake.shaken_case`."""
    names = {"roll": "roll", "size": "extent", "noise": "noise", "poses": "model", "focal_length": "focal_length"}
    given = {theirs: getattr(arguments, own) for own, theirs in names.items()}
    return {name: value for name, value in given.items() if value is not None}
