"""Kernels as they are found: what the default and single runs of the solver estimate for blurred parts of photographs.

An estimate explains the very picture that it was found from, better than its distance from the true kernel would let expect: on
another picture the same kernel leaves more ringing. So each estimate is kept with its picture, of which
:mod:`pydeblur.training.restoration.pairs` makes a pair. Estimates that have nothing to do with the true kernel are left out,
since no final step can use them.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import scipy.fft

from pydeblur.api import estimate_kernel
from pydeblur.errors import FileFormatError, KernelCollapseError
from pydeblur.files import make_folder, write_bytes
from pydeblur.files.contents import shown_path
from pydeblur.files.zip_archive import read_npz
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.synthesis.cases import asked_size
from pydeblur.training.restoration.exposures import drawn_kernel, exposed, sharp_part
from pydeblur.training.restoration.scenes import SceneSource

#: Side of the blurred parts, and room around them for the shift between estimate and true kernel.
SIDE, ROOM = 208, 16
#: The largest kernels that are estimated.
_LARGEST = 45
#: What the estimator is told of the size, as a multiple of the true one.
_ROOMS = (1.0, 1.1, 1.2, 1.3)
#: Every how many-th estimate is a single run with the gradient prior; the others are the default's.
_SINGLE_RUN = 3
#: Least normalised correlation of true and estimated kernel at the best shift, both smoothed as far as a pixel.
_LEAST_SIMILARITY = 0.5
_STREAMS = {"train": 9500, "validation": 9600}


@dataclass(frozen=True, eq=False)
class EstimatedKernel:
    """A kernel and what was found in its place.

    Attributes
    ----------
    true : (n, n) float64 ndarray
    estimated : (m, m) float64 ndarray
    similarity : float
        See :func:`best_shift`.
    blurred : (s, s) float32 ndarray
        The picture that the estimate was found from.
    sharp : (s + 32, s + 32) float32 ndarray
        What it shows, with a border of 16 pixels.
    noise : float
        Standard deviation of the picture's noise.
    """

    true: np.ndarray
    estimated: np.ndarray
    similarity: float
    blurred: np.ndarray
    sharp: np.ndarray
    noise: float

    def save(self, path: Path) -> None:
        """Write to an .npz file: whole or not at all."""
        stream = io.BytesIO()
        np.savez_compressed(stream, **vars(self))
        write_bytes(path, stream.getbuffer())

    @classmethod
    def load(cls, path) -> EstimatedKernel:
        """Read what :meth:`save` has written; FileFormatError if it is something else."""
        found = read_npz(path)
        ranks = {"true": 2, "estimated": 2, "similarity": 0, "blurred": 2, "sharp": 2, "noise": 0}
        for name, rank in ranks.items():
            if name not in found or found[name].dtype.kind != "f" or found[name].ndim != rank:
                raise FileFormatError(
                    f"'{shown_path(path)[-100:]}' should hold an estimated kernel, but lacks its {name}"
                )
        return cls(**{name: np.array(found[name]) if rank else float(found[name]) for name, rank in ranks.items()})


def make_estimates(
    data,
    out,
    count: int,
    split: str = "train",
    jobs: int = 1,
    progress: Callable[[Path], None] | None = None,
    scheduler=None,
) -> list[Path]:
    """Estimate kernels, or those that are not there yet.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images.
    out : path
        Folder of the estimates, one file each.
    count : int
        How many are tried; those that fail leave an empty file.
    split : {"train", "validation"}
    jobs : int
        Processes.
    progress : callable, optional
        Called with the path of each that was tried.
    scheduler : str or distributed.Client, optional
        A Dask cluster in place of processes, as for :func:`pydeblur.parallel.map_unordered`; its workers have to see all folders.

    Returns
    -------
    list of Path
        Of the usable estimates.

    Examples
    --------
    An estimate of the default takes some seconds:

    >>> paths = make_estimates("photographs", "run/kernels", 300)  # doctest: +SKIP
    """
    source = SceneSource(data, split)
    out = make_folder(out)
    paths = {number: out / f"{number:05d}.npz" for number in range(count)}
    missing = [number for number, path in paths.items() if not path.exists()]
    files = SharedFiles.at(source.data, out)
    make = partial(_make, source, out, split)
    for number in map_unordered(make, missing, jobs, scheduler=scheduler, files=files):
        if progress is not None:
            progress(paths[number])
    return [path for path in paths.values() if path.stat().st_size]


def _make(source: SceneSource, out: Path, split: str, number: int) -> int:
    found = _estimate(source, np.random.default_rng((_STREAMS[split], number)), number % _SINGLE_RUN == 0)
    path = out / f"{number:05d}.npz"
    if found is None or found.similarity < _LEAST_SIMILARITY:
        write_bytes(path, b"")
    else:
        found.save(path)
    return number


def _estimate(source: SceneSource, rng: np.random.Generator, single_run: bool) -> EstimatedKernel | None:
    """One estimate; None where the photograph is too small, or every run collapses."""
    kernel = drawn_kernel(rng, _LARGEST)
    scene = source.draw(rng, SIDE + 2 * ROOM + len(kernel) - 1)
    if scene is None:
        return None
    exposure = exposed(scene, kernel, rng)
    blurred, sharp = exposure.blurred[ROOM:-ROOM, ROOM:-ROOM], sharp_part(exposure, kernel.shape)
    size = asked_size(len(kernel), float(rng.choice(_ROOMS)))
    with warnings.catch_warnings(), suppress(KernelCollapseError):
        # A blur that is not found is what is looked for here.
        warnings.simplefilter("ignore", UserWarning)
        options = {"prior": "gradient"} if single_run else {}
        found = np.asarray(estimate_kernel(blurred, size, **options).kernel, float)
        return EstimatedKernel(kernel, found, best_shift(kernel, found)[1], blurred, sharp, exposure.noise)
    return None


def best_shift(true: np.ndarray, estimated: np.ndarray) -> tuple[tuple[int, int], float]:
    """Find how an estimated kernel lies relative to the true one.

    Parameters
    ----------
    true, estimated : (n, n) and (m, m) ndarray
        Odd sizes.

    Returns
    -------
    shift : (int, int)
        The estimate at p is most like the true kernel at p - shift, both about their centres.
    similarity : float
        Their normalised correlation there, in [-1, 1].

    Examples
    --------
    >>> true = np.zeros((5, 5))
    >>> true[2, 1:4] = 1 / 3
    >>> shift, similarity = best_shift(true, np.roll(true, 1, axis=0))
    >>> shift, round(similarity, 6)
    ((1, 0), 1.0)
    """
    side = scipy.fft.next_fast_len(len(true) + len(estimated) + 4)
    spectra = [scipy.fft.rfft2(_smoothed(kernel), (side, side)) for kernel in (true, estimated)]
    correlation = scipy.fft.irfft2(spectra[1] * np.conj(spectra[0]), (side, side))
    place = np.unravel_index(np.argmax(correlation), correlation.shape)
    norms = np.linalg.norm(_smoothed(true)) * np.linalg.norm(_smoothed(estimated))
    centres = len(estimated) // 2 - len(true) // 2
    row, column = (int(index if index < side // 2 else index - side) - centres for index in place)
    return (row, column), float(correlation[place] / norms)


def _smoothed(kernel: np.ndarray) -> np.ndarray:
    """A kernel, smoothed by a binomial filter, so that thin lines that lie side by side count as alike."""
    binomial = np.array([0.25, 0.5, 0.25])
    padded = np.pad(kernel, 1)
    rows = sum(weight * np.roll(padded, place, 0) for weight, place in zip(binomial, (-1, 0, 1)))
    return sum(weight * np.roll(rows, place, 1) for weight, place in zip(binomial, (-1, 0, 1)))
