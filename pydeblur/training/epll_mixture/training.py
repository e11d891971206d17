"""Training of EPLL's Gaussian mixture on patches of photographs [43]."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pydeblur.datasets.photographs import find_images, load_compact, split_images
from pydeblur.errors import InvalidInputError
from pydeblur.training.epll_mixture.expectation_maximisation import IncrementalEM, mean_log_likelihood, starting_mixture
from pydeblur.training.epll_mixture.options import MixtureTrainingOptions
from pydeblur.training.epll_mixture.patches import sample_patches
from pydeblur.training.run import ArrayCheckpoints, TrainingRun, require_arrays

LOG_COLUMNS = ("iteration", "log_likelihood", "validation", "smallest_weight", "largest_weight")
#: First members of the seeds of the random streams.
_TRAINING, _VALIDATION, _START = 0, 1, 2
_VALIDATION_PATCHES = 50_000
_START_PATCHES = 50_000


def train_mixture(
    data,
    out,
    options: MixtureTrainingOptions = MixtureTrainingOptions(),
    *,
    resume: bool = False,
    progress: bool = True,
) -> Path:
    """Train a mixture of Gaussians of mean 0 on patches of the images of the training split, their means removed.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images, searched recursively and split by image.
    out : path
        Folder of the run: ``mixture.npz``, the checkpoint ``last.npz``, ``log.csv``.
    options : MixtureTrainingOptions
    resume : bool
        Go on from ``out/last.npz``; the result is the same as without the interruption. The images and all options but
        ``iterations`` should be those of the interrupted run.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The mixture, which ``pydeblur.nonblind.mixture.load_mixture`` takes.

    Raises
    ------
    InvalidInputError
        If a folder is none, or no image of the training split holds a patch.
    InvalidOptionError
        If the run that is to be resumed had other options.
    FileFormatError
        If an image or the checkpoint can't be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pydeblur.files import write_image
    >>> options = MixtureTrainingOptions(components=2, patches=200, iterations=1, blocks=1, side=3)
    >>> with TemporaryDirectory() as folder:
    ...     write_image(f"{folder}/photo.png", np.random.default_rng(0).random((40, 40)))
    ...     train_mixture(folder, f"{folder}/run", options, progress=False).name
    'mixture.npz'
    """
    paths = split_images(find_images(data))
    if not paths["train"]:
        raise InvalidInputError(
            "data should hold images of the train split (by the hash of the file name), but none is"
        )
    run = TrainingRun(out, _settings(options, paths), LOG_COLUMNS, ArrayCheckpoints())
    state = _resumed(run, options) if resume else None
    training = sample_patches(load_compact(paths["train"]), options.patches, options.side, (_TRAINING, options.seed))
    held_out = _held_out(paths["validation"], options)
    if state is None:
        start = starting_mixture(training[:_START_PATCHES], options.components, (_START, options.seed))
        em = IncrementalEM(training, *start, options.blocks)
        run.start()
    else:
        em = IncrementalEM.from_state(training, state, run.step)
    path = run.folder / "mixture.npz"
    while em.iteration < options.iterations:
        likelihood = em.run_pass(progress)
        mixture = em.mixture()
        mixture.save(path)
        validation = np.nan if held_out is None else mean_log_likelihood(mixture, held_out)
        run.save(em.iteration, em.state(), (likelihood, validation, em.weights.min(), em.weights.max()))
    return path


def _resumed(run: TrainingRun, options: MixtureTrainingOptions) -> dict:
    """The state of the interrupted run, of the sizes that the options say."""
    state = run.resume()
    components, dimensions = options.components, options.side**2 - 1
    triangle = dimensions * (dimensions + 1) // 2
    shapes = {
        "weights": (components,),
        "covariances": (components, dimensions, dimensions),
        "mass": (options.blocks, components),
        "moments": (options.blocks, components, triangle),
    }
    require_arrays(run.last, state, shapes)
    return state


def _held_out(paths: list[Path], options: MixtureTrainingOptions) -> np.ndarray | None:
    """Patches of the validation split; None where it has no image."""
    if not paths:
        return None
    count = min(_VALIDATION_PATCHES, options.patches)
    return sample_patches(load_compact(paths), count, options.side, (_VALIDATION, options.seed))


def _settings(options: MixtureTrainingOptions, paths: dict[str, list[Path]]) -> dict:
    """What decides the mixture after a number of passes."""
    decisive = {name: value for name, value in vars(options).items() if name != "iterations"}
    return {**decisive, "images": {split: len(paths[split]) for split in ("train", "validation")}}
