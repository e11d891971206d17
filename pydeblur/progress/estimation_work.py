"""How much work a kernel estimation is, as a report of its progress has to know it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a report begins before the solver is loaded
    from pydeblur.solver.records import IterationRecord


@dataclass(frozen=True)
class EstimationWork:
    """The work of a kernel estimation, in seconds where those are known.

    Attributes
    ----------
    total : float
        The work of all iterations, in the unit of `of`.
    of : callable
        Called with an iteration's record and the number of its candidate; returns the work of that iteration.
    seconds : float or None
        How long all of it will take on this machine; None where that is not known beforehand.
    candidates : int
        How many runs there are.

    Examples
    --------
    >>> work = EstimationWork(8.0, lambda record, candidate: 2.0)
    >>> work.total / work.of(None, 0)
    4.0
    """

    total: float
    of: Callable[[IterationRecord, int], float]
    seconds: float | None = None
    candidates: int = 1


def counted_work(iterations: int) -> EstimationWork:
    """Return the work of a method of which only the number of its iterations is known.

    Examples
    --------
    >>> counted_work(10).total
    10.0
    """
    return EstimationWork(float(iterations), lambda record, candidate: 1.0)
