"""Whether a thread flushes subnormal numbers to zero: a setting of the processor that each thread has for itself."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

#: Flush results to zero, and take arguments as zero: two bits of the register MXCSR, which is the eighth word of C's
#: floating-point environment on Linux.
_FLUSH, _MXCSR = 0x8040, 7
_WORDS = 16


@contextmanager
def subnormals_flushed() -> Iterator[None]:
    """A ``with`` block in which the calling thread flushes subnormal numbers to zero; after it the thread is as it was.

    With them the arithmetic of x86 processors is up to a hundred times slower. Elsewhere than on Linux on such a processor
    the block changes nothing.

    Examples
    --------
    >>> import numpy as np
    >>> with subnormals_flushed():
    ...     pass
    >>> bool(np.float64(5e-324) * 1.0 == 0)
    False
    """
    library = _c_library()
    if library is None:
        yield
        return
    before = (ctypes.c_uint32 * _WORDS)()
    library.fegetenv(before)
    flushed = (ctypes.c_uint32 * _WORDS)(*before)
    flushed[_MXCSR] |= _FLUSH
    try:
        library.fesetenv(flushed)
        yield
    finally:
        library.fesetenv(before)


@cache
def _c_library() -> ctypes.CDLL | None:
    """The library with C's floating-point environment, where its layout is known."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.maxsize < 2**32:
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "fegetenv") and hasattr(library, "fesetenv") else None
