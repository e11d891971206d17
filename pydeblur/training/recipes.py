"""Training recipes: everything that decides a run, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydeblur.errors import InvalidInputError
from pydeblur.training.synthesis import Synthesis


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Parameters
    ----------
    name : str
    architecture : str
        A key of :data:`pydeblur.priors.classifier.architecture.ARCHITECTURES`.
    synthesis : Synthesis
        How pairs are made.
    kernels : int
        Number of training kernels; 0 draws... is not allowed.
    kernel_sizes : (int, int)
        Smallest and largest kernel.
    crops : tuple of (int, int)
        (side of the crops, crops in a batch), half of which are blurred; one is drawn per block of batches.
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
    batches_per_block, crops_per_sheet : int
        How pairs are drawn (:func:`pydeblur.training.synthesis.sample_block`).
    validation_every : int
        Batches between two validations.
    average : float
        Decay per batch of the moving average of the weights that is validated and kept; 0 is none.
    """

    name: str
    architecture: str
    synthesis: Synthesis
    kernels: int
    crops: tuple[tuple[int, int], ...]
    optimizer: str
    initialisation: str
    learning_rate: float
    weight_decay: float
    schedule: str
    steps: int
    kernel_sizes: tuple[int, int] = (7, 51)
    warm_up: float = 0.1
    steps_per_epoch: int = 2000
    batches_per_block: int = 8
    crops_per_sheet: int = 4
    validation_every: int = 500
    average: float = 0.0


# Section 3.4: 100,000 blurred images, batches of 50 that hold as many clear ones, so 4,000 batches an epoch.
PAPER_RECIPE = Recipe(
    name="paper",
    architecture="paper",
    synthesis=Synthesis(noise=(0.01, 0.01), scales=(0.25, 1.0), quantize=False),
    kernels=200,
    crops=((200, 50),),
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
# variation of noise, contrast and JPEG traces, which the solver's intermediate images need.
CPU_RECIPE = Recipe(
    name="cpu",
    architecture="compact",
    synthesis=Synthesis(
        noise=(0.0, 0.015),
        scales=(0.25, 1.0),
        presize=(0.6, 1.0),
        contrast=(0.6, 1.0),
        gamma=(0.7, 1.4),
        flat_share=0.3,
    ),
    kernels=2000,
    crops=((96, 32), (96, 32), (64, 64), (136, 16)),
    optimizer="adam",
    initialisation="he",
    learning_rate=2e-3,
    weight_decay=1e-4,
    schedule="one-cycle",
    steps=12000,
    validation_every=400,
    average=0.995,
)

RECIPES = {recipe.name: recipe for recipe in (PAPER_RECIPE, CPU_RECIPE)}


def recipe_named(name):
    """The recipe of that name.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    if name not in RECIPES:
        raise InvalidInputError(f"recipe should be one of {', '.join(RECIPES)}, but is {name!r}.")
    return RECIPES[name]
