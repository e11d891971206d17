"""Accuracy of a trained classifier: per scale, per kernel size, on images and kernels it never saw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from pydeblur.files import markdown_table, write_bytes
from pydeblur.synthesis.blur import add_noise, blur
from pydeblur.synthesis.kernels import random_kernel, random_size
from pydeblur.synthesis.resize import resize
from pydeblur.training.classifier.random_streams import KERNELS
from pydeblur.training.network import TrainableNetwork

SCALES = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
#: Kernel sizes that are reported together, smallest and largest of each.
SIZE_BINS = ((7, 13), (15, 23), (25, 33), (35, 43), (45, 51))


def logits_of(network: TrainableNetwork, images: Iterable[np.ndarray]) -> np.ndarray:
    """Logits of single images of any size.

    Parameters
    ----------
    network : TrainableNetwork
    images : iterable of (H, W) float ndarray in [0, 1]

    Returns
    -------
    (N,) float64 ndarray

    Examples
    --------
    >>> from pydeblur.priors.classifier.architecture import Architecture
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> logits_of(network, [np.zeros((8, 9)), np.zeros((20, 12))]).shape
    (2,)
    """
    device = next(network.parameters()).device
    with torch.inference_mode():
        return np.array(
            [
                network(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None].to(device)).item()
                for image in images
            ]
        )


def evaluate(
    network: TrainableNetwork,
    images: Sequence[np.ndarray],
    split: str,
    seed: int = 0,
    scales: Sequence[float] = SCALES,
    bins: Sequence[tuple[int, int]] = SIZE_BINS,
    noise: float = 0.01,
    largest_side: int = 400,
) -> list[dict]:
    """Measure accuracies on whole images.

    Every image is classified as it is and blurred by one random kernel out of each size bin; clear and blurred
    images alike carry noise, are rounded to 8 bits, and are then down-sampled.

    Parameters
    ----------
    network : TrainableNetwork
    images : sequence of (H, W) uint8 ndarray
        Sharp images.
    split : {"validation", "test"}
        Which kernels to draw; neither split's are ever used in training.
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

    Examples
    --------
    >>> from pydeblur.priors.classifier.architecture import Architecture
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> image = np.random.default_rng(0).integers(0, 256, (60, 70), dtype=np.uint8)
    >>> (row,) = evaluate(network, [image], "test", scales=(1.0,), bins=((7, 13),))
    >>> sorted(row)
    ['accuracy', 'blurred', 'clear', 'per_size', 'scale']
    """
    clear = {scale: [] for scale in scales}
    blurred = {scale: {f"{low}-{high}": [] for low, high in bins} for scale in scales}
    for number, image in enumerate(images):
        rng = np.random.default_rng((KERNELS[split], seed, number))
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
    results = []
    for scale in scales:
        summary = _summary(scale, clear[scale], [right for each in blurred[scale].values() for right in each])
        results.append({**summary, "per_size": {size: float(np.mean(each)) for size, each in blurred[scale].items()}})
    return results


def evaluate_pairs(
    network: TrainableNetwork,
    clear: Iterable[np.ndarray],
    blurred: Iterable[np.ndarray],
    scales: Sequence[float] = SCALES,
) -> list[dict]:
    """Measure accuracies on given clear and blurred images, such as a benchmark's.

    Parameters
    ----------
    network : TrainableNetwork
    clear, blurred : iterable of (H, W) float ndarray in [0, 1]
    scales : sequence of float

    Returns
    -------
    list of dict
        One per scale: ``scale``, ``accuracy``, ``clear``, ``blurred``, as in :func:`evaluate`.

    Examples
    --------
    >>> from pydeblur.priors.classifier.architecture import Architecture
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> (row,) = evaluate_pairs(network, [np.zeros((16, 16))], [np.zeros((16, 16))], (1.0,))
    >>> row["accuracy"]
    0.5
    """
    clear, blurred = list(clear), list(blurred)
    results = []
    for scale in scales:
        cleared = [_logit_at(network, image, scale) <= 0 for image in clear]
        found = [_logit_at(network, image, scale) > 0 for image in blurred]
        results.append(_summary(scale, cleared, found))
    return results


def write_report(path, results: list[dict], title: str, notes: Sequence[str] = ()) -> None:
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

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> results = [{"scale": 0.5, "accuracy": 0.75, "clear": 1.0, "blurred": 0.5, "per_size": {"7-13": 0.5}}]
    >>> with TemporaryDirectory() as folder:
    ...     write_report(Path(folder) / "report", results, "Accuracy")
    ...     print((Path(folder) / "report.md").read_text().splitlines()[-1])
    | 1/2 | 75.0 % | 100.0 % | 50.0 % | 50.0 % |
    """
    path, report = Path(path), {"title": title, "notes": list(notes), "scales": results}
    write_bytes(path.with_suffix(".json"), json.dumps(report, indent=1).encode())
    lines = [f"# {title}", "", *notes, "", markdown_table([_table_row(row) for row in results])]
    write_bytes(path.with_suffix(".md"), ("\n".join(lines) + "\n").encode())


def _table_row(row: dict) -> dict[str, str]:
    scale = f"1/{round(1 / row['scale'])}" if row["scale"] < 1 else "1"
    rates = {name: row[name] for name in ("accuracy", "clear", "blurred")}
    rates |= {f"kernels {size}": rate for size, rate in row.get("per_size", {}).items()}
    return {"scale": scale, **{name: f"{100 * rate:.1f} %" for name, rate in rates.items()}}


def _logit_at(network: TrainableNetwork, image: np.ndarray, scale: float) -> float:
    smallest = (network.architecture.smallest_side + 0.5) / min(image.shape)
    return logits_of(network, [np.clip(resize(image, max(scale, min(1.0, smallest))), 0, 1)])[0]


def _summary(scale: float, clear: list[bool], blurred: list[bool]) -> dict:
    """Of lists that say which images of each class were recognised."""
    rates = float(np.mean(clear)), float(np.mean(blurred))
    return {"scale": float(scale), "accuracy": sum(rates) / 2, "clear": rates[0], "blurred": rates[1]}


def _middle(image: np.ndarray, side: int) -> np.ndarray:
    top, left = (max(0, (have - side) // 2) for have in image.shape)
    return image[top : top + side, left : left + side]
