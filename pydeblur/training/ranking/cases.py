"""Cases to train the ranking network on: blurred photographs, restored with the kernels that runs of the solver found.

The network (:mod:`pydeblur.estimators.ranking`) is asked which of several kernels is the best, and sees what total variation
makes of the image with each. Here the sharp image is known, and with it where each restoration is wrong, and by how much. Kernels
are compared at the finest scale and, where they are wide, at half the size, where the default compares them first.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import numpy as np

from pydeblur.datasets.photographs import find_images, load_grey, split_images
from pydeblur.errors import FileFormatError, InvalidInputError, KernelCollapseError
from pydeblur.estimators.plan import RunPlan, make_plan
from pydeblur.estimators.presets import PRESETS
from pydeblur.estimators.ranking import restored_by_tv, shown_planes
from pydeblur.files import make_folder, write_bytes
from pydeblur.files.contents import shown_path
from pydeblur.files.npy_file import NUMBERS
from pydeblur.files.zip_archive import read_npz
from pydeblur.matlab import imresize
from pydeblur.metrics import align
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.priors.registry import PriorChoice
from pydeblur.solver import CoarseToFine, SolverOptions
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.solver.pyramid import scale_ratios
from pydeblur.synthesis.cases import BlurredCase, blurred_case
from pydeblur.synthesis.kernels import random_kernel, random_size
from pydeblur.training.ranking.faults import faulty_kernel

#: Side of the squares whose errors the network predicts: its map has one value for each.
CELL = 8
#: Among every case's kernels there are the true one, and a point, which leaves the image as it is.
TRUE, POINT = "true", "point"
#: How the names of kernels begin that were damaged on purpose (:mod:`pydeblur.training.ranking.faults`).
FAULT = "fault: "
#: Sizes of the kernels and sides of the images, and the share of the cases that have the first.
_NARROW, _WIDE, _NARROW_SHARE = (9, 39), (41, 101), 0.5
_NARROW_SIDE, _WIDE_SIDE = 255, 351
#: The share of the wide ones that are compared at half the size, and the scale that this is.
_HALF_SHARE, HALF_SIZE = 0.6, 2
#: Range of the kernels' variation of speed, and the share of them that have constant speed.
_SPEED_VARIATIONS, _CONSTANT_SHARE = (0.5, 1.5), 0.3
#: Standard deviations of the noise; one that is named twice comes up twice as often.
_NOISES = (0.0, 0.0, 0.01, 0.01, 0.005, 0.02)
#: What the solver is told of the size, as a multiple of the true one.
_ROOM = (1.0, 1.1, 1.2, 1.3)
#: First members of the seeds, by split.
_STREAMS = {"train": 9300, "validation": 9400}
#: Of the search for the shift between a restored image and the sharp one, in pixels.
_LARGEST_SHIFT, _BORDER = 12, 15
#: How many faulty kernels are made of the true one, and of what the runs have found.
_FAULTS_OF_TRUE, _FAULTS_OF_FOUND = 4, 2
#: Residuals are stored as whole numbers, of which the largest stands for 1.
_LARGEST_RESIDUAL = 127
#: How many of the runs are refined at the finest scale, as the preset's best are.
_REFINED = 3
#: So many times the cases that are wanted are drawn, before the images count as too small.
_DRAWS_PER_CASE = 50


@dataclass(frozen=True, eq=False)
class RankingCase:
    """One blurred image, restored with n kernels.

    Attributes
    ----------
    name : str
        Of the image, with its folder.
    runs : tuple of str
        Where each kernel comes from; :data:`TRUE` is the first.
    images : (n, 8 m, 8 m) float16 ndarray
        Restored, as the ranking network is shown them.
    residuals : (n, 8 m, 8 m) int8 ndarray
        What each restored image, blurred again, leaves of the blurred one, as 127 times what
        :func:`pydeblur.estimators.ranking.shown_to` has of it.
    blurred : (8 m, 8 m) float16 ndarray
    errors : (n, m, m) float32 ndarray
        Mean square of the difference between the restored image, within [0, 1], and the sharp one in each square of 8 × 8
        pixels; NaN near the border.
    ratios : (n,) float64 ndarray
        Error ratios: the sums of squared differences, divided by that of the true kernel.
    noise : float
        Standard deviation of the blurred image's noise.
    kernel_size : int
        What the solver was told.
    """

    name: str
    runs: tuple[str, ...]
    images: np.ndarray
    residuals: np.ndarray
    blurred: np.ndarray
    errors: np.ndarray
    ratios: np.ndarray
    noise: float
    kernel_size: int

    @property
    def is_candidate(self) -> np.ndarray:
        """(n,) bool: which of the kernels a run of the solver found."""
        return np.array([not (run in (TRUE, POINT) or run.startswith(FAULT)) for run in self.runs])

    def planes(self, inputs: int) -> np.ndarray:
        """What a network with so many inputs, 1 or 3, is shown of each kernel: (n, inputs, 8 m, 8 m) float32."""
        images = self.images.astype(np.float32)
        changes = images - self.blurred.astype(np.float32)
        return np.stack([images, changes, self.residuals / np.float32(_LARGEST_RESIDUAL)], axis=1)[:, :inputs]

    def save(self, path: Path) -> None:
        """Write to an .npz file: whole or not at all."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{**vars(self), "runs": np.array(self.runs)})
        write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path) -> RankingCase:
        """Read what :meth:`save` has written; FileFormatError if it is something else."""
        shown = shown_path(path)
        try:
            found = read_npz(path, NUMBERS + "U")
        except FileFormatError as error:
            raise _no_case(shown, str(error).removeprefix(f"{shown} ").rstrip(".")) from error
        missing = [name for name in cls.__dataclass_fields__ if name not in found]
        if missing:
            raise _no_case(shown, f"it lacks {', '.join(missing)}")
        _check_fields(found, shown)
        plain = {"name": str, "noise": float, "kernel_size": int, "runs": lambda names: tuple(names.tolist())}
        # What was read can't be written to.
        return cls(**{name: plain.get(name, np.array)(found[name]) for name in cls.__dataclass_fields__})


def _check_fields(found: dict[str, np.ndarray], shown: str) -> None:
    """Refuse fields whose types or shapes do not fit each other, or whose values are out of range."""
    count, cells = found["runs"].size, found["errors"].shape[-1] if found["errors"].ndim else 0
    expected = {
        "name": ("U", ()),
        "runs": ("U", (count,)),
        "images": ("f", (count, CELL * cells, CELL * cells)),
        "residuals": ("i", (count, CELL * cells, CELL * cells)),
        "blurred": ("f", (CELL * cells, CELL * cells)),
        "errors": ("f", (count, cells, cells)),
        "ratios": ("f", (count,)),
        "noise": ("f", ()),
        "kernel_size": ("i", ()),
    }
    for name, (kind, shape) in expected.items():
        if found[name].dtype.kind != kind or found[name].shape != shape:
            raise _no_case(shown, f"{name} should be of the type {kind!r} and the shape {shape}")
    if not all(np.isfinite(found[name]).all() for name in ("images", "blurred", "ratios", "noise")):
        raise _no_case(shown, "its images, ratios and noise should be finite")
    if np.any(np.abs(found["residuals"].astype(float)) > _LARGEST_RESIDUAL):
        raise _no_case(shown, f"its residuals should lie within {_LARGEST_RESIDUAL}")
    if TRUE not in found["runs"]:
        raise _no_case(shown, f"one of its runs should be '{TRUE}'")
    # The errors are NaN near the border.
    if np.isinf(found["errors"]).any() or (found["errors"] < 0).any():
        raise _no_case(shown, "its errors should be at least 0 and not infinite")


def _no_case(shown: str, reason: str) -> FileFormatError:
    return FileFormatError(f"'{shown[-100:]}' should hold a case for the ranking network's training: {reason[:150]}")


def make_ranking_cases(
    data,
    out,
    cases: int,
    split: str = "train",
    jobs: int = 1,
    progress: Callable[[Path], None] | None = None,
    scheduler=None,
) -> list[Path]:
    """Make cases, or those of them that are not there yet.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images, of whose subfolders each is drawn from equally often.
    out : path
        Folder of the cases, one file each.
    cases : int
    split : {"train", "validation"}
        Whose images, see :func:`pydeblur.datasets.photographs.split_images`.
    jobs : int
        Processes.
    progress : callable, optional
        Called with the path of each case that was made.
    scheduler : str or distributed.Client, optional
        A Dask cluster in place of processes, as for :func:`pydeblur.parallel.map_unordered`; its workers have to see the
        folders.

    Returns
    -------
    list of Path
        All cases. They are the same for the same images, whatever the number of processes, but for runs of the solver that
        hang on a Fourier transform's last bits. A case in which every run collapses is left out.

    Raises
    ------
    InvalidInputError
        If there is no image of the split, or none large enough.
    FileFormatError
        If an image can't be read, or a file can't be written.

    Examples
    --------
    A case takes some ten seconds:

    >>> paths = make_ranking_cases("photographs", "run/train", cases=1000, jobs=4)  # doctest: +SKIP
    """
    out, folders = make_folder(out), _folders(_hashable(data), split)
    drawn = (number for number in range(_DRAWS_PER_CASE * cases) if _drawn_case(folders, split, number) is not None)
    numbers = list(islice(drawn, cases))
    if len(numbers) < cases:
        raise InvalidInputError(f"data should hold images of at least {_NARROW_SIDE + _NARROW[1] - 1} rows and columns")
    paths = {number: out / f"{number:05d}.npz" for number in numbers}
    missing = [number for number in numbers if not paths[number].exists()]
    files = SharedFiles.at(_hashable(data), out)
    make = partial(_make, _hashable(data), out, split)
    for number in map_unordered(make, missing, jobs, scheduler=scheduler, files=files):
        if progress is not None:
            progress(paths[number])
    return [path for path in paths.values() if path.exists()]


def restored_case(case: BlurredCase, rng, scale: int = 0) -> RankingCase | None:
    """A blurred image, restored with the kernels of the default preset's candidates, with the true one and with wrong ones.

    At the finest scale some of the candidates are refined as well, as the preset does with its best. The wrong ones are a point,
    and the true kernel and some of those found, damaged.

    Parameters
    ----------
    case : BlurredCase
        A square one.
    rng : numpy.random.Generator or int
        Draws the runs that are refined and the damage; an int is a seed.
    scale : int
        Of the kernel's pyramid, at which the kernels are compared; 0 is the finest.

    Returns
    -------
    RankingCase or None
        None if every run collapses.

    Examples
    --------
    It takes some ten seconds:

    >>> scene = load_grey("photograph.jpg")  # doctest: +SKIP
    >>> blurred = blurred_case("photograph", scene, random_kernel(25, 0), 0.01, 0, side=255)  # doctest: +SKIP
    >>> restored = restored_case(blurred, rng=0)  # doctest: +SKIP
    """
    rng = np.random.default_rng(rng)
    at_scale = case_at(case, scale)
    found = _found_kernels(case, rng, scale)
    if not found:
        return None
    kernels = {TRUE: at_scale.kernel, POINT: _point(len(at_scale.kernel)), **found}
    kernels |= _faulty(at_scale.kernel, list(found.values()), rng)
    images, residuals, errors, sums = zip(*(_restored(at_scale, kernel) for kernel in kernels.values()))
    side = CELL * (min(at_scale.blurred.shape) // CELL)
    return RankingCase(
        case.name,
        tuple(kernels),
        np.array(images, np.float16),
        np.array(residuals, np.int8),
        at_scale.blurred[:side, :side].astype(np.float16),
        np.array(errors, np.float32),
        np.array(sums) / sums[0],
        case.noise,
        case.kernel_size,
    )


def case_at(case: BlurredCase, scale: int) -> BlurredCase:
    """A blurred case as a scale of the solver's pyramid shows it.

    Parameters
    ----------
    case : BlurredCase
    scale : int

    Returns
    -------
    BlurredCase
        With images and kernel made smaller; the kernel has odd sides.

    Examples
    --------
    >>> scene = np.random.default_rng(0).random((80, 90))
    >>> small = case_at(blurred_case("noise", scene, random_kernel(25, 0), 0.01, 0, room=1.0), 2)
    >>> small.blurred.shape, small.kernel.shape
    ((26, 31), (13, 13))
    """
    if scale == 0:
        return case
    blurred, sharp = (level_at(scale, image, case.kernel_size) for image in (case.blurred, case.sharp))
    kernel = np.maximum(imresize(case.kernel, scale_ratios(case.kernel_size)[scale]), 0)
    kernel = np.pad(kernel, [(0, 1 - side % 2) for side in kernel.shape])
    return replace(
        case, sharp=sharp.image, blurred=blurred.image, kernel=kernel / kernel.sum(), kernel_size=blurred.kernel_size
    )


def _point(size: int) -> np.ndarray:
    point = np.zeros((size, size))
    point[size // 2, size // 2] = 1
    return point


def _found_kernels(case: BlurredCase, rng: np.random.Generator, scale: int) -> dict[str, np.ndarray]:
    """What the runs find down to a scale, by their names; some go on at the finest."""
    runs = candidate_runs(case.blurred, case.kernel_size)
    refined = rng.permutation(len(runs))[:_REFINED]
    found = {}
    for number, (name, run) in enumerate(runs.items()):
        goes_on = scale == 0 and number in refined
        iterations = refinement_iterations(case.kernel_size) if goes_on else []
        found |= _kernels_of(name, run, case.blurred, iterations, scale)
    return found


def _faulty(true: np.ndarray, found: Sequence[np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Damaged kernels, by their names."""
    origins = [true] * _FAULTS_OF_TRUE + [found[rng.integers(len(found))] for _ in range(_FAULTS_OF_FOUND)]
    faulty = {}
    for number, origin in enumerate(origins):
        made = faulty_kernel(origin, rng)
        if made is not None:
            name, kernel = made
            faulty[f"{FAULT}{name} ({number})"] = kernel
    return faulty


def candidate_runs(image: np.ndarray, kernel_size: int) -> dict[str, RunPlan]:
    """The runs of the solver whose kernels a case has, by their names.

    They are the candidates of the preset "best". For wide kernels those that it has for them join those of narrow ones; for
    narrow kernels the paper's values do, which are a bad choice at noise.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred.
    kernel_size : int

    Returns
    -------
    dict of str to RunPlan
        Adapted to the image's noise.

    Examples
    --------
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((8, 8)))
    >>> list(candidate_runs(image, 5))[::6]
    ['first', "paper's values"]
    """
    best = PRESETS["best"]
    presets = [replace(best, for_wide_kernels=None)]
    if best.for_size(kernel_size) is not best:
        presets.append(best.for_size(kernel_size))
    runs = {}
    for preset in presets:
        for run in make_plan(preset, image, kernel_size).runs:
            runs[", ".join(f"{name} {value}" for name, value in run.changes.items()) or "first"] = run
    if len(presets) == 1:
        runs["paper's values"] = RunPlan(SolverOptions(kernel_size), PriorChoice(), {})
    return runs


def refinement_iterations(kernel_size: int) -> list[int]:
    """How many iterations at the finest scale the preset "best" has in each of its refinements.

    Examples
    --------
    >>> refinement_iterations(25)
    [10, 20]
    """
    return [refinement.iterations for refinement in PRESETS["best"].for_size(kernel_size).refinements]


def _hashable(data) -> tuple[str, ...]:
    """Folders for a cache and for other processes."""
    return (str(data),) if isinstance(data, (str, Path)) else tuple(map(str, data))


@lru_cache(maxsize=2)
def _folders(data: tuple[str, ...], split: str) -> tuple[tuple[Path, ...], ...]:
    """The images of a split, those of each folder together."""
    found = {}
    for path in split_images(find_images(data))[split]:
        found.setdefault(path.parent.name, []).append(path)
    if not found:
        raise InvalidInputError(
            f"data should hold images of the {split} split (by the hash of the file name), but none is"
        )
    return tuple(tuple(found[name]) for name in sorted(found))


def _drawn_case(folders: Sequence[Sequence[Path]], split: str, number: int) -> BlurredCase | None:
    """The blurred case that a number stands for; None where the image is too small for the kernel."""
    rng = np.random.default_rng((_STREAMS[split], number))
    folder = folders[rng.integers(len(folders))]
    path = folder[rng.integers(len(folder))]
    is_narrow = rng.random() < _NARROW_SHARE
    sizes, side = (_NARROW, _NARROW_SIDE) if is_narrow else (_WIDE, _WIDE_SIDE)
    variation = 0.0 if rng.random() < _CONSTANT_SHARE else rng.uniform(*_SPEED_VARIATIONS)
    kernel = random_kernel(random_size(sizes, rng), rng, variation)
    noise, room = float(rng.choice(_NOISES)), float(rng.choice(_ROOM))
    return blurred_case(f"{path.parent.name}-{path.stem}", _scene(path), kernel, noise, rng, side=side, room=room)


@lru_cache(maxsize=200)
def _scene(path: Path) -> np.ndarray:
    return load_grey(path)


def _make(data: tuple[str, ...], out: Path, split: str, number: int) -> int:
    """Make a case, unless all runs collapse; its number."""
    rng = np.random.default_rng((_STREAMS[split], number, 1))
    case = _drawn_case(_folders(data, split), split, number)
    is_wide = case.kernel.shape[0] >= _WIDE[0]
    made = restored_case(case, rng, HALF_SIZE if is_wide and rng.random() < _HALF_SHARE else 0)
    if made is not None:
        made.save(out / f"{number:05d}.npz")
    return number


def _kernels_of(
    name: str, run: RunPlan, blurred: np.ndarray, refinements: Sequence[int], scale: int
) -> dict[str, np.ndarray]:
    """A run's kernel at a scale, and those after so many iterations at the finest, until it collapses."""
    search = CoarseToFine(blurred, run.options, run.prior.load())
    found = {}
    # What was found before a collapse is a candidate all the same.
    with suppress(KernelCollapseError):
        search.advance_to(scale)
        found[name] = search.result().kernel
        for iterations in refinements:
            if iterations > search.options.iterations_at(0):
                search.extend(iterations, workers=1)
                found[f"{name}, {iterations} at the finest scale"] = search.result().kernel
    return found


def _restored(case: BlurredCase, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The image restored with a kernel, its residual and its errors as :class:`RankingCase` has them, and their mean.

    The sharp image is moved by the distance of the kernels' centroids before the best shift is sought: an estimate is centred
    by its centroid, a true kernel by its box.
    """
    restored = restored_by_tv(case.blurred, kernel)
    inside = np.clip(restored, 0, 1)
    offset = tuple(round(true - own) for true, own in zip(_centroid(case.kernel), _centroid(kernel)))
    border = _BORDER + max(map(abs, offset))
    aligned = align(inside, np.roll(case.sharp, offset, axis=(0, 1)), _LARGEST_SHIFT, border)
    errors = np.full(restored.shape, np.nan)
    # The errors belong where the restored image has them, which is known to whole pixels.
    top, left = (border + round(shift) for shift in aligned.shift)
    squares = (aligned.image - aligned.reference) ** 2
    errors[top : top + squares.shape[0], left : left + squares.shape[1]] = squares
    cells = min(restored.shape) // CELL
    whole = slice(CELL * cells)
    means = errors[whole, whole].reshape(cells, CELL, cells, CELL).mean((1, 3))
    residual = shown_planes(case.blurred, restored, kernel)[2]
    return restored[whole, whole], np.rint(_LARGEST_RESIDUAL * residual[whole, whole]), means, float(squares.mean())


def _centroid(kernel: np.ndarray) -> tuple[float, float]:
    """Row and column of a kernel's centroid, from its middle."""
    rows, columns = (np.arange(side) - side // 2 for side in kernel.shape)
    return float(kernel.sum(axis=1) @ rows), float(kernel.sum(axis=0) @ columns)
