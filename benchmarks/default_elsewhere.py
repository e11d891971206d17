"""What the default is worth beyond the development set that it was chosen on: wide kernels, clipped highlights.

    python benchmarks/default_elsewhere.py wide --data TRAINING_IMAGES --out wide.jsonl [--noise 0.01] [--per-folder 3]
    python benchmarks/default_elsewhere.py clipped --data TRAINING_IMAGES --out clipped.jsonl

Images of the test split, 384×384; every finished case is a line of the file and is not run again. Error ratios are of the
final step TV ("clipped": Whyte et al.'s), the restored image clipped to [0, 1]; PSNR is of what ``pydeblur.deblur`` gives,
with the final step that it chooses.
"""

import argparse
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from blurred_case import BlurredCase
from development_set import WORST_RATIO, images_by_folder
from finished_cases import add_rows, read_rows
from scipy.signal import fftconvolve

import pydeblur
from pydeblur.errors import KernelCollapseError
from pydeblur.fourier import fft_fixed
from pydeblur.metrics import align, kernel_similarity, psnr
from pydeblur.nonblind import deconvolve
from pydeblur.presets import DEFAULT, resolve
from pydeblur.training.images import load_grey
from pydeblur.training.kernels import random_kernel, random_size

SIDE = 384
STREAM = 9000
#: Pixels that do not count, and how far an image deblurred with a kernel of another centroid may be off.
BORDER, LARGEST_SHIFT = 45, 40
#: Above this quantile of the scene, "clipped" makes highlights this many times brighter before the blur.
HIGHLIGHTS, GAINS = 0.97, (2.0, 6.0)


@dataclass(frozen=True)
class Condition:
    """Kernel sizes, folders of images (none: all), the final step, and whether highlights are clipped."""

    kernel_sizes: tuple[int, int]
    final: str
    folders: tuple[str, ...] = ()
    clipped: bool = False

    def runs(self) -> dict:
        """Name to keywords of :func:`pydeblur.deblur`."""
        return CLIPPED_RUNS if self.clipped else RUNS


CONDITIONS = {
    "wide": Condition((41, 75), "tv"),
    "clipped": Condition((21, 51), "whyte", ("lowlight", "natural", "manmade"), clipped=True),
}
DEFAULT_RUN = {"preset": DEFAULT, "prior_options": {"threads": 1}}
RUNS = {"the paper's values": {"prior": "gradient"}, DEFAULT: DEFAULT_RUN}
#: Without its notion of clipped highlights, where there are some.
CLIPPED_RUNS = {**RUNS, f"{DEFAULT}, --no-saturated": {**DEFAULT_RUN, "saturated": False}}


class Case(BlurredCase):
    """One of 384×384 pixels."""

    room = 1.1


def cases(data, condition, noise, per_folder, split="test", speed_variation=0.0):
    """The first images of each folder of a split that are large enough, each under its own kernel."""
    by_folder = images_by_folder(data, split)
    for folder in condition.folders or sorted(by_folder):
        found = 0
        for path in by_folder[folder]:
            if found == per_folder:
                break
            # A case's kernel and noise are its own, whatever else is asked for.
            rng = np.random.default_rng((STREAM, zlib.crc32(f"{folder}/{path.name}".encode())))
            kernel = random_kernel(random_size(condition.kernel_sizes, rng), rng, speed_variation)
            scene = load_grey(path).astype(float)
            if min(scene.shape) < SIDE + kernel.shape[0] - 1:
                continue
            found += 1
            yield _case(f"{folder}-{path.stem}", scene, kernel, condition, noise, rng)


def _case(name, scene, kernel, condition, noise, rng):
    margin = kernel.shape[0] // 2
    wide = SIDE + 2 * margin
    top, left = ((side - wide) // 2 for side in scene.shape)
    part = scene[top : top + wide, left : left + wide]
    if condition.clipped:
        part = np.where(part >= np.quantile(part, HIGHLIGHTS), part * rng.uniform(*GAINS), part)
    exposed = np.clip(fftconvolve(part, kernel, mode="valid"), 0, 1)
    noisy = exposed + noise * rng.standard_normal(exposed.shape)
    sharp = np.clip(part[margin : margin + SIDE, margin : margin + SIDE], 0, 1)
    return Case(name, sharp, np.round(255 * np.clip(noisy, 0, 1)) / 255, kernel)


def aligned(case, restored):
    """The restored image at the best shift: whole pixels by correlation, the rest by Levin et al.'s search."""
    restored = np.clip(restored, 0, 1)
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    spectra = [np.fft.rfft2(window * (image - image.mean())) for image in (restored, case.sharp)]
    correlation = np.fft.irfft2(spectra[0].conj() * spectra[1])
    peak = np.unravel_index(np.argmax(correlation), correlation.shape)
    shift = [np.clip((place + SIDE // 2) % SIDE - SIDE // 2, -LARGEST_SHIFT, LARGEST_SHIFT) for place in peak]
    return align(np.roll(restored, shift, (0, 1)), case.sharp, max_shift=3, border=BORDER)


@fft_fixed("scipy")
def measure(case, condition):
    """Error ratio, PSNR, kernel similarity of each of the condition's runs, and whether it took the image for clipped."""
    final = condition.final
    truth = aligned(case, deconvolve(case.blurred, case.kernel, final)).ssd
    figures = {}
    for run, words in condition.runs().items():
        try:
            result = pydeblur.deblur(case.blurred, case.kernel_size, **words)
        except KernelCollapseError:
            figures[run] = {"error_ratio": WORST_RATIO, "psnr": None, "similarity": 0.0, "saturated": None}
            continue
        image = aligned(case, result.image)
        figures[run] = {
            "error_ratio": aligned(case, deconvolve(case.blurred, result.kernel, final)).ssd / truth,
            "psnr": float(psnr(image.image, image.reference)),
            "similarity": float(kernel_similarity(result.kernel, case.kernel)),
            "saturated": result.saturated,
        }
    return {"case": case.name, "kernel": case.kernel.shape[0], "runs": figures}


def _chosen(words):
    return {name: value for name, value in words.items() if name in ("preset", "prior", "prior_options")}


def table(rows):
    """Markdown."""
    yield "| | cases | mean ratio | median | ≤ 2 | ≤ 3 | PSNR | kernel similarity | taken for clipped |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for run in rows[0]["runs"] if rows else ():
        own = [row["runs"][run] for row in rows]
        ratios = np.array([figures["error_ratio"] for figures in own])
        shares = " | ".join(f"{np.mean(ratios <= limit):.0%}" for limit in (2, 3))
        similarity = np.mean([figures["similarity"] for figures in own])
        mean, median = np.minimum(ratios, WORST_RATIO).mean(), np.median(ratios)
        quality = np.mean([figures["psnr"] for figures in own if figures["psnr"] is not None])
        found = sum(figures["saturated"] is True for figures in own)
        yield f"| {run} | {len(own)} | {mean:.2f} | {median:.2f} | {shares} | {quality:.2f} | {similarity:.3f} | {found} |"


def main():
    """Run what is not in the file yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("condition", choices=CONDITIONS)
    parser.add_argument("--data", required=True, help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="file of finished cases")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    parser.add_argument("--per-folder", type=int, default=3)
    parser.add_argument("--speed-variation", type=float, default=0.0, help="of the kernels (default: %(default)s)")
    arguments = parser.parse_args()
    condition = CONDITIONS[arguments.condition]
    runs = {name: {**words, "means": asdict(resolve(**_chosen(words)))} for name, words in condition.runs().items()}
    # What is done about clipped pixels is no part of a preset: its last change is named.
    settings = {"noise": arguments.noise, **asdict(condition), "runs": runs, "clipping": "needs_more_light"}
    if arguments.speed_variation:
        settings["speed_variation"] = arguments.speed_variation
    settings = json.loads(json.dumps(settings))
    rows = [row for row in read_rows(arguments.out) if row["settings"] == settings]
    for case in cases(arguments.data, condition, arguments.noise, arguments.per_folder, speed_variation=arguments.speed_variation):
        if any(row["case"] == case.name for row in rows):
            continue
        row = {**measure(case, condition), "settings": settings}
        add_rows(arguments.out, row)
        rows.append(row)
        print(case.name, *(f"{run}: {figures['error_ratio']:.2f}" for run, figures in row["runs"].items()), sep="; ", flush=True)
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
