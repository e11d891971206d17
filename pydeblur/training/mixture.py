"""EPLL's Gaussian mixture by expectation maximisation on millions of patches: sampling, updates, exact resume, log."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.files import write_bytes
from pydeblur.nonblind.mixture import CHUNK, JointDensity, PatchMixture, frequency_basis, log_sum_exp
from pydeblur.solver.options import is_integer
from pydeblur.training.images import find_images, load_compact, split_images

# First members of the seeds of the random streams.
TRAINING, VALIDATION, START = 0, 1, 2
LOG_COLUMNS = ("iteration", "log_likelihood", "validation", "smallest_weight", "largest_weight", "seconds")
VALIDATION_PATCHES = 50_000
START_PATCHES = 50_000
START_STEPS = 10
#: Variance of rounding to 8 bits: added to every variance, so that flat patches can't make a component a point.
ROUNDING_VARIANCE = 1 / 255**2 / 12


def train_mixture(
    data,
    out,
    *,
    components=200,
    patches=2_000_000,
    iterations=20,
    blocks=20,
    side=8,
    seed=0,
    resume=False,
    progress=True,
):
    """Train a mixture of zero-mean Gaussians on patches of the images of the training split, their means removed.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images, searched recursively and split by image.
    out : path
        Folder of the run: ``mixture.npz``, the checkpoint ``last.npz``, ``log.csv``.
    components, patches : int
        Number of Gaussians; number of patches, the same from every image. They are kept in 8 bits.
    iterations : int
        Passes over all patches, in all.
    blocks : int
        Updates of the mixture in each pass, see `IncrementalEM`; with 1 it is plain EM.
    side : int
        Pixels along a patch's side.
    seed : int
        Seed of everything.
    resume : bool
        Go on from ``out/last.npz``; the result is the same as without the interruption. All other arguments but
        `iterations` should be those of the interrupted run.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        The mixture.

    Raises
    ------
    InvalidInputError
        If an argument, an image folder or the checkpoint does not fit.
    """
    counts = {"components": components, "patches": patches, "iterations": iterations, "blocks": blocks}
    _check_counts(counts, side, seed)
    out, setting = Path(out), {**counts, "side": side, "seed": seed}
    del setting["iterations"]
    paths = split_images(find_images(data))
    training = sample_patches(load_compact(paths["train"]), patches, side, (TRAINING, seed))
    held_out = None
    if paths["validation"]:
        count = min(VALIDATION_PATCHES, patches)
        held_out = sample_patches(load_compact(paths["validation"]), count, side, (VALIDATION, seed))
    out.mkdir(parents=True, exist_ok=True)
    if resume:
        state, seconds = _restored(out / "last.npz", training, setting)
        _cut_log(out / "log.csv", state.iteration)
    else:
        (out / "log.csv").unlink(missing_ok=True)
        weights, covariances = starting_mixture(training[:START_PATCHES], components, (START, seed))
        state, seconds = IncrementalEM(training, weights, covariances, blocks), 0.0
    while state.iteration < iterations:
        started = time.monotonic()
        likelihood = state.run_pass(progress)
        mixture = state.mixture()
        seconds += time.monotonic() - started
        _save(out / "last.npz", state, seconds, setting)
        mixture.save(out / "mixture.npz")
        validation = np.nan if held_out is None else mean_log_likelihood(mixture, held_out)
        extremes = state.weights.min(), state.weights.max()
        _log(out / "log.csv", (state.iteration, likelihood, validation, *extremes, seconds))
    return out / "mixture.npz"


def sample_patches(images, count, side, seed):
    """Cut patches out of images, the same number from each as nearly as can be, in random order.

    Parameters
    ----------
    images : sequence of (H, W) uint8 ndarray
        Those smaller than a patch are left out.
    count, side : int
        Number of patches and pixels along their side.
    seed : int or sequence of int

    Returns
    -------
    (count, side²) uint8 ndarray

    Raises
    ------
    InvalidInputError
        If no image holds a patch.
    """
    images = [image for image in images if min(image.shape) >= side]
    if not images:
        raise InvalidInputError(f"data should hold training images of at least {side} x {side} pixels, but has none.")
    rng = np.random.default_rng(seed)
    patches = np.empty((count, side**2), np.uint8)
    # Shuffled where they go: every block of patches is a sample of all images.
    places = np.array_split(rng.permutation(count), len(images))
    for image, own in zip(images, places):
        windows = np.lib.stride_tricks.sliding_window_view(image, (side, side))
        rows, columns = (rng.integers(length, size=len(own)) for length in windows.shape[:2])
        patches[own] = windows[rows, columns].reshape(len(own), -1)
    return patches


def starting_mixture(patches, components, seed):
    """Weights and covariances to start from: clusters of patches with alike spectra.

    k-means on the logarithms of the frequencies' magnitudes, which know contrast, scale and orientation but not the
    sign of a patch; then each cluster's covariance, a little towards the whole sample's.

    Parameters
    ----------
    patches : (n, D) uint8 ndarray
    components : int
    seed : int or sequence of int

    Returns
    -------
    weights : (K,) float64 ndarray
    covariances : (K, D - 1, D - 1) float64 ndarray
        In the coordinates of `frequency_basis`.
    """
    if len(patches) < components:
        raise InvalidInputError(f"patches should be at least as many as components ({components}), not {len(patches)}.")
    frequencies = frequency_basis(round(patches.shape[1] ** 0.5)) @ (patches.T / 255.0)
    labels = _clusters(np.log(np.abs(frequencies) + 1 / 255), components, np.random.default_rng(seed))
    dimensions = len(frequencies)
    whole = frequencies @ frequencies.T / frequencies.shape[1] + ROUNDING_VARIANCE * np.eye(dimensions)
    weights, covariances = np.empty(components), np.empty((components, dimensions, dimensions))
    for component in range(components):
        own = frequencies[:, labels == component]
        weights[component] = max(own.shape[1], 1)
        # As if there were one more patch for each dimension, with the sample's correlations and the cluster's contrast.
        contrast = np.sum(own**2) / max(own.shape[1], 1) / np.trace(whole) if own.size else 1.0
        total = own @ own.T + dimensions * contrast * whole
        covariances[component] = total / (own.shape[1] + dimensions) + ROUNDING_VARIANCE * np.eye(dimensions)
    return weights / weights.sum(), covariances


def _clusters(points, count, rng):
    """Labels (n,) of the columns of points (d, n) by k-means from random points."""
    centres = points[:, rng.choice(points.shape[1], count, replace=False)]
    for _ in range(START_STEPS):
        labels = np.argmin(np.sum(centres**2, axis=0)[:, None] / 2 - centres.T @ points, axis=0)
        members = np.zeros((count, points.shape[1]), np.float32)
        members[labels, np.arange(points.shape[1])] = 1
        sizes = members.sum(axis=1)
        centres = np.where(sizes, (points @ members.T) / np.maximum(sizes, 1), centres)
    return labels


class IncrementalEM:
    """Expectation maximisation with an update of the mixture after every block of patches (Neal & Hinton 1998).

    The sums that the M-step needs (each component's mass and second moments) are kept for every block. A block's are
    computed anew with the mixture of the moment, replace its old ones, and the mixture follows from the sum over all
    blocks. Every update raises the same lower bound of the likelihood as in plain EM, which one block is; with many
    blocks it takes fewer passes, above all at the start. In the first pass the sum is over the blocks seen so far.

    Parameters
    ----------
    patches : (N, D) uint8 ndarray
        In random order. Only `nonblind.mixture.CHUNK` at a time are turned into floats.
    weights : (K,) ndarray
    covariances : (K, D - 1, D - 1) ndarray
        The start, in the coordinates of `frequency_basis`.
    blocks : int

    Attributes
    ----------
    iteration : int
        Passes done.
    mass : (blocks, K) float64 ndarray
    moments : (blocks, K, d (d + 1) / 2) float64 ndarray
        Upper triangles of Σ_n r_kn x_n x_nᵀ, in frequencies.
    """

    def __init__(self, patches, weights, covariances, blocks):
        self.patches, self.iteration = patches, 0
        self.weights, self.covariances = np.array(weights, np.float64), np.array(covariances, np.float64)
        dimensions = self.covariances.shape[-1]
        self._triangle = np.triu_indices(dimensions)
        self.mass = np.zeros((blocks, len(weights)))
        self.moments = np.zeros((blocks, len(weights), len(self._triangle[0])))

    def mixture(self):
        """The mixture of the moment."""
        return PatchMixture.from_frequencies(self.weights, self.covariances)

    def run_pass(self, progress=False):
        """Go through all patches once; the mean log-likelihood of each patch as it was when its block's turn came."""
        total = 0.0
        title = f"iteration {self.iteration + 1}"
        with tqdm(total=len(self.patches), desc=title, unit=" patches", disable=not progress, mininterval=2) as bar:
            for block, patches in enumerate(np.array_split(self.patches, len(self.mass))):
                total += self._expectation(block, patches, bar)
                self._maximisation()
                bar.set_postfix(log_likelihood=total / (bar.n or 1), refresh=False)
        self.iteration += 1
        return total / len(self.patches)

    def _expectation(self, block, patches, bar):
        """Compute a block's mass and moments; its log-likelihood."""
        density = JointDensity(self.mixture())
        mass, moments, total = np.zeros(self.mass.shape[1]), np.zeros(self.moments.shape[1:]), 0.0
        for chunk in _float_chunks(patches):
            products = density.products(chunk)
            joint = density.of_products(products)
            likelihood = log_sum_exp(joint)
            responsibilities = np.exp(joint - likelihood.astype(np.float32))
            mass += responsibilities.sum(axis=1, dtype=np.float64)
            moments += responsibilities @ products.T
            total += likelihood.sum()
            bar.update(chunk.shape[1])
        self.mass[block] = mass
        rows, columns = self._triangle
        whitened = self._symmetric(moments)
        self.moments[block] = (density.unwhitening @ whitened @ density.unwhitening.T)[:, rows, columns]
        return total

    def _maximisation(self):
        mass, moments = self.mass.sum(axis=0), self._symmetric(self.moments.sum(axis=0))
        self.weights = mass / mass.sum()
        # Fewer patches than dimensions say too little of a covariance: it stays as it is.
        known = mass > self.covariances.shape[-1]
        self.covariances[known] = moments[known] / mass[known, None, None]
        self.covariances[known] += ROUNDING_VARIANCE * np.eye(self.covariances.shape[-1])

    def _symmetric(self, triangles):
        rows, columns = self._triangle
        matrices = np.empty((len(triangles), *self.covariances.shape[1:]))
        matrices[:, rows, columns] = matrices[:, columns, rows] = triangles
        return matrices


def mean_log_likelihood(mixture, patches):
    """Mean log-likelihood of patches (n, D) uint8 under a mixture."""
    return float(np.mean(np.concatenate([mixture.log_likelihood(chunk) for chunk in _float_chunks(patches)])))


def _float_chunks(patches):
    """Columns (D, n) float32 of mean 0, for at most CHUNK patches (N, D) uint8 at a time."""
    for first in range(0, len(patches), CHUNK):
        chunk = np.ascontiguousarray(patches[first : first + CHUNK].T, np.float32) / np.float32(255)
        yield chunk - chunk.mean(axis=0)


def _check_counts(counts, side, seed):
    for name, value in counts.items():
        if not (is_integer(value) and value >= 1):
            raise InvalidOptionError(f"{name} should be a whole number of at least 1, but is {value!r}")
    if counts["patches"] < max(counts["components"], counts["blocks"]):
        raise InvalidOptionError("patches should be at least as many as components and blocks")
    if not (is_integer(side) and 2 <= side <= 16):
        raise InvalidOptionError(f"side should be a whole number from 2 to 16, but is {side!r}")
    if not (is_integer(seed) and seed >= 0):
        raise InvalidOptionError(f"seed should be a whole number of at least 0, but is {seed!r}")


def _save(path, state, seconds, setting):
    stream = io.BytesIO()
    arrays = {name: getattr(state, name) for name in ("weights", "covariances", "mass", "moments", "iteration")}
    np.savez(stream, **arrays, seconds=seconds, setting=json.dumps(setting))
    write_bytes(path, stream.getbuffer())


def _restored(path, patches, setting):
    try:
        with np.load(path, allow_pickle=False) as contents:
            arrays = dict(contents)
        saved = json.loads(str(arrays["setting"]))
        state = IncrementalEM(patches, arrays["weights"], arrays["covariances"], len(arrays["mass"]))
        state.mass, state.moments = arrays["mass"], arrays["moments"]
        state.iteration, seconds = int(arrays["iteration"]), float(arrays["seconds"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"'{path}' should be a checkpoint of pydeblur train-mixture: {error}") from error
    for name, value in setting.items():
        if saved.get(name) != value:
            raise InvalidOptionError(f"{name} should be {saved.get(name)}, as in the run to resume, but is {value}")
    return state, seconds


def _log(path, row):
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(LOG_COLUMNS)
        writer.writerow(row)


def _cut_log(path, iteration):
    """Drop the rows after an iteration: an interruption may come between the log and the checkpoint."""
    if not path.exists():
        return
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *(row for row in rows if int(row[0]) <= iteration)])
