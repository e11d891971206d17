"""CPU seconds of the default's kernel, with this working tree and with a git revision, in turns.

    python benchmarks/default_speed.py REV [--repeat 3] [--sizes 255:25 800:41]

The image is scikit-image's, blurred by a random-trajectory kernel of our own with 1 % noise. Every measurement is a process
of its own on one thread, which has estimated kernels before, so that what is imported and compiled does not count. The two
take turns, each the first in every second round. Prints a Markdown table of medians and of their quotient. Needs
scikit-image.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SIZES = ((255, 25), (800, 41))


def blurred_image(side: int, kernel_size: int) -> np.ndarray:
    """A blurred image (side, side); not rounded to 8 bits."""
    from scipy.signal import fftconvolve
    from skimage import data, transform

    from pydeblur.synthesis.kernels import random_kernel

    kernel = random_kernel(int(kernel_size * 0.8) // 2 * 2 + 1, np.random.default_rng(1))
    shape = (side + len(kernel) - 1,) * 2
    sharp = transform.resize(data.camera()[:304, :304] / 255.0, shape, anti_aliasing=True)
    blurred = fftconvolve(sharp, kernel, mode="valid")
    return blurred + 0.01 * np.random.default_rng(2).standard_normal(blurred.shape)


def measured_here(side: int, kernel_size: int) -> float:
    """CPU seconds of the kernel by the package that this process imports."""
    import pydeblur

    warnings.simplefilter("ignore")  # a kernel that is not found takes as long as one that is
    # Wide kernels have runs with other priors. Numba is imported once there is enough to be done.
    for before in ((255, 25), (160, 41)):
        pydeblur.estimate_kernel(blurred_image(*before), before[1])
    image = blurred_image(side, kernel_size)
    started = time.process_time()
    pydeblur.estimate_kernel(image, kernel_size)
    return time.process_time() - started


def measured_in(folder: Path, side: int, kernel_size: int) -> float:
    """The same by the package in a folder, in a process of its own."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(folder)}
    words = [sys.executable, str(Path(__file__).resolve()), "--run-here", "--sizes", f"{side}:{kernel_size}"]
    process = subprocess.run(words, env=environment, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return float(process.stdout)


def compare(former: Path, sizes, repeat: int) -> None:
    """Measure and print the table."""
    print("| image | kernel | revision | this tree | this tree / revision |")
    print("|---|---|---|---|---|")
    for side, kernel_size in sizes:
        seconds: dict[Path, list[float]] = {former: [], REPOSITORY: []}
        for number in range(repeat):
            for folder in list(seconds)[:: 1 if number % 2 == 0 else -1]:
                seconds[folder].append(measured_in(folder, side, kernel_size))
        theirs, ours = median(seconds[former]), median(seconds[REPOSITORY])
        print(f"| {side}² | {kernel_size} | {theirs:.2f} s | {ours:.2f} s | {ours / theirs:.2f} |", flush=True)


def _size(text: str) -> tuple[int, int]:
    side, kernel_size = map(int, text.split(":"))
    return side, kernel_size


def main() -> None:
    """Check out the revision and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", nargs="?", default="HEAD", help="git revision to compare with (default: HEAD)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="SIDE:KERNEL")
    parser.add_argument("--run-here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run_here:
        print(measured_here(*arguments.sizes[0]))
        return
    with tempfile.TemporaryDirectory() as folder:
        words = ["git", "archive", arguments.revision, "pydeblur", "weights"]
        archive = subprocess.run(words, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        compare(Path(folder), arguments.sizes, arguments.repeat)


if __name__ == "__main__":
    main()
