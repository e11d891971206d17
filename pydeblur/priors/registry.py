"""Priors by name; each is imported only when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from pydeblur.errors import InvalidOptionError
from pydeblur.options import listed, options_from, shown

#: Name to module, class, and the class of its options; None where it has none.
_CLASSES = {
    "intensity": ("pydeblur.priors.intensity", "IntensityPrior", None),
    "dark_channel": ("pydeblur.priors.dark_channel", "DarkChannelPrior", "DarkChannelOptions"),
    "extreme_channels": ("pydeblur.priors.extreme_channels", "ExtremeChannelsPrior", "ExtremeChannelsOptions"),
    "pmp": ("pydeblur.priors.pmp", "PMPPrior", "PMPOptions"),
    "null": ("pydeblur.priors.null", "NullPrior", None),
    "classifier": ("pydeblur.priors.classifier.prior", "ClassifierPrior", "ClassifierOptions"),
}

#: Names that `load_prior` takes.
PRIORS = ("gradient", *_CLASSES)


def load_prior(name: str, **options):
    """Make a prior by its name.

    Parameters
    ----------
    name : {"gradient", "intensity", "dark_channel", "extreme_channels", "pmp", "null", "classifier"}
        "gradient" is the L0 gradient prior alone [38], which is part of the solver: it gives None. "intensity" is the
        L0 norm of the intensities [26], "dark_channel" that of the local minima [27], "extreme_channels" that of the local
        minima and maxima [40], "pmp" that of the minima of disjoint blocks (Wen et al. 2020), "null" none: what the
        splitting does without a prior; "classifier" is the learned prior of section 3 of the paper.
    **options
        The options of the prior; the classifier takes ``weights``, ``backend``, ``device``, ``threads`` and ``form``, the
        three with minima take ``patch``, the side of their windows.

    Returns
    -------
    object or None
        A prior as :mod:`pydeblur.priors.protocol` describes it.

    Raises
    ------
    InvalidOptionError
        If the name is unknown, or the prior does not take such an option.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> pydeblur.load_prior("intensity").value(np.eye(3))
    3.0
    """
    return PriorChoice.named(name, options).load()


#: What the solver asks of a prior, of which it needs one.
PRIOR_METHODS = ("prox", "filtered", "value_and_grad")
#: Methods that need a second one for the energy's record.
_NEED_VALUE = ("prox", "filtered")


def check_prior(prior) -> None:
    """Check that an object is a prior as :mod:`pydeblur.priors.protocol` describes it.

    Raises
    ------
    InvalidOptionError
        If it is a class, has none of the methods ``value_and_grad``, ``prox`` and ``filtered``, or one of the latter two without
        ``value``.

    Examples
    --------
    >>> class Energy:
    ...     def value_and_grad(self, image):
    ...         return float((image**2).sum()), 2 * image
    >>> check_prior(Energy())
    >>> check_prior(Energy)
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: prior should be an instance, not a class: write prior=Energy(...), not prior=Energy
    """
    if isinstance(prior, type):
        name = prior.__name__[:40]
        raise InvalidOptionError(f"prior should be an instance, not a class: write prior={name}(...), not prior={name}")
    found = [method for method in PRIOR_METHODS if callable(getattr(prior, method, None))]
    if not found:
        names = ", ".join(PRIORS)
        raise InvalidOptionError(
            f"prior should be one of {names}, or an object with a method value_and_grad or prox, but is {shown(prior)}"
        )
    if found[0] in _NEED_VALUE and not callable(getattr(prior, "value", None)):
        raise InvalidOptionError(f"a prior with a method {found[0]} should have a method value, too")


@dataclass(frozen=True)
class PriorChoice:
    """Which prior a run of the solver has: a prior's name with its options, or a prior of the caller's own.

    Attributes
    ----------
    prior : str or object
    options : object or None
        The options' dataclass of a prior that is given by its name and has some.

    Examples
    --------
    >>> PriorChoice.named("intensity").load().name
    'intensity'
    """

    prior: object = "gradient"
    options: object = None

    @classmethod
    def named(cls, name: str, options=None) -> PriorChoice:
        """Choose a prior by its name, with a mapping of options.

        Raises
        ------
        InvalidOptionError
            If the name is unknown, or the prior does not take such an option.
        """
        if not isinstance(name, str) or name not in PRIORS:
            raise InvalidOptionError(f"prior should be one of {', '.join(PRIORS)}, but is {shown(name)}")
        options_class = _options_class(name)
        if options_class is None:
            if options:
                raise InvalidOptionError(f"the {name} prior has no option {listed(options)}")
            return cls(name)
        return cls(name, options_from(options_class, options or {}, f"the {name} prior"))

    @property
    def is_named(self) -> bool:
        """Whether the prior is given by its name."""
        return isinstance(self.prior, str)

    def load(self):
        """Return the prior, made anew where it is given by its name; None for "gradient".

        One that is not of this package is returned in a wrapping that checks its answers.
        """
        if not isinstance(self.prior, str):
            if type(self.prior).__module__.startswith(f"{__package__}."):
                return self.prior
            from pydeblur.priors.checked import CheckedPrior

            return CheckedPrior(self.prior)
        if self.prior == "gradient":
            return None
        module, class_name, _ = _CLASSES[self.prior]
        options = {} if self.options is None else vars(self.options)
        return getattr(import_module(module), class_name)(**options)


def _options_class(name: str):
    if name not in _CLASSES:
        return None
    module, _, class_name = _CLASSES[name]
    return None if class_name is None else getattr(import_module(module), class_name)
