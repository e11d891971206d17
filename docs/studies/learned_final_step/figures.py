"""The pictures of index.md: the course of the training, and four scenes restored by three final steps.

    python docs/studies/learned_final_step/figures.py --out docs/studies/learned_final_step [--weights W.onnx]

The curve is drawn from training_log.csv in that folder. The scenes are drawn by code or come with scikit-image; each is blurred
by a random camera shake, under noise and 8 bits, and restored with its true kernel. The gains are printed.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from skimage import data

from pydeblur.evaluation.studies import run_study
from pydeblur.metrics import psnr
from pydeblur.nonblind import deconvolve
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.noise import noise_level
from pydeblur.synthesis import blurred_case, random_kernel
from pydeblur.training.restoration.scenes import drawn_document, drawn_pattern

_SIDE, _BORDER = 240, 15
#: Steps at which the run went on with other pairs.
_PARTS = (3500, 9500, 16000, 23500, 29500)
#: As benchmarks/learned_final_step.py tells EPLL its noise.
_LEAST_NOISE = 0.006


class Scene(NamedTuple):
    """What is blurred, by a kernel of so many pixels, under so much noise."""

    name: str
    pixels: np.ndarray
    kernel_size: int
    noise: float


def scenes() -> Iterator[Scene]:
    """A page, a periodic pattern, a façade, and a starry field."""
    yield Scene("page", drawn_document(np.random.default_rng(4), _SIDE + 46), 25, 0.005)
    yield Scene("pattern", drawn_pattern(np.random.default_rng(3), _SIDE + 46), 39, 0.01)
    yield Scene("bricks", data.brick()[:320, :320].astype(np.float32) / 255, 31, 0.01)
    yield Scene("stars", grey_image(data.hubble_deep_field() / 255.0)[200:500, 300:600].astype(np.float32), 21, 0.01)


def restorations(scene: Scene, weights: str) -> dict[str, np.ndarray]:
    """The blurred scene, what three final steps make of it, and the sharp one."""
    rng = np.random.default_rng(3)
    kernel = random_kernel(scene.kernel_size, rng, 1.0)
    case = blurred_case(scene.name, scene.pixels, kernel, scene.noise, rng, side=_SIDE)
    noise = max(noise_level(case.blurred), _LEAST_NOISE)
    return {
        "blurred": case.blurred,
        "ringing": deconvolve(case.blurred, case.kernel),
        "epll": deconvolve(case.blurred, case.kernel, "epll", noise=noise),
        "learned": deconvolve(case.blurred, case.kernel, "learned", weights=weights),
        "sharp": case.sharp,
    }


def draw_examples(path: Path, weights: str) -> None:
    """All scenes, one below the other, each with its PSNR without the border."""
    import matplotlib.pyplot as plt

    inner = np.s_[_BORDER:-_BORDER, _BORDER:-_BORDER]
    found = {scene.name: restorations(scene, weights) for scene in scenes()}
    figure, axes = plt.subplots(len(found), 5, figsize=(12.5, 2.65 * len(found)), layout="constrained")
    for row, (name, images) in zip(axes, found.items()):
        for axis, (step, image) in zip(row, images.items()):
            image = np.clip(image, 0, 1)
            quality = "" if step == "sharp" else f"  {psnr(image[inner], images['sharp'][inner]):.1f} dB"
            axis.imshow(image, cmap="gray", vmin=0, vmax=float(images["sharp"].max()))
            axis.set_title(step + quality, fontsize=9)
            axis.set_axis_off()
            print(name, step, quality)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    # Grey takes a third of the file.
    Image.open(drawn).convert("L").save(path, optimize=True)


def draw_curve(log: Path, path: Path) -> None:
    """The gain on the validation pairs, which differ from part to part."""
    import matplotlib.pyplot as plt

    table = np.genfromtxt(log, delimiter=",", names=True)
    figure, axis = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    starts, ends = (0, *_PARTS), (*_PARTS, np.inf)
    for number, (first, last) in enumerate(zip(starts, ends), 1):
        part = table[(table["step"] > first) & (table["step"] <= last)]
        (line,) = axis.plot(part["step"], part["gain"], ".-", label=f"part {number}")
        axis.plot(part["step"], part["gain_of_the_best_input"], ":", color=line.get_color())
    axis.plot([], [], "k:", label="best input of each pair")
    axis.set(xlabel="step", ylabel="gain over the base, dB")
    axis.grid(alpha=0.3)
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    figure.savefig(path, dpi=100)


def main() -> None:
    """Draw both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--weights", default="restoration", metavar="W")
    arguments = parser.parse_args()
    draw_curve(arguments.out / "training_log.csv", arguments.out / "curve.png")
    draw_examples(arguments.out / "examples.png", arguments.weights)


if __name__ == "__main__":
    raise SystemExit(run_study(main))
