"""Kernel estimators by name."""

from __future__ import annotations

from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.presets import PRESETS, resolve
from pydeblur.estimators.protocol import KernelEstimator
from pydeblur.priors.registry import PRIORS

#: What `load_estimator` takes: presets, and priors, which stand for one run of the solver with the paper's values.
ESTIMATORS = (*PRESETS, *PRIORS)


def load_estimator(name: str, **solver) -> KernelEstimator:
    """Make a kernel estimator by its name.

    Parameters
    ----------
    name : {"faithful", "fast", "best", "gradient", "intensity", "classifier"}
    **solver
        Fields of :class:`~pydeblur.SolverOptions`, without ``kernel_size``.

    Raises
    ------
    InvalidOptionError
        If there is no such estimator.

    Examples
    --------
    >>> load_estimator("gradient", iterations=3).preset.solver["iterations"]
    3
    """
    from pydeblur.estimators.multistart import Multistart

    if name in PRESETS:
        return Multistart(resolve(name, solver=solver))
    if name in PRIORS:
        return Multistart(resolve(prior=name, solver=solver))
    raise InvalidOptionError(f"the estimator should be one of {', '.join(ESTIMATORS)}, but is {name!r}")
