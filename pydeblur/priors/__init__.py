"""Image priors, one file per prior behind the small protocols of :mod:`pydeblur.priors.protocol`."""

from pydeblur.priors.registry import PRIORS, load_prior

__all__ = ["PRIORS", "load_prior"]
