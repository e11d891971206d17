"""Image priors, one file per prior behind the small protocols of :mod:`pydeblur.priors.protocol`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"registry": ["PRIORS", "load_prior"]})
