"""Which loops over pixels are compiled by Numba, where Numba is installed (the extra "fast").

A compiled loop makes in one pass what NumPy makes in a dozen. It lies beside the code that it replaces, in a module of
the same folder whose name is ``_SUBJECT_numba``, and makes NumPy's operations in NumPy's order, so that the results are
the same numbers with and without it (except for the bilateral filter's exponentials, which are more accurate in single
precision).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from types import ModuleType

from pydeblur.backend.own_thread import in_own_thread

#: The oldest version of Numba that can do all that the loops ask for.
_OLDEST = (0, 60)


@cache
def compiled_loops(module: str) -> ModuleType | None:
    """Import the module with compiled loops.

    The functions of such a module take C-contiguous NumPy arrays of float32 or float64 and scalars of the same kind;
    each is compiled when it first meets a kind, within a second or so, and kept on the disk for the next time.

    Parameters
    ----------
    module : str
        Its full name, such as ``"pydeblur.solver._gradients_numba"``.

    Returns
    -------
    module or None
        None where there is no Numba, it is too old, or it is switched off.

    Examples
    --------
    >>> loops = compiled_loops("pydeblur.nonblind._tv_numba")
    >>> loops is None or hasattr(loops, "shrunk_divergence")
    True
    """
    return in_own_thread(_loops, module)


def _loops(module: str) -> ModuleType | None:
    return import_module(module) if _has_numba() else None


def _has_numba() -> bool:
    try:
        numba = import_module("numba")
        version = tuple(int(re.match(r"\d*", part).group() or 0) for part in numba.__version__.split(".")[:2])
    except (ImportError, OSError):  # not installed, not for this NumPy, or without its libraries
        return False
    return not numba.config.DISABLE_JIT and version >= _OLDEST
