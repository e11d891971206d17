"""The options of the restoring network's training. The command line takes its flags from them."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.options import COUNT, NOT_NEGATIVE_COUNT, check_options, documented, one_of, option


@documented
@dataclass(frozen=True)
class RestorationTrainingOptions:
    """How long, and how, the network of the final step "learned" is trained.

    Examples
    --------
    >>> RestorationTrainingOptions(steps=100).batch
    12
    """

    steps: int = option(
        COUNT,
        "Length of the run in batches. A run may be resumed with another length; the learning rate follows it.",
        20_000,
        flag="steps",
        metavar="N",
    )
    batch: int = option(COUNT, "Crops of a batch.", 12)
    save_every: int = option(COUNT, "Steps from one checkpoint and validation to the next.", 500)
    seed: int = option(NOT_NEGATIVE_COUNT, "Seed of everything that is drawn.", 0, flag="seed", metavar="N")
    threads: int | None = option(
        COUNT,
        "PyTorch's threads; by default PyTorch chooses their number.",
        None,
        flag="threads",
        metavar="N",
        may_be_none=True,
    )
    precision: str = option(
        one_of("float32", "bf16"),
        "Arithmetic of the network: bf16 is PyTorch's autocast, which gains only on processors that compute in it.",
        "float32",
        flag="precision",
    )

    def __post_init__(self):
        check_options(self)
