"""How all loops are compiled; imported only by modules with compiled loops."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from numba import njit, typeof
from numba.core.caching import NullCache

from pydeblur.backend.own_thread import in_own_thread

#: Other threads go on while a loop runs; a division by 0 gives what NumPy's does. Without "fastmath" no operation is
#: merged or moved.
_OPTIONS = {"nogil": True, "error_model": "numpy"}
#: What is compiled already: functions and the dtypes of their first arguments, which decide on those of the others.
_compiled = set()
#: All functions whose compiled code is kept on the disk.
_kept = []


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
        made = njit(cache=True, **_OPTIONS)(function)
    except (RuntimeError, OSError):  # there is nowhere to write the compiled code to
        return njit(**_OPTIONS)(function)
    _kept.append(made)
    return made


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
        in_own_thread(partial(_compile, function), tuple(map(typeof, arguments)))
        _compiled.add(kind)
    return function(*arguments)


def _compile(function, types: tuple) -> None:
    """Compile a function, whatever has become of the files that keep compiled code.

    They may be cut or empty after a crash, or the disk may be full or read-only by now. A function calls others, whose
    files count as well: so all are forgotten, and if that does not help, no more are read or written. What is wrong with
    the function itself is raised by the last attempt.
    """
    for remedy in (_forget_files, _use_no_files):
        try:
            return function.compile(types)
        except Exception:  # unpickling a damaged file raises whatever its bytes say
            remedy()
    return function.compile(types)


def _forget_files() -> None:
    for function in _kept:
        with suppress(OSError):
            function._cache.flush()


def _use_no_files() -> None:
    for function in _kept:
        function._cache = NullCache()
