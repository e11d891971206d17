"""The options of the ranking network's training. The command line takes its flags from them."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.options import COUNT, NOT_NEGATIVE_COUNT, check_options, documented, option


@documented
@dataclass(frozen=True)
class RankingTrainingOptions:
    """How long the network that ranks kernels is trained.

    Examples
    --------
    >>> RankingTrainingOptions(steps=100).save_every
    1000
    """

    steps: int = option(COUNT, "Length of the run in batches, of one case each.", 20_000, flag="steps", metavar="N")
    save_every: int = option(COUNT, "Steps from one checkpoint and validation to the next.", 1000)
    seed: int = option(NOT_NEGATIVE_COUNT, "Seed of everything that is drawn.", 0, flag="seed", metavar="N")

    def __post_init__(self):
        check_options(self)
