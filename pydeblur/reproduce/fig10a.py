"""Figure 10 (a): accuracy of the classifier against the down-sampling ratio, trained at one scale and at many.

Measured on images that no network saw in training: Köhler's 48 blurred photos with their four sharp references (the paper's
choice), and the test split of a folder of sharp images, blurred by kernels that training never draws.
"""

from __future__ import annotations

import numpy as np

from pydeblur.datasets import dataset_folder, load
from pydeblur.errors import InvalidInputError
from pydeblur.grey import grey_image
from pydeblur.priors import load_prior
from pydeblur.reproduce.tables import output_folder, pyplot_without_display, write_csv, write_figure
from pydeblur.training.images import find_images, load_grey, split_of
from pydeblur.training.kernels import random_kernel
from pydeblur.training.synthesis import add_noise, blur, resize

RATIOS = (1.0, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125, 0.09375, 0.0625)
_NETWORKS = {"multi-scale": "classifier-compact", "single-scale": "classifier-single-scale"}
_KERNEL_SIZES = (7, 51)
_LARGEST_SIDE = 400
_TEST_STREAM = 3


def reproduce(data, out, networks: dict[str, str] | None = None, ratios=RATIOS):
    """Write fig10a.csv and fig10a.png; returns their paths.

    Parameters
    ----------
    data : path
        Folder with ``kohler/`` and ``train/``.
    out : path
    networks : dict, optional
        Label to weights; by default the shipped compact network and its single-scale twin.
    ratios : sequence of float
    """
    pyplot = pyplot_without_display()
    folder = output_folder(out)
    networks = networks or _NETWORKS
    priors = {label: load_prior("classifier", weights=weights) for label, weights in networks.items()}
    sets = {"test split": _test_split_pairs(data), "Köhler": _kohler_pairs(data)}
    rows = [
        {"set": name, "ratio": ratio, "network": label, **_accuracy(prior, *pairs, ratio)}
        for name, pairs in sets.items()
        for ratio in ratios
        for label, prior in priors.items()
    ]
    return [write_csv(folder / "fig10a.csv", rows), write_figure(folder / "fig10a.png", _plot(pyplot, rows))]


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
        size = 2 * int(rng.integers(_KERNEL_SIZES[0] // 2, _KERNEL_SIZES[1] // 2 + 1)) + 1
        clear.append(_middle(add_noise(image, rng=rng)))
        blurred.append(_middle(blur(image, random_kernel(size, rng), rng=rng, boundary="valid")))
    return clear, blurred


def _middle(image):
    top, left = (max(n - _LARGEST_SIDE, 0) // 2 for n in image.shape)
    return image[top : top + _LARGEST_SIDE, left : left + _LARGEST_SIDE]


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
            axis.plot([1 / row["ratio"] for row in chosen], [100 * row["accuracy"] for row in chosen], "o-", label=label)
        axis.set_xscale("log", base=2)
        axis.set_xlabel("down-sampling factor")
        axis.set_title(name)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy in %")
    axes[0].legend()
    return figure
