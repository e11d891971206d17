"""How many pictures a batch deblurs in a time, with processes and with a Dask cluster of this machine, and what that costs.

    python benchmarks/batch_throughput.py                   # 60 pictures of 255 x 255, 1 and 2 jobs, by processes and by Dask
    python benchmarks/batch_throughput.py --pictures 12 --side 128 --rounds 1

Whole commands are measured, in turns, on one thread for each job: the time by the clock, and the processor seconds of the
command and all its processes. What does not grow with the number of pictures (starting processes, importing libraries) is told
apart by a second batch of as many pictures as there are jobs.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import convolve
from skimage import data

from pydeblur.files import write_image
from pydeblur.synthesis.kernels import random_kernel

#: Name to the flags that say who computes.
WAYS = {"processes": [], "Dask local": ["--scheduler", "local"]}


class Cost(NamedTuple):
    """Seconds of a command: by the clock, and of processors."""

    wall: float
    cpu: float


def write_pictures(folder: Path, count: int, side: int) -> None:
    """Crops of a photograph, each blurred by a camera shake of its own."""
    photograph = data.camera() / 255.0
    rng = np.random.default_rng(12)
    for number in range(count):
        top, left = rng.integers(0, 512 - side + 1, 2)
        blurred = convolve(photograph[top : top + side, left : left + side], random_kernel(13, rng), mode="nearest")
        write_image(folder / f"{number:03d}.png", np.clip(blurred + rng.normal(0, 0.005, blurred.shape), 0, 1))


def cost_of(pictures: list[Path], flags: list[str]) -> Cost:
    """Deblur pictures by one command."""
    with tempfile.TemporaryDirectory() as out:
        words = ["batch", *map(str, pictures), "-o", out, "--kernel-size", "15", "--threads", "1", "--quiet", *flags]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "pydeblur", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def median(costs: list[Cost]) -> Cost:
    """The medians of both times."""
    return Cost(*(statistics.median(times) for times in zip(*costs)))


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--side", type=int, default=255)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--preset", default="best")
    arguments = parser.parse_args()
    costs: dict[tuple[int, str, bool], list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder), arguments.pictures, arguments.side)
        pictures = sorted(Path(folder).iterdir())
        for _ in range(arguments.rounds):
            for jobs in arguments.jobs:
                for is_whole in (False, True):
                    for way, flags in WAYS.items():
                        some = pictures if is_whole else pictures[: max(jobs, 2)]
                        words = [*flags, "--jobs", str(jobs), "--preset", arguments.preset]
                        costs.setdefault((jobs, way, is_whole), []).append(cost_of(some, words))
    print("| jobs | by | pictures a minute | processor s, all | more than processes | processor s a picture | more |")
    print("|---|---|---|---|---|---|---|")
    for jobs in arguments.jobs:
        usual: tuple[float, float] | None = None
        for way in WAYS:
            few, whole = median(costs[jobs, way, False]), median(costs[jobs, way, True])
            each = (whole.cpu - few.cpu) / (arguments.pictures - max(jobs, 2))
            usual = usual or (whole.cpu, each)
            more = [f"{100 * (one / other - 1):+.1f} %" for one, other in zip((whole.cpu, each), usual)]
            rate = 60 * arguments.pictures / whole.wall
            print(f"| {jobs} | {way} | {rate:.1f} | {whole.cpu:.1f} | {more[0]} | {each:.3f} | {more[1]} |")


if __name__ == "__main__":
    main()
