"""How good is non-uniform deblurring, on photographs shaken by a camera that turns?

    python benchmarks/nonuniform.py --seeds 101 102      # two shakes of each of six photographs, and the table of means
    python benchmarks/nonuniform.py --uniform --seeds 7  # uniform blur: what nonuniform="auto" loses there

The six are those of scikit-image; shakes have a roll of ±1 to 2.5 degrees, yaw and pitch, 9 to 30 pixels at the corners, 1 %
noise, 8 bits; `--extent` asks for others at the corners, and `--constant-speed` for a camera that stays nowhere. The PSNR is
that after the best shift and rotation, without a border of 28 pixels. Besides the two estimates there are the bounds: the true
poses with the same final step and with Whyte et al.'s Richardson-Lucy. One line for each picture goes to the standard output.
With `--store FOLDER` the estimates are kept there, so that a run that was stopped goes on, and the final steps and the choice
can be measured anew without them; `--out` takes the rows as CSV. Takes some 40 seconds of processor time a picture.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

import pydeblur
from pydeblur.datasets.packaged_images import packaged_image
from pydeblur.metrics.rigid_alignment import rigidly_aligned_psnr
from pydeblur.nonuniform import CameraPoses, PoseBlur, blind_deconv_nonuniform, choose_model, deconvolve_nonuniform
from pydeblur.nonuniform.options import nonuniform_solver_options
from pydeblur.nonuniform.shake import EXTENT_RANGE, ShakenCase, shaken_case
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
SECONDS = ("uniform seconds", "non-uniform seconds")


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
    poses = CameraPoses(parameters, made.blurred.shape)
    return ShakenCase(made.sharp, made.blurred, poses, kernel[kernel > 0], size, made.kernel_size)


def estimates(case: ShakenCase, stored: Path | None) -> dict[str, np.ndarray]:
    """Both estimates of a picture, from the file where they are stored."""
    if stored is not None and stored.exists():
        return dict(np.load(stored))
    started = time.process_time()
    uniform = pydeblur.deblur(case.blurred, case.kernel_size)
    middle = time.process_time()
    found = blind_deconv_nonuniform(case.blurred, nonuniform_solver_options(case.kernel_size))
    ended = time.process_time()
    result = {
        "kernel": uniform.kernel,
        "image": uniform.image,
        "poses": found.poses.parameters,
        "weights": found.weights,
        "seconds": np.array([middle - started, ended - middle]),
    }
    if stored is not None:
        np.savez_compressed(stored, **result)
    return result


def row(case: ShakenCase, found: dict[str, np.ndarray]) -> dict[str, float]:
    """The PSNR of all estimates of a picture, and the processor seconds."""
    blurred = case.blurred

    def measured(image):
        return rigidly_aligned_psnr(np.clip(image, 0, 1), case.sharp)

    by_poses = PoseBlur(CameraPoses(found["poses"], blurred.shape), found["weights"])
    true = PoseBlur(case.poses, case.weights)
    choice = choose_model(blurred, found["kernel"], by_poses)
    by_kernel_tv = measured(pydeblur.deconvolve(blurred, found["kernel"], "tv", lambda_tv=LAMBDA_TV))
    by_poses_tv = measured(deconvolve_nonuniform(blurred, by_poses, "tv", lambda_tv=LAMBDA_TV))
    # For one kernel that method is a bound of no interest, and it takes as long as all else.
    turns = np.ptp(case.poses.parameters[:, 2]) > 0
    values = (
        measured(blurred),
        measured(found["image"]),
        by_kernel_tv,
        by_poses_tv,
        by_poses_tv if choice.nonuniform else by_kernel_tv,
        measured(deconvolve_nonuniform(blurred, true, "tv", lambda_tv=LAMBDA_TV)),
        measured(deconvolve_nonuniform(blurred.astype(np.float32), true, "whyte")) if turns else np.nan,
    )
    return {**dict(zip(COLUMNS, values)), **dict(zip(SECONDS, found["seconds"])), **vars(choice)}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102])
    parser.add_argument("--images", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--uniform", action="store_true", help="uniform blur in place of shakes that turn")
    parser.add_argument("--constant-speed", action="store_true", help="a camera that moves at constant speed")
    parser.add_argument(
        "--extent",
        type=float,
        nargs=2,
        default=EXTENT_RANGE,
        metavar="PX",
        help="least and largest blur at the corners",
    )
    parser.add_argument("--store", type=Path, help="folder for the estimates")
    parser.add_argument("--only-estimates", action="store_true", help="make and store the estimates, and no table")
    parser.add_argument("--out", type=Path, help="CSV file for the rows")
    arguments = parser.parse_args()
    extent, steady = tuple(arguments.extent), arguments.constant_speed
    turning = f"turning{'-steady' if steady else ''}{'' if extent == EXTENT_RANGE else '-{:g}-{:g}'.format(*extent)}"
    kind = "uniform" if arguments.uniform else turning
    if arguments.store:
        arguments.store.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in arguments.seeds:
        for name in arguments.images:
            own = 100 * seed + NAMES.index(name)
            if arguments.uniform:
                case = uniform_case(name, own)
            else:
                case = shaken_case(scene(name), own, extent=extent, constant_speed=steady)
            found = estimates(case, arguments.store and arguments.store / f"{kind}_{seed}_{name}.npz")
            if arguments.only_estimates:
                continue
            rows.append({"image": name, "seed": seed, "extent": case.extent, **row(case, found)})
            figures = "  ".join(f"{column} {rows[-1][column]:.2f}" for column in COLUMNS)
            print(f"{name} {seed} ({case.extent:.0f} px): {figures}; {rows[-1]['reason']}", flush=True)
            if arguments.out:
                write(arguments.out, rows)
    for column in (*COLUMNS, *SECONDS) if rows else ():
        print(f"{column:30} {np.mean([each[column] for each in rows]):.2f}")


def write(path: Path, rows: list[dict]) -> None:
    """Write the rows as CSV, numbers with three decimals."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for each in rows:
            writer.writerow({key: f"{value:.3f}" if isinstance(value, float) else value for key, value in each.items()})


if __name__ == "__main__":
    main()
