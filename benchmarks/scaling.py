"""How cost grows with the pixels and with the kernel's size, for the kernel estimation and for the final step.

    python benchmarks/scaling.py [--sides 255 512 1024] [--kernels 13 51 151] [--stages kernel ringing] [--restart]

Two rows of measurements: square images of the given sides with a kernel of 25, and an image of 512² with kernels of the
given sizes. Stages: ``kernel``, the estimation with the gradient prior on a grey image; and any final step by its name
(``ringing``, ``tv``, ``l0``, ``whyte``) on a colour image with its true kernel. Each measurement is made in a process of
its own, on one thread, which reports CPU and wall seconds of the call alone and the process's peak memory: also what
Python and the packages take, about 0.1 GB.

What is measured is kept in docs/figures/scaling.json, so that a run that was stopped goes on and parts can be
measured one by one; ``--restart`` measures the chosen ones anew. Prints a Markdown table and draws
docs/figures/scaling.png (log-log, with a guide for n log n). Needs scikit-image and matplotlib.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
REPOSITORY = Path(__file__).resolve().parents[1]
FIXED_SIDE, FIXED_KERNEL = 512, 25
STAGES = ("kernel", "ringing", "tv", "l0", "whyte")
MEASURES = {"cpu": "CPU seconds", "wall": "wall seconds", "peak": "peak memory, GB"}


def blurred_image(side, kernel, channels):
    """(side, side[, channels]): scikit-image's astronaut, mirrored on and on, blurred, with 1 % noise."""
    import numpy as np
    from scipy.signal import fftconvolve
    from skimage import data

    sharp = data.astronaut() / 255
    whole = side + kernel.shape[0] - 1
    missing = [(0, max(whole - length, 0)) for length in sharp.shape[:2]]
    sharp = np.pad(sharp, [*missing, (0, 0)], mode="symmetric")[:whole, :whole]
    rng = np.random.default_rng(0)
    planes = [fftconvolve(sharp[..., channel], kernel, "valid") for channel in range(channels)]
    image = np.stack(planes, axis=-1) + 0.01 * rng.standard_normal((side, side, channels))
    return np.clip(image, 0, 1)


def measure(stage, side, kernel_size):
    """One measurement in this process: a dict with the keys of MEASURES."""
    import pydeblur
    from pydeblur.synthesis.kernels import random_kernel

    kernel = random_kernel(kernel_size, 1)
    image = blurred_image(side, kernel, 1 if stage == "kernel" else 3)
    cpu, wall = time.process_time(), time.perf_counter()
    if stage == "kernel":
        pydeblur.estimate_kernel(image[..., 0], kernel_size, prior="gradient")
    else:
        pydeblur.deconvolve(image, kernel, stage)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return {"cpu": cpu, "wall": wall, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9}


def measured_apart(stage, side, kernel_size):
    """The same in a process of its own."""
    words = [sys.executable, __file__, "--one", stage, str(side), str(kernel_size)]
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
    return json.loads(subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def wanted_cases(arguments):
    """(stage, side, kernel size), the cheap ones first."""
    sizes = {(side, FIXED_KERNEL) for side in arguments.sides} | {(FIXED_SIDE, size) for size in arguments.kernels}
    return [(stage, *size) for size in sorted(sizes) for stage in arguments.stages]


def read_records(path):
    """{(stage, side, kernel size): figures}, empty where nothing was measured yet."""
    if not path.exists():
        return {}
    return {(row["stage"], row["side"], row["kernel_size"]): row for row in json.loads(path.read_text())}


def write_records(path, records):
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps([records[case] for case in sorted(records)], indent=1) + "\n")
    unfinished.replace(path)


def table(records):
    """All records in Markdown."""
    lines = ["| stage | image | kernel | CPU, s | wall, s | peak memory, GB |", "|---|---|---|---|---|---|"]
    for (stage, side, size), row in sorted(records.items()):
        lines.append(f"| {stage} | {side}² | {size} | {row['cpu']:.2f} | {row['wall']:.2f} | {row['peak']:.2f} |")
    return "\n".join(lines)


def draw(records, path):
    """CPU seconds and peak memory over pixels (left) and over the kernel's size (right)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 7), layout="constrained")
    for stage in sorted({case[0] for case in records}):
        by_pixels = sorted((s**2, row) for (name, s, k), row in records.items() if (name, k) == (stage, FIXED_KERNEL))
        by_kernel = sorted((k, row) for (name, s, k), row in records.items() if (name, s) == (stage, FIXED_SIDE))
        for column, rows in enumerate((by_pixels, by_kernel)):
            for line, name in enumerate(("cpu", "peak")):
                axes[line, column].loglog([x for x, _ in rows], [row[name] for _, row in rows], "o-", label=stage)
        if by_pixels:
            draw_guide(axes[0, 0], [x for x, _ in by_pixels], by_pixels[0][1]["cpu"])
    for line, measure_name in enumerate(("cpu", "peak")):
        for column, label in enumerate((f"pixels (kernel {FIXED_KERNEL})", f"kernel size (image {FIXED_SIDE}²)")):
            axes[line, column].set(xlabel=label, ylabel=MEASURES[measure_name])
            axes[line, column].grid(True, which="both", alpha=0.3)
        # Less than two decades: powers of ten would leave one tick, and minor ticks' labels run into each other.
        sizes = sorted({size for _, side, size in records if side == FIXED_SIDE})
        axes[line, 1].set_xticks(sizes, [str(size) for size in sizes])
        axes[line, 1].set_xticks([], minor=True)
    axes[0, 0].legend()
    figure.savefig(path, dpi=120)


def draw_guide(axis, pixels, start):
    """n log n through the first point."""
    import numpy as np

    pixels = np.array(pixels, float)
    growth = pixels * np.log(pixels)
    axis.loglog(pixels, start * growth / growth[0], "k:", linewidth=1)
    axis.annotate("n log n", (pixels[-1], start * growth[-1] / growth[0]), fontsize=8, ha="right", va="bottom")


def main():
    """Measure what is missing, print the table, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="*", default=[255, 362, 512, 724, 1024, 1448, 2048])
    parser.add_argument("--kernels", type=int, nargs="*", default=[13, 25, 51, 75, 101, 151])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=["kernel", "ringing"])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "figures", help="default: docs/figures")
    parser.add_argument("--restart", action="store_true", help="measure again what was measured before")
    parser.add_argument("--one", nargs=3, metavar=("STAGE", "SIDE", "KERNEL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        stage, side, size = arguments.one
        print(json.dumps(measure(stage, int(side), int(size))))
        return
    path = arguments.out / "scaling.json"
    records = read_records(path)
    for case in wanted_cases(arguments):
        if arguments.restart or case not in records:
            print(*case, file=sys.stderr, flush=True)
            records[case] = {**dict(zip(("stage", "side", "kernel_size"), case)), **measured_apart(*case)}
            write_records(path, records)
    print(table(records))
    draw(records, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
