"""The one place where the solver's arithmetic meets an array library.

NumPy arrays are transformed by :mod:`pydeblur.fourier`; PyTorch tensors and CuPy arrays, which may live on a GPU, by
their own. All three offer what the Python array API standard asks for; ``array-api-compat`` (the extra "gpu") evens out the rest. The
solver's functions take any of them and give back the same kind.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np

from pydeblur import fourier
from pydeblur.errors import InvalidInputError, InvalidOptionError

#: Bytes of an array that a processor's caches hold together with half a dozen like it (measured from 2^15 to 2^30).
_CACHED_BYTES = 1 << 20


def namespace(array):
    """The functions for an array: NumPy itself, or the array API namespace of its library."""
    if isinstance(array, np.ndarray):
        return np
    return _array_api_compat().array_namespace(array)


def _array_api_compat():
    try:
        return import_module("array_api_compat")
    except ImportError:
        raise InvalidInputError(
            "arrays other than NumPy's need array-api-compat: pip install 'pydeblur[gpu]'"
        ) from None


def empty(shape: tuple[int, ...], like):
    """An uninitialised array of the kind and dtype of `like`."""
    xp = namespace(like)
    if xp is np:
        return np.empty(shape, like.dtype)
    return xp.empty(shape, dtype=like.dtype, device=_array_api_compat().device(like))


def to_device(array: np.ndarray, like):
    """A NumPy array as the same kind of array as `like`: its library, device and dtype."""
    xp = namespace(like)
    if xp is np:
        return np.asarray(array, like.dtype)
    return xp.asarray(array, dtype=like.dtype, device=_array_api_compat().device(like))


def to_numpy(array) -> np.ndarray:
    """Any library's array as NumPy's; one that already is stays the same object."""
    if isinstance(array, np.ndarray):
        return array
    if hasattr(array, "get"):  # CuPy
        return array.get()
    return array.detach().cpu().numpy()


def copied(array):
    """A copy of the same kind, with memory of its own."""
    xp = namespace(array)
    return array.copy() if xp is np else xp.asarray(array, copy=True)


def placed(array: np.ndarray, device: str):
    """A NumPy array where the options' ``device`` says: itself for "cpu", else on a GPU.

    Raises
    ------
    InvalidOptionError
        If there is no such device, or neither CuPy nor PyTorch to use it with.
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
    """Whether an image for the options' ``device`` stays a NumPy array; InvalidOptionError as from :func:`placed`."""
    return isinstance(placed(np.zeros(1), device), np.ndarray)


def _placed_by(module, array, name):
    if module.__name__ == "torch":
        return module.asarray(array, device=name)
    if not name.startswith("cuda"):
        raise ValueError("CuPy's arrays live on CUDA devices")
    with module.cuda.Device(int(name.partition(":")[2] or 0)):
        return module.asarray(array)


def block_rows(array) -> int:
    """How many rows to work on at a time, so that several such blocks stay in a processor's cache; all on other devices."""
    if not isinstance(array, np.ndarray):
        return array.shape[-2]
    row = array.nbytes // array.shape[-2]
    return max(4, _CACHED_BYTES // row)


def rfft2(image, workers: int = 1):
    """Half-spectrum over the last two axes: (…, H, W) real to (…, H, W//2 + 1) complex."""
    if isinstance(image, np.ndarray):
        return fourier.rfft2(image, workers)
    return namespace(image).fft.rfftn(image, axes=(-2, -1))


def irfft2(spectrum, width: int, workers: int = 1):
    """The inverse of :func:`rfft2` for an image of that width. A NumPy spectrum is destroyed."""
    if isinstance(spectrum, np.ndarray):
        return fourier.irfft2(spectrum, width, workers)
    xp = namespace(spectrum)
    return xp.fft.irfftn(spectrum, s=(spectrum.shape[-2], width), axes=(-2, -1))


def irfft2_around_origin(spectrum, width: int, shape: tuple[int, int], workers: int = 1) -> np.ndarray:
    """The window of `shape` of the inverse transform whose element floor(n/2) is the image's first, as a NumPy array.

    MATLAB's ``otf2psf``. Only the window's rows are transformed along the second axis. A NumPy spectrum is destroyed.
    """
    height = spectrum.shape[-2]
    rows, columns = ((np.arange(n) - n // 2) % side for n, side in zip(shape, (height, width)))
    if isinstance(spectrum, np.ndarray):
        lines = fourier.ifft_columns(spectrum, workers)
        return fourier.irfft_rows(lines[rows], width, workers)[:, columns]
    return to_numpy(irfft2(spectrum, width))[np.ix_(rows, columns)]


def transfer_function(kernel: np.ndarray, like, workers: int = 1):
    """Half-spectrum of a blur kernel (n, m) for images like `like` (…, H, W): MATLAB's ``psf2otf``."""
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
    """(at the front?, slice of the kernel) for the part from the centre on and the part before it."""
    yield True, slice(before, None)
    if before:
        yield False, slice(0, before)


def _corner(front: bool, length: int) -> slice:
    return slice(0, length) if front else slice(-length, None)


def real_pairs(spectrum):
    """A complex array (…) as the real array (…, 2) of its real and imaginary parts, sharing its memory."""
    if isinstance(spectrum, np.ndarray) or hasattr(spectrum, "get"):
        return spectrum.view(spectrum.real.dtype).reshape(*spectrum.shape, 2)
    return import_module("torch").view_as_real(spectrum)
