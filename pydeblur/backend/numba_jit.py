"""How all loops are compiled; imported only by modules with compiled loops."""

from __future__ import annotations

from numba import njit, typeof

from pydeblur.backend.own_thread import in_own_thread

#: Other threads go on while a loop runs; a division by 0 gives what NumPy's does. Without "fastmath" no operation is
#: merged or moved.
_OPTIONS = {"nogil": True, "error_model": "numpy"}
#: What is compiled already: functions and the dtypes of their first arguments, which decide on those of the others.
_compiled = set()


def compiled(function):
    """Decorate a function that is compiled for each kind of arguments when it first meets it.

    Parameters
    ----------
    function : callable
        It uses only what Numba can compile.

    Returns
    -------
    callable
        To be called by :func:`call`.
    """
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # there is nowhere to write the compiled code to
        return njit(**_OPTIONS)(function)


def call(function, *arguments):
    """Call a compiled function, and compile it before if it has not met such arguments.

    Parameters
    ----------
    function : callable
        Made by :func:`compiled`.
    *arguments
        The first one is an array.

    Returns
    -------
    object
        What the function returns.
    """
    kind = function, arguments[0].dtype
    if kind not in _compiled:
        in_own_thread(function.compile, tuple(map(typeof, arguments)))
        _compiled.add(kind)
    return function(*arguments)
