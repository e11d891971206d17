"""What the learned final step gains over "ringing", beside EPLL, with true and with estimated kernels.

    python benchmarks/learned_final_step.py --data DATA --photographs PHOTOS --out RESULTS [--weights W.onnx] [--per-kind 7]
        [--found-kernels]

PHOTOS is a folder of sharp photographs with a subfolder for each kind, DATA the folder of the benchmarks. From each kind the
first photographs of the split "test" are taken, and documents and periodic patterns are drawn; each is blurred by a random
camera shake of 9 to 45 pixels, with noise of 0.5, 1 or 2 % and 8 bits, and deblurred with its true kernel and with the one
that the default finds. Levin et al.'s 32 images are deblurred with their true kernels and with stored estimates of other
methods, the 15 text images of Pan et al. with their true kernels (each image under one of the eight). With `--found-kernels`
these two sets, 10 images of Sun et al. and 12 photographs of Köhler et al. are deblurred with the kernels that the default
finds, too, which takes some fifteen minutes of processor time more. `--split validation` takes other photographs, and `--noise X`
gives all of them the same noise: each needs a folder RESULTS of its own.

Printed are mean gains over "ringing", in dB, with standard errors, by set, kernel and kind of scene: over all cases, and over
those whose kernel the default does not doubt. PSNR is of the image
clipped to [0, 1], at its best shift where the kernel is an estimate. What other steps than "learned" give, and the kernels,
are kept in RESULTS, since they do not change with the weights; `--restart` computes them again. EPLL is slow: it is run on
every third case (`--epll-every`). With OMP_NUM_THREADS=1 all of it takes some ten minutes of processor time.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pydeblur.api import estimate_kernel
from pydeblur.datasets import load
from pydeblur.datasets.photographs import SPLITS, find_images, load_grey, split_images
from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.confidence import is_doubtful
from pydeblur.evaluation.paired import mean_with_error
from pydeblur.evaluation.stored_kernels import find_kernels
from pydeblur.evaluation.studies import run_study
from pydeblur.evaluation.subsets import stratified
from pydeblur.files import write_csv, write_image
from pydeblur.metrics import aligned_psnr, psnr
from pydeblur.metrics.kohler import surrogate_psnr
from pydeblur.nonblind import deconvolve
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.noise import noise_level
from pydeblur.synthesis import blurred_case, random_kernel, random_size
from pydeblur.training.restoration.scenes import drawn_document, drawn_pattern

#: Sides of the blurred pictures, sizes of the kernels, and noises, which take turns.
_SIDE, _SIZES, _NOISES = 255, ((9, 15), (17, 31), (33, 45)), (0.005, 0.01, 0.02)
_SPEED_VARIATION, _ROOM = 1.0, 1.2
_STREAM = 9900
#: Documents and patterns that are drawn.
_DRAWN = 4
#: What a split's name is followed by in the tables.
_SPLIT = " split"
#: Pixels along the border that do not count.
_BORDER = 15
#: What EPLL is told where less noise is found: no kernel is exact, and its error acts as noise does.
_LEAST_NOISE = 0.006
#: What the table of all cases says of each, before the PSNRs.
_COLUMNS = ("set", "kernels", "kind", "name", "confidence")
#: Whose estimates of Levin et al.'s kernels are used.
_STORED = ("pan2016", "levin2011")
_KOHLER = "Köhler"
#: Benchmarks that are deblurred with the default's kernels: what the tables call them, and how many of their cases.
_FOUND = {"levin": ("Levin", 32), "text": ("text", 15), "sun": ("Sun", 10), "kohler": (_KOHLER, 12)}


@dataclass(frozen=True, eq=False)
class Case:
    """A blurred picture, the sharp one, and a kernel to deblur it with."""

    name: str
    set: str
    kind: str
    kernels: str
    blurred: np.ndarray
    sharp: np.ndarray
    kernel: np.ndarray
    #: How probably the kernel was found, where the default says it.
    confidence: float | None = None


def photographs(
    folder, kernels: Path, per_kind: int, split: str = "test", noise: float | None = None
) -> Iterator[Case]:
    """Cases of a split and drawn ones, with true kernels and with the default's; noises take turns unless one is given."""
    title = f"{split}{_SPLIT}"
    for number, (kind, name, scene) in enumerate(_scenes(folder, per_kind, split)):
        rng = np.random.default_rng((_STREAM, number))
        # Sizes, noises and kinds take turns out of step with each other.
        size = random_size(_SIZES[number % 3], rng)
        kernel = random_kernel(size, rng, rng.uniform(0, 2 * _SPEED_VARIATION))
        side = min(_SIDE, min(scene.shape) - size + 1)
        added = _NOISES[(number + number // 3) % 3] if noise is None else noise
        case = blurred_case(name, scene, kernel, added, rng, side=side, room=_ROOM)
        yield Case(name, title, kind, "true", case.blurred, case.sharp, case.kernel)
        found, confidence = _found_kernel(kernels / f"{number:03d}.npz", case)
        if found.size:
            yield Case(name, title, kind, "default's", case.blurred, case.sharp, found, confidence)


def _scenes(folder, per_kind: int, split: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """Kind, name and pixels: photographs of the split, and drawn scenes."""
    by_kind: dict[str, list[Path]] = {}
    for path in split_images(find_images(folder))[split]:
        by_kind.setdefault(path.parent.name, []).append(path)
    for kind, paths in sorted(by_kind.items()):
        for path in paths[:per_kind]:
            yield kind, path.stem, load_grey(path)
    for kind, draw in (("document", drawn_document), ("pattern", drawn_pattern)):
        for number in range(_DRAWN):
            yield kind, f"{kind} {number}", draw(np.random.default_rng((_STREAM, number, 1)), _SIDE + 46)


def _found_kernel(path: Path, case) -> tuple[np.ndarray, float | None]:
    """What the default finds, and its confidence, if it has one; a kernel without pixels where it collapses."""
    if not path.exists():
        kernel, confidence = np.zeros((0, 0)), 0.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                found = estimate_kernel(case.blurred, case.kernel_size)
                kernel, confidence = found.kernel, found.confidence
            except KernelCollapseError:
                print(f"{case.name}: no kernel was found")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, kernel=kernel, confidence=math.nan if confidence is None else confidence)
    with np.load(path) as stored:
        confidence = float(stored["confidence"])
        return stored["kernel"], None if math.isnan(confidence) else confidence


def levin(data) -> Iterator[Case]:
    """Levin et al.'s images with true kernels, and with the stored estimates of other methods."""
    cases = list(load("levin", data))
    for case in cases:
        yield Case(case.name, "Levin", "natural", "true", case.blurred, case.sharp, case.kernel)
    for method in _STORED:
        stored = find_kernels(Path(data) / "levin" / f"kernels_{method}", "levin", data)
        for case in cases:
            yield Case(case.name, "Levin", "natural", method, case.blurred, case.sharp, stored.kernel(case.name))


def text(data) -> Iterator[Case]:
    """One blurred picture of each of Pan et al.'s text images."""
    for number in range(15):
        (case,) = load("text", data, cases=f"im{number + 1:02d}_ker{number % 8 + 1:02d}")
        yield Case(case.name, "text", "text", "true", grey_image(case.blurred), grey_image(case.sharp), case.kernel)


def with_found_kernels(data, kernels: Path) -> Iterator[Case]:
    """Benchmarks' images, spread evenly over scenes and kernels, with what the default finds."""
    for name, (title, count) in _FOUND.items():
        for case in stratified(load(name, data), count):
            found, confidence = _found_kernel(kernels / f"{name}_{case.name}.npz", case)
            blurred, sharp = case.blurred, case.sharp
            if name == "text":
                blurred, sharp = grey_image(blurred), grey_image(sharp)
            if found.size:
                yield Case(case.name, title, name, "default's", blurred, sharp, found, confidence)


class Qualities:
    """PSNR by case and step; all but those of the learned step are kept in a file."""

    def __init__(self, path: Path, weights: str, epll_every: int, pictures: Path | None):
        self._path, self._weights, self._epll_every, self._pictures = path, weights, epll_every, pictures
        self._kept = json.loads(path.read_text()) if path.exists() else {}
        self._number = 0

    def of(self, case: Case) -> dict[str, float]:
        """The PSNR of every step that is run on a case."""
        self._number += 1
        steps = ["blurred", "ringing", "hyper-laplacian"] + ["epll"] * ((self._number - 1) % self._epll_every == 0)
        found = {step: self._of_kept(case, step) for step in steps}
        restored = deconvolve(case.blurred, case.kernel, "learned", weights=self._weights)
        if self._pictures is not None:
            self._draw(case, restored)
        return {**found, "learned": _quality(case, restored)}

    def _of_kept(self, case: Case, step: str) -> float:
        key = f"{case.set}, {case.name}, {case.kernels}, {step}"
        if key not in self._kept:
            self._kept[key] = _quality(case, _restored(case, step))
            self._path.write_text(json.dumps(self._kept, indent=0))
        return self._kept[key]

    def _draw(self, case: Case, restored: np.ndarray) -> None:
        """Blurred, ringing, learned and sharp beside each other."""
        shown = [case.blurred, _restored(case, "ringing"), restored, case.sharp]
        rows, columns = (min(image.shape[axis] for image in shown) for axis in (0, 1))
        sheet = np.hstack([np.clip(image[:rows, :columns], 0, 1) for image in shown])
        self._pictures.mkdir(parents=True, exist_ok=True)
        write_image(self._pictures / f"{case.set}_{case.name}_{case.kernels}.png".replace(" ", "_"), sheet)


def _restored(case: Case, step: str) -> np.ndarray:
    if step == "blurred":
        return case.blurred
    if step == "ringing":
        return deconvolve(case.blurred, case.kernel)
    options = {"noise": max(noise_level(grey_image(case.blurred)), _LEAST_NOISE)} if step == "epll" else {}
    return deconvolve(case.blurred, case.kernel, step, **options)


def _quality(case: Case, image: np.ndarray) -> float:
    """PSNR without the border; at the best shift where the kernel may lie elsewhere."""
    image = np.clip(image, 0, 1)
    if case.set == _KOHLER:
        return surrogate_psnr(image, case.sharp)
    is_of_split = case.set.endswith(_SPLIT)
    if is_of_split and case.kernels == "true":
        inner = np.s_[_BORDER:-_BORDER, _BORDER:-_BORDER]
        return psnr(image[inner], case.sharp[inner])
    return aligned_psnr(image, case.sharp, **({"max_shift": 12, "border": _BORDER} if is_of_split else {}))


def gains_table(rows: list[dict], by: tuple[str, ...]) -> list[dict]:
    """Mean gains over "ringing" of each group of cases."""
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    table = []
    for key, members in groups.items():
        line = dict(zip(by, key)) | {
            "cases": len(members),
            "ringing": round(np.mean([row["ringing"] for row in members]), 2),
        }
        for step in ("hyper-laplacian", "epll", "learned"):
            line[step] = _mean_gain(members, step)
        line["learned where epll"] = _mean_gain([row for row in members if "epll" in row], "learned")
        line["worst"] = round(min(row["learned"] - row["ringing"] for row in members), 2)
        table.append(line)
    return table


def _mean_gain(rows: list[dict], step: str) -> str:
    gains = [row[step] - row["ringing"] for row in rows if step in row]
    return str(mean_with_error(gains)) if gains else ""


def _sets(arguments: argparse.Namespace) -> Iterator[Iterator[Case]]:
    """The sets of cases whose data were given."""
    if arguments.photographs is not None:
        chosen = arguments.per_kind, arguments.split, arguments.noise
        yield photographs(arguments.photographs, arguments.out / "kernels", *chosen)
    if arguments.data is not None:
        yield levin(arguments.data)
        yield text(arguments.data)
        if arguments.found_kernels:
            yield with_found_kernels(arguments.data, arguments.out / "kernels")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="DATA", help="folder of the benchmarks")
    parser.add_argument("--photographs", metavar="PHOTOS", help="folder of sharp photographs")
    parser.add_argument("--out", type=Path, required=True, metavar="RESULTS")
    parser.add_argument("--weights", default="restoration", metavar="W")
    parser.add_argument("--per-kind", type=int, default=7, metavar="N")
    parser.add_argument("--split", choices=SPLITS, default="test", help="of the photographs (default: test)")
    parser.add_argument("--noise", type=float, metavar="X", help="the standard deviation that all photographs have")
    parser.add_argument("--epll-every", type=int, default=3, metavar="N")
    parser.add_argument("--found-kernels", action="store_true", help="the benchmarks with the default's kernels, too")
    parser.add_argument("--pictures", action="store_true", help="write a sheet of each case")
    parser.add_argument("--restart", action="store_true", help="compute what is kept again")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    kept = arguments.out / "other_steps.json"
    if arguments.restart:
        kept.unlink(missing_ok=True)
    pictures = arguments.out / "pictures" if arguments.pictures else None
    rows = []
    for cases in _sets(arguments):
        # Each set has its own count for EPLL's turn.
        qualities = Qualities(kept, arguments.weights, arguments.epll_every, pictures)
        for case in cases:
            rows.append({name: getattr(case, name) for name in _COLUMNS} | qualities.of(case))
    columns = dict.fromkeys(name for row in rows for name in row)
    write_csv(arguments.out / "learned_final_step.csv", [{name: row.get(name) for name in columns} for row in rows])
    trusted = [row for row in rows if row["confidence"] is not None and not is_doubtful(row["confidence"])]
    for title, chosen, by in (
        ("all", rows, ("set", "kernels")),
        ("all, by kind", rows, ("set", "kernels", "kind")),
        ("kernels that the default does not doubt", trusted, ("set", "kernels")),
        ("kernels that the default does not doubt, by kind", trusted, ("set", "kernels", "kind")),
    ):
        print(f"{title}:")
        for line in gains_table(chosen, by):
            print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    raise SystemExit(run_study(main))
