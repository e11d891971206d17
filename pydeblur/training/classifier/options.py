"""The options of the classifier's training beside its recipe. The command line takes its flags from them."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.options import (
    COUNT,
    NOT_NEGATIVE,
    NOT_NEGATIVE_COUNT,
    POSITIVE,
    Kind,
    check_options,
    documented,
    is_finite_number,
    one_of,
    option,
)
from pydeblur.priors.classifier.architecture import ARCHITECTURES

#: The recipes that come with the package (:mod:`pydeblur.training.classifier.recipes`).
RECIPE_NAMES = ("paper", "cpu", "robust")


def _is_range_of_scales(value) -> bool:
    is_pair = isinstance(value, (tuple, list)) and len(value) == 2 and all(map(is_finite_number, value))
    return is_pair and 1e-3 <= value[0] <= value[1] <= 1


_SCALES = Kind(
    "two numbers from 0.001 to 1, the smaller one first",
    _is_range_of_scales,
    lambda text: tuple(map(float, text.split())),
    "(float, float)",
)


@documented
@dataclass(frozen=True)
class ClassifierTrainingOptions:
    """What a run of the classifier's training does differently from its recipe, and how it is computed.

    Examples
    --------
    >>> ClassifierTrainingOptions(minutes=30, threads=1).precision
    'float32'
    """

    architecture: str | None = option(
        one_of(*ARCHITECTURES),
        "The network's architecture, in place of the recipe's.",
        None,
        flag="architecture",
        may_be_none=True,
    )
    scales: tuple[float, float] | None = option(
        _SCALES,
        "Range of the down-sampling factor in training, in place of the recipe's. (1, 1) trains the single-scale network of\n"
        "Fig. 10(a).",
        None,
        may_be_none=True,
    )
    steps: int | None = option(
        COUNT,
        "Length of the run in batches, in place of the recipe's.",
        None,
        flag="steps",
        metavar="N",
        may_be_none=True,
    )
    minutes: float | None = option(
        POSITIVE,
        "Length of the run in minutes, in place of a number of batches. The schedule is fitted to it by the speed that is\n"
        "measured on the way, so that two such runs are not the same.",
        None,
        flag="minutes",
        metavar="M",
        may_be_none=True,
    )
    learning_rate: float | None = option(
        POSITIVE, "The largest learning rate, in place of the recipe's.", None, flag="learning-rate", may_be_none=True
    )
    validation_every: int | None = option(
        COUNT,
        "Batches from one validation and checkpoint to the next, in place of the recipe's.",
        None,
        may_be_none=True,
    )
    validation_images: int = option(COUNT, "How many images of the validation split are looked at each time.", 40)
    validation_side: int = option(COUNT, "Longest side of what is looked at of each of them, in pixels.", 256)
    widening_noise: float = option(
        NOT_NEGATIVE,
        "Where a narrower network is widened: the perturbation of its copied weights, relative to their standard deviation.",
        0.05,
    )
    seed: int = option(NOT_NEGATIVE_COUNT, "Seed of everything that is drawn.", 0, flag="seed", metavar="N")
    device: str = option(one_of("cpu", "cuda"), "Where the network is computed.", "cpu", flag="device")
    threads: int | None = option(
        COUNT,
        "PyTorch's threads; by default PyTorch chooses their number.",
        None,
        flag="threads",
        metavar="N",
        may_be_none=True,
    )
    precision: str = option(
        one_of("float32", "bf16", "auto"),
        "Arithmetic of the network: bf16 is PyTorch's autocast, which gains only on processors that compute in it; auto\n"
        "measures which of the two is faster.",
        "float32",
        flag="precision",
    )

    def __post_init__(self):
        check_options(self)
