"""How all loops are compiled."""

from __future__ import annotations

from numba import njit

#: Other threads go on meanwhile; a division by 0 is NumPy's. Without "fastmath" no operation is merged or moved.
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def compiled(function):
    """The function, compiled for each kind of arguments when it first meets it."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # there is nowhere to write the compiled code to
        return njit(**_OPTIONS)(function)
