"""Cases to train a judge on: photographs, blurred, and deblurred with the kernels that runs of the solver found.

A judge (:mod:`pydeblur.judge`) is asked which of several kernels is the best, and sees what total variation makes of the
image with each. Here the sharp image is known, and with it where each restoration is wrong, and by how much.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError, KernelCollapseError
from pydeblur.files import write_bytes
from pydeblur.judge import LAMBDA_TV
from pydeblur.metrics import align
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.presets import preset_named
from pydeblur.priors import load_prior
from pydeblur.reproduce.processes import map_unordered
from pydeblur.solver import CoarseToFine, SolverOptions
from pydeblur.training.images import find_images, load_grey, split_images
from pydeblur.training.kernels import random_kernel, random_size
from pydeblur.training.synthesis import blur

SIDE = 255
#: Of the kernels, and how many of 100 cases have the first.
_NARROW, _WIDE, _NARROW_SHARE = (15, 31), (33, 61), 0.7
#: Range of the kernels' `speed_variation`, and how many of 100 have constant speed.
_SPEED_VARIATIONS, _CONSTANT_SHARE = (0.5, 1.5), 0.3
#: Standard deviations; those named twice come up twice as often. 8 bits in any case.
_NOISES = (0.0, 0.0, 0.01, 0.01, 0.005, 0.02)
#: The size that the solver is told, by the true one.
_ROOM = (1.0, 1.1, 1.2, 1.3)
#: First member of the seeds, by split.
_STREAMS = {"train": 9300, "validation": 9400}
_LARGEST_SHIFT, _BORDER = 12, 15
#: How many of the runs go on at the finest scale, each to all the laps' iterations.
_GOING_ON = 3
#: The classifier's map has one value for a square of this side.
CELL = 8
CELLS = SIDE // CELL
#: Among every case's kernels: the true one, and a point, which leaves the image as it is.
TRUE, POINT = "true", "point"


@dataclass(frozen=True, eq=False)
class Restorations:
    """One blurred image, deblurred with n kernels.

    Attributes
    ----------
    name : str
        Of the image, with its folder.
    runs : tuple of str
        Where each kernel comes from; :data:`TRUE` is the first.
    images : (n, 8 m, 8 m) float16 ndarray
        Restored, not clipped to [0, 1].
    errors : (n, m, m) float32 ndarray
        Mean square of the difference to the sharp image in each square of 8 × 8 pixels; NaN near the border.
    ratios : (n,) float64 ndarray
        Sums of squared differences by that of the true kernel.
    noise : float
    kernel_size : int
        What the solver was told.
    """

    name: str
    runs: tuple[str, ...]
    images: np.ndarray
    errors: np.ndarray
    ratios: np.ndarray
    noise: float
    kernel_size: int

    @property
    def is_candidate(self) -> np.ndarray:
        """(n,) bool: which of the kernels a run of the solver found."""
        return np.array([run not in (TRUE, POINT) for run in self.runs])

    def save(self, path: Path) -> None:
        """Write to an .npz file: whole or not at all."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{**vars(self), "runs": np.array(self.runs)})
        write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path) -> Restorations:
        """Read what :meth:`save` has written; FileFormatError if it is something else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                fields = {name: file[name] for name in cls.__dataclass_fields__}
        except Exception as error:  # zipfile, NumPy and the file system raise whatever they like
            raise FileFormatError(f"'{path}' should hold the restorations of a case: {error}") from error
        plain = {"name": str, "noise": float, "kernel_size": int, "runs": lambda names: tuple(names.tolist())}
        return cls(**{name: plain.get(name, np.asarray)(value) for name, value in fields.items()})


def make_restorations(data, out, cases: int, split: str = "train", jobs: int = 1, progress=None) -> list[Path]:
    """Make cases, or those of them that are not there yet.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images, of whose subfolders each is drawn from equally often.
    out : path
        Folder of the cases, one file each.
    cases : int
    split : {"train", "validation"}
        Whose images, see :func:`pydeblur.training.images.split_images`.
    jobs : int
        Processes.
    progress : callable, optional
        Called with the path of each case that was made.

    Returns
    -------
    list of Path
        All cases. The same for the same images, whatever the number of processes, but for runs of the solver that hang on
        a Fourier transform's last bits.

    Raises
    ------
    InvalidInputError
        If there is no image of the split, or none large enough.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    folders = _folders(data, split)
    numbers = list(islice((number for number in range(50 * cases) if _Draw.of(folders, split, number)), cases))
    if len(numbers) < cases:
        raise InvalidInputError(f"data should hold images of at least {SIDE + _WIDE[1]} rows and columns.")
    paths = {number: out / f"{number:05d}.npz" for number in numbers}
    missing = [number for number in numbers if not paths[number].exists()]
    for number in map_unordered(partial(_make, data, out, split), missing, jobs):
        if progress is not None:
            progress(paths[number])
    return [path for path in paths.values() if path.exists()]


@lru_cache(maxsize=2)
def _folders_of(data, split):
    found = {}
    for path in split_images(find_images(data))[split]:
        found.setdefault(path.parent.name, []).append(path)
    if not found:
        raise InvalidInputError(f"data should hold images of the {split} split (by the hash of the file name), but none is.")
    return tuple(tuple(found[name]) for name in sorted(found))


def _folders(data, split):
    return _folders_of(data if isinstance(data, (str, Path)) else tuple(data), split)


@dataclass(frozen=True, eq=False)
class _Draw:
    """What a number stands for: a part of an image large enough for a kernel, and a random generator for the rest."""

    path: Path
    part: np.ndarray
    kernel: np.ndarray
    noise: float
    rng: np.random.Generator

    @classmethod
    def of(cls, folders, split, number) -> _Draw | None:
        """None where the image is too small for the kernel."""
        rng = np.random.default_rng((_STREAMS[split], number))
        folder = folders[rng.integers(len(folders))]
        path = folder[rng.integers(len(folder))]
        sizes = _NARROW if rng.random() < _NARROW_SHARE else _WIDE
        variation = 0.0 if rng.random() < _CONSTANT_SHARE else rng.uniform(*_SPEED_VARIATIONS)
        kernel = random_kernel(random_size(sizes, rng), rng, variation)
        noise = float(rng.choice(_NOISES))
        image, wide = _image(path), SIDE + kernel.shape[0] - 1
        if min(image.shape) < wide:
            return None
        corners = [tuple(int(rng.integers(side - wide + 1)) for side in image.shape) for _ in range(4)]
        parts = [image[top : top + wide, left : left + wide] for top, left in corners]
        return cls(path, max(parts, key=lambda part: np.abs(np.diff(part, axis=0)).mean()), kernel, noise, rng)


@lru_cache(maxsize=200)
def _image(path):
    return load_grey(path)


def _make(data, out, split, number):
    """Make a case, unless all runs collapse; its number."""
    draw = _Draw.of(_folders(data, split), split, number)
    margin = draw.kernel.shape[0] // 2
    blurred = blur(draw.part, draw.kernel, draw.noise, draw.rng, boundary="valid").astype(float)
    sharp = draw.part[margin : margin + SIDE, margin : margin + SIDE].astype(float)
    kernel_size = int(np.ceil(draw.rng.choice(_ROOM) * draw.kernel.shape[0])) // 2 * 2 + 1
    name = f"{draw.path.parent.name}-{draw.path.stem}"
    case = restorations_of(name, sharp, blurred, draw.kernel, kernel_size, draw.noise, draw.rng)
    if case is not None:
        case.save(out / f"{number:05d}.npz")
    return number


def restorations_of(name, sharp, blurred, kernel, kernel_size: int, noise: float, rng) -> Restorations | None:
    """A blurred image, deblurred with the kernels of the default preset's candidates, of some of them after more iterations,
    the true one and a point.

    Parameters
    ----------
    name : str
    sharp, blurred : (255, 255) ndarray
    kernel : (n, n) ndarray
        The true one.
    kernel_size : int
        For the solver.
    noise : float
    rng : numpy.random.Generator
        Draws the runs that go on at the finest scale, as the preset's best do.

    Returns
    -------
    Restorations or None
        None if every run collapses.
    """
    point = np.zeros((kernel_size, kernel_size))
    point[kernel_size // 2, kernel_size // 2] = 1
    kernels = {TRUE: kernel, POINT: point}
    runs = candidate_runs(kernel_size)
    going_on = rng.permutation(len(runs))[:_GOING_ON]
    for number, (run, (prior, prior_options, fields)) in enumerate(runs.items()):
        search = CoarseToFine(blurred, SolverOptions(kernel_size, **fields), load_prior(prior, **prior_options))
        kernels |= _kernels_on_the_way(run, search, lap_iterations(kernel_size) if number in going_on else ())
    if len(kernels) == 2:
        return None
    images, errors, sums = zip(*(_restored(sharp, blurred, each) for each in kernels.values()))
    ratios = np.array(sums) / sums[0]
    whole = np.array(images, np.float16)[:, : CELL * CELLS, : CELL * CELLS]
    return Restorations(name, tuple(kernels), whole, np.array(errors, np.float32), ratios, noise, kernel_size)


def candidate_runs(kernel_size: int) -> dict:
    """Names of runs to their priors, prior's options and fields of SolverOptions.

    The candidates of the preset "best"; for wide kernels also those that it has for them, else the paper's values, which are
    a bad choice at noise.
    """
    best = preset_named("best")
    if kernel_size > _NARROW[1]:
        runs = [*zip(best.candidates, best.runs()), *zip(best.wide.candidates, best.wide.runs())]
        others = {}
    else:
        runs, others = [*zip(best.candidates, best.runs())], {"paper's values": ("gradient", {}, {})}
    return {", ".join(f"{name} {value}" for name, value in fields.items()) or "first": run for fields, run in runs} | others


def lap_iterations(kernel_size: int) -> list[int]:
    """How many iterations at the finest scale the preset "best" has for those that go on there."""
    return [lap.iterations for lap in preset_named("best").for_kernel(kernel_size).laps]


def _kernels_on_the_way(run, search, laps) -> dict:
    """A run's kernel, and those after the laps, till one collapses."""
    found = {}
    try:
        search.advance_to(0)
        found[run] = search.result().kernel
        for iterations in laps:
            if iterations > search.options.iterations_at(0):
                search.extend(iterations, workers=1)
                found[f"{run}, {iterations} at the finest scale"] = search.result().kernel
    except KernelCollapseError:
        pass
    return found


def _restored(sharp, blurred, kernel):
    """The image deblurred with a kernel, its errors as :class:`Restorations` has them, and their sum."""
    restored = deconvolve_tv(blurred, kernel, lambda_tv=LAMBDA_TV)
    aligned = align(restored, sharp, _LARGEST_SHIFT, _BORDER)
    errors = np.full((SIDE, SIDE), np.nan)
    # Where the restored image has them: to whole pixels.
    top, left = (_BORDER + round(shift) for shift in aligned.shift)
    rows, columns = aligned.image.shape
    errors[top : top + rows, left : left + columns] = (aligned.image - aligned.reference) ** 2
    whole = errors[: CELL * CELLS, : CELL * CELLS].reshape(CELLS, CELL, CELLS, CELL)
    return restored, whole.mean((1, 3)), aligned.ssd
