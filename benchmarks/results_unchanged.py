"""Whether two states of the package give the same kernels and images, to the last bit.

    python benchmarks/results_unchanged.py REV             # this working tree against a git revision
    python benchmarks/results_unchanged.py REV --cases best-colour fast

A dozen fixed cases are deblurred by both: every preset, the plain priors, grey and colour images of several sizes, clipped
highlights, wide kernels, single precision, a part of the image and two workers. The revision is checked out into a temporary
folder; both run with the same Python, the same libraries and SciPy's Fourier transforms. Prints a line for each case, and
exits with 1 if one differs. Takes a few minutes. Needs scikit-image.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def trajectory_kernel(size: int, seed: int) -> np.ndarray:
    """A curved stroke of uneven brightness (size, size): made here, so that it does not depend on the package."""
    rng = np.random.default_rng(seed)
    turns = np.cumsum(0.06 * rng.standard_normal(400))
    path = np.cumsum(np.exp(1j * turns))
    path -= (path.real.min() + path.real.max()) / 2 + 1j * (path.imag.min() + path.imag.max()) / 2
    path *= (size - 3) / 2 / max(np.abs(path.real).max(), np.abs(path.imag).max())
    brightness = np.exp(np.cumsum(0.1 * rng.standard_normal(400)))
    kernel = np.zeros((size, size))
    for place, weight in zip(path + (size - 1) / 2 * (1 + 1j), brightness):
        row, column = int(place.imag), int(place.real)
        down, right = place.imag - row, place.real - column
        kernel[row, column] += (1 - down) * (1 - right) * weight
        kernel[row + 1, column] += down * (1 - right) * weight
        kernel[row, column + 1] += (1 - down) * right * weight
        kernel[row + 1, column + 1] += down * right * weight
    return kernel / kernel.sum()


def blurred_image(name: str, part, kernel_size: int, seed: int, noise: float = 0.01, gain: float = 1.0) -> np.ndarray:
    """Part of an image that scikit-image ships, blurred, in 8 bits; a gain above 1 clips its highlights after the blur."""
    from scipy.signal import fftconvolve
    from skimage import data

    sharp = getattr(data, name)()[part] / 255.0
    kernel = trajectory_kernel(kernel_size, seed)
    planes = sharp[..., None] if sharp.ndim == 2 else sharp
    if gain > 1:
        planes = np.where(planes >= np.quantile(planes, 0.97), gain * planes, 0.6 * planes)
    planes = np.stack([fftconvolve(planes[..., n], kernel, "valid") for n in range(planes.shape[-1])], axis=-1)
    planes = planes + noise * np.random.default_rng(seed).standard_normal(planes.shape)
    blurred = np.round(255 * np.clip(planes, 0, 1)) / 255
    return blurred[..., 0] if sharp.ndim == 2 else blurred


CAMERA = np.s_[60:260, 120:330]
#: Name to the image, the kernel's size for the solver, and the keywords of `pydeblur.deblur`.
CASES = {
    "gradient": (("camera", CAMERA, 13, 1), 15, {"prior": "gradient"}),
    "gradient-colour-gamma": (
        ("coffee", np.s_[100:240, 200:351], 11, 2),
        13,
        {"prior": "gradient", "gamma_correct": 2.2},
    ),
    "gradient-wide": (("brick", np.s_[:330, :321], 45, 3), 51, {"prior": "gradient", "nonblind": "hyper-laplacian"}),
    "gradient-float32": (("camera", CAMERA, 13, 4), 17, {"prior": "gradient", "dtype": "float32", "nonblind": "tv"}),
    "gradient-fft": (
        ("coins", np.s_[:180, :191], 9, 5),
        11,
        {"prior": "gradient", "kernel_solver": "fft", "nonblind": "l0"},
    ),
    "intensity": (("page", np.s_[:150, :201], 9, 6), 11, {"prior": "intensity"}),
    "fast": (("camera", np.s_[80:220, 150:291], 11, 7), 13, {"preset": "fast", "prior_options": {"threads": 1}}),
    "fast-colour": (("chelsea", np.s_[50:170, 100:231], 9, 8), 11, {"preset": "fast", "prior_options": {"threads": 1}}),
    "faithful": (
        ("camera", np.s_[80:180, 150:255], 7, 9),
        9,
        {"preset": "faithful", "prior_options": {"weights": "classifier-compact", "threads": 1}},
    ),
    "best": (("camera", CAMERA, 15, 10), 19, {}),
    "best-colour": (("astronaut", np.s_[:170, 150:331], 13, 11, 0.02), 15, {"preset": "best"}),
    "best-wide": (("brick", np.s_[100:360, 100:371], 37, 12, 0.005), 43, {}),
    "best-clipped": (("rocket", np.s_[:200, 200:410], 17, 13, 0.01, 3.0), 21, {"saturated": True}),
    "best-float32-workers": (("coins", np.s_[80:260, 40:241], 13, 14, 0.0), 15, {"dtype": "float32", "workers": 2}),
    "best-crop-median": (
        ("gravel", np.s_[:260, :281], 11, 15),
        13,
        {"crop": (20, 30, 180, 190), "median": 3, "iterations": 3},
    ),
}


def results(names) -> dict[str, str]:
    """Hashes of kernel, latent image and final image of some cases, by the package that this process imports."""
    import pydeblur

    folder = Path(pydeblur.__file__).parent
    try:
        from pydeblur.fourier import fft_fixed  # in revisions before version 0.2
    except ImportError:
        from pydeblur.backend.fft import fft_fixed

    found = {}
    for name in names:
        image, kernel_size, keywords = CASES[name]
        with fft_fixed("scipy"):
            result = pydeblur.deblur(blurred_image(*image), kernel_size, **keywords)
        digest = hashlib.sha256()
        # Revisions whose result has no image before clipping give it as `image`.
        for array in (result.kernel, result.latent, getattr(result, "unclipped", getattr(result, "image", None))):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        found[name] = (
            f"{digest.hexdigest()[:16]} kernel maximum {result.kernel.max():.6f}, final step {result.nonblind}"
        )
        print(name, found[name], file=sys.stderr, flush=True)
    strangers = [name for name in _modules() if not Path(sys.modules[name].__file__).is_relative_to(folder)]
    if strangers:
        raise SystemExit(f"not all modules are those of {folder}: {', '.join(strangers)}")
    return found


def _modules() -> list[str]:
    """The package's modules that are loaded; weights are data, whose names tell their versions apart."""
    return [name for name in sys.modules if name.startswith("pydeblur.") and name != "pydeblur.weights"]


def results_of(folder: Path, names) -> dict[str, str]:
    """The same by the package in a folder, in a process of its own."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(folder)}
    words = [sys.executable, str(Path(__file__).resolve()), "--run-here", "--cases", *names]
    process = subprocess.run(words, env=environment, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(process.stdout)


def results_of_revision(revision: str, names) -> dict[str, str]:
    """The same by a revision of the repository."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", revision, "pydeblur", "weights"], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE
        ).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        return results_of(Path(folder), names)


def main() -> int:
    """Run both and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", nargs="?", default="HEAD", help="git revision to compare with (default: HEAD)")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="NAME")
    parser.add_argument("--run-here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run_here:
        print(json.dumps(results(arguments.cases)))
        return 0
    before = results_of_revision(arguments.revision, arguments.cases)
    after = results_of(REPOSITORY, arguments.cases)
    for name in arguments.cases:
        same = before[name] == after[name]
        print(f"{name}: {'the same' if same else f'DIFFERENT: {before[name]}; now {after[name]}'}")
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main())
