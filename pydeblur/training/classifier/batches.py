"""The images of a run and its batches, which are made on the fly."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import compress, count

import numpy as np

from pydeblur.datasets.photographs import equal_folder_shares, find_images, load_compact, split_images
from pydeblur.errors import InvalidInputError
from pydeblur.training.classifier.pairs import sample_block
from pydeblur.training.classifier.random_streams import BATCHES
from pydeblur.training.classifier.recipes import Recipe

#: Batches that are made in advance, in a second thread.
_AHEAD = 3


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """The sharp images of a run.

    Attributes
    ----------
    by_split : dict of str to list of (H, W) uint8 ndarray
        "train", "validation" and "test".
    shares : (n,) float64 ndarray or None
        Probabilities by which the n training images are drawn; None is all alike.
    """

    by_split: dict[str, list[np.ndarray]]
    shares: np.ndarray | None

    @property
    def counts(self) -> dict[str, int]:
        """How many images each split has."""
        return {split: len(images) for split, images in self.by_split.items()}


def load_training_images(data, recipe: Recipe) -> TrainingImages:
    """Read the images of some folders; training images that are too small for the recipe's crops are left out.

    Parameters
    ----------
    data : path or sequence of path
        Folders, searched recursively and split by :func:`pydeblur.datasets.photographs.split_images`.
    recipe : Recipe

    Returns
    -------
    TrainingImages

    Raises
    ------
    InvalidInputError
        If a folder is none, or a split has no image.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pydeblur.files import write_image
    >>> from pydeblur.training.classifier.recipes import CPU_RECIPE
    >>> with TemporaryDirectory() as folder:
    ...     for number in range(4, 11):
    ...         write_image(f"{folder}/image{number}.png", np.full((220, 230), 0.5))
    ...     load_training_images(folder, CPU_RECIPE).counts
    {'train': 5, 'validation': 1, 'test': 1}
    """
    paths = split_images(find_images(data))
    images = {split: load_compact(members) for split, members in paths.items()}
    smallest = recipe.crops.largest_side + recipe.kernel_sizes[1]
    large = [min(image.shape) >= smallest for image in images["train"]]
    images["train"] = list(compress(images["train"], large))
    for split, members in images.items():
        if not members:
            sides = f" with sides of at least {smallest}" if split == "train" else ""
            raise InvalidInputError(
                f"data should hold images of the {split} split (by the hash of the file name){sides}, but none is"
            )
    shares = equal_folder_shares(list(compress(paths["train"], large))) if recipe.equal_folders else None
    return TrainingImages(images, shares)


def batches(
    images: TrainingImages, kernels: Sequence[np.ndarray], recipe: Recipe, seed: int, first: int
) -> Generator[np.ndarray, None, None]:
    """Endless batches from a number on. Each follows from the seed and its number alone, which makes an exact resume easy.

    Parameters
    ----------
    images : TrainingImages
    kernels : sequence of (h, w) ndarray
    recipe : Recipe
    seed : int
    first : int
        Number of the first batch.

    Yields
    ------
    (B / 2, 2, c, c) float32 ndarray
        Pairs of a clear and a blurred crop in [0, 1].

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pydeblur.training.classifier.recipes import CPU_RECIPE, FixedCrops
    >>> image = np.random.default_rng(0).integers(0, 256, (80, 80), dtype=np.uint8)
    >>> images = TrainingImages({"train": [image]}, None)
    >>> recipe = replace(CPU_RECIPE, crops=FixedCrops(side=32, batch=4))
    >>> next(batches(images, [np.full((5, 5), 1 / 25)], recipe, seed=0, first=0)).shape
    (2, 2, 32, 32)
    """
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(_batch, images, kernels, recipe, seed, first + ahead) for ahead in range(_AHEAD))
        for number in count(first + _AHEAD):
            yield waiting.popleft().result()
            waiting.append(pool.submit(_batch, images, kernels, recipe, seed, number))


def _batch(images: TrainingImages, kernels, recipe: Recipe, seed: int, number: int) -> np.ndarray:
    rng = np.random.default_rng((BATCHES, seed, number))
    side, size, scales = recipe.crops.draw(rng, recipe.synthesis.scales)
    synthesis = replace(recipe.synthesis, scales=scales)
    crops_per_sheet = max(1, math.ceil(size // 2 / recipe.images_per_batch))
    return sample_block(
        images.by_split["train"], kernels, size // 2, side, rng, synthesis, crops_per_sheet, images.shares
    )
