"""What other libraries have to say about a file is kept from the user, who gets one sentence of ours instead."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("tifffile", "PIL", "imagecodecs")
_STANDARD_ERROR = 2
_REDIRECTION = threading.Lock()


@contextmanager
def no_foreign_messages() -> Iterator[None]:
    """Drop the warnings and the log lines that decoders make of a damaged file, in this thread.

    A warning is dropped even where the user turned warnings into errors, for it must not stop pixels from being read.

    Examples
    --------
    >>> import warnings
    >>> with no_foreign_messages():
    ...     warnings.warn("a damaged tag")
    ...     logging.getLogger("tifffile").error("a damaged tag")
    """
    thread = threading.get_ident()

    def of_another_thread(record: logging.LogRecord) -> bool:
        return record.thread != thread

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(of_another_thread)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(of_another_thread)


@contextmanager
def no_standard_error() -> Iterator[None]:
    """Drop what C code writes to the process's standard error.

    This concerns all threads, so it encloses nothing but calls of libtiff, which can't be told to be silent.

    Examples
    --------
    >>> import os
    >>> with no_standard_error():
    ...     _ = os.write(2, b"a damaged strip")
    """
    with _REDIRECTION:
        try:
            kept = os.dup(_STANDARD_ERROR)
        except OSError:  # Standard error is closed, so nothing can be written to it.
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, _STANDARD_ERROR)
            yield
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            os.close(kept)
            os.close(nowhere)
