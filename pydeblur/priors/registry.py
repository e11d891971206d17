"""Priors by name; each is imported only when it is asked for."""

from __future__ import annotations

import inspect
from importlib import import_module

from pydeblur.errors import InvalidOptionError

_CLASSES = {
    "intensity": ("pydeblur.priors.intensity", "IntensityPrior"),
    "classifier": ("pydeblur.priors.classifier.prior", "ClassifierPrior"),
}

#: Names that `load_prior` takes.
PRIORS = ("gradient", *_CLASSES)


def load_prior(name: str, **options):
    """Make a prior by its name.

    Parameters
    ----------
    name : {"gradient", "intensity", "classifier"}
        "gradient" is the L0 gradient prior alone [38], which is part of the solver: it gives None.
    **options
        Handed to the prior's class; the classifier takes ``weights``, ``backend``, ``device``, ``threads`` and ``form``.

    Raises
    ------
    InvalidOptionError
        If the name is unknown, or the prior does not take such an option.
    """
    if name not in PRIORS:
        raise InvalidOptionError(f"prior should be one of {', '.join(PRIORS)}, but is {name!r}")
    if name == "gradient":
        _refuse(name, options)
        return None
    module, class_name = _CLASSES[name]
    prior_class = getattr(import_module(module), class_name)
    known = list(inspect.signature(prior_class).parameters)
    _refuse(name, [option for option in options if option not in known])
    return prior_class(**options)


def _refuse(name, unknown):
    if unknown:
        raise InvalidOptionError(f"the {name} prior has no option {', '.join(unknown)}")
