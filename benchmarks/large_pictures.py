"""Time, memory and seams of the final steps on large colour pictures.

    python benchmarks/large_pictures.py 24 100 --threads 1
    python benchmarks/large_pictures.py --seams 2
    python benchmarks/large_pictures.py --reach

The first form runs ``pydeblur deconv`` on JPEG files of so many megapixels, each in a process of its own, and prints wall
clock, processor seconds and the peak of the memory, reading and writing included. The second compares the tiles with the
whole picture at once, in double and in single precision, for pictures of which the whole fits into memory. The third shows
why the transforms are not made of tiles with an overlap: how far a window's border reaches into its result. The pictures
are made of those that come with scikit-image, blurred by a random camera shake of 31 pixels, with noise of 1/255.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from skimage import data

from pydeblur.files import write_image
from pydeblur.nonblind.methods import METHODS
from pydeblur.nonblind.tiles.steps import deconvolve_in_tiles
from pydeblur.synthesis.kernels import random_kernel

STEPS = ("tv", "hyper-laplacian", "ringing")
KERNEL = random_kernel(31, 2)
#: Options for the comparison; `hyper-laplacian` has the same weight for all channels.
OPTIONS = {"tv": {}, "ringing": {}, "hyper-laplacian": {"lambda_hl": 4e-4}}


def blurred_picture(megapixels: float, kernel: np.ndarray = KERNEL) -> np.ndarray:
    """A blurred colour picture (H, W, 3) float32 with sides of 2 to 3, in [0, 1]."""
    from scipy.signal import oaconvolve

    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    scene = np.concatenate([data.astronaut(), data.astronaut()[:, ::-1]], axis=1)
    scene = np.concatenate([scene, np.tile(data.coffee()[:400], (1, 2, 1))[:, : scene.shape[1]]])
    margin = len(kernel) - 1
    repeats = -(-(height + margin) // scene.shape[0]), -(-(width + margin) // scene.shape[1])
    rng = np.random.default_rng(0)
    picture = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        sharp = np.tile(scene[..., channel], repeats)[: height + margin, : width + margin].astype(np.float32)
        plane = oaconvolve(sharp, kernel.astype(np.float32), "valid") / 255
        plane += rng.standard_normal(plane.shape, np.float32) / 255
        picture[..., channel] = np.clip(np.rint(255 * plane), 0, 255) / 255
    return picture


#: The command, and its own peak in kB: what the system says of a child's counts its parent's memory before the start, too.
_COMMAND = """
import sys
from pydeblur.cli.main import main
status = main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(status)
"""


def measured(arguments: list[str]) -> tuple[float, float, float]:
    """Wall clock, processor seconds and peak memory in MB of a command of pydeblur (under Linux)."""
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _COMMAND, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    wall, after = time.perf_counter() - begun, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, processor, int(done.stdout.split()[-1]) * 1024 / 1e6


def print_costs(sizes: list[float], steps: list[str], threads: int) -> None:
    """The table of the whole command's costs."""
    print(
        "| megapixels | final step | wall clock, s | processor, s | peak memory, MB |\n|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder, "kernel.npy")
        np.save(kernel, KERNEL)
        for size in sizes:
            picture = Path(folder, f"{size:g}.jpg")
            write_image(picture, blurred_picture(size))
            for step in steps:
                command = ["deconv", str(picture), str(kernel), "--quiet"]
                command += ["-o", str(Path(folder, "sharp.jpg")), "--nonblind", step, "--threads", str(threads)]
                wall, processor, peak = measured(command)
                print(f"| {size:g} | {step} | {wall:.0f} | {processor:.1f} | {peak:.0f} |", flush=True)


def print_seams(megapixels: float) -> None:
    """The table of the differences between the tiles and the whole picture."""
    picture = blurred_picture(megapixels)
    print("| final step | precision | largest difference | share above 0.001 |\n|---|---|---|---|", flush=True)
    for step in STEPS:
        whole = METHODS[step](picture.astype(np.float64), KERNEL, **OPTIONS[step])
        for dtype in (np.float64, np.float32):
            tiled = deconvolve_in_tiles(picture.astype(dtype), KERNEL, step, OPTIONS[step])
            difference = np.abs(tiled - whole)
            share = np.mean(difference > 1e-3)
            print(f"| {step} | {np.dtype(dtype).name} | {difference.max():.1e} | {share:.1e} |", flush=True)


def print_reach() -> None:
    """The table of what is left of a window's border at some distances from it, by total variation."""
    distances = (32, 64, 128, 256)
    print("| kernel | " + " | ".join(f"{distance} pixels" for distance in distances) + " |", flush=True)
    print("|---" * (1 + len(distances)) + "|", flush=True)
    for size, seed in ((9, 0), (15, 1), (31, 2), (31, 1), (61, 3)):
        kernel = random_kernel(size, seed)
        whole = blurred_picture(1.6, kernel)[..., 0].astype(np.float64)
        place = np.s_[150:850, 300:1000]
        difference = np.abs(METHODS["tv"](whole[place].copy(), kernel) - METHODS["tv"](whole, kernel)[place])
        inner = [difference[distance:-distance, distance:-distance].max() for distance in distances]
        print(f"| {size}, seed {seed} | " + " | ".join(f"{each:.0e}" for each in inner) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("megapixels", type=float, nargs="*", default=[24, 100])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", nargs="+", choices=tuple(METHODS), default=STEPS)
    parser.add_argument("--seams", type=float, metavar="MEGAPIXELS", help="compare with the whole picture instead")
    parser.add_argument("--reach", action="store_true", help="show how far the border of a window reaches instead")
    arguments = parser.parse_args()
    if arguments.reach:
        print_reach()
    elif arguments.seams:
        print_seams(arguments.seams)
    else:
        print_costs(arguments.megapixels, arguments.steps, arguments.threads)


if __name__ == "__main__":
    main()
