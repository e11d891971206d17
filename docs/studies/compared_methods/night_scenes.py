"""Whether light streaks help the default on night scenes, whose lights are clipped.

    python docs/studies/compared_methods/night_scenes.py --out RESULTS [--scenes 16] [--seed 22] [--lights discs]

The findings are in index.md. The scenes are made here: pictures that come with scikit-image, darkened, or rows of dim
windows on a dark sky, with some lights of one to three pixels' width that are 4 to 80 times as bright as white; they are
blurred by a random camera trajectory, with 1 % noise, and clipped and rounded to 8 bits. Other lights, discs and bars of two
to six pixels' radius, draw no streaks that are the kernel: there the method should find nothing. Finished scenes are kept in
RESULTS/runs; the table is printed, and written to RESULTS as CSV. Images are deblurred with the final step for clipped pixels,
"whyte".
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from pydeblur.datasets.packaged_images import NAMES, packaged_image
from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.light_streaks import LightStreaks
from pydeblur.estimators.multistart import Multistart
from pydeblur.estimators.presets import Preset
from pydeblur.estimators.ranking import KernelRanker
from pydeblur.evaluation.methods import METHODS
from pydeblur.evaluation.paired import mean_with_error
from pydeblur.evaluation.protocols import all_options
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.studies import publish, run_study
from pydeblur.metrics import align, kernel_similarity, psnr
from pydeblur.nonblind import deconvolve
from pydeblur.preprocess.clipping import clipped_pixels, has_clipped_highlights
from pydeblur.synthesis.blur import blur
from pydeblur.synthesis.cases import BlurredCase
from pydeblur.synthesis.kernels import random_kernel, random_size

SIDE = 240
KERNEL_SIZES = (15, 31)
LIGHTS = (6, 14)
#: Of the lights' middles, where white is 1; it is drawn uniformly in the logarithm.
BRIGHTNESS = (4.0, 80.0)
NOISE = 0.01
ROOM = 1.1
#: Shifts that are tried to align an image, and the border that does not count.
LARGEST_SHIFT, BORDER = 16, 20
#: A scene counts as better or worse where it changes by more than this many dB.
_NOTABLE = 0.3
DEFAULT, STREAKS = "best", "light_streaks"
POINTS, DISCS, BARS = "points", "discs", "bars"


def night_scene(number: int, seed: int, kind: str = POINTS) -> BlurredCase:
    """One scene with lights of some kind; even numbers show a darkened photograph, odd ones windows."""
    rng = np.random.default_rng((seed, number))
    kernel = random_kernel(random_size(KERNEL_SIZES, rng), rng)
    margin = len(kernel) // 2
    shape = SIDE + 2 * margin, SIDE + 2 * margin
    ground = _darkened(number // 2, shape, rng) if number % 2 == 0 else _windows(shape, rng)
    scene = ground + (_lights(shape, rng) if kind == POINTS else _large_lights(shape, rng, kind))
    blurred = np.clip(blur(scene.astype(np.float64), kernel, NOISE, rng, boundary="valid"), 0, 1).astype(np.float64)
    sharp = np.clip(scene[margin:-margin, margin:-margin], 0, 1)
    size = int(np.ceil(ROOM * len(kernel))) | 1
    return BlurredCase(f"night{number:02d}", sharp, blurred, kernel, size, NOISE)


def _darkened(number: int, shape, rng) -> np.ndarray:
    """A part of a photograph at 15 to 35 % of its brightness."""
    picture = packaged_image(NAMES[number % len(NAMES)])
    missing = [max(0, side - length) for side, length in zip(shape, picture.shape)]
    picture = np.pad(picture, [(0, length) for length in missing], mode="reflect")
    top, left = (int(rng.integers(0, length - side + 1)) for side, length in zip(shape, picture.shape))
    return picture[top : top + shape[0], left : left + shape[1]] * rng.uniform(0.15, 0.35)


def _windows(shape, rng) -> np.ndarray:
    """Houses with windows, some of them dimly lit, under a sky that grows darker towards the top."""
    scene = np.linspace(0.02, 0.08, shape[0])[:, None] * np.ones(shape)
    left = 0
    while left < shape[1]:
        width, top = int(rng.integers(40, 90)), int(rng.integers(shape[0] // 8, shape[0] // 2))
        scene[top:, left : left + width] = rng.uniform(0.03, 0.15)
        for row in range(top + 6, shape[0] - 8, 14):
            for column in range(left + 4, min(left + width, shape[1]) - 8, 12):
                scene[row : row + 8, column : column + 6] = rng.choice([0.02, 0.05, 0.2, 0.35])
        left += width + int(rng.integers(2, 12))
    return scene


def _lights(shape, rng) -> np.ndarray:
    """Small lights: of the brightest ones the streaks are clipped, the dimmest ones draw them faintly."""
    lights = np.zeros(shape)
    for _ in range(int(rng.integers(*LIGHTS))):
        light = np.zeros(shape)
        row, column = (int(rng.integers(10, side - 10)) for side in shape)
        light[row, column] = 1
        light = gaussian_filter(light, rng.uniform(0.3, 1.2))
        lights += light / light.max() * np.exp(rng.uniform(*np.log(BRIGHTNESS)))
    return lights


def _large_lights(shape, rng, kind: str) -> np.ndarray:
    """Discs, or flat bars, of 0.6 to 6 times white."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    lights = np.zeros(shape)
    for _ in range(int(rng.integers(*LIGHTS))):
        row, column = (int(rng.integers(20, side - 20)) for side in shape)
        radius, brightness = int(rng.integers(2, 7)), np.exp(rng.uniform(np.log(0.6), np.log(6)))
        if kind == DISCS:
            inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        else:
            inside = (abs(rows - row) <= 1) & (abs(columns - column) <= 2 * radius)
        lights[inside] = np.maximum(lights[inside], brightness)
    return lights


def measure(request: Request, task: Task) -> dict:
    """What a method's kernel is worth on a scene, and how the default's ranking scores it; None without a kernel."""
    case = night_scene(task.options["scene"], task.options["seed"], task.options["lights"])
    clipped = clipped_pixels(case.blurred)
    if not has_clipped_highlights(case.blurred, case.kernel_size):
        clipped = None
    started = time.process_time()
    try:
        found = _estimator(task.method).estimate(case.blurred, case.kernel_size, clipped=clipped)
        kernel, agreeing = found.kernel, found.prior.get("streaks")
    except KernelCollapseError:
        kernel, agreeing = None, None
    seconds = time.process_time() - started
    figures = {
        "clipped_found": clipped is not None,
        "kernel_cpu_seconds": seconds,
        "agreeing_streaks": agreeing,
        "psnr_true": _psnr(case, case.kernel),
    }
    if kernel is None:
        return {**figures, "psnr": None, "kernel_similarity": None, "score": None}
    score = KernelRanker(case.blurred, case.kernel_size, clipped).score(kernel).value
    return {
        **figures,
        "psnr": _psnr(case, kernel),
        "kernel_similarity": kernel_similarity(kernel, case.kernel),
        "score": score,
    }


def _estimator(name: str):
    return LightStreaks() if name == STREAKS else Multistart(_without_streaks())


def _without_streaks() -> Preset:
    """The default, which does take streaks for the kernel, as it is without them."""
    return replace(METHODS[DEFAULT].protocol("").resolved(), light_streaks=False)


def _psnr(case: BlurredCase, kernel: np.ndarray) -> float:
    restored = np.clip(deconvolve(case.blurred, kernel, "whyte"), 0, 1)
    aligned = align(restored, case.sharp, LARGEST_SHIFT, BORDER)
    return psnr(aligned.image, aligned.reference)


def rows_of(finished: list[Finished]) -> list[dict]:
    """A row for each scene: the default's kernel, the streaks', and which of them the ranking prefers."""
    by_name = {(result.task.method, result.task.case): result.figures for result in finished}
    rows = []
    for case in dict.fromkeys(result.task.case for result in finished):
        default, streaks = by_name[DEFAULT, case], by_name[STREAKS, case]
        found = streaks["score"] is not None
        rows.append(
            {
                "scene": case,
                "clipped_found": default["clipped_found"],
                "agreeing_streaks": streaks["agreeing_streaks"] or 0,
                "true_kernel_psnr": default["psnr_true"],
                "default_psnr": default["psnr"],
                "streaks_psnr": streaks["psnr"],
                "default_similarity": default["kernel_similarity"],
                "streaks_similarity": streaks["kernel_similarity"],
                "ranking_prefers_streaks": found and streaks["score"] < default["score"],
                "default_cpu_seconds": default["kernel_cpu_seconds"],
                "streaks_cpu_seconds": streaks["kernel_cpu_seconds"],
            }
        )
    return rows


def summary(rows: list[dict]) -> list[dict]:
    """Rules beside the default: streaks where two or more agree, as it is in the default, and others."""
    rules = {
        "streaks where two agree": [row["agreeing_streaks"] >= 2 for row in rows],
        "streaks where they are found": [row["streaks_psnr"] is not None for row in rows],
        "streaks where the ranking prefers them": [row["ranking_prefers_streaks"] for row in rows],
    }
    table = []
    for rule, taken in rules.items():
        pairs = list(zip(rows, taken))
        psnrs = [row["streaks_psnr"] if takes else row["default_psnr"] for row, takes in pairs]
        changes = [own - row["default_psnr"] for own, row in zip(psnrs, rows)]
        table.append(
            {
                "rule": rule,
                "scenes": len(rows),
                "taken": sum(taken),
                "gain_in_db": str(mean_with_error(changes)),
                "better": sum(change > _NOTABLE for change in changes),
                "worse": sum(change < -_NOTABLE for change in changes),
            }
        )
    return table


def main(argv=None) -> None:
    """Run what is missing, and give the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FOLDER", help="where tables and finished scenes are kept"
    )
    parser.add_argument("--scenes", type=int, default=16, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=22, metavar="N", help="of the scenes (default: %(default)s)")
    parser.add_argument("--lights", choices=(POINTS, DISCS, BARS), default=POINTS, help="default: %(default)s")
    arguments = parser.parse_args(argv)
    request = Request(arguments.out, progress=True)
    options = {
        DEFAULT: {**all_options(METHODS[DEFAULT].protocol("night")), "light_streaks": False},
        STREAKS: {"method": STREAKS, **vars(LightStreaks().options)},
    }
    tasks = [
        Task(name, f"night{number:02d}", {**own, "scene": number, "seed": arguments.seed, "lights": arguments.lights})
        for number in range(arguments.scenes)
        for name, own in options.items()
    ]
    name = "night_scenes" if arguments.lights == POINTS else f"night_scenes_{arguments.lights}"
    rows = rows_of(run_tasks(name, tasks, measure, request))
    publish(request, name, rows, {name: ".2f" for name, value in rows[0].items() if isinstance(value, float)})
    publish(request, f"{name}_rules", summary(rows))


if __name__ == "__main__":
    sys.exit(run_study(main))
