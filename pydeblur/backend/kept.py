"""What a process that deblurs many pictures keeps from one picture to the next.

Opening a network's session takes as long as a small picture's final step. Whoever deblurs a single picture would only hold the
session's memory longer than needed, so nothing is kept unless the process asks for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar

_T = TypeVar("_T")
#: The default preset takes two networks; more are those of other settings.
_MOST = 8
_kept: OrderedDict[Hashable, object] = OrderedDict()
_lock = Lock()
_keeps = False


def keep_for_later_pictures() -> None:
    """Let :func:`kept` keep what it makes from here on, in this process.

    Examples
    --------
    A worker calls it once, before its first picture:

    >>> keep_for_later_pictures()  # doctest: +SKIP
    """
    global _keeps
    _keeps = True


def kept(key: Hashable, make: Callable[[], _T]) -> _T:
    """Return what was made for a key, or make it.

    Parameters
    ----------
    key : hashable
        All that decides on what is made.
    make : callable
        Called without arguments where nothing is kept for the key.

    Returns
    -------
    object
        The same for the same key where the process keeps things; else a new one each time.

    Examples
    --------
    >>> kept("a list", list)
    []
    """
    if not _keeps:
        return make()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]  # type: ignore[return-value]
        made = _kept[key] = make()
        if len(_kept) > _MOST:
            _kept.popitem(last=False)
        return made
