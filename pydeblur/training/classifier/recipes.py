"""Training recipes: everything that decides a run, as plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.architecture import ARCHITECTURES, COMPACT, PAPER, Architecture
from pydeblur.training.classifier.options import ClassifierTrainingOptions
from pydeblur.training.classifier.pairs import Synthesis


@dataclass(frozen=True)
class FixedCrops:
    """Batches of equal shape; every pair has its own down-sampling factor.

    Parameters
    ----------
    side : int
        Side of the crops, after down-sampling.
    batch : int
        Crops in a batch, half of them blurred.

    Examples
    --------
    >>> FixedCrops(side=200, batch=50).draw(np.random.default_rng(0), (0.25, 1.0))
    (200, 50, (0.25, 1.0))
    """

    side: int
    batch: int

    @property
    def largest_side(self) -> int:
        """Side of the largest crop."""
        return self.side

    def draw(self, rng: np.random.Generator, scales: tuple[float, float]) -> tuple[int, int, tuple[float, float]]:
        """Side, batch and range of down-sampling factors of one batch."""
        return self.side, self.batch, scales


@dataclass(frozen=True)
class ScaledCrops:
    """Batches that show about the same part of the scene at any scale: smaller crops where images are shrunk more.

    That is how a coarse-to-fine solver meets them: its coarse levels are small images. The network notices the size
    (by the share of pixels near a border), and whether an edge counts as blurred does depend on the scale.

    Parameters
    ----------
    view : (int, int)
        Range of the side of the crop at full resolution, before down-sampling.
    sides : (int, int)
        Smallest and largest side after down-sampling.
    pixels : int
        Pixels in a batch, which decides how many crops it has.
    batch : (int, int)
        Fewest and most crops in a batch, even.
    full_share : float
        Share of batches, in [0, 1], at the largest factor: full resolution is what the finest scale sees.

    Examples
    --------
    >>> crops = ScaledCrops(view=(100, 200), sides=(40, 160), pixels=20_000, batch=(4, 10))
    >>> side, batch, (scale, same) = crops.draw(np.random.default_rng(0), (0.25, 1.0))
    >>> side, batch, scale == same
    (62, 4, True)
    """

    view: tuple[int, int]
    sides: tuple[int, int]
    pixels: int
    batch: tuple[int, int]
    full_share: float = 0.0

    @property
    def largest_side(self) -> int:
        """Side of the largest crop."""
        return self.sides[1]

    def draw(self, rng: np.random.Generator, scales: tuple[float, float]) -> tuple[int, int, tuple[float, float]]:
        """Side, batch and range of down-sampling factors of one batch: one factor, else uniform in its logarithm."""
        scale = math.exp(rng.uniform(math.log(scales[0]), math.log(scales[1])))
        if rng.random() < self.full_share:
            scale = scales[1]
        side = int(min(max(rng.uniform(*self.view) * scale, self.sides[0]), self.sides[1]))
        batch = min(max(self.pixels // side**2, self.batch[0]), self.batch[1])
        return side, batch // 2 * 2, (scale, scale)


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Parameters
    ----------
    name : str
    architecture : Architecture
    synthesis : Synthesis
        How pairs are made.
    kernels : int
        Number of training kernels.
    kernel_sizes : (int, int)
        Smallest and largest kernel.
    crops : FixedCrops or ScaledCrops
        Shape of the batches.
    optimizer : {"sgd", "adam"}
    initialisation : {"xavier", "he"}
    learning_rate : float
        Peak learning rate.
    weight_decay : float
    schedule : {"steps", "one-cycle"}
        Divide by 5 every 50 epochs, or a linear warm-up followed by half a cosine.
    warm_up : float
        Share of a one-cycle run spent warming up.
    steps : int
        Length of the run in batches.
    steps_per_epoch : int
        For the schedule "steps".
    images_per_batch : int
        Blurred images from which the crops of a batch are cut, at most.
    equal_folders : bool
        Draw from every folder of images equally often, whatever number it holds.
    validation_every : int
        Batches between two validations.
    average : float
        Decay per batch of the moving average of the weights that is validated and kept; 0 is none.
    largest_gradient : float
        Norm to which a larger gradient of the whole network is scaled down.
    """

    name: str
    architecture: Architecture
    synthesis: Synthesis
    kernels: int
    crops: FixedCrops | ScaledCrops
    optimizer: str
    initialisation: str
    learning_rate: float
    weight_decay: float
    schedule: str
    steps: int
    kernel_sizes: tuple[int, int] = (7, 51)
    warm_up: float = 0.1
    steps_per_epoch: int = 2000
    images_per_batch: int = 6
    equal_folders: bool = False
    validation_every: int = 500
    average: float = 0.0
    largest_gradient: float = math.inf


# Section 3.4: 100,000 blurred images, batches of 50 that hold as many clear ones, so 4,000 batches an epoch.
PAPER_RECIPE = Recipe(
    name="paper",
    architecture=PAPER,
    synthesis=Synthesis(noise=(0.01, 0.01), scales=(0.25, 1.0), quantize=False),
    kernels=200,
    crops=FixedCrops(200, 50),
    images_per_batch=25,
    optimizer="sgd",
    initialisation="xavier",
    learning_rate=1e-3,
    weight_decay=1e-4,
    schedule="steps",
    steps=150 * 4000,
    steps_per_epoch=4000,
    validation_every=2000,
)

# The shipped weights: the same task on 2 CPU cores. Smaller crops, Adam with a one-cycle schedule, more kernels, and
# variation of noise, contrast and JPEG traces, which the solver's intermediate images need, drawings, which text
# resembles, and soft grounds, which many a clear photograph has.
CPU_RECIPE = Recipe(
    name="cpu",
    architecture=COMPACT,
    synthesis=Synthesis(
        noise=(0.0, 0.015),
        scales=(0.2, 1.0),
        presize=(0.6, 1.0),
        contrast=(0.6, 1.0),
        gamma=(0.7, 1.4),
        untouched=0.6,
        flat_share=0.3,
        noise_free=0.2,
        graphics=0.12,
        shallow_focus=0.2,
    ),
    kernels=2000,
    crops=ScaledCrops(view=(192, 384), sides=(40, 160), pixels=32 * 96**2, batch=(8, 48), full_share=0.3),
    optimizer="adam",
    initialisation="he",
    learning_rate=2e-3,
    weight_decay=1e-4,
    schedule="one-cycle",
    steps=12000,
    validation_every=400,
    equal_folders=True,
    average=0.995,
    largest_gradient=5.0,
)

# For the solver rather than for photographs: half of the pairs are its latent images, of right and of wrong kernels.
ROBUST_RECIPE = replace(
    CPU_RECIPE,
    name="robust",
    synthesis=replace(CPU_RECIPE.synthesis, latents=0.5),
    learning_rate=1e-3,
    steps=6000,
)

RECIPES = {recipe.name: recipe for recipe in (PAPER_RECIPE, CPU_RECIPE, ROBUST_RECIPE)}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name.

    Raises
    ------
    InvalidInputError
        If there is none.

    Examples
    --------
    >>> recipe_named("paper").learning_rate
    0.001
    """
    if name not in RECIPES:
        raise InvalidInputError(f"recipe should be one of {', '.join(RECIPES)}, but is {name!r}")
    return RECIPES[name]


def adjusted_recipe(recipe: Recipe, options: ClassifierTrainingOptions) -> Recipe:
    """A recipe with what the options have in place of it.

    Examples
    --------
    >>> adjusted_recipe(CPU_RECIPE, ClassifierTrainingOptions(steps=100, architecture="paper")).steps
    100
    """
    changes = {
        "architecture": ARCHITECTURES.get(options.architecture),
        "synthesis": None if options.scales is None else replace(recipe.synthesis, scales=tuple(options.scales)),
        "steps": options.steps,
        "learning_rate": options.learning_rate,
        "validation_every": options.validation_every,
    }
    return replace(recipe, **{name: value for name, value in changes.items() if value is not None})
