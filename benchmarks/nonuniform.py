"""How good is non-uniform deblurring, on photographs shaken by a camera that turns?

    python benchmarks/nonuniform.py --seeds 101 102      # two shakes of each of six photographs, and the table of means
    python benchmarks/nonuniform.py --uniform --seeds 7  # uniform blur: what nonuniform="auto" loses there

The six are those of scikit-image; shakes have a roll of ±1 to 2.5 degrees, yaw and pitch, 9 to 30 pixels at the corners, 1 %
noise, 8 bits. The PSNR is that after the best shift and rotation, without a border of 28 pixels. Besides the two estimates
there are the bounds: the true poses with the same final step and with Whyte et al.'s Richardson-Lucy. One line for each
picture goes to the standard output, and to the file of `--out` as JSON. Takes some two minutes of processor time a picture.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import pydeblur
from pydeblur.datasets.packaged_images import packaged_image
from pydeblur.metrics.rigid_alignment import rigidly_aligned_psnr
from pydeblur.nonuniform import PoseBlur, blind_deconv_nonuniform, choose_model, deconvolve_nonuniform
from pydeblur.nonuniform.options import nonuniform_solver_options
from pydeblur.nonuniform.shake import ShakenCase, shaken_case
from pydeblur.synthesis import blurred_case, random_kernel

NAMES = ("camera", "astronaut", "coffee", "chelsea", "rocket", "coins")
#: The final step that all estimates are compared with.
LAMBDA_TV = 4e-3
_LONGEST_ROWS = 440
COLUMNS = (
    "blurred",
    "uniform default",
    "uniform, tv",
    "non-uniform, tv",
    "auto, tv",
    "true poses, tv",
    "true poses, Richardson-Lucy",
)


def scene(name: str) -> np.ndarray:
    """A photograph, of at most 470 rows."""
    image = packaged_image(name)
    return image[: _LONGEST_ROWS + 30, : max(_LONGEST_ROWS + 30, image.shape[1] if image.shape[0] < 500 else 0)]


def uniform_case(name: str, seed: int) -> ShakenCase:
    """The same photograph with uniform blur, as a shake without roll."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(9, 28)) // 2 * 2 + 1
    kernel = random_kernel(size, rng)
    made = blurred_case(name, scene(name), kernel, 0.01, rng)
    y, x = np.indices(kernel.shape) - size // 2
    parameters = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])[kernel.ravel() > 0]
    poses = pydeblur.nonuniform.CameraPoses(parameters, made.blurred.shape)
    return ShakenCase(made.sharp, made.blurred, poses, kernel[kernel > 0], size, made.kernel_size)


def row(case: ShakenCase) -> dict[str, float]:
    """The PSNR of all estimates of a picture, and the processor seconds."""
    blurred = case.blurred

    def measured(image):
        return rigidly_aligned_psnr(np.clip(image, 0, 1), case.sharp)

    started = time.process_time()
    uniform = pydeblur.deblur(blurred, case.kernel_size)
    middle = time.process_time()
    found = blind_deconv_nonuniform(blurred, nonuniform_solver_options(case.kernel_size))
    ended = time.process_time()
    by_poses = PoseBlur(found.poses, found.weights)
    true = PoseBlur(case.poses, case.weights)
    choice = choose_model(blurred, uniform.kernel, by_poses)
    by_kernel_tv = measured(pydeblur.deconvolve(blurred, uniform.kernel, "tv", lambda_tv=LAMBDA_TV))
    by_poses_tv = measured(deconvolve_nonuniform(blurred, by_poses, "tv", lambda_tv=LAMBDA_TV))
    values = (
        measured(blurred),
        measured(uniform.image),
        by_kernel_tv,
        by_poses_tv,
        by_poses_tv if choice.nonuniform else by_kernel_tv,
        measured(deconvolve_nonuniform(blurred, true, "tv", lambda_tv=LAMBDA_TV)),
        measured(deconvolve_nonuniform(blurred, true, "whyte")),
    )
    seconds = {"uniform seconds": middle - started, "non-uniform seconds": ended - middle}
    return {**dict(zip(COLUMNS, values)), **seconds, **vars(choice)}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102])
    parser.add_argument("--images", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--uniform", action="store_true", help="uniform blur in place of shakes that turn")
    parser.add_argument("--out", type=Path, help="JSON file for the rows")
    arguments = parser.parse_args()
    rows = []
    for seed in arguments.seeds:
        for name in arguments.images:
            own = 100 * seed + NAMES.index(name)
            case = uniform_case(name, own) if arguments.uniform else shaken_case(scene(name), own)
            rows.append({"image": name, "seed": seed, "extent": case.extent, **row(case)})
            figures = "  ".join(f"{column} {rows[-1][column]:.2f}" for column in COLUMNS)
            print(f"{name} {seed} ({case.extent:.0f} px): {figures}; {rows[-1]['reason']}", flush=True)
            if arguments.out:
                arguments.out.write_text(json.dumps(rows, indent=1))
    print()
    for column in (*COLUMNS, "uniform seconds", "non-uniform seconds"):
        print(f"{column:30} {np.mean([each[column] for each in rows]):.2f}")


if __name__ == "__main__":
    main()
