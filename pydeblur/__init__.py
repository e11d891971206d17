"""Blind image deblurring with a learned discriminative prior (CVPR 2018).

Everything here is loaded when it is first used, so that ``import pydeblur`` costs next to nothing and never imports torch.
"""

from importlib import import_module

from pydeblur.version import __version__

_PUBLIC = {
    "pydeblur.api": ("DeblurResult", "deblur", "estimate_kernel"),
    "pydeblur.nonblind": ("deconvolve",),
    "pydeblur.priors": ("load_prior",),
    "pydeblur.solver": ("SolverOptions",),
    "pydeblur.matlab_api": (
        "L0Restoration",
        "adjust_psf_center",
        "blind_deconv",
        "comp_upto_shift",
        "estimate_psf",
        "opt_fft_size",
        "ringing_artifacts_removal",
        "threshold_pxpy_v1",
        "whyte_deconv",
        "wrap_boundary_liu",
    ),
    "pydeblur.errors": (
        "FileFormatError",
        "InvalidInputError",
        "InvalidOptionError",
        "KernelCollapseError",
        "KernelCollapseWarning",
    ),
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = ["__version__", *sorted(_MODULE_OF)]


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'pydeblur' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value


def __dir__():
    return __all__
