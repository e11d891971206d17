"""CPU seconds of blind_deconv with the gradient prior, next to matlab_ref in GNU Octave, in one run.

    python benchmarks/solver_speed.py [--repeat 3] [--skip-octave]

Images: scikit-image's, blurred by our own random-trajectory kernels with 1 % noise. Prints a Markdown table of medians and
of the ratio Octave / Python; every process is held to one thread, and Octave's start-up is not counted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402
from scipy.io import loadmat, savemat  # noqa: E402
from skimage import data, transform  # noqa: E402

import pydeblur  # noqa: E402
from pydeblur.training.kernels import random_kernel  # noqa: E402
from pydeblur.training.synthesis import blur  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SIZES = ((255, 25), (800, 41))


def blurred_image(side: int, kernel_size: int) -> np.ndarray:
    """A blurred image (side, side); not rounded to 8 bits, whose ties let the last bit of an FFT change the kernel."""
    sharp = transform.resize(data.camera()[:304, :304] / 255.0, (side, side), anti_aliasing=True)
    kernel = random_kernel(int(kernel_size * 0.8) // 2 * 2 + 1, np.random.default_rng(1))
    return blur(sharp, kernel, rng=2, quantize=False).astype(np.float64)


def python_seconds(image: np.ndarray, kernel_size: int, **options) -> tuple[float, np.ndarray]:
    """CPU seconds of one run, and its kernel."""
    started = time.process_time()
    kernel = pydeblur.estimate_kernel(image, kernel_size, **options).kernel
    return time.process_time() - started, kernel


def octave_seconds(image: np.ndarray, kernel_size: int) -> tuple[float, np.ndarray]:
    """The same in Octave."""
    with tempfile.TemporaryDirectory() as folder:
        savemat(f"{folder}/in.mat", {"y": image, "n": float(kernel_size)})
        code = (
            f"addpath('{ROOT}/matlab_ref'); setup_path(); load('{folder}/in.mat');"
            "opts = struct('kernel_size', n, 'xk_iter', 5, 'gamma_correct', 1, 'k_thresh', 20);"
            "t = cputime(); k = blind_deconv(y, 0, 4e-3, opts); s = cputime() - t;"
            f"save('-v7', '{folder}/out.mat', 'k', 's');"
        )
        subprocess.run(["octave", "--no-gui", "--norc", "--quiet", "--eval", code], check=True, capture_output=True)
        result = loadmat(f"{folder}/out.mat")
    return result["s"].item(), result["k"]


def main():
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip-octave", action="store_true")
    arguments = parser.parse_args()
    # As Octave's start-up, importing what is imported late is not counted.
    python_seconds(blurred_image(64, 9), 9)
    print("| image | kernel | pydeblur float64 | pydeblur float32 | Octave | Octave / float64 | kernels differ by |")
    print("|---|---|---|---|---|---|---|")
    for side, kernel_size in SIZES:
        image = blurred_image(side, kernel_size)
        double, single, octave = [], [], []
        difference = float("nan")
        for _ in range(arguments.repeat):
            seconds, kernel = python_seconds(image, kernel_size)
            double.append(seconds)
            single.append(python_seconds(image, kernel_size, dtype="float32")[0])
            if not arguments.skip_octave:
                seconds, reference = octave_seconds(image, kernel_size)
                octave.append(seconds)
                difference = np.abs(kernel - reference).max() / reference.max()
        theirs = median(octave) if octave else float("nan")
        print(
            f"| {side}² | {kernel_size} | {median(double):.2f} s | {median(single):.2f} s | {theirs:.2f} s "
            f"| {theirs / median(double):.2f} | {difference:.1e} |"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
