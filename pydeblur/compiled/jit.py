"""How all loops are compiled."""

from __future__ import annotations

from numba import njit, typeof

from pydeblur.aside import aside

#: Other threads go on meanwhile; a division by 0 is NumPy's. Without "fastmath" no operation is merged or moved.
_OPTIONS = {"nogil": True, "error_model": "numpy"}
#: What is compiled already: functions and the dtypes of their first arguments, which decide on those of the others.
_compiled = set()


def compiled(function):
    """The function, to be compiled for each kind of arguments when it first meets it."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # there is nowhere to write the compiled code to
        return njit(**_OPTIONS)(function)


def call(function, *arguments):
    """What a compiled function makes of its arguments; the first is an array."""
    kind = function, arguments[0].dtype
    if kind not in _compiled:
        aside(function.compile, tuple(map(typeof, arguments)))
        _compiled.add(kind)
    return function(*arguments)
