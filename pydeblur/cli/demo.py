"""``pydeblur demo``: two pictures deblurred, with pictures of that to look at."""

from __future__ import annotations

import argparse
import os

from pydeblur.cli import progress
from pydeblur.cli.outputs import check_outputs, files_read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--out", default="demo_output", metavar="FOLDER", help="where to write (default: %(default)s)")
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Deblur the demo images and print the PSNR where the truth is known."""
    from pydeblur.api import deblur
    from pydeblur.datasets.demo_images import demo_images
    from pydeblur.evaluation.side_by_side import side_by_side
    from pydeblur.files import make_folder, write_image, write_kernel
    from pydeblur.metrics import aligned_psnr

    images, rows = demo_images(), []
    make_folder(arguments.out)
    overview = os.path.join(arguments.out, "side_by_side.png")
    names = [os.path.join(arguments.out, image.name) for image in images]
    pictures = [f"{name}_{what}.png" for name in names for what in ("blurred", "deblurred")]
    for path in (overview, *pictures):
        check_outputs(files_read("demo", arguments), image=path)
    for path in (f"{name}_kernel.{extension}" for name in names for extension in ("tif", "png")):
        check_outputs(files_read("demo", arguments), kernel=path)
    for image in images:
        result = deblur(image.blurred, image.kernel_size, progress=progress.wants_bar(arguments), **image.settings)
        rows.append((image.blurred, result.image, result.kernel, image.detail))
        path = os.path.join(arguments.out, image.name)
        write_image(f"{path}_blurred.png", image.blurred)
        write_image(f"{path}_deblurred.png", result.image)
        write_kernel(f"{path}_kernel.tif", result.kernel)
        write_kernel(f"{path}_kernel.png", result.kernel)
        if image.sharp is None:
            print(f"{image.name}: real blur, no ground truth; look at {path}_deblurred.png")
        else:
            before, after = (aligned_psnr(picture, image.sharp) for picture in (image.blurred, result.image))
            print(f"{image.name}: PSNR {before:.2f} dB blurred, {after:.2f} dB deblurred ({after - before:+.2f} dB)")
    write_image(overview, side_by_side(rows))
    print(f"pictures and kernels are in {arguments.out}")
