"""``--nonuniform`` and what belongs to it: the flags, what they mean for the Python face, and the files of a blur."""

from __future__ import annotations

import argparse
from pathlib import PurePath
from typing import TYPE_CHECKING

from pydeblur.cli.argument_types import add_option_flag
from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.options import option_infos

if TYPE_CHECKING:  # the command line's help has no need of NumPy
    from pydeblur.api import DeblurResult
    from pydeblur.estimators.protocol import KernelEstimate
    from pydeblur.files import ImageFile
    from pydeblur.nonuniform.local_blur import LocalBlur

#: The words of --nonuniform, and what they are for the Python face.
_MODES: dict[str, bool | str] = {"on": True, "off": False, "auto": "auto"}
_OF_POSES = ("poses", "focal_length", "pose_step")
_PICTURES = ("kernel_grid_out", "poses_out")


def add_nonuniform_arguments(parser: argparse.ArgumentParser, draws: bool = True) -> None:
    """``--nonuniform`` with the options of camera poses; `draws` says whether pictures of the blur can be asked for."""
    from pydeblur.nonuniform.options import NonuniformOptions

    group = parser.add_argument_group("blur that changes over the picture, by a camera that turned")
    group.add_argument(
        "--nonuniform",
        choices=tuple(_MODES),
        default="off",
        help="estimate the camera's poses instead of one kernel; auto estimates both and takes the poses only where the "
        "picture gets clearly better by them (default: off)",
    )
    hints = {"focal_length": "from the 35-mm equivalent in the EXIF data, else the longer side"}
    infos = option_infos(NonuniformOptions)
    for name in _OF_POSES:
        default = getattr(NonuniformOptions, name)
        add_option_flag(group, name, infos[name], hints.get(name, f"{default}"))
    if draws:
        group.add_argument(
            "--kernel-grid-out", metavar="PNG", help="also draw a grid of the local kernels over the picture"
        )
        group.add_argument("--poses-out", metavar="PNG", help="also draw the weights of the camera's poses")


def is_nonuniform(arguments: argparse.Namespace) -> bool:
    """Whether camera poses are estimated, alone or beside one kernel."""
    return getattr(arguments, "nonuniform", "off") in ("on", "auto")


def check_nonuniform(arguments: argparse.Namespace) -> None:
    """Refuse what belongs to camera poses where none are estimated.

    Raises
    ------
    InvalidOptionError
    """
    if is_nonuniform(arguments):
        return
    for name in (*_OF_POSES, *_PICTURES):
        if getattr(arguments, name, None) is not None:
            raise InvalidOptionError(f"--{name.replace('_', '-')} belongs to --nonuniform on or auto")


def nonuniform_choice(arguments: argparse.Namespace, source: ImageFile | None = None) -> dict:
    """The arguments of the Python face about non-uniform blur; the focal length may come from the file."""
    check_nonuniform(arguments)
    if not is_nonuniform(arguments):
        return {}
    step = {} if arguments.pose_step is None else {"pose_step": arguments.pose_step}
    focal_length = arguments.focal_length
    if focal_length is None and source is not None:
        focal_length = focal_length_of_file(source)
    return {
        "nonuniform": _MODES[arguments.nonuniform],
        "poses": arguments.poses,
        "focal_length": focal_length,
        "nonuniform_options": step,
    }


def focal_length_of_file(source: ImageFile) -> float | None:
    """The focal length in pixels that a file's EXIF data tell by the 35-mm equivalent; None where they do not."""
    from pydeblur.files.exif import focal_length_35mm
    from pydeblur.nonuniform import focal_length_from_35mm

    exif = None if source.metadata is None else source.metadata.exif
    equivalent = None if exif is None else focal_length_35mm(exif)
    return None if equivalent is None else focal_length_from_35mm(float(equivalent), source.pixels.shape)


def nonuniform_note(
    arguments: argparse.Namespace, result: DeblurResult | KernelEstimate, source: ImageFile
) -> str | None:
    """One sentence about what the picture has decided; None where it has decided nothing."""
    parts = [] if result.model_choice is None else [result.model_choice.reason]
    poses = None if result.nonuniform is None else result.nonuniform.blur.poses
    if poses is not None and poses.model == "rotations" and arguments.focal_length is None:
        origin = "assumed" if focal_length_of_file(source) is None else "from the EXIF data"
        parts.append(f"the focal length is {poses.focal_length:.0f} pixels, {origin} (--focal-length)")
    return "; ".join(parts) or None


def check_blur_file(path: str) -> None:
    """Check, before a long computation, a file for a blur that may be one kernel or not.

    Raises
    ------
    FileFormatError
        If it is neither a file of a blur (.npz) nor a picture (.png), or can't be written.
    """
    from pydeblur.files import check_image_output
    from pydeblur.nonuniform.blur_file import check_blur_output

    suffix = PurePath(path).suffix.lower()
    if suffix == ".png":
        check_image_output(path)
    elif suffix == ".npz":
        check_blur_output(path)
    else:
        raise FileFormatError(
            f"{path} can't hold a blur that changes over the picture: its extension should be .npz, or .png for a drawing"
        )


def write_blur_file(path: str, arguments: argparse.Namespace, result: DeblurResult | KernelEstimate, source) -> None:
    """Write what was estimated: one kernel as every other, camera poses as .npz or as a drawing.

    With --nonuniform auto one kernel, too, is written as .npz, as a grid of one.
    """
    if PurePath(path).suffix.lower() == ".npz" and is_nonuniform(arguments):
        from pydeblur.nonuniform import write_blur

        write_blur(path, _blur(result, source))
    elif result.nonuniform is not None:
        from pydeblur.files import write_image
        from pydeblur.nonuniform.drawing import draw_kernels

        write_image(path, draw_kernels(result.nonuniform.blur, _unit_pixels(result, source)))
    else:
        from pydeblur.files import write_kernel

        write_kernel(path, result.kernel)


def write_drawings(arguments: argparse.Namespace, result: DeblurResult | KernelEstimate, source: ImageFile) -> None:
    """Write the pictures of the blur that are asked for."""
    if not (arguments.kernel_grid_out or arguments.poses_out):
        return
    from pydeblur.files import write_image
    from pydeblur.nonuniform.drawing import draw_kernels, draw_poses
    from pydeblur.nonuniform.single_kernel import poses_of_kernel

    if arguments.kernel_grid_out:
        write_image(arguments.kernel_grid_out, draw_kernels(_blur(result, source), _unit_pixels(result, source)))
    if arguments.poses_out:
        found = result.nonuniform
        blur = poses_of_kernel(result.kernel, source.pixels.shape) if found is None else found.blur
        write_image(arguments.poses_out, draw_poses(blur))


def _blur(result, source) -> LocalBlur:
    from pydeblur.nonuniform.single_kernel import grid_of_kernel

    if result.nonuniform is not None:
        return result.nonuniform.blur
    return grid_of_kernel(result.kernel, source.pixels.shape)


def _unit_pixels(result, source):
    low, high = result.value_range
    return (source.pixels - low) / (high - low)
