"""Figure 1: how well three priors tell a clear image from the same image blurred.

Reported are the ratios clear / blurred of ||∇I||_0, of the dark channel's ||D(I)||_0 (35×35 patches) and of f(I), on
images that scikit-image ships: the smaller, the better the prior separates the two. L0 norms count what differs from 0
in the 8-bit image; there is no noise, which would make every gradient count.
"""

from __future__ import annotations

import numpy as np

from pydeblur.datasets.packaged_images import NAMES, packaged_image
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.synthesis.blur import blur
from pydeblur.synthesis.kernels import random_kernel

_KERNEL_SIZE = 25
_PAPER = {"gradient": 0.85, "dark_channel": 0.82, "classifier": 0.03}


def reproduce(request: Request, weights: str = "classifier-paper") -> list:
    """Write fig1.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    options = {"weights": str(weights), "weights_hash": read_weights(weights).sha256, "kernel_size": _KERNEL_SIZE}
    finished = run_tasks("fig1", [Task("priors", name, options) for name in NAMES], measure, request)
    rows = [{"image": result.task.case, **result.figures} for result in finished]
    rows.append({"image": "median", **{key: float(np.median([row[key] for row in rows])) for key in _PAPER}})
    rows.append({"image": "paper's example", **_PAPER})
    body = [
        "Ratios clear / blurred of three priors: the smaller, the better the prior tells the two apart. The images "
        "come with scikit-image, each blurred by the same kernel of 25 pixels, 8 bits, no noise. With noise-free 8-bit "
        "images the L0 gradient's ratio exceeds 1 where blurring makes small steps fall below half a grey level; the "
        "dark channel has few zeros to begin with on these images. The paper's example is a single photo of its own.",
        markdown_table(rows, dict.fromkeys(_PAPER, ".3g")),
    ]
    return [
        write_csv(request.out / "fig1.csv", rows),
        write_markdown(request, "fig1", "Figure 1: what the priors tell apart", body, finished),
        write_figure(request.out / "fig1.png", _plot(pyplot, rows)),
    ]


def gradient_count(image: np.ndarray) -> int:
    """||∇I||_0 of an image (H, W)."""
    return int(np.count_nonzero(np.diff(image, axis=1)[:-1] ** 2 + np.diff(image, axis=0)[:, :-1] ** 2))


def measure(request: Request, task: Task) -> dict:
    """The three ratios of one image."""
    prior = load_prior("classifier", weights=task.options["weights"], threads=1)
    sharp = np.round(packaged_image(task.case) * 255) / 255
    blurred = blur(sharp, random_kernel(_KERNEL_SIZE, np.random.default_rng(1)), noise=0.0)
    measures = {"gradient": gradient_count, "dark_channel": load_prior("dark_channel").value, "classifier": prior.score}
    return {key: count(sharp) / max(count(blurred), np.finfo(float).tiny) for key, count in measures.items()}


def _plot(pyplot, rows):
    figure, axes = pyplot.subplots(figsize=(9, 4))
    positions = np.arange(len(rows))
    labels = {"gradient": "L0 gradient", "dark_channel": "dark channel", "classifier": "classifier f"}
    for offset, (key, label) in enumerate(labels.items()):
        axes.bar(positions + 0.27 * (offset - 1), [max(row[key], 1e-4) for row in rows], 0.25, label=label)
    axes.set_yscale("log")
    axes.set_ylabel("clear / blurred")
    axes.set_xticks(positions, [row["image"] for row in rows], rotation=25)
    axes.axhline(1, color="grey", linewidth=0.5)
    axes.legend()
    return figure
