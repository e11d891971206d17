"""Figure 11: the map of the last convolution (C9) on a blurred and on the clear image."""

from __future__ import annotations

import numpy as np

from pydeblur.datasets.packaged_images import packaged_image
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.synthesis.blur import add_noise, blur
from pydeblur.synthesis.kernels import random_kernel

_IMAGE = "astronaut"


def reproduce(request: Request, weights: str = "classifier-paper") -> list:
    """Write fig11.csv (f and the map's mean and quantiles), .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    options = {"weights": str(weights), "weights_hash": read_weights(weights).sha256, "image": _IMAGE}
    finished = run_tasks("fig11", [Task("classifier", name, options) for name in _pictures()], measure, request)
    rows = [{"image": result.task.case, **result.figures} for result in finished]
    body = [
        f"f and the map of the last convolution, whose mean is f's log-odds, on scikit-image's {_IMAGE}, blurred by a "
        "kernel of 25 pixels and clear, both with 1 % noise. As in the paper, which gives no numbers, the map is high "
        "all over the blurred image, and low on the clear one but for smooth regions.",
        markdown_table(rows, dict.fromkeys(list(rows[0])[1:], ".3g")),
    ]
    return [
        write_csv(request.out / "fig11.csv", rows),
        write_markdown(request, "fig11", "Figure 11: activations", body, finished),
        write_figure(request.out / "fig11.png", _plot(pyplot, finished)),
    ]


def measure(request: Request, task: Task) -> dict:
    """f of one picture, and the map."""
    prior = load_prior("classifier", weights=task.options["weights"], threads=1)
    picture = _pictures()[task.case]
    activation = prior.activation_map(picture)
    quantiles = {f"quantile_{q:g}": np.quantile(activation, q) for q in (0.1, 0.5, 0.9)}
    return {"f": prior.score(picture), "mean": activation.mean(), **quantiles, "map": activation}


def _pictures() -> dict[str, np.ndarray]:
    sharp = packaged_image(_IMAGE)
    rng = np.random.default_rng(1)
    blurred = blur(sharp, random_kernel(25, rng), noise=0.01, rng=rng)
    return {"blurred": blurred, "clear": add_noise(sharp, noise=0.01, rng=rng)}


def _plot(pyplot, finished):
    figure, axes = pyplot.subplots(1, 4, figsize=(14, 4))
    pictures = _pictures()
    limit = max(np.quantile(np.abs(result.arrays["map"]), 0.99) for result in finished)
    for column, result in enumerate(finished):
        name = result.task.case
        axes[2 * column].imshow(pictures[name], cmap="gray", vmin=0, vmax=1)
        axes[2 * column].set_title(name)
        shown = axes[2 * column + 1].imshow(result.arrays["map"], cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes[2 * column + 1].set_title(f"C9 of the {name} image")
    for axis in axes:
        axis.set_axis_off()
    figure.colorbar(shown, ax=axes.tolist(), shrink=0.8)
    return figure
