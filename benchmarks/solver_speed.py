"""CPU seconds of blind_deconv, next to matlab_ref in GNU Octave, in one run.

    python benchmarks/solver_speed.py [--repeat 3] [--skip-octave]                              # the gradient prior
    python benchmarks/solver_speed.py --weights classifier-compact --sizes 96:9 --repeat 1      # the preset "faithful"

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
from pydeblur.priors.classifier.weights_file import read_weights  # noqa: E402
from pydeblur.synthesis.blur import blur  # noqa: E402
from pydeblur.synthesis.kernels import random_kernel  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SIZES = ((255, 25), (800, 41))


def blurred_image(side: int, kernel_size: int) -> np.ndarray:
    """A blurred image (side, side); not rounded to 8 bits, whose ties let the last bit of an FFT change the kernel."""
    sharp = transform.resize(data.camera()[:304, :304] / 255.0, (side, side), anti_aliasing=True)
    kernel = random_kernel(int(kernel_size * 0.8) // 2 * 2 + 1, np.random.default_rng(1))
    return blur(sharp, kernel, rng=2, quantize=False).astype(np.float64)


def python_seconds(image: np.ndarray, kernel_size: int, weights, **options) -> tuple[float, np.ndarray]:
    """CPU seconds of one run, and its kernel."""
    if weights is None:
        options["prior"] = "gradient"
    else:
        options |= {"preset": "faithful", "prior_options": {"weights": weights, "threads": 1}}
    started = time.process_time()
    kernel = pydeblur.estimate_kernel(image, kernel_size, **options).kernel
    return time.process_time() - started, kernel


def octave_seconds(image: np.ndarray, kernel_size: int, weights) -> tuple[float, np.ndarray]:
    """The same in Octave."""
    given = {"kernel_size": float(kernel_size), "xk_iter": 5.0, "gamma_correct": 1.0, "k_thresh": 20.0}
    lambda_pixel = 0.0
    if weights is not None:
        lambda_pixel = 4e-3
        given |= {"prior": "classifier", "form": "probability", "classifier": _matlab_parameters(read_weights(weights))}
    with tempfile.TemporaryDirectory() as folder:
        savemat(f"{folder}/in.mat", {"y": image, "opts": given, "lambda_pixel": lambda_pixel})
        code = (
            f"addpath('{ROOT}/matlab_ref'); setup_path(); load('{folder}/in.mat');"
            "t = cputime(); k = blind_deconv(y, lambda_pixel, 4e-3, opts); s = cputime() - t;"
            f"save('-v7', '{folder}/out.mat', 'k', 's');"
        )
        subprocess.run(["octave", "--no-gui", "--norc", "--quiet", "--eval", code], check=True, capture_output=True)
        result = loadmat(f"{folder}/out.mat")
    return result["s"].item(), result["k"]


def _matlab_parameters(weights) -> dict:
    """A network as matlab_ref's classifier_forward takes it."""
    parameters = {name.replace(".", "_"): value.astype(float) for name, value in weights.parameters.items()}
    return {**parameters, "pool_after": np.array(weights.architecture.pool_after, float)}


def _size(text: str) -> tuple[int, int]:
    side, kernel_size = map(int, text.split(":"))
    return side, kernel_size


def main():
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip-octave", action="store_true")
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="SIDE:KERNEL")
    parser.add_argument("--weights", help="of the classifier as prior (default: the gradient prior)")
    arguments = parser.parse_args()
    weights = arguments.weights
    # As Octave's start-up, importing what is imported late and compiling Numba's loops are not counted.
    for dtype in ("float64", "float32"):
        python_seconds(blurred_image(64, 9), 9, weights, iterations=1, dtype=dtype)
    print("| image | kernel | pydeblur float64 | pydeblur float32 | Octave | Octave / float64 | kernels differ by |")
    print("|---|---|---|---|---|---|---|")
    for side, kernel_size in arguments.sizes:
        image = blurred_image(side, kernel_size)
        double, single, octave = [], [], []
        difference = float("nan")
        for _ in range(arguments.repeat):
            seconds, kernel = python_seconds(image, kernel_size, weights)
            double.append(seconds)
            single.append(python_seconds(image, kernel_size, weights, dtype="float32")[0])
            if not arguments.skip_octave:
                seconds, reference = octave_seconds(image, kernel_size, weights)
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
