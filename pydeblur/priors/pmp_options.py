"""Options of the patch-wise minimal pixels, for those who need no arrays: the command line's flags."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.options import COUNT, check_options, documented, option


@documented
@dataclass(frozen=True)
class PMPOptions:
    """Options of the patch-wise minimal pixels.

    Examples
    --------
    >>> PMPOptions(patch=5).patch
    5
    """

    patch: int | None = option(
        COUNT,
        "Side of the blocks in pixels, the same at every scale; None is 0.025 times the mean of the picture's height and\n"
        "width, rounded down.",
        None,
        flag="patch",
        metavar="N",
        may_be_none=True,
    )

    def __post_init__(self):
        check_options(self)
