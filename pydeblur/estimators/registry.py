"""Blind methods by one name: presets, priors in the solver, and estimators with loops of their own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.presets import PRESETS, resolve
from pydeblur.options import options_from, shown
from pydeblur.priors.registry import PRIORS

if TYPE_CHECKING:
    from pydeblur.estimators.protocol import KernelEstimator, WholeEstimator

#: Name to module and class; the class of the options has the same name with "Options" behind it.
_WHOLE = {
    "normalized_sparsity": ("pydeblur.estimators.normalized_sparsity", "NormalizedSparsity"),
    "marginal": ("pydeblur.estimators.marginal", "Marginal"),
    "cho_lee": ("pydeblur.estimators.cho_lee", "ChoLee"),
    "xu_jia": ("pydeblur.estimators.xu_jia", "XuJia"),
    "light_streaks": ("pydeblur.estimators.light_streaks", "LightStreaks"),
}
#: Estimators that are no run of the solver.
WHOLE_ESTIMATORS = tuple(_WHOLE)
#: The solver's options that belong to a method: its prior's own weights, where they are not the solver's defaults.
_OPTIONS_OF_PRIORS = {"pmp": {"lambda_prior": 0.1, "lambda_prior_min": 0.01}}
#: What `load_estimator` takes: presets; priors, which stand for one run of the solver with their paper's values; and
#: estimators with loops of their own.
METHODS = (*PRESETS, *PRIORS, *WHOLE_ESTIMATORS)


def load_estimator(name: str, **options) -> KernelEstimator:
    """Make a kernel estimator by its name.

    Parameters
    ----------
    name : str
        One of `METHODS`: "faithful", "fast", "best", "gradient", "intensity", "dark_channel", "extreme_channels", "pmp",
        "null", "classifier", "normalized_sparsity", "marginal", "cho_lee", "xu_jia" or "light_streaks".
    **options
        Of a preset or prior fields of :class:`~pydeblur.SolverOptions`, without ``kernel_size``; of the others their own
        options.

    Raises
    ------
    InvalidOptionError
        If there is no such method, or it has no such option.

    Examples
    --------
    >>> load_estimator("gradient", iterations=3).preset.solver["iterations"]
    3
    >>> load_estimator("normalized_sparsity", alternations=5).options.alternations
    5
    """
    from pydeblur.estimators.multistart import Multistart

    check_method(name)
    if name in _WHOLE:
        return load_whole_estimator(name, options)
    preset, prior, solver = preset_and_prior(name, options)
    return Multistart(resolve(preset, prior, solver=solver))


def load_whole_estimator(name: str, options: Mapping) -> WholeEstimator:
    """Make one of `WHOLE_ESTIMATORS` with options of its own.

    Raises
    ------
    InvalidOptionError
        If it has no such option, or a value is out of its range.

    Examples
    --------
    >>> load_whole_estimator("marginal", {"steps": 3}).iteration_count(5)
    3
    """
    module, class_name = _WHOLE[name]
    found = import_module(module)
    checked = options_from(getattr(found, f"{class_name}Options"), options, f"the method {name}")
    return getattr(found, class_name)(**vars(checked))


def preset_and_prior(name: str, options: Mapping) -> tuple[str | None, str | None, dict]:
    """What a method that is a preset or a prior means: the preset's name, the prior's, and options of the solver.

    Parameters
    ----------
    name : str
        One of `METHODS`, but none of `WHOLE_ESTIMATORS`.
    options : mapping
        Options of the solver that are given; they win.

    Examples
    --------
    >>> preset_and_prior("pmp", {"lambda_prior": 0.2})
    (None, 'pmp', {'lambda_prior': 0.2, 'lambda_prior_min': 0.01})
    """
    if name in PRESETS:
        return name, None, dict(options)
    return None, name, {**_OPTIONS_OF_PRIORS.get(name, {}), **options}


def check_method(name) -> None:
    """Refuse what is no method's name.

    Raises
    ------
    InvalidOptionError
        If it is none of `METHODS`.

    Examples
    --------
    >>> check_method("pmp")
    """
    if not isinstance(name, str) or name not in METHODS:
        raise InvalidOptionError(f"method should be one of {', '.join(METHODS)}, but is {shown(name)}")
