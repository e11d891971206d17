"""How many pixels should count in the kernel's relative weight, on images larger than the development set's.

    python benchmarks/large_study.py run --data TRAINING_IMAGES --out large.jsonl [--noise 0.01] [--every 1] [--pixels 65025 …]
    python benchmarks/large_study.py table --out large.jsonl

Whole images of all three splits, at least 420×560, under kernels of 13 to 31 pixels and of varying speed, run with the preset
"best" for each number of pixels; every finished case is a line of the file and is not run again. Error ratios are of the final
step that :func:`pydeblur.deblur` chooses, and of TV.
"""

import argparse
from pathlib import Path

import numpy as np
from blurred_case import BlurredCase
from development_set import WORST_RATIO, images_by_folder
from finished_cases import add_rows, read_rows

from pydeblur.errors import KernelCollapseError
from pydeblur.estimation import estimate
from pydeblur.fourier import fft_fixed
from pydeblur.metrics import align, kernel_similarity
from pydeblur.nonblind import deconvolve
from pydeblur.presets import preset_named, resolve
from pydeblur.training.images import load_grey
from pydeblur.training.kernels import random_kernel, random_size
from pydeblur.training.synthesis import blur

SMALLEST = (420, 560)
KERNEL_SIZES, SPEED_VARIATION = (13, 31), 1.0
STREAM = 888
LARGEST_SHIFT = 8
_MOST = {"natural": 12, "manmade": 10, "lowlight": 3, "face": 3, "text": 2}
#: How many images of each folder at most; the judge was trained on the training split, so fewer of that.
COUNTS = {"test": _MOST, "validation": _MOST, "train": {"natural": 12, "manmade": 6, "lowlight": 2, "face": 2, "text": 2}}
PAPER, ALL = "the paper's values", "all"
#: Final steps by which error ratios are told: the default, whose weights follow the noise, and TV.
FINAL_STEPS = {"default": None, "tv": "tv"}


class Case(BlurredCase):
    """A whole image."""

    def error(self, kernel, method):
        """Sum of squared differences of the image deblurred with a kernel, at its best shift."""
        return align(deconvolve(self.blurred, kernel, method), self.sharp, LARGEST_SHIFT).ssd


def cases(data, noise, every=1):
    """Every n-th case; scenes and kernels do not hang on the noise."""
    chosen = [(split, folder, path) for split in COUNTS for folder, path in _large_images(data, split)]
    for number, (split, folder, path) in list(enumerate(chosen))[::every]:
        rng = np.random.default_rng((STREAM, number))
        kernel = random_kernel(random_size(KERNEL_SIZES, rng), rng, SPEED_VARIATION)
        margin, scene = kernel.shape[0] // 2, load_grey(path)
        blurred = blur(scene, kernel, noise, rng, boundary="valid").astype(float)
        sharp = scene[margin:-margin, margin:-margin].astype(float)
        yield Case(f"{split}-{folder}-{path.stem}", sharp, blurred, kernel)


def _large_images(data, split):
    by_folder = images_by_folder(data, split)
    for folder, count in COUNTS[split].items():
        large = (path for path in by_folder[folder] if _is_large(load_grey(path).shape))
        yield from ((folder, path) for _, path in zip(range(count), large))


def _is_large(shape):
    return min(shape) >= SMALLEST[0] and max(shape) >= SMALLEST[1]


@fft_fixed("scipy")
def measure(case, pixels):
    """Error ratios by final step, and kernel similarity, of the paper's values and of the preset with so many pixels each."""
    truth = {name: case.error(case.kernel, method) for name, method in FINAL_STEPS.items()}
    runs = {PAPER: resolve(prior="gradient")}
    runs |= {_name(count): resolve(preset="best", solver={"kernel_weight_pixels": count}) for count in pixels}
    return {name: _figures(case, preset, truth) for name, preset in runs.items()}


def _figures(case, preset, truth):
    try:
        kernel = estimate(case.blurred, case.kernel_size, preset).kernel
    except KernelCollapseError:
        return {**dict.fromkeys(truth, WORST_RATIO), "similarity": 0.0}
    ratios = {name: float(case.error(kernel, method) / truth[name]) for name, method in FINAL_STEPS.items()}
    return {**ratios, "similarity": float(kernel_similarity(kernel, case.kernel))}


def _name(count):
    return ALL if count is None else str(count)


def table(rows):
    """Markdown, for each noise: against the preset with all pixels."""
    yield "| noise | pixels that count | cases | mean ratio | median | ≤ 1.5 | log ratio to all¹ | with TV¹ | worse / better² | kernel similarity |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for noise in sorted({row["noise"] for row in rows}):
        for run in dict.fromkeys(run for row in rows if row["noise"] == noise for run in row["runs"]):
            yield _line(noise, run, [row["runs"] for row in rows if row["noise"] == noise and {run, ALL} <= row["runs"].keys()])


def _line(noise, run, found):
    ratios = np.minimum([runs[run]["default"] for runs in found], WORST_RATIO)
    changes = {
        name: 100 * np.log([min(runs[run][name], WORST_RATIO) / min(runs[ALL][name], WORST_RATIO) for runs in found])
        for name in FINAL_STEPS
    }
    said = [f"{each.mean():+.1f} ± {each.std() / np.sqrt(len(each)):.1f} %" for each in changes.values()]
    counts = f"{np.sum(changes['default'] > 10)} / {np.sum(changes['default'] < -10)}"
    similarity = np.mean([runs[run]["similarity"] for runs in found])
    figures = f"{ratios.mean():.2f} | {np.median(ratios):.2f} | {np.mean(ratios <= 1.5):.0%}"
    return f"| {noise:g} | {run} | {len(found)} | {figures} | {' | '.join(said)} | {counts} | {similarity:.3f} |"


def main():
    """Run what is not in the file yet, or print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("--data", help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="file of finished cases")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, help="every n-th case only")
    parser.add_argument("--pixels", type=int, nargs="+", help="beside all (default: those of the preset)")
    arguments = parser.parse_args()
    rows = read_rows(arguments.out)
    if arguments.what == "table":
        print("\n".join(table(rows)))
        return
    if arguments.data is None:
        parser.error("run needs --data")
    pixels = (None, *arguments.pixels) if arguments.pixels else (None, preset_named("best").solver["kernel_weight_pixels"])
    wanted = {PAPER, *map(_name, pixels)}
    done = {(row["case"], row["noise"]) for row in rows if wanted <= row["runs"].keys()}
    for case in cases(arguments.data, arguments.noise, arguments.every):
        if (case.name, arguments.noise) in done:
            continue
        runs = measure(case, pixels)
        add_rows(arguments.out, {"case": case.name, "noise": arguments.noise, "runs": runs})
        print(case.name, *(f"{run}: {figures['default']:.2f}" for run, figures in runs.items()), sep="; ", flush=True)


if __name__ == "__main__":
    main()
