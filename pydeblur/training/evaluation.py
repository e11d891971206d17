"""Accuracy of a trained classifier: per scale, per kernel size, on images and kernels it never saw."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from pydeblur.training.kernels import random_kernel, random_size
from pydeblur.training.synthesis import add_noise, blur, resize

SCALES = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
SIZE_BINS = ((7, 13), (15, 23), (25, 33), (35, 43), (45, 51))
"""Kernel sizes that are reported together, smallest and largest of each."""
# Streams of random numbers that training never draws from: training's start with 0 and 1.
KERNEL_STREAM = {"validation": 2, "test": 3}


def logits_of(network, images):
    """Logits of single images of any size.

    Parameters
    ----------
    network : Classifier
    images : iterable of (H, W) float ndarray in [0, 1]

    Returns
    -------
    (N,) float64 ndarray
    """
    device = next(network.parameters()).device
    with torch.inference_mode():
        return np.array(
            [
                network(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None].to(device)).item()
                for image in images
            ]
        )


def evaluate(network, images, split, seed=0, scales=SCALES, bins=SIZE_BINS, noise=0.01, largest_side=400):
    """Measure accuracies on whole images.

    Every image is classified as it is and blurred by one random kernel out of each size bin; clear and blurred
    images alike carry noise, are rounded to 8 bits, and are then down-sampled.

    Parameters
    ----------
    network : Classifier
    images : sequence of (H, W) uint8 ndarray
        Sharp images.
    split : {"validation", "test"}
        Which stream of kernels to draw from; neither is ever used in training.
    seed : int
        Seed of kernels and noise.
    scales : sequence of float
        Down-sampling factors; an image is never shrunk below the smallest side that the network takes.
    bins : sequence of (int, int)
        Ranges of kernel sizes.
    noise : float
        Standard deviation of the noise.
    largest_side : int
        Larger images are cut to their middle, for speed.

    Returns
    -------
    list of dict
        One per scale: ``scale``, ``accuracy`` (mean of the two classes'), ``clear``, ``blurred`` and ``per_size``,
        a dict from ``"7-13"``... to the share of images blurred by such kernels that were recognised.
    """
    clear = {scale: [] for scale in scales}
    blurred = {scale: {f"{low}-{high}": [] for low, high in bins} for scale in scales}
    for number, image in enumerate(images):
        rng = np.random.default_rng((KERNEL_STREAM[split], seed, number))
        image = _middle(image, largest_side + 50).astype(np.float32) / np.float32(255)
        sharp = _middle(add_noise(image, noise, rng), largest_side)
        versions = {None: sharp}
        for low, high in bins:
            kernel = random_kernel(random_size((low, high), rng), rng)
            versions[f"{low}-{high}"] = _middle(blur(image, kernel, noise, rng, boundary="valid"), largest_side)
        for scale in scales:
            for size, version in versions.items():
                right = _logit_at(network, version, scale) > 0
                if size is None:
                    clear[scale].append(not right)
                else:
                    blurred[scale][size].append(right)
    return [_summary(scale, clear[scale], blurred[scale]) for scale in scales]


def evaluate_pairs(network, clear, blurred, scales=SCALES):
    """Measure accuracies on given clear and blurred images, such as a benchmark's.

    Parameters
    ----------
    network : Classifier
    clear, blurred : iterable of (H, W) float ndarray in [0, 1]
    scales : sequence of float

    Returns
    -------
    list of dict
        One per scale: ``scale``, ``accuracy``, ``clear``, ``blurred``, as in :func:`evaluate`.
    """
    results = []
    clear, blurred = list(clear), list(blurred)
    for scale in scales:
        right = [_logit_at(network, image, scale) <= 0 for image in clear]
        results.append(_summary(scale, right, {"": [_logit_at(network, image, scale) > 0 for image in blurred]}))
        del results[-1]["per_size"]
    return results


def write_report(path, results, title, notes=()):
    """Write accuracies as JSON and as a Markdown table.

    Parameters
    ----------
    path : path
        Without suffix: ``.json`` and ``.md`` are appended.
    results : list of dict
        As :func:`evaluate` returns them.
    title : str
    notes : sequence of str
        Sentences put under the title.
    """
    path = Path(path)
    report = {"title": title, "notes": list(notes), "scales": results}
    path.with_suffix(".json").write_text(json.dumps(report, indent=1))
    sizes = list(results[0].get("per_size", {}))
    header = ["scale", "accuracy", "clear", "blurred", *(f"kernels {size}" for size in sizes)]
    lines = [f"# {title}", "", *notes, "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for row in results:
        values = [row["accuracy"], row["clear"], row["blurred"], *(row["per_size"][size] for size in sizes)]
        name = f"1/{round(1 / row['scale'])}" if row["scale"] < 1 else "1"
        lines.append(f"| {name} | " + " | ".join(f"{100 * value:.1f} %" for value in values) + " |")
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")


def _logit_at(network, image, scale):
    smallest = (network.architecture.smallest_side + 0.5) / min(image.shape)
    return logits_of(network, [np.clip(resize(image, max(scale, min(1.0, smallest))), 0, 1)])[0]


def _summary(scale, clear, blurred):
    per_size = {size: float(np.mean(right)) for size, right in blurred.items()}
    rates = float(np.mean(clear)), float(np.mean([value for right in blurred.values() for value in right]))
    return {
        "scale": float(scale),
        "accuracy": sum(rates) / 2,
        "clear": rates[0],
        "blurred": rates[1],
        "per_size": per_size,
    }


def _middle(image, side):
    top, left = (max(0, (have - side) // 2) for have in image.shape)
    return image[top : top + side, left : left + side]
