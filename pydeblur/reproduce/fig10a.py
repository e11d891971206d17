"""Figure 10 (a): accuracy of the classifier against the down-sampling ratio, trained at one scale and at many.

Measured on images that no network saw in training: Köhler's 48 blurred photos with their four sharp references (the
paper's choice), and the test split of a folder of sharp images, blurred by kernels that training never draws.
"""

from __future__ import annotations

import numpy as np

from pydeblur.datasets import dataset_folder, load
from pydeblur.datasets.photographs import find_images, load_grey, split_of
from pydeblur.errors import InvalidInputError
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.preprocess.grey import grey_image
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.synthesis.blur import add_noise, blur
from pydeblur.synthesis.kernels import random_kernel, random_size
from pydeblur.synthesis.resize import resize

RATIOS = (1.0, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125, 0.09375, 0.0625)
_NETWORKS = {"multi-scale": "classifier-compact", "single-scale": "classifier-single-scale"}
_KERNEL_SIZES = (7, 51)
_LARGEST_SIDE = 400
_TEST_STREAM = 3


def reproduce(request: Request, networks: dict[str, str] | None = None, ratios=RATIOS) -> list:
    """Write fig10a.csv, .md and .png; returns their paths.

    Parameters
    ----------
    request : Request
        Its data folder has ``kohler/`` and ``train/``.
    networks : dict, optional
        Label to weights; by default the shipped compact network and its single-scale twin.
    ratios : sequence of float
    """
    pyplot = pyplot_without_display()
    for name, landmark in (("kohler", "Blurry*_*.png"), ("train", "*/*.jpg")):
        dataset_folder(name, landmark, request.data)
    tasks = [
        Task(label, name, {"weights": weights, "weights_hash": read_weights(weights).sha256, "ratios": list(ratios)})
        for name in _SETS
        for label, weights in (networks or _NETWORKS).items()
    ]
    finished = run_tasks("fig10a", tasks, measure, request)
    rows = [row for result in finished for row in _rows(result)]
    body = [
        "Accuracy in % against the down-sampling ratio, the mean over the shares of clear and of blurred images "
        "recognised: on the test split of the training images under kernels that training never draws, and on Köhler "
        "et al.'s 48 photos with their four references. The paper shows curves without numbers, near 100 % at full "
        "size, the single-scale network falling off beyond 1/4.",
        markdown_table([_line(result) for result in finished]),
    ]
    return [
        write_csv(request.out / "fig10a.csv", rows),
        write_markdown(request, "fig10a", "Figure 10 (a): accuracy at different sizes", body, finished),
        write_figure(request.out / "fig10a.png", _plot(pyplot, rows)),
    ]


def measure(request: Request, task: Task) -> dict:
    """The accuracies of one network on one set, by ratio."""
    prior = load_prior("classifier", weights=task.options["weights"], threads=1)
    pairs = _SETS[task.case](request.data)
    accuracies = [_accuracy(prior, *pairs, ratio) for ratio in task.options["ratios"]]
    return {name: [accuracy[name] for accuracy in accuracies] for name in ("accuracy", "clear", "blurred")}


def _rows(result: Finished) -> list[dict]:
    named = {"set": result.task.case, "network": result.task.method}
    columns = (result.figures[name] for name in ("accuracy", "clear", "blurred"))
    return [
        {**named, "ratio": ratio, "accuracy": accuracy, "clear": clear, "blurred": blurred}
        for ratio, accuracy, clear, blurred in zip(result.task.options["ratios"], *columns)
    ]


def _line(result: Finished) -> dict:
    named = {"set": result.task.case, "network": result.task.method}
    values = zip(result.task.options["ratios"], result.figures["accuracy"])
    return named | {f"1/{1 / ratio:.3g}": None if value is None else f"{100 * value:.1f}" for ratio, value in values}


def _kohler_pairs(data):
    cases = load("kohler", data)
    # Twelve kernels for each of the four scenes.
    return [grey_image(case.sharp) for case in cases[::12]], [grey_image(case.blurred) for case in cases]


def _test_split_pairs(data):
    paths = [path for path in find_images(dataset_folder("train", "*/*.jpg", data)) if split_of(path) == "test"]
    if not paths:
        raise InvalidInputError("the folder train/ should have images of the test split")
    clear, blurred = [], []
    for number, path in enumerate(paths):
        rng = np.random.default_rng((_TEST_STREAM, 10, number))
        image = load_grey(path)
        size = random_size(_KERNEL_SIZES, rng)
        clear.append(_middle(add_noise(image, rng=rng)))
        blurred.append(_middle(blur(image, random_kernel(size, rng), rng=rng, boundary="valid")))
    return clear, blurred


def _middle(image):
    top, left = (max(n - _LARGEST_SIDE, 0) // 2 for n in image.shape)
    return image[top : top + _LARGEST_SIDE, left : left + _LARGEST_SIDE]


#: Name of a set to its clear and its blurred images.
_SETS = {"test split": _test_split_pairs, "Köhler": _kohler_pairs}


def _accuracy(prior, clear, blurred, ratio) -> dict:
    """Shares of images recognised, and the mean over the two classes."""
    found = {
        name: np.mean([prior.score(resize(image, ratio)) > 0.5 for image in images if _fits(prior, image, ratio)])
        for name, images in (("clear", clear), ("blurred", blurred))
    }
    shares = {"clear": 1 - found["clear"], "blurred": found["blurred"]}
    return {"accuracy": (shares["clear"] + shares["blurred"]) / 2, **shares}


def _fits(prior, image, ratio):
    return min(image.shape) * ratio >= prior.smallest_side


def _plot(pyplot, rows):
    sets = list(dict.fromkeys(row["set"] for row in rows))
    figure, axes = pyplot.subplots(1, len(sets), figsize=(11, 4), sharey=True)
    for axis, name in zip(axes, sets):
        for label in dict.fromkeys(row["network"] for row in rows):
            chosen = [row for row in rows if row["set"] == name and row["network"] == label]
            factors, shares = [1 / row["ratio"] for row in chosen], [100 * row["accuracy"] for row in chosen]
            axis.plot(factors, shares, "o-", label=label)
        axis.set_xscale("log", base=2)
        axis.set_xlabel("down-sampling factor")
        axis.set_title(name)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy in %")
    axes[0].legend()
    return figure
