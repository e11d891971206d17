"""The one place where the solver's arithmetic meets an array library.

NumPy arrays are transformed by :mod:`pydeblur.backend.fft`; PyTorch tensors and CuPy arrays, which may live on a GPU,
by their own functions. All three offer what the Python array API standard asks for; ``array-api-compat`` (the extra
"gpu") evens out the rest. The solver's functions take any of them and give back the same kind.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np

from pydeblur.backend import fft
from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError, InvalidOptionError

#: Bytes of an array that a processor's caches hold together with half a dozen like it (measured from 2^15 to 2^30).
_CACHED_BYTES = 1 << 20


def namespace(array):
    """Return the functions for an array: NumPy itself, or the array API namespace of its library.

    Raises
    ------
    InvalidInputError
        If the array is not NumPy's and ``array-api-compat`` is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.zeros(3)) is np
    True
    """
    if isinstance(array, np.ndarray):
        return np
    return _array_api_compat().array_namespace(array)


def _array_api_compat():
    try:
        return import_module("array_api_compat")
    except ImportError:
        raise InvalidInputError(
            missing_extra("an array that is not NumPy's", "the package array-api-compat", "gpu")
        ) from None


def empty(shape: tuple[int, ...], like):
    """Return an uninitialised array of the kind, device and dtype of another.

    Parameters
    ----------
    shape : tuple of int
    like : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> empty((2, 3), np.zeros(1, np.float32)).dtype
    dtype('float32')
    """
    xp = namespace(like)
    if xp is np:
        return np.empty(shape, like.dtype)
    return xp.empty(shape, dtype=like.dtype, device=_array_api_compat().device(like))


def to_device(array: np.ndarray, like):
    """Return a NumPy array as the same kind of array as another: its library, device and dtype.

    Parameters
    ----------
    array : ndarray
    like : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> to_device(np.arange(3), np.zeros(1, np.float32)).dtype
    dtype('float32')
    """
    xp = namespace(like)
    if xp is np:
        return np.asarray(array, like.dtype)
    return xp.asarray(array, dtype=like.dtype, device=_array_api_compat().device(like))


def to_numpy(array) -> np.ndarray:
    """Return any library's array as NumPy's; one that already is stays the same object.

    Parameters
    ----------
    array : array

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import numpy as np
    >>> array = np.zeros(3)
    >>> to_numpy(array) is array
    True
    """
    if isinstance(array, np.ndarray):
        return array
    if hasattr(array, "get"):  # CuPy
        return array.get()
    return array.detach().cpu().numpy()


def copied(array):
    """Return a copy of an array of any library, with memory of its own.

    Examples
    --------
    >>> import numpy as np
    >>> array = np.zeros(3)
    >>> np.shares_memory(copied(array), array)
    False
    """
    xp = namespace(array)
    return array.copy() if xp is np else xp.asarray(array, copy=True)


def placed(array: np.ndarray, device: str):
    """Move a NumPy array to where the options' ``device`` says.

    Parameters
    ----------
    array : ndarray
    device : str
        See :class:`~pydeblur.solver.SolverOptions`.

    Returns
    -------
    array
        The array itself for "cpu"; else an array of CuPy or PyTorch.

    Raises
    ------
    InvalidOptionError
        If there is no such device, or neither CuPy nor PyTorch to use it with.

    Examples
    --------
    >>> import numpy as np
    >>> array = np.zeros(3)
    >>> placed(array, "cpu") is array
    True
    """
    if device == "cpu":
        return array
    if device == "auto":
        try:
            return placed(array, "cuda")
        except InvalidOptionError:
            return array
    library, _, name = device.rpartition("/")
    for candidate in (library,) if library else ("cupy", "torch"):
        try:
            module = import_module(candidate)
        except ImportError:
            continue
        try:
            return _placed_by(module, array, name)
        except Exception as error:  # each library has errors of its own for a device that is not there
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise InvalidOptionError(f"device should be one of this machine, but '{device}' is not: {reason}") from None
    wanted = {"cupy": "CuPy", "torch": "PyTorch"}.get(library, "CuPy or PyTorch")
    raise InvalidOptionError(f"the device '{device}' needs {wanted}, which is not installed")


def is_on_cpu(device: str) -> bool:
    """Tell whether an image for the options' ``device`` stays a NumPy array.

    Parameters
    ----------
    device : str
        See :class:`~pydeblur.solver.SolverOptions`.

    Returns
    -------
    bool

    Raises
    ------
    InvalidOptionError
        If there is no such device, or neither CuPy nor PyTorch to use it with.

    Examples
    --------
    >>> is_on_cpu("cpu")
    True
    """
    return isinstance(placed(np.zeros(1), device), np.ndarray)


def _placed_by(module, array, name):
    if module.__name__ == "torch":
        return module.asarray(array, device=name)
    if not name.startswith("cuda"):
        raise ValueError("CuPy's arrays live on CUDA devices")
    with module.cuda.Device(int(name.partition(":")[2] or 0)):
        return module.asarray(array)


def block_rows(array) -> int:
    """Return how many rows to work on at a time, so that several such blocks stay in a processor's cache.

    Parameters
    ----------
    array : (..., H, W) array

    Returns
    -------
    int
        At least 4; all rows on other devices.

    Examples
    --------
    >>> import numpy as np
    >>> block_rows(np.zeros((4000, 4096)))
    32
    """
    if not isinstance(array, np.ndarray):
        return array.shape[-2]
    row = array.nbytes // array.shape[-2]
    return max(4, _CACHED_BYTES // row)


def rfft2(image, workers: int = 1, out=None):
    """Transform real images over the last two axes to half-spectra.

    Parameters
    ----------
    image : (..., H, W) array
    workers : int
        Threads, for NumPy arrays.
    out : (..., H, W // 2 + 1) ndarray, optional
        Memory that the result may be written to, for NumPy arrays.

    Returns
    -------
    (..., H, W // 2 + 1) array
        Complex, of the image's precision.

    Examples
    --------
    >>> import numpy as np
    >>> rfft2(np.ones((2, 4))).real.tolist()
    [[8.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if isinstance(image, np.ndarray):
        return fft.rfft2(image, workers, out)
    return namespace(image).fft.rfftn(image, axes=(-2, -1))


def irfft2(spectrum, width: int, workers: int = 1, out=None):
    """Undo :func:`rfft2`. A NumPy spectrum is destroyed.

    Parameters
    ----------
    spectrum : (..., H, W // 2 + 1) array
    width : int
        W of the image.
    workers : int
        Threads, for NumPy arrays.
    out : (..., H, W) ndarray, optional
        Memory that the result may be written to, for NumPy arrays.

    Returns
    -------
    (..., H, W) array

    Examples
    --------
    >>> import numpy as np
    >>> irfft2(rfft2(np.eye(3)), 3).round(12).tolist() == np.eye(3).tolist()
    True
    """
    if isinstance(spectrum, np.ndarray):
        return fft.irfft2(spectrum, width, workers, out)
    xp = namespace(spectrum)
    return xp.fft.irfftn(spectrum, s=(spectrum.shape[-2], width), axes=(-2, -1))


def irfft2_around_origin(spectrum, width: int, shape: tuple[int, int], workers: int = 1) -> np.ndarray:
    """Return a window of the inverse transform around the image's first element: MATLAB's ``otf2psf``.

    Only the window's rows are transformed along the second axis. A NumPy spectrum is destroyed.

    Parameters
    ----------
    spectrum : (H, W // 2 + 1) array
    width : int
        W of the image.
    shape : (int, int)
        Rows and columns (n, m) of the window; its element (n // 2, m // 2) is the image's first.
    workers : int
        Threads, for NumPy arrays.

    Returns
    -------
    (n, m) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.array([[0.25, 0.5, 0.25]])
    >>> irfft2_around_origin(transfer_function(kernel, np.zeros((4, 6))), 6, (1, 3)).round(12).tolist()
    [[0.25, 0.5, 0.25]]
    """
    height = spectrum.shape[-2]
    rows, columns = ((np.arange(n) - n // 2) % side for n, side in zip(shape, (height, width)))
    if isinstance(spectrum, np.ndarray):
        lines = fft.ifft_columns(spectrum, workers)
        return fft.irfft_rows(lines[rows], width, workers)[:, columns]
    return to_numpy(irfft2(spectrum, width))[np.ix_(rows, columns)]


def transfer_function(kernel: np.ndarray, like, workers: int = 1):
    """Return the half-spectrum of a blur kernel: MATLAB's ``psf2otf``.

    Parameters
    ----------
    kernel : (n, m) ndarray
    like : (..., H, W) array
        An image like those to be blurred.
    workers : int
        Threads, for NumPy arrays.

    Returns
    -------
    (H, W // 2 + 1) array

    Examples
    --------
    >>> import numpy as np
    >>> transfer_function(np.array([[0.25, 0.5, 0.25]]), np.zeros((1, 4))).real.tolist()
    [[1.0, 0.5, 0.0]]
    """
    xp = namespace(like)
    kernel = to_device(kernel, like)
    padded = xp.zeros_like(like[0] if like.ndim == 3 else like)
    up, left = (n // 2 for n in kernel.shape)
    # The four quadrants of the kernel around its centre lie in the four corners of the image.
    for to_row, from_row in _wrapped(up):
        for to_column, from_column in _wrapped(left):
            part = kernel[from_row, from_column]
            padded[_corner(to_row, part.shape[0]), _corner(to_column, part.shape[1])] = part
    return rfft2(padded, workers)


def _wrapped(before: int):
    """Yield (at the front?, slice of the kernel) for the part from the centre on and the part before it."""
    yield True, slice(before, None)
    if before:
        yield False, slice(0, before)


def _corner(front: bool, length: int) -> slice:
    return slice(0, length) if front else slice(-length, None)


def real_pairs(spectrum):
    """Return a complex array (…) as the real array (…, 2) of its real and imaginary parts, which shares its memory.

    Examples
    --------
    >>> import numpy as np
    >>> real_pairs(np.array([1 + 2j, 3 - 4j])).tolist()
    [[1.0, 2.0], [3.0, -4.0]]
    """
    if isinstance(spectrum, np.ndarray) or hasattr(spectrum, "get"):
        return spectrum.view(spectrum.real.dtype).reshape(*spectrum.shape, 2)
    return import_module("torch").view_as_real(spectrum)
