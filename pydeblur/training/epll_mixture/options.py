"""The options of the mixture's training. The command line takes its flags from them."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.errors import InvalidOptionError
from pydeblur.options import COUNT, NOT_NEGATIVE_COUNT, Kind, check_options, documented, is_integer, option

_SIDE = Kind("a whole number from 2 to 16", lambda value: is_integer(value) and 2 <= value <= 16, int, "int")


@documented
@dataclass(frozen=True)
class MixtureTrainingOptions:
    """What decides a mixture, and for how long it is trained.

    There have to be at least as many patches as components and as blocks.

    Examples
    --------
    >>> MixtureTrainingOptions(components=50).side
    8
    """

    components: int = option(COUNT, "Number of Gaussians.", 200, flag="components", metavar="K")
    patches: int = option(
        COUNT,
        "Number of patches, the same from every image. They are kept in 8 bits.",
        2_000_000,
        flag="patches",
        metavar="N",
    )
    iterations: int = option(COUNT, "Passes over all patches, in all.", 20, flag="iterations", metavar="N")
    blocks: int = option(
        COUNT,
        "Updates of the mixture in each pass; 1 is plain expectation maximisation.",
        20,
        flag="blocks",
        metavar="N",
    )
    side: int = option(_SIDE, "Pixels along a patch's side.", 8)
    seed: int = option(NOT_NEGATIVE_COUNT, "Seed of everything that is drawn.", 0, flag="seed", metavar="N")

    def __post_init__(self):
        check_options(self)
        if self.patches < max(self.components, self.blocks):
            raise InvalidOptionError(
                f"patches should be at least as many as components ({self.components}) and blocks ({self.blocks}), "
                f"but are {self.patches}"
            )
