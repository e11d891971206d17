"""Pairs to train the restoring network on: what it is shown, and what it should add to that.

The kernel of a pair is the true one, or one that was estimated in its place. In the second case the restored image is shifted by
where the estimate lies, so that the sharp one is moved to where it is, to a fraction of a pixel.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import shift as shifted

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import make_folder, write_bytes
from pydeblur.files.contents import shown_path
from pydeblur.nonblind.restoration_inputs import BASE, INPUTS, SCALE, network_inputs, restoration_inputs
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.preprocess.noise import noise_level
from pydeblur.training.restoration.estimated_kernels import ROOM, EstimatedKernel, best_shift
from pydeblur.training.restoration.exposures import drawn_kernel, exposed, measured_kernel, sharp_part
from pydeblur.training.restoration.scenes import SceneSource

#: Side of the blurred picture, and of the part of it that a pair keeps.
SIDE, KEPT = 256, 192
#: Smaller scenes have smaller pairs, down to this side of the blurred picture.
_LEAST_SIDE = 144
#: Share of the pairs that are told their noise instead of estimating it.
_NOISE_GIVEN = 0.15
#: Share of the pairs with true kernels whose kernel was measured, and is not exact.
_MEASURED = 0.35
#: A pair whose base is so much worse than the blurred picture, as a factor of the mean square error, teaches nothing.
_LARGEST_LOSS = 1.4
#: Steps of the search for the shift, and the border that does not count in it.
_SHIFT_STEPS, _SHIFT_BORDER = 6, 12
#: So many pairs are drawn for each that is wanted, before the photographs count as too small.
_DRAWS_PER_PAIR = 30
_STREAMS = {"train": 9700, "validation": 9800}


def make_pairs(
    data,
    estimates: Sequence[Path],
    out,
    count: int,
    split: str = "train",
    jobs: int = 1,
    progress: Callable[[Path], None] | None = None,
    scheduler=None,
) -> list[Path]:
    """Make pairs, or those that are not there yet.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images.
    estimates : sequence of path
        Of :func:`~pydeblur.training.restoration.estimated_kernels.make_estimates`. Each makes one pair, unless its kernel is of
        no use.
    out : path
        Folder of the pairs, one file of about 800 kB each.
    count : int
        Of pairs with true kernels.
    split : {"train", "validation"}
    jobs : int
        Processes.
    progress : callable, optional
        Called with the path of each pair that was made.
    scheduler : str or distributed.Client, optional
        A Dask cluster in place of processes, as for :func:`pydeblur.parallel.map_unordered`; its workers have to see all folders.

    Returns
    -------
    list of Path

    Raises
    ------
    InvalidInputError
        If there is no image of the split, or none large enough.

    Examples
    --------
    >>> paths = make_pairs("photographs", [], "run/train", 2000)  # doctest: +SKIP
    """
    source = SceneSource(data, split)
    out = make_folder(out)
    jobs_of_pairs = {out / f"true_{number:05d}.npy": number for number in range(count)}
    jobs_of_pairs |= {out / f"estimated_{path.stem}.npy": path for path in estimates}
    missing = [(path, given) for path, given in jobs_of_pairs.items() if not path.exists()]
    files = SharedFiles.at([*source.data, *{path.parent for path in estimates}], out)
    make = partial(_make, source, split)
    for path in map_unordered(make, missing, jobs, scheduler=scheduler, files=files):
        if progress is not None:
            progress(path)
    return [path for path in jobs_of_pairs if path.stat().st_size]


def load_pair(path, mapped: bool = True) -> np.ndarray:
    """Open a pair.

    Parameters
    ----------
    path : path
    mapped : bool
        Whether the file is mapped into memory in place of being read.

    Returns
    -------
    (C + 1, H, W) float16 ndarray
        The network's inputs and, last, the output that is wanted: the difference from base to target times 8.

    Raises
    ------
    FileFormatError
        If the file is missing or holds something else.

    Examples
    --------
    >>> load_pair("run/train/00000.npy").shape  # doctest: +SKIP
    (11, 192, 192)
    """
    try:
        pair = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FileFormatError(
            f"'{shown_path(path)[-100:]}' should be a pair of a training, but can't be read"
        ) from error
    if not (
        isinstance(pair, np.ndarray) and pair.dtype == np.float16 and pair.ndim == 3 and len(pair) == len(INPUTS) + 1
    ):
        raise FileFormatError(
            f"'{shown_path(path)[-100:]}' should be a pair of a training: float16 of {len(INPUTS) + 1} planes"
        )
    return pair


def _make(source: SceneSource, split: str, job: tuple[Path, int | Path]) -> Path:
    """Write the pair that a number or an estimate stands for; an estimate that is of no use leaves an empty file."""
    path, given = job
    pair = _pair_with_true_kernel(source, split, given) if isinstance(given, int) else _pair_with_estimate(given, split)
    stream = io.BytesIO()
    if pair is not None:
        np.save(stream, pair)
    write_bytes(path, stream.getbuffer())
    return path


def _pair_with_true_kernel(source: SceneSource, split: str, number: int) -> np.ndarray:
    for attempt in range(_DRAWS_PER_PAIR):
        rng = np.random.default_rng((_STREAMS[split], number, attempt))
        kernel = drawn_kernel(rng)
        for side in (SIDE, _LEAST_SIDE):
            scene = source.draw(rng, side + len(kernel) - 1)
            if scene is not None:
                exposure = exposed(scene, kernel, rng)
                noise = _told_noise(exposure.blurred, exposure.noise, rng)
                given = measured_kernel(kernel, rng) if rng.random() < _MEASURED else kernel
                planes = restoration_inputs(exposure.blurred, given, noise)
                return _pair(planes, sharp_part(exposure, kernel.shape), rng)
    raise InvalidInputError(
        f"data should hold images of at least {_LEAST_SIDE} rows and columns, with room for the kernels"
    )


def _pair_with_estimate(path: Path, split: str) -> np.ndarray | None:
    """None where the estimate lies too far away, or makes the picture worse."""
    estimate = EstimatedKernel.load(path)
    rng = np.random.default_rng((_STREAMS[split], int.from_bytes(path.stem.encode(), "big")))
    noise = _told_noise(estimate.blurred, estimate.noise, rng)
    planes = restoration_inputs(estimate.blurred, estimate.estimated, noise)
    target = _target(planes[BASE], estimate.sharp, best_shift(estimate.true, estimate.estimated)[0])
    if target is None or _mean_square(planes[BASE] - target) > _LARGEST_LOSS * _mean_square(estimate.blurred - target):
        return None
    return _pair(planes, target, rng)


def _told_noise(blurred: np.ndarray, noise: float, rng: np.random.Generator) -> float:
    """The noise that the final step would be told, or find."""
    return noise if rng.random() < _NOISE_GIVEN else noise_level(blurred)


def _pair(planes: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Inputs and target, on the network's scales, of a part of the picture."""
    pair = np.concatenate([network_inputs(planes), SCALE * (target - planes[BASE])[None]])
    side = max(target.shape[0] - KEPT, 0) + 1
    rows, columns = (slice(first, first + KEPT) for first in rng.integers(0, side, 2))
    return np.ascontiguousarray(pair[:, rows, columns], np.float16)


def _target(base: np.ndarray, sharp: np.ndarray, start: tuple[int, int]) -> np.ndarray | None:
    """The sharp image where the base shows it; None where that is too far away."""
    found = find_shift(base, sharp, start)
    if np.abs(found).max() > ROOM - 2:
        return None
    return _moved(sharp, found)[ROOM:-ROOM, ROOM:-ROOM]


def find_shift(base: np.ndarray, sharp: np.ndarray, start: tuple[float, float]) -> np.ndarray:
    """Find where a restored image shows a sharp one, by Gauss-Newton steps.

    Parameters
    ----------
    base : (H, W) ndarray
    sharp : (H + 32, W + 32) ndarray
        The same part with a border of 16 pixels.
    start : (float, float)
        Of the search, within a pixel or two of what is found.

    Returns
    -------
    (2,) float64 ndarray
        Rows and columns d: the base at p shows the sharp image at p + d.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> sharp = gaussian_filter(np.random.default_rng(0).random((96, 96)), 2)
    >>> base = _moved(sharp, np.array([1.25, -0.5]))[16:-16, 16:-16]
    >>> find_shift(base, sharp, (1, 0)).round(2).tolist()
    [1.25, -0.5]
    """
    found, inner = np.array(start, float), slice(_SHIFT_BORDER, -_SHIFT_BORDER)
    for _ in range(_SHIFT_STEPS):
        if np.abs(found).max() > ROOM - 2:
            break
        here = _moved(sharp, found)[ROOM:-ROOM, ROOM:-ROOM]
        slopes = np.stack([slope[inner, inner].ravel() for slope in np.gradient(here)], axis=1)
        step = np.linalg.lstsq(slopes, (base - here)[inner, inner].ravel(), rcond=None)[0]
        found += np.clip(step, -1, 1)
    return found


def _moved(image: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The image at p + shift, by cubic splines."""
    return shifted(image, -np.asarray(shift), order=3, mode="nearest")


def _mean_square(values: np.ndarray) -> float:
    inner = values[_SHIFT_BORDER:-_SHIFT_BORDER, _SHIFT_BORDER:-_SHIFT_BORDER]
    return float(np.mean(inner**2))
