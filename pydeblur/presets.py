"""Presets: a prior, its options and the solver's, under one name."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydeblur.errors import InvalidOptionError


@dataclass(frozen=True)
class Preset:
    """``prior`` a name for :func:`pydeblur.load_prior`, ``prior_options`` its options, ``solver`` fields of SolverOptions."""

    prior: str
    prior_options: dict = field(default_factory=dict)
    solver: dict = field(default_factory=dict)


PRESETS = {
    # Sections 4.1, 4.2 and 6 in everything but w, with which the letter of eq. (12) would do nothing (docs/prior-study.md).
    "faithful": Preset("classifier", {"weights": "classifier-paper", "form": "probability"}),
}


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises
    ------
    InvalidOptionError
        If there is none.
    """
    if name not in PRESETS:
        raise InvalidOptionError(f"preset should be one of {', '.join(PRESETS)}, but is {name!r}")
    return PRESETS[name]


def resolve(preset: str | None, prior, prior_options: dict | None, solver: dict) -> tuple[object, dict, dict]:
    """What a preset and what is given beside it mean together; the latter wins.

    Parameters
    ----------
    preset : str or None
        None is the gradient prior with the solver's defaults.
    prior : str, object or None
        A prior's name, a prior, or None: the preset's.
    prior_options : dict or None
        Options of the named prior.
    solver : dict
        Fields of SolverOptions.

    Returns
    -------
    prior : str or object
    prior_options : dict
    solver : dict

    Raises
    ------
    InvalidOptionError
        If there is no such preset, or options are given for a prior that is an object.
    """
    chosen = Preset("gradient") if preset is None else preset_named(preset)
    given = prior_options or {}
    if prior is None or prior == chosen.prior:
        return chosen.prior, {**chosen.prior_options, **given}, {**chosen.solver, **solver}
    if given and not isinstance(prior, str):
        raise InvalidOptionError("prior_options belong to a prior given by its name")
    return prior, given, {**chosen.solver, **solver}
