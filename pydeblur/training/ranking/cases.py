"""Cases to train the ranking network on: blurred photographs, restored with the kernels that runs of the solver found.

The network (:mod:`pydeblur.estimators.ranking`) is asked which of several kernels is the best, and sees what total variation
makes of the image with each. Here the sharp image is known, and with it where each restoration is wrong, and by how much.
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
from pydeblur.estimators.ranking import restored_by_tv
from pydeblur.files import make_folder, write_bytes
from pydeblur.files.contents import shown_path
from pydeblur.files.npy_file import NUMBERS
from pydeblur.files.zip_archive import read_npz
from pydeblur.metrics import align
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.priors.registry import PriorChoice
from pydeblur.solver import CoarseToFine, SolverOptions
from pydeblur.synthesis.cases import BlurredCase, blurred_case
from pydeblur.synthesis.kernels import random_kernel, random_size

#: Side of the images.
SIDE = 255
#: Side of the squares whose errors the network predicts: its map has one value for each.
CELL = 8
CELLS = SIDE // CELL
#: Among every case's kernels there are the true one, and a point, which leaves the image as it is.
TRUE, POINT = "true", "point"
#: Sizes of the kernels, and the share of the cases that have the first.
_NARROW, _WIDE, _NARROW_SHARE = (15, 31), (33, 61), 0.7
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
    errors : (n, m, m) float32 ndarray
        Mean square of the difference to the sharp image in each square of 8 × 8 pixels; NaN near the border.
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
        "errors": ("f", (count, cells, cells)),
        "ratios": ("f", (count,)),
        "noise": ("f", ()),
        "kernel_size": ("i", ()),
    }
    for name, (kind, shape) in expected.items():
        if found[name].dtype.kind != kind or found[name].shape != shape:
            raise _no_case(shown, f"{name} should be of the type {kind!r} and the shape {shape}")
    if not all(np.isfinite(found[name]).all() for name in ("images", "ratios", "noise")):
        raise _no_case(shown, "its images, ratios and noise should be finite")
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
        raise InvalidInputError(f"data should hold images of at least {SIDE + _WIDE[1]} rows and columns")
    paths = {number: out / f"{number:05d}.npz" for number in numbers}
    missing = [number for number in numbers if not paths[number].exists()]
    files = SharedFiles.at(_hashable(data), out)
    make = partial(_make, _hashable(data), out, split)
    for number in map_unordered(make, missing, jobs, scheduler=scheduler, files=files):
        if progress is not None:
            progress(paths[number])
    return [path for path in paths.values() if path.exists()]


def restored_case(case: BlurredCase, rng) -> RankingCase | None:
    """A blurred image, restored with the kernels of the default preset's candidates, with the true one and with a point.

    Some of the candidates are refined as well, as the preset does with its best.

    Parameters
    ----------
    case : BlurredCase
        Of 255 × 255 pixels.
    rng : numpy.random.Generator or int
        Draws the runs that are refined; an int is a seed.

    Returns
    -------
    RankingCase or None
        None if every run collapses.

    Examples
    --------
    It takes some ten seconds:

    >>> scene = load_grey("photograph.jpg")  # doctest: +SKIP
    >>> blurred = blurred_case("photograph", scene, random_kernel(25, 0), 0.01, 0, side=SIDE)  # doctest: +SKIP
    >>> restored = restored_case(blurred, rng=0)  # doctest: +SKIP
    """
    rng = np.random.default_rng(rng)
    point = np.zeros((case.kernel_size, case.kernel_size))
    point[case.kernel_size // 2, case.kernel_size // 2] = 1
    kernels = {TRUE: case.kernel, POINT: point}
    runs = candidate_runs(case.blurred, case.kernel_size)
    refined = rng.permutation(len(runs))[:_REFINED]
    for number, (name, run) in enumerate(runs.items()):
        iterations = refinement_iterations(case.kernel_size) if number in refined else []
        kernels |= _kernels_of(name, run, case.blurred, iterations)
    if len(kernels) == 2:
        return None
    images, errors, sums = zip(*(_restored(case, kernel) for kernel in kernels.values()))
    whole = np.array(images, np.float16)[:, : CELL * CELLS, : CELL * CELLS]
    ratios = np.array(sums) / sums[0]
    return RankingCase(
        case.name, tuple(kernels), whole, np.array(errors, np.float32), ratios, case.noise, case.kernel_size
    )


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
    sizes = _NARROW if rng.random() < _NARROW_SHARE else _WIDE
    variation = 0.0 if rng.random() < _CONSTANT_SHARE else rng.uniform(*_SPEED_VARIATIONS)
    kernel = random_kernel(random_size(sizes, rng), rng, variation)
    noise, room = float(rng.choice(_NOISES)), float(rng.choice(_ROOM))
    return blurred_case(f"{path.parent.name}-{path.stem}", _scene(path), kernel, noise, rng, side=SIDE, room=room)


@lru_cache(maxsize=200)
def _scene(path: Path) -> np.ndarray:
    return load_grey(path)


def _make(data: tuple[str, ...], out: Path, split: str, number: int) -> int:
    """Make a case, unless all runs collapse; its number."""
    made = restored_case(_drawn_case(_folders(data, split), split, number), (_STREAMS[split], number, 1))
    if made is not None:
        made.save(out / f"{number:05d}.npz")
    return number


def _kernels_of(name: str, run: RunPlan, blurred: np.ndarray, refinements: Sequence[int]) -> dict[str, np.ndarray]:
    """A run's kernel, and those after so many iterations at the finest scale, until it collapses."""
    search = CoarseToFine(blurred, run.options, run.prior.load())
    found = {}
    # What was found before a collapse is a candidate all the same.
    with suppress(KernelCollapseError):
        search.advance_to(0)
        found[name] = search.result().kernel
        for iterations in refinements:
            if iterations > search.options.iterations_at(0):
                search.extend(iterations, workers=1)
                found[f"{name}, {iterations} at the finest scale"] = search.result().kernel
    return found


def _restored(case: BlurredCase, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The image restored with a kernel, its errors as :class:`RankingCase` has them, and their sum."""
    restored = restored_by_tv(case.blurred, kernel)
    aligned = align(restored, case.sharp, _LARGEST_SHIFT, _BORDER)
    errors = np.full((SIDE, SIDE), np.nan)
    # The errors belong where the restored image has them, which is known to whole pixels.
    top, left = (_BORDER + round(shift) for shift in aligned.shift)
    rows, columns = aligned.image.shape
    errors[top : top + rows, left : left + columns] = (aligned.image - aligned.reference) ** 2
    whole = errors[: CELL * CELLS, : CELL * CELLS].reshape(CELLS, CELL, CELLS, CELL)
    return restored, whole.mean((1, 3)), aligned.ssd
