"""What the final step's weights should be for an image's noise, with kernels as they are found: for the preset "best".

    python benchmarks/final_step_study.py run --data TRAINING_IMAGES --out final.jsonl [--split validation] [--noise 0 0.01 …]
    python benchmarks/final_step_study.py table --out final.jsonl

Cases of development_set.py, under kernels of varying speed, each deblurred with the kernel that the preset finds for it, by
"ringing" with many pairs of weights, TV and the hyper-Laplacian; every finished case is a line of the file and is not run
again. PSNR is of the image clipped to [0, 1], at its best shift.
"""

import argparse
from pathlib import Path

import numpy as np
from development_set import STREAMS, development_cases
from finished_cases import add_rows, read_rows

from pydeblur.errors import KernelCollapseError
from pydeblur.estimation import estimate
from pydeblur.fourier import fft_fixed
from pydeblur.metrics import align, psnr
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.bilateral import bilateral_filter
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.tv import deconvolve_tv_periodic
from pydeblur.presets import preset_named
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.noise import noise_level

SPEED_VARIATION, LARGEST_SHIFT = 1.2, 12
TV_WEIGHTS = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
L0_WEIGHTS = (1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 4e-3)
#: What "ringing" has of its own.
USUAL = "1e-03 5e-04"


@fft_fixed("scipy")
def measure(case):
    """The noise found, the kernel's error ratio, and PSNR by pair of weights; None if no kernel is found."""
    try:
        kernel = estimate(case.blurred, case.kernel_size, preset_named("best")).kernel
    except KernelCollapseError:
        return None

    def quality(restored):
        aligned = align(np.clip(restored, 0, 1), case.sharp, LARGEST_SHIFT)
        return float(psnr(aligned.image, aligned.reference))

    sums = [align(deconvolve(case.blurred, each, "tv"), case.sharp, LARGEST_SHIFT).ssd for each in (kernel, case.kernel)]
    height, width = case.blurred.shape
    padded = wrap_boundary(case.blurred, padded_shape(case.blurred.shape, kernel.shape))
    smooth = {weight: deconvolve_tv_periodic(padded, kernel, weight)[:height, :width] for weight in TV_WEIGHTS}
    sparse = {weight: deconvolve_l0(padded, kernel, weight)[:height, :width] for weight in L0_WEIGHTS}
    found = {
        "by noise": quality(deconvolve(case.blurred, kernel)),
        "hyper-laplacian": quality(deconvolve(case.blurred, kernel, "hyper-laplacian")),
    }
    for tv_weight, by_tv in smooth.items():
        found[f"{tv_weight:.0e} tv"] = quality(by_tv)
        for l0_weight, by_l0 in sparse.items():
            found[f"{tv_weight:.0e} {l0_weight:.0e}"] = quality(by_tv - bilateral_filter(by_tv - by_l0))
    return {"found": noise_level(case.blurred), "error_ratio": sums[0] / sums[1], "psnr": found}


def table(rows):
    """Markdown: the mean PSNR of each pair, less that of the usual one, by noise."""
    noises = sorted({row["noise"] for row in rows})
    groups = [[row for row in rows if row["noise"] == noise] for noise in noises]
    yield "| λ_tv, λ_l0 | " + " | ".join(f"noise {noise:g}" for noise in noises) + " |"
    yield "|---" * (len(noises) + 1) + "|"
    yield "| cases | " + " | ".join(str(len(own)) for own in groups) + " |"
    yield "| noise found, median | " + " | ".join(f"{np.median([row['found'] for row in own]):.4f}" for own in groups) + " |"
    for pair in rows[0]["psnr"]:
        gains = [np.array([row["psnr"][pair] - row["psnr"][USUAL] for row in own]) for own in groups]
        yield f"| {pair} | " + " | ".join(f"{gain.mean():+.2f} ± {gain.std() / np.sqrt(len(gain)):.2f}" for gain in gains) + " |"


def main():
    """Run what is missing, and print the table of all that is in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "table"))
    parser.add_argument("--data", type=Path, help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="file of finished cases")
    parser.add_argument("--split", choices=STREAMS, default="validation")
    parser.add_argument("--per-folder", type=int, default=4, help="images of each kind (default: %(default)s)")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01, 0.02, 0.03], help="standard deviations")
    arguments = parser.parse_args()
    rows = read_rows(arguments.out)
    if arguments.action == "run":
        done = {(row["case"], row["noise"], row["split"]) for row in rows}
        for noise in arguments.noise:
            for case in development_cases(arguments.data, arguments.per_folder, noise, arguments.split, SPEED_VARIATION):
                key = {"case": case.name, "noise": noise, "split": arguments.split}
                if tuple(key.values()) in done:
                    continue
                figures = measure(case)
                if figures is None:
                    continue
                rows.append({**key, **figures})
                add_rows(arguments.out, rows[-1])
                print(*key.values(), f"{figures['error_ratio']:.2f}", flush=True)
    print(*table(rows), sep="\n")


if __name__ == "__main__":
    main()
