"""Which loops over pixels are compiled by Numba, where Numba is installed (the extra "fast") and worth its import.

A compiled loop makes in one pass what NumPy makes in a dozen. It lies beside the code that it replaces, in a module of
the same folder whose name is ``_SUBJECT_numba``, and makes NumPy's operations in NumPy's order, so that the results are
the same numbers with and without it (except for the bilateral filter's exponentials, which are more accurate in single
precision).

The import of Numba and of its loops takes as long as the whole kernel of a small picture. So whoever has a loop to run says
how many seconds its compiled form would save, and Numba is imported once all that is more than the import takes.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from threading import Lock
from types import ModuleType

from pydeblur.backend.own_thread import in_own_thread

#: The oldest version of Numba that can do all that the loops ask for.
_OLDEST = (0, 60)
#: Processor seconds that the import of Numba and the loading of a few loops take.
IMPORT_SECONDS = 0.5
_expected = 0.0
_lock = Lock()


def expect_saving(seconds: float) -> None:
    """Say that compiled loops would save the caller some time in what it is about to do.

    Parameters
    ----------
    seconds : float
        Processor seconds. What all callers of a process say adds up, so that Numba is imported at some time where many small
        pictures are deblurred.

    Examples
    --------
    >>> expect_saving(1e-6)
    """
    global _expected
    with _lock:
        _expected += seconds


def compiled_loops(module: str) -> ModuleType | None:
    """Import the module with compiled loops, if Numba is imported or worth its import.

    The functions of such a module take C-contiguous NumPy arrays of float32 or float64 and scalars of the same kind;
    each is compiled when it first meets a kind, within a second or so, and kept on the disk for the next time.

    Parameters
    ----------
    module : str
        Its full name, such as ``"pydeblur.solver._gradients_numba"``.

    Returns
    -------
    module or None
        None where there is no Numba, it is too old, or it is switched off, and where it is not worth it.

    Examples
    --------
    >>> expect_saving(100.0)
    >>> loops = compiled_loops("pydeblur.nonblind._tv_numba")
    >>> loops is None or hasattr(loops, "shrunk_divergence")
    True
    """
    is_there = sys.modules.get("numba") is not None
    return imported_loops(module) if is_there or _expected >= IMPORT_SECONDS else None


@cache
def imported_loops(module: str) -> ModuleType | None:
    """Import the module with compiled loops, whether it is worth it or not.

    It is for loops whose results differ in their last bits, which must not depend on what else a process does.

    Parameters
    ----------
    module : str

    Returns
    -------
    module or None
        None where there is no Numba, it is too old, or it is switched off.

    Examples
    --------
    >>> loops = imported_loops("pydeblur.nonuniform._warp_numba")
    >>> loops is None or hasattr(loops, "warp_products")
    True
    """
    return in_own_thread(_loops, module)


def has_numba() -> bool:
    """Tell whether loops can be compiled: Numba is imported for it.

    Examples
    --------
    >>> has_numba() in (True, False)
    True
    """
    return in_own_thread(_has_numba)


def _loops(module: str) -> ModuleType | None:
    return import_module(module) if _has_numba() else None


def _has_numba() -> bool:
    try:
        numba = import_module("numba")
        version = tuple(int(re.match(r"\d*", part).group() or 0) for part in numba.__version__.split(".")[:2])
    except (ImportError, OSError):  # not installed, not for this NumPy, or without its libraries
        return False
    return not numba.config.DISABLE_JIT and version >= _OLDEST
