"""The readers that are tried, each with its valid files, its mutators and its checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pydeblur.datasets.real import cases as real_cases
from pydeblur.evaluation.store import RunStore
from pydeblur.files import read_image, read_kernel
from pydeblur.nonblind.mixture import load_mixture
from pydeblur.priors.registry import load_prior
from pydeblur.training.ranking.cases import RankingCase
from pydeblur.training.run import ArrayCheckpoints, RunLog, TrainingRun
from tests.fuzz import sanity, trusted
from tests.fuzz.mutators import (
    jpeg_segments,
    mat_elements,
    npy_headers,
    png_chunks,
    protobuf_fields,
    riff_blocks,
    text_tokens,
    tiff_tags,
    zip_members,
)
from tests.fuzz.seeds import array_files, model_files, pillow_files, png_files, text_files, tiff_files

#: A fixed picture, to which every network that was read is applied.
_PICTURE = np.kron(np.random.default_rng(1).random((4, 4)), np.ones((4, 4)))
#: Networks by different libraries agree to rounding.
_NETWORK_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes
    ----------
    name : str
    seed : callable
        From a NumPy generator to a valid `Seed`.
    mutators : tuple
        Pairs of a mutator that knows the format, and how often it is drawn.
    read : callable
        From the path of a file to what the package's reader returns.
    wrong : callable
        From that to None, or to what can't be right about it.
    differs : callable, optional
        From the value, the seed's expected value and whether it may be turned to None, or to how they differ.
    trusted : callable, optional
        From bytes to what a trusted reader makes of them, or None; it is compared by `differs`.
    weight : float
        How many files it gets, relative to others.
    pool : int
        From how many valid files mutations start.
    file_name : str, optional
        What the file has to be called; else "input" with the seed's suffix.
    """

    name: str
    seed: Callable
    mutators: tuple
    read: Callable
    wrong: Callable
    differs: Callable | None = None
    trusted: Callable | None = None
    weight: float = 1.0
    pool: int = 60
    file_name: str | None = None


def _differs_from_kernels(kernel, expected, turned):
    expected = expected if isinstance(expected, list) else [expected]
    return sanity.other_kernel(kernel, expected) if expected else None


def _image(name, seed, mutators, trusted_reader, weight=1.0, pool=80):
    return Target(
        name, seed, mutators, read_image, sanity.wrong_image, sanity.other_pixels, trusted_reader, weight, pool
    )


def _kernel(name, seed, mutators, trusted_reader, weight=1.0):
    return Target(
        name, seed, mutators, read_kernel, sanity.wrong_kernel, _differs_from_kernels, trusted_reader, weight, 80
    )


def _network_values(path):
    """Value and gradient of a prior of these weights, by ONNX Runtime and by the NumPy reference."""
    priors = [load_prior("classifier", weights=str(path), backend=name, threads=1) for name in ("onnxruntime", "numpy")]
    side = max(priors[0].smallest_side, len(_PICTURE))
    picture = np.resize(_PICTURE, (side, side)) if side > len(_PICTURE) else _PICTURE
    return [prior.value_and_grad(picture) for prior in priors]


def _wrong_network(values):
    (value, gradient), (reference, reference_gradient) = values
    if not math.isfinite(value) or gradient.shape != reference_gradient.shape or not np.isfinite(gradient).all():
        return f"the network's value is {value}, its gradient {gradient.shape}"
    scale = max(1e-6, float(np.abs(reference_gradient).max()))
    if abs(value - reference) > _NETWORK_TOLERANCE or np.abs(gradient - reference_gradient).max() > 1e-2 * scale:
        return "the graph computes something else than its parameters say"
    return None


def _network_of_checkpoint(path):
    from pydeblur.training.torch_run import load_network

    return load_network(path)


def _wrong_checkpoint_network(loaded):
    network, training = loaded
    wanted = network.architecture.parameter_shapes()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    return None if shapes == wanted and isinstance(training, dict) else "its weights do not fit the architecture"


def _resumed_run(path):
    settings = {"seed": 1, "components": 3}
    run = TrainingRun(path.parent, settings, ("step", "loss"), ArrayCheckpoints())
    return run.resume(("log_weights", "covariances")) | {"step": run.step}


def _wrong_resumed(checkpoint):
    return None if type(checkpoint["step"]) is int else f"the step is {checkpoint['step']!r}"


def _mixture(path):
    load_mixture.cache_clear()  # Every input has the same name.
    return load_mixture(path)


def _wrong_mixture(mixture):
    fits = mixture.covariances.ndim == 3 and mixture.covariances.shape[0] == mixture.log_weights.size
    return None if fits and np.isfinite(mixture.covariances).all() else "the mixture is not finite"


def _wrong_case(case):
    count = len(case.runs)
    fits = len(case.images) == len(case.errors) == len(case.ratios) == count and case.kernel_size >= 1
    return None if fits and case.is_candidate.shape == (count,) else "the case's arrays do not fit each other"


def _finished_cases(path):
    """The finished tasks of a store whose lines are those of `path`; then one of them is forgotten."""
    folder = path.parent.parent
    store = RunStore(folder, path.stem, text_files.CODE)
    finished = store.finished(text_files.TASKS)
    store.clear(text_files.TASKS[:1])
    left = store.finished(text_files.TASKS)
    return finished, left


def _wrong_store(stores):
    finished, left = stores
    if text_files.TASKS[0] in left or any(task not in left for task in finished if task != text_files.TASKS[0]):
        return "a task was forgotten that should stay, or stayed"
    return sanity.wrong_finished(finished)


def _log_rows(path):
    return RunLog(path, ("step", "loss", "seconds")).rows()


def _wrong_rows(rows):
    return None if all(len(row) == 3 and int(row[0]) >= 0 for row in rows) else "rows that are no rows"


def _photographs(path):
    return real_cases(path.parent)


def _wrong_photographs(found):
    fine = found and all(case.name and case.kernel_size and math.isfinite(case.gamma) for case in found)
    return None if fine else "photographs without a name, kernel size or gamma"


_RUNS = "runs/item.jsonl"
_ZIP = zip_members.MUTATORS
_TEXT = text_tokens.MUTATORS
TARGETS = {
    target.name: target
    for target in (
        _image("png", png_files.random_png, png_chunks.MUTATORS, trusted.strict_png_pixels, 2.5, 150),
        _image("jpeg", pillow_files.random_jpeg, jpeg_segments.MUTATORS, trusted.pillow_pixels, 1.5),
        _image("tiff", tiff_files.random_tiff, tiff_tags.MUTATORS, None, 2.5, 200),
        _image("bmp", pillow_files.random_bmp, (), trusted.pillow_pixels),
        _image("webp", pillow_files.random_webp, riff_blocks.MUTATORS, trusted.pillow_pixels),
        _image("avif", pillow_files.random_avif, (), trusted.pillow_pixels, 0.3, 20),
        _kernel("npy", array_files.random_npy, npy_headers.MUTATORS, trusted.numpy_kernels, 1.5),
        _kernel("mat", array_files.random_mat, mat_elements.MUTATORS, trusted.scipy_kernels, 2.5),
        _kernel("kernel picture", array_files.random_kernel_picture, (), None, 0.5),
        Target("onnx", model_files.random_onnx, protobuf_fields.MUTATORS, _network_values, _wrong_network, pool=6),
        Target(
            "torch checkpoint", model_files.random_torch_checkpoint, _ZIP, _network_of_checkpoint,
            _wrong_checkpoint_network, weight=0.5, pool=6,
        ),
        Target(
            "array checkpoint", model_files.random_array_checkpoint, _ZIP, _resumed_run, _wrong_resumed, weight=0.5,
            pool=4, file_name="last.npz",
        ),
        Target("mixture", model_files.random_mixture, _ZIP, _mixture, _wrong_mixture, weight=0.5, pool=4),
        Target("ranking case", model_files.random_ranking_case, _ZIP, RankingCase.load, _wrong_case, weight=0.5, pool=4),
        Target(
            "finished cases", text_files.random_finished_cases, _TEXT, _finished_cases, _wrong_store, file_name=_RUNS,
            pool=10,
        ),
        Target("training log", text_files.random_log, _TEXT, _log_rows, _wrong_rows, weight=0.3, pool=10),
        Target(
            "settings table", text_files.random_settings, _TEXT, _photographs, _wrong_photographs, weight=0.3,
            file_name="settings.tsv", pool=10,
        ),
    )
}  # fmt: skip


def available_targets() -> dict[str, Target]:
    """The targets whose libraries are installed."""
    missing = set()
    if not pillow_files.has_avif():
        missing.add("avif")
    for module, name in (("torch", "torch checkpoint"), ("onnx", "onnx")):
        try:
            __import__(module)
        except ImportError:
            missing.add(name)
    return {name: target for name, target in TARGETS.items() if name not in missing}
