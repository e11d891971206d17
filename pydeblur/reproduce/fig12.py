"""Figure 12: latent images and kernels on the way, for each prior, in one picture.

The image may be shown: scikit-image's camera man, blurred by our own kernel with 1 % noise.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from pydeblur.datasets.packaged_images import CAMERA_KERNEL, CAMERA_SIDE, blurred_camera
from pydeblur.errors import KernelCollapseError
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import METHODS, chosen_methods
from pydeblur.evaluation.protocols import all_options
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.matlab import imresize
from pydeblur.metrics import kernel_similarity
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.solver import IterationState

#: Methods of a single run: of several there is no one course to show.
NAMES = tuple(
    name for name, method in METHODS.items() if method.method is not None or not method.protocol("").resolved().variants
)
_CLASSIFIER = "classifier-paper"
_CASE = "camera"
_KERNEL_SIZE = 25
#: The last iteration of so many scales is shown, coarsest first; the last column is the finest.
_COLUMNS = 6


def reproduce(request: Request) -> list:
    """Write fig12.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    names = chosen_methods(request.methods, NAMES)
    known = {"image": f"{_CASE}, {CAMERA_SIDE}², true kernel {CAMERA_KERNEL}, 1 % noise", "kernel_size": _KERNEL_SIZE}
    known["f"] = {"weights": _CLASSIFIER, "weights_hash": read_weights(_CLASSIFIER).sha256}
    tasks = [Task(name, _CASE, {**all_options(METHODS[name].protocol("")), **known}) for name in names]
    finished = run_tasks("fig12", tasks, measure, request)
    rows = [row for result in finished for row in _iterations(result)]
    last = [{"method": result.task.method, **_final(result)} for result in finished]
    body = [
        f"scikit-image's camera man ({CAMERA_SIDE}²) under a random camera trajectory of {CAMERA_KERNEL} pixels with 1 % noise. "
        "The picture shows the latent image and the kernel at the end of each scale, coarse to fine, and the true ones "
        "at the right. The paper shows a photo of its own, without numbers; fig12.csv has a line for each iteration.",
        markdown_table(last, {"kernel similarity": ".3f", "f of the latent image": ".4f"}),
    ]
    return [
        write_csv(request.out / "fig12.csv", rows),
        write_markdown(request, "fig12", "Figure 12: intermediate results", body, finished),
        write_figure(request.out / "fig12.png", _plot(pyplot, finished)),
    ]


def measure(request: Request, task: Task) -> dict:
    """Every iteration's figures, and the last pictures of each scale."""
    _, blurred, true_kernel = blurred_camera()
    estimator = METHODS[task.method].protocol("").estimator()
    classifier = load_prior("classifier", weights=_CLASSIFIER, threads=1)
    lists = {name: [] for name in ("scale", "iteration", "energy", "kernel_similarity", "f")}
    ends: dict[int, IterationState] = {}

    def note(state: IterationState) -> None:
        scale = state.record.scale
        similarity = kernel_similarity(state.kernel, _of_size(true_kernel, state.record.kernel_size / _KERNEL_SIZE))
        values = (scale, state.record.iteration, state.record.energy, similarity, classifier.score(state.latent))
        for column, value in zip(lists.values(), values):
            column.append(value)
        ends[scale] = state

    # Where the kernel collapses, what there was until then is shown.
    with suppress(KernelCollapseError):
        estimator.estimate(blurred, _KERNEL_SIZE, callback=note)
    pictures = {f"latent_{scale}": state.latent.astype(np.float32) for scale, state in ends.items()}
    kernels = {f"kernel_{scale}": state.kernel.astype(np.float32) for scale, state in ends.items()}
    return {**lists, **pictures, **kernels}


def _of_size(kernel: np.ndarray, ratio: float) -> np.ndarray:
    """A kernel as a coarser scale should find it."""
    return np.clip(imresize(kernel, ratio), 0, None) if ratio < 1 else kernel


def _iterations(result: Finished) -> list[dict]:
    names = ("scale", "iteration", "energy", "kernel_similarity", "f")
    lines = zip(*(result.figures[name] for name in names))
    return [{"method": result.task.method, **dict(zip(names, line))} for line in lines]


def _final(result: Finished) -> dict:
    lines = _iterations(result)
    if not lines or lines[-1]["scale"] != 0:
        return {"kernel similarity": None, "f of the latent image": None}
    return {"kernel similarity": lines[-1]["kernel_similarity"], "f of the latent image": lines[-1]["f"]}


def _plot(pyplot, finished):
    sharp, _, kernel = blurred_camera()
    scales = sorted({int(name[7:]) for result in finished for name in result.arrays if name.startswith("latent_")})
    scales = scales[:_COLUMNS][::-1]
    size = (2 * len(scales) + 2, 2.1 * len(finished))
    figure, axes = pyplot.subplots(len(finished), len(scales) + 1, squeeze=False, figsize=size)
    for row, result in zip(axes, finished):
        row[0].set_ylabel(result.task.method, fontsize=9)
        for axis, scale in zip(row, scales):
            if f"latent_{scale}" in result.arrays:
                _show(axis, result.arrays[f"latent_{scale}"], result.arrays[f"kernel_{scale}"])
            else:
                # Not all methods have as many scales.
                axis.set_frame_on(False)
        _show(row[-1], sharp, kernel)
    for axis, scale in zip(axes[0], scales):
        axis.set_title(f"scale {scale}", fontsize=9)
    axes[0, -1].set_title("true", fontsize=9)
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[])
    figure.tight_layout(pad=0.3)
    return figure


def _show(axis, picture, kernel):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    inset = axis.inset_axes((0.0, 0.68, 0.32, 0.32))
    inset.imshow(kernel, cmap="gray", interpolation="nearest")
    inset.set(xticks=[], yticks=[])
    for spine in inset.spines.values():
        spine.set_edgecolor("white")
