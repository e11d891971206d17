"""Loops over pixels that Numba compiles, where it is installed (the extra "fast"): one pass where NumPy makes a dozen.

They make NumPy's operations in NumPy's order, so that the results are the same numbers with and without it; only the
bilateral filter's exponentials are better in single precision. What they replace stays beside them in the modules that ask
here, and is used where Numba is missing.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from types import ModuleType

from pydeblur.aside import aside

#: Numba's oldest version that can do all that the loops ask for.
_OLDEST = (0, 60)

SUBJECTS = ("bilateral", "gradients", "quotients")


@cache
def compiled_loops(subject: str) -> ModuleType | None:
    """The module of this package for a subject, or None without Numba (or where it is too old, or switched off).

    Its functions take C-contiguous NumPy arrays, float32 or float64, and scalars of the same kind; each is compiled when
    it is first called with a kind, within a second or so, and kept on the disk for the next time.
    """
    if subject not in SUBJECTS:
        raise ValueError(f"subject should be one of {', '.join(SUBJECTS)}, but is {subject!r}")
    return aside(_loops, subject)


def _loops(subject):
    return import_module(f"{__name__}.{subject}") if _has_numba() else None


def _has_numba() -> bool:
    try:
        numba = import_module("numba")
        version = tuple(int(re.match(r"\d*", part).group() or 0) for part in numba.__version__.split(".")[:2])
    except (ImportError, OSError):  # not installed, not for this NumPy, or without its libraries
        return False
    return not numba.config.DISABLE_JIT and version >= _OLDEST
