"""Signals that ask a process to end, as exceptions: files and other processes are then tidied up as after Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: A service manager or a batch system sends the first, a terminal that is closed the second, which Windows does not have.
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Terminated(KeyboardInterrupt):
    """A signal asked this process to end.

    Whatever is done for Ctrl-C is done for it, too, because it is a KeyboardInterrupt.

    Parameters
    ----------
    number : int
        Of the signal.

    Examples
    --------
    >>> ended = Terminated(signal.SIGTERM)
    >>> str(ended), ended.exit_code
    ('SIGTERM', 143)
    """

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell reports of a program that the signal ended."""
        return 128 + self.number


@contextmanager
def terminations_raised() -> Iterator[None]:
    """A ``with`` block in which SIGTERM and SIGHUP raise :class:`Terminated` in the main thread.

    A signal that is ignored (as under ``nohup``) stays ignored, and one that has a handler keeps it. In other threads,
    where Python allows no handlers, nothing is changed.

    Examples
    --------
    >>> try:
    ...     with terminations_raised():
    ...         signal.raise_signal(signal.SIGTERM)
    ... except Terminated as ended:
    ...     print(ended)
    SIGTERM
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {}
    try:
        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                earlier[number] = signal.signal(number, _raise)
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _raise(number: int, frame) -> None:
    raise Terminated(number)


def ending_words(exit_code: int) -> str:
    """Say how another process ended.

    Parameters
    ----------
    exit_code : int
        As :class:`multiprocessing.Process` has it: minus the number of a signal, or what the process returned.

    Returns
    -------
    str

    Examples
    --------
    >>> ending_words(-9), ending_words(143), ending_words(3)
    ('was killed by SIGKILL', 'was ended by SIGTERM', 'ended with exit code 3')
    """
    for number, words in ((-exit_code, "was killed by"), (exit_code - 128, "was ended by")):
        if number in set(signal.Signals):
            return f"{words} {signal.Signals(number).name}"
    return f"ended with exit code {exit_code}"
