"""What the final step "epll" loses and gains by taking patches on a grid rather than all of them.

    OMP_NUM_THREADS=1 python benchmarks/epll_patches.py

Ten pictures that come with scikit-image, grey, each blurred by a camera shake of 9 to 25 pixels, with noise of 0.01, are
restored with the true kernel, from all patches and from those of `DEBLURRING_STEPS`, one after the other.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.signal import fftconvolve
from skimage import data

from pydeblur.metrics import psnr
from pydeblur.nonblind import epll
from pydeblur.synthesis.kernels import random_kernel

NAMES = ("camera", "astronaut", "coffee", "chelsea", "rocket", "moon", "coins", "brick", "gravel", "hubble_deep_field")
NOISE, SIDE, BORDER = 0.01, 260, 8
GRIDS = {
    # Each coupling once, with all patches, is the method as it is published.
    "all patches": tuple(epll.Step(coupling) for coupling in sorted({step.coupling for step in epll.DEBLURRING_STEPS})),
    "grid": epll.DEBLURRING_STEPS,
}


def picture(name: str) -> np.ndarray:
    """The middle of a picture, grey, in [0, 1]."""
    image = np.asarray(getattr(data, name)(), np.float64)
    image = (image.mean(axis=2) if image.ndim == 3 else image) / 255
    top, left = ((length - SIDE) // 2 for length in image.shape)
    return image[top : top + SIDE, left : left + SIDE]


def main() -> None:
    print("| picture | " + " | ".join(f"{grid}, dB | CPU s" for grid in GRIDS) + " |")
    print("|---" * (1 + 2 * len(GRIDS)) + "|")
    rows = []
    for number, name in enumerate(NAMES):
        sharp, kernel = picture(name), random_kernel(9 + 4 * (number % 5), number)
        blurred = fftconvolve(sharp, kernel, "valid")
        blurred += NOISE * np.random.default_rng(number).standard_normal(blurred.shape)
        margin = len(kernel) // 2 + BORDER
        row = []
        for steps in GRIDS.values():
            epll.DEBLURRING_STEPS = steps
            begun = time.process_time()
            restored = epll.deconvolve_epll(blurred, kernel, NOISE)[BORDER:-BORDER, BORDER:-BORDER]
            row += [psnr(restored, sharp[margin:-margin, margin:-margin]), time.process_time() - begun]
        rows.append(row)
        print_row(name, row)
    print_row("mean", np.mean(rows, axis=0))


def print_row(name: str, row) -> None:
    print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


if __name__ == "__main__":
    main()
