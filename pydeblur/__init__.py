"""Blind image deblurring with a learned discriminative prior (CVPR 2018).

Every public name is loaded when it is first used, so that ``import pydeblur`` costs next to nothing and never imports torch.
The names and their types are those of the stub file ``__init__.pyi``.
"""

import lazy_loader

from pydeblur.version import __version__

__getattr__, _, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = ["__version__", *_names]


def __dir__():
    return __all__
