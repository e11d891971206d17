"""The development set on which defaults are chosen: test-split training images under kernels of our own.

No benchmark's image or kernel is in it, so that benchmarks stay unseen until the choice is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from blurred_case import BlurredCase

from pydeblur.training.images import find_images, load_grey, split_images
from pydeblur.training.kernels import random_kernel, random_size
from pydeblur.training.synthesis import blur

SIDE = 255
KERNEL_SIZES = (15, 31)
NOISE = 0.01
#: In means of error ratios, larger ones count as this: what has failed has failed.
WORST_RATIO = 20.0
#: Added to every seed; another number gives another set. The training split's is for what is learned: it has no image of
#: the other, on which the result is then tried.
STREAMS = {"test": 4000, "train": 6000, "validation": 8000}


@dataclass(frozen=True)
class DevelopmentCase(BlurredCase):
    """One of 255×255 pixels; ``folder`` is its image's."""

    folder: str


def development_cases(
    data, per_folder: int = 12, noise: float = NOISE, split: str = "test", speed_variation: float = 0.0
) -> list[DevelopmentCase]:
    """`per_folder` images of a split from each subfolder of `data`, each under its own kernel.

    Parameters
    ----------
    data : path
        Folder of training images with one subfolder per kind.
    per_folder : int
        Fewer are taken from a subfolder that holds fewer.
    noise : float
        Standard deviation of the Gaussian noise; the scenes and kernels are the same for all.
    split : {"test", "train", "validation"}
        Of :func:`pydeblur.training.images.split_images`.
    speed_variation : float
        Of :func:`pydeblur.training.random_kernel`.

    Returns
    -------
    list of DevelopmentCase
        The same for the same data, whatever else is asked for.
    """
    by_folder = images_by_folder(data, split)
    cases = []
    for folder in sorted(by_folder):
        for path in by_folder[folder][:per_folder]:
            case = _case(path, folder, (STREAMS[split], len(cases)), noise, speed_variation)
            if case is not None:
                cases.append(case)
    return cases


def images_by_folder(data, split: str = "test") -> dict[str, list[Path]]:
    """A split's images of each subfolder of `data`, by its name."""
    by_folder = {}
    for path in map(Path, split_images(find_images(data))[split]):
        by_folder.setdefault(path.parent.name, []).append(path)
    return by_folder


def _case(path, folder, seed, noise, speed_variation):
    rng = np.random.default_rng(seed)
    kernel = random_kernel(random_size(KERNEL_SIZES, rng), rng, speed_variation)
    image, margin = load_grey(path), kernel.shape[0] // 2
    # A part of the scene larger than the crop by the kernel: the blurred crop sees no border.
    wide = SIDE + 2 * margin
    if min(image.shape) < wide:
        return None
    crops = [tuple(int(rng.integers(side - wide + 1)) for side in image.shape) for _ in range(4)]
    parts = [image[top : top + wide, left : left + wide] for top, left in crops]
    part = max(parts, key=lambda part: np.abs(np.diff(part, axis=0)).mean())  # not the sky
    blurred = blur(part, kernel, noise, rng, boundary="valid")
    sharp = part[margin : margin + SIDE, margin : margin + SIDE]
    name = f"{folder}-{Path(path).stem}"
    return DevelopmentCase(name, sharp.astype(float), blurred.astype(float), kernel, folder)
