"""Many items at once: processes of this machine, or workers of a Dask cluster."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"pictures": ["deblur_many"], "processes": ["map_unordered"]}
)
