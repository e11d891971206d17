"""The options of the ranking network's training. The command line takes its flags from them."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.estimators.presets import SEVERAL_PLANES
from pydeblur.options import COUNT, NOT_NEGATIVE_COUNT, check_options, documented, one_of, option


@documented
@dataclass(frozen=True)
class RankingTrainingOptions:
    """How long the network that ranks kernels is trained.

    Examples
    --------
    >>> RankingTrainingOptions(steps=100).save_every
    1000
    """

    shown: str = option(
        one_of("image", "planes"),
        "What the network is shown: the restored image; or planes, with what the kernel has changed and what it leaves\n"
        "unexplained as well, as the ranking of wide kernels asks for. A network to start from that is shown planes keeps them.",
        "image",
        flag="shown",
    )
    steps: int = option(COUNT, "Length of the run in batches, of one case each.", 20_000, flag="steps", metavar="N")
    save_every: int = option(COUNT, "Steps from one checkpoint and validation to the next.", 1000)
    seed: int = option(NOT_NEGATIVE_COUNT, "Seed of everything that is drawn.", 0, flag="seed", metavar="N")

    def __post_init__(self):
        check_options(self)

    @property
    def inputs(self) -> int:
        """How many planes that are.

        Examples
        --------
        >>> RankingTrainingOptions(shown="planes").inputs
        3
        """
        return SEVERAL_PLANES if self.shown == "planes" else 1
