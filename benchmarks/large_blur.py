"""How often the right kernel is found under large blur, without being told more than the kernel's size.

    python benchmarks/large_blur.py --data PHOTOS --out RESULTS [--split test] [--sizes 31,47] [--jobs 2] [--subset 10]

PHOTOS is a folder of sharp photographs with a subfolder for each kind. The first five of each kind that are large enough are
blurred whole, each by two of four long camera shakes of uneven speed (31, 47, 65 and 87 pixels, or those of --sizes), with 1 %
noise and 8 bits; the size that is asked for is the kernel's. The split "train" is for choosing, "validation" for proving; "test"
is for telling, once.

Printed are means of PSNR for the blurred image, for what `pydeblur.deblur` gives by default, and for the true kernel with the
same final step; in how many cases the default is within 1.5 dB of the true kernel; with TV as the final step, how far the
kernel that was chosen is from the best of the candidates that came to the finest scale; and in how many cases a candidate that
is more than 1 dB worse than the true kernel has a better score than it. Finished cases are kept in RESULTS/runs,
so that a benchmark that was stopped goes on, as long as the package is the same.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

import pydeblur
from pydeblur.datasets.photographs import SPLITS, find_images, load_grey, split_images
from pydeblur.errors import InvalidInputError
from pydeblur.estimators import PRESETS, KernelRanker
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.studies import publish, request_from, run_study, study_parser
from pydeblur.metrics import align, psnr
from pydeblur.nonblind import weights_for_noise
from pydeblur.solver.pyramid import finish_kernel, finish_scale_kernel
from pydeblur.synthesis.cases import BlurredCase, blurred_case
from pydeblur.synthesis.kernels import random_kernel

#: Sizes of the kernels, and the variation of their speed: real shakes have bright spots and faint streaks.
KERNEL_SIZES, SPEED_VARIATION = (31, 47, 65, 87), 1.2
NOISE = 0.01
#: So many photographs of each kind, each under so many kernels.
SCENES_PER_KIND, KERNELS_PER_SCENE = 5, 2
#: Shorter and longer side of a photograph.
LEAST_SHAPE = (400, 560)
#: In dB: what is this close to the true kernel's image counts as found, and what is further from it as clearly worse.
FOUND_WITHIN, CLEARLY_WORSE = 1.5, 1.0
#: First number of the kernels' and the cases' seeds.
_KERNEL_STREAM, _CASE_STREAM = 7300, 7400
#: Of the search for the shift between a restored image and the sharp one, in pixels.
_LARGEST_SHIFT, _BORDER = 12, 20
_FORMATS = dict.fromkeys(
    ("blurred", "default", "true_kernel", "gap", "found", "chosen", "oracle", "outranked", "seconds"), ".2f"
)


def scenes(data, split: str) -> list[Path]:
    """The photographs of a split: as many of each kind, in the order of their names."""
    found: dict[str, list[Path]] = {}
    for path in split_images(find_images(data))[split]:
        own = found.setdefault(path.parent.name, [])
        if len(own) < SCENES_PER_KIND and _is_large(load_grey(path).shape):
            own.append(path)
    paths = [path for kind in sorted(found) for path in found[kind]]
    if not paths:
        raise InvalidInputError(f"data should hold photographs of the split {split} of at least {LEAST_SHAPE} pixels")
    return paths


def _is_large(shape: tuple[int, int]) -> bool:
    return min(shape) >= LEAST_SHAPE[0] and max(shape) >= LEAST_SHAPE[1]


def case_of(path: Path, place: int, kernel_size: int) -> BlurredCase:
    """A photograph, at its place among the split's, under the kernel of some size."""
    kernel = random_kernel(kernel_size, (_KERNEL_STREAM, kernel_size), SPEED_VARIATION)
    rng = np.random.default_rng((_CASE_STREAM, place, kernel_size))
    return blurred_case(f"{path.parent.name}-{path.stem}-{kernel_size}", load_grey(path), kernel, NOISE, rng, room=1.0)


def sizes_of(place: int, sizes: tuple[int, ...] = KERNEL_SIZES) -> list[int]:
    """The kernels of the photograph at a place: neighbours have different ones."""
    count = min(KERNELS_PER_SCENE, len(sizes))
    return [sizes[(place + step * len(sizes) // count) % len(sizes)] for step in range(count)]


class Comparison:
    """PSNR of images and kernels of one case.

    An estimate is centred by its centroid, a true kernel by its box; so the sharp image is moved by the true kernel's centroid
    before the best shift is sought.
    """

    def __init__(self, case: BlurredCase):
        self.case = case
        rows, columns = (np.arange(length) - length // 2 for length in case.kernel.shape)
        centroid = (case.kernel.sum(axis=1) @ rows, case.kernel.sum(axis=0) @ columns)
        self._offset = tuple(round(float(each)) for each in centroid)
        self._lambda_tv = weights_for_noise(case.blurred)["lambda_tv"]

    def of_image(self, image: np.ndarray, is_true: bool = False) -> float:
        """PSNR in dB at the best shift."""
        sharp = self.case.sharp if is_true else np.roll(self.case.sharp, self._offset, axis=(0, 1))
        # What was rolled in from the other side does not count.
        border = _BORDER + max(abs(each) for each in self._offset)
        aligned = align(np.clip(image, 0, 1), sharp, _LARGEST_SHIFT, border)
        return psnr(aligned.image, aligned.reference)

    def of_kernel(self, kernel: np.ndarray, is_true: bool = False) -> float:
        """PSNR in dB of what TV makes of the blurred image with a kernel."""
        return self.of_image(pydeblur.deconvolve(self.case.blurred, kernel, "tv", lambda_tv=self._lambda_tv), is_true)


def is_outranked(compared: Comparison, kernels: list[np.ndarray], qualities: list[float]) -> bool:
    """Whether a kernel that is clearly worse than the true one has a better score, at the finest scale.

    Parameters
    ----------
    compared : Comparison
    kernels : list of (n, n) ndarray
    qualities : list of float
        Their PSNR in dB.
    """
    case = compared.case
    preset = PRESETS["best"].for_size(case.kernel_size)
    options = replace(preset.ranking, threads=1)
    ranker = KernelRanker(case.blurred, case.kernel_size, options=options, weights=preset.weights)
    limit = compared.of_kernel(case.kernel, is_true=True) - CLEARLY_WORSE
    of_truth = ranker.score(case.kernel).value
    return any(ranker.score(kernel).value < of_truth for kernel, quality in zip(kernels, qualities) if quality < limit)


def measure(request: Request, task: Task) -> dict:
    """The figures of one case."""
    place, kernel_size = task.options["place"], task.options["kernel_size"]
    case = case_of(scenes(request.data, task.options["split"])[place], place, kernel_size)
    compared, last = Comparison(case), {}

    def keep(state):
        if state.record.scale == 0:
            last[state.candidate] = state.kernel

    started = time.process_time()
    with warnings.catch_warnings():
        # That a blur was not found is what is counted here.
        warnings.simplefilter("ignore", UserWarning)
        result = pydeblur.deblur(case.blurred, case.kernel_size, callback=keep, workers=1)
    seconds = time.process_time() - started
    threshold = result.options.kernel_threshold
    kernels = [finish_kernel(finish_scale_kernel(kernel), threshold) for kernel in last.values()]
    others = [compared.of_kernel(kernel) for kernel in kernels]
    chosen = compared.of_kernel(result.kernel)
    given = compared.of_image(result.image)
    true = compared.of_image(pydeblur.deconvolve(case.blurred, case.kernel), is_true=True)
    return {
        "blurred": psnr(case.blurred, case.sharp),
        "default": given,
        "true_kernel": true,
        "gap": true - given,
        "found": float(true - given < FOUND_WITHIN),
        "chosen": chosen,
        "oracle": max([chosen, *others]),
        "outranked": float(is_outranked(compared, [*kernels, result.kernel], [*others, chosen])),
        "confidence": getattr(result, "confidence", None),
        "candidate": str(next(each.changes for each in result.candidates if each.chosen)),
        "seconds": seconds,
    }


def tasks_of(data, split: str, subset: int | None, sizes: tuple[int, ...] = KERNEL_SIZES) -> list[Task]:
    """All cases of a split, or some of them, spread evenly."""
    found = [
        Task("default", f"{path.parent.name}-{path.stem}-{size}", {"split": split, "place": place, "kernel_size": size})
        for place, path in enumerate(scenes(data, split))
        for size in sizes_of(place, sizes)
    ]
    count = len(found) if subset is None else min(subset, len(found))
    return [found[place] for place in np.linspace(0, len(found) - 1, count).round().astype(int)]


def table(finished: list[Finished]) -> list[dict]:
    """A row of means for each kernel's size, and one for all."""
    rows = []
    for size in (*sorted({each.task.options["kernel_size"] for each in finished}), "all"):
        own = [each.figures for each in finished if size in ("all", each.task.options["kernel_size"])]
        if own:
            means = {name: float(np.mean([figures[name] for figures in own])) for name in _FORMATS}
            rows.append({"kernel_size": str(size), "cases": len(own), **means})
    return rows


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(each) if each.isdecimal() else 0 for each in text.split(","))
    if not all(size % 2 and size >= 5 for size in sizes) or len(set(sizes)) < len(sizes):
        raise argparse.ArgumentTypeError(f"should be different odd numbers of at least 5, but is {text}")
    return sizes


def main(argv=None) -> None:
    """Run what is missing, and give the tables."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    parser.add_argument("--split", choices=SPLITS, default="train", help="of the photographs (default: %(default)s)")
    parser.add_argument("--sizes", type=_sizes, default=KERNEL_SIZES, help="of the kernels: odd, with commas between")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    finished = run_tasks(
        f"large_blur_{arguments.split}",
        tasks_of(request.data, arguments.split, request.subset, arguments.sizes),
        measure,
        request,
    )
    rows = [{"case": each.task.case, **each.figures} for each in finished]
    publish(request, f"large_blur_{arguments.split}_cases", rows, {**_FORMATS, "confidence": ".2f"})
    publish(request, f"large_blur_{arguments.split}", table(finished), _FORMATS)


if __name__ == "__main__":
    sys.exit(run_study(main))
