"""Real Fourier and sine transforms of NumPy arrays, by ducc0 where it can be imported, else by SciPy.

Both are by the author of pocketfft; ducc0's uses the processor's wider registers and takes a half to two thirds of the
time, and a tenth of the time to be imported. Their results differ in the last bits. Where that matters, :func:`use_fft`
or :func:`fft_fixed` say which is used.

A transform takes memory for its result as ``out``: memory that the system has to hand out anew in each call costs a tenth
to a third of a transform's time from 800x800 on. SciPy's transforms can't take any; what is returned counts.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib import import_module

import numpy as np
import scipy

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidOptionError

LIBRARIES = ("auto", "ducc0", "scipy")
_wanted = "auto"


def use_fft(library: str) -> None:
    """Choose the FFT library for this process.

    Parameters
    ----------
    library : {"auto", "ducc0", "scipy"}
        "auto", the state at the start, is ducc0 where it is installed, else SciPy.

    Raises
    ------
    InvalidOptionError
        If it is another, or is not installed.

    Examples
    --------
    >>> use_fft("scipy")
    >>> fft_library()
    'scipy'
    >>> use_fft("auto")
    """
    global _wanted
    if library not in LIBRARIES:
        raise InvalidOptionError(f"the FFT library should be one of {', '.join(LIBRARIES)}, but is {library!r}")
    if library == "ducc0" and _ducc() is None:
        raise InvalidOptionError(missing_extra("the FFT library 'ducc0'", "the package ducc0", ""))
    _wanted = library


@contextmanager
def fft_fixed(library: str):
    """Choose the FFT library for a ``with`` block; what was chosen before is chosen again at its end.

    The choice is the process's, not the thread's: blocks in several threads must not overlap.

    Parameters
    ----------
    library : {"auto", "ducc0", "scipy"}
        As for :func:`use_fft`.

    Raises
    ------
    InvalidOptionError
        If it is another, or is not installed.

    Examples
    --------
    >>> with fft_fixed("scipy"):
    ...     fft_library()
    'scipy'
    """
    before = _wanted
    use_fft(library)
    try:
        yield
    finally:
        use_fft(before)


def fft_library() -> str:
    """Return the name of the library in use, "ducc0" or "scipy".

    Examples
    --------
    >>> fft_library() in ("ducc0", "scipy")
    True
    """
    return "scipy" if _transforms() is None else "ducc0"


@cache
def _ducc():
    try:
        return import_module("ducc0").fft
    except ImportError:
        return None


def _transforms():
    """ducc0's transforms, or None for SciPy's."""
    return None if _wanted == "scipy" else _ducc()


def rfft2(image: np.ndarray, workers: int = 1, out: np.ndarray | None = None) -> np.ndarray:
    """Transform real images over the last two axes to half-spectra.

    Parameters
    ----------
    image : (..., H, W) ndarray
        float32 or float64 in the machine's byte order.
    workers : int
        Threads.
    out : (..., H, W // 2 + 1) ndarray, optional
        Memory of the result's dtype that the result may be written to.

    Returns
    -------
    (..., H, W // 2 + 1) ndarray
        complex64 or complex128, of the image's precision.

    Examples
    --------
    >>> import numpy as np
    >>> rfft2(np.ones((2, 4))).real.tolist()
    [[8.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.rfft2(image, workers=workers)
    return ducc.r2c(image, axes=(image.ndim - 2, image.ndim - 1), nthreads=workers, out=out)


def irfft2(spectrum: np.ndarray, width: int, workers: int = 1, out: np.ndarray | None = None) -> np.ndarray:
    """Undo :func:`rfft2`. The spectrum is destroyed: its columns are transformed in place.

    Parameters
    ----------
    spectrum : (..., H, W // 2 + 1) ndarray
    width : int
        W of the image.
    workers : int
        Threads.
    out : (..., H, W) ndarray, optional
        Memory of the result's dtype that the result may be written to.

    Returns
    -------
    (..., H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> irfft2(rfft2(np.eye(3)), 3).round(12).tolist() == np.eye(3).tolist()
    True
    """
    return irfft_rows(ifft_columns(spectrum, workers), width, workers, out)


def ifft_columns(spectrum: np.ndarray, workers: int = 1) -> np.ndarray:
    """Make the first half of :func:`irfft2`: along the columns, in place.

    Parameters
    ----------
    spectrum : (..., H, W // 2 + 1) ndarray
    workers : int
        Threads.

    Returns
    -------
    (..., H, W // 2 + 1) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> ifft_columns(np.array([[2.0 + 0j], [0.0 + 0j]])).real.tolist()
    [[1.0], [1.0]]
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.ifft(spectrum, axis=-2, workers=workers, overwrite_x=True)
    return ducc.c2c(spectrum, axes=(spectrum.ndim - 2,), forward=False, inorm=2, out=spectrum, nthreads=workers)


def irfft_rows(lines: np.ndarray, width: int, workers: int = 1, out: np.ndarray | None = None) -> np.ndarray:
    """Make the second half of :func:`irfft2`: along the rows, to the real image.

    Parameters
    ----------
    lines : (..., H, W // 2 + 1) ndarray
    width : int
        W of the image.
    workers : int
        Threads.
    out : (..., H, W) ndarray, optional
        As for :func:`irfft2`.

    Returns
    -------
    (..., H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> irfft_rows(np.array([[4.0 + 0j, 0j, 0j]]), 4).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.irfft(lines, n=width, axis=-1, workers=workers)
    return ducc.c2r(lines, axes=(lines.ndim - 1,), lastsize=width, forward=False, inorm=2, nthreads=workers, out=out)


def rfft_rows(image: np.ndarray) -> np.ndarray:
    """Make the first half of :func:`rfft2`: along the rows.

    With :func:`fft_columns` it serves pictures of which only a part is in memory at a time.

    Parameters
    ----------
    image : (..., H, W) ndarray
        float32 or float64 in the machine's byte order.

    Returns
    -------
    (..., H, W // 2 + 1) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> rfft_rows(np.ones((1, 4))).real.tolist()
    [[4.0, 0.0, 0.0]]
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.rfft(image, axis=-1)
    return ducc.r2c(image, axes=(image.ndim - 1,))


def fft_columns(lines: np.ndarray) -> np.ndarray:
    """Make the second half of :func:`rfft2`: along the columns, in place.

    Parameters
    ----------
    lines : (..., H, W) complex ndarray

    Returns
    -------
    (..., H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> fft_columns(np.array([[2.0 + 0j], [1.0 + 0j]])).real.tolist()
    [[3.0], [1.0]]
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.fft(lines, axis=-2, overwrite_x=True)
    return ducc.c2c(lines, axes=(lines.ndim - 2,), out=lines)


def dst2(array: np.ndarray) -> np.ndarray:
    """Return the sine transform of type I over both axes, as SciPy scales it; twice is 4 (H + 1) (W + 1) times the array.

    Parameters
    ----------
    array : (H, W) ndarray
        float32 or float64 in the machine's byte order.

    Returns
    -------
    (H, W) ndarray
        y[k, l] = 4 sum over m, n of x[m, n] sin(pi k m / (H + 1)) sin(pi l n / (W + 1)), all counted from 1.

    Examples
    --------
    >>> import numpy as np
    >>> dst2(np.array([[1.0]])).round(12).tolist()
    [[4.0]]
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.dstn(array, type=1)
    return ducc.dst(array, type=1)


def idst2(array: np.ndarray) -> np.ndarray:
    """Undo :func:`dst2`.

    Parameters
    ----------
    array : (H, W) ndarray
        float32 or float64 in the machine's byte order.

    Returns
    -------
    (H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> bool(np.allclose(idst2(dst2(np.eye(2))), np.eye(2)))
    True
    """
    ducc = _transforms()
    if ducc is None:
        return scipy.fft.idstn(array, type=1)
    return ducc.dst(array, type=1, inorm=2)
