"""Blur kernel files: floating TIFF, NumPy, MATLAB, and pictures."""

from __future__ import annotations

import os
from io import BytesIO

import numpy as np
import scipy

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files.atomic_write import as_path, check_writable, write_bytes
from pydeblur.files.contents import shown_path
from pydeblur.files.image_reading import read_image
from pydeblur.files.mat_file import mat_variables, printable
from pydeblur.files.npy_file import read_npy
from pydeblur.matlab import matlab_round

SUFFIXES = (".tif", ".tiff", ".npy", ".mat", ".png")
#: The variables of a .mat file that are taken for the kernel, in this order.
MAT_VARIABLES = ("kernel", "k", "f", "psf")

#: A sum this close to 1 is rounding (of float32, for instance), and dividing by it would only add more.
_SUM_TOLERANCE = 1e-6
#: More elements, those of 4096 x 4096, are no camera shake but a picture.
_MOST_ELEMENTS = 2**24
_REAL_KINDS = "fiub"
#: Messages list no more names or sides than this.
_SHOWN_NAMES = 4
#: Negative elements down to this share of the maximum are rounding, and become 0.
_NEGATIVE_TOLERANCE = 1e-6


def read_kernel(path: str | os.PathLike) -> np.ndarray:
    """Read a blur kernel: blurred = conv2(sharp, kernel).

    Parameters
    ----------
    path : str or os.PathLike
        .tif, .tiff or .png: a grey picture of any depth (all that `read_image` reads). .npy: a real array. .mat, up
        to version 7: the variable `kernel`, `k`, `f` or `psf`, else the only real matrix in it. The kernel is used as
        it is stored; Levin et al.'s own `f`, for one, has to be turned by 180 degrees afterwards.

    Returns
    -------
    (H, W) float64 ndarray
        H and W odd, non-negative, sum 1. A sum within 1e-6 of 1 is left alone, so that what `write_kernel` wrote
        comes back as it was; others are divided by.

    Raises
    ------
    FileFormatError
        The file is missing or not one of these, or what it holds is not a kernel: not 2-D, not finite, negative by
        more than 1e-6 of the maximum, without a positive sum, of an even height or width, or a single number.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/box.npy", np.ones((1, 5)))
    ...     read_kernel(f"{folder}/box.npy").tolist()
    [[0.2, 0.2, 0.2, 0.2, 0.2]]
    """
    path = as_path(path)
    _check_suffix(path)
    name = shown_path(path)
    kernel = _checked(_stored_array(path), f"{name} holds no blur kernel: it", FileFormatError)
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0 or kernel.size == 1:
        raise FileFormatError(
            f"{name} holds no blur kernel: its height and width should be odd and not both 1, not "
            f"{kernel.shape[0]} and {kernel.shape[1]}."
        )
    with np.errstate(over="ignore"):
        total = kernel.sum()
    if not np.isfinite(total):
        kernel = kernel / kernel.max()
        total = kernel.sum()
    return kernel if abs(total - 1) <= _SUM_TOLERANCE else kernel / total


def write_kernel(path: str | os.PathLike, kernel: np.ndarray) -> None:
    """Write a blur kernel; the file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        .tif or .tiff: 32-bit floating TIFF, the kernel rounded to float32, which image programs and MATLAB read.
        .npy and .mat (variable `kernel`): float64, exact. .png: a 16-bit grey picture, scaled so that the maximum is
        white, for looking at; `read_kernel` gives it back to 1e-5 of its maximum.
    kernel : (H, W) array_like
        Finite, non-negative, with a positive sum. It is not normalised.

    Raises
    ------
    FileFormatError
        The extension is another one, or the file can't be written.
    InvalidInputError
        `kernel` is not two-dimensional, not finite, negative somewhere, or zero everywhere.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_kernel(f"{folder}/kernel.tif", np.array([[0.25, 0.5, 0.25]]))
    ...     read_kernel(f"{folder}/kernel.tif").tolist()
    [[0.25, 0.5, 0.25]]
    """
    suffix = _check_suffix(as_path(path))
    kernel = _checked(kernel, "kernel", InvalidInputError)
    if suffix == ".npy":
        data = _saved(np.save, kernel)
    elif suffix == ".mat":
        data = _saved(scipy.io.savemat, {"kernel": kernel})
    elif suffix == ".png":
        from pydeblur.files.png_writing import write_png16  # Pillow takes its time to be imported, and so does tifffile

        data = write_png16(matlab_round(kernel / kernel.max() * 65535).astype(np.uint16)[..., None])
    else:
        from pydeblur.files.tiff_writing import write_tiff

        data = write_tiff(kernel.astype(np.float32)[..., None])
    write_bytes(path, data)


def viewable(kernel: np.ndarray) -> np.ndarray:
    """The kernel as an 8-bit grey picture.

    Parameters
    ----------
    kernel : (H, W) array_like
        Finite, non-negative, with a positive sum.

    Returns
    -------
    (H, W) uint8 ndarray
        The maximum is 255, zero is 0.

    Raises
    ------
    InvalidInputError
        `kernel` is not two-dimensional, not finite, negative somewhere, or zero everywhere.

    Examples
    --------
    >>> viewable([[0.0, 0.5, 0.25]]).tolist()
    [[0, 255, 128]]
    """
    kernel = _checked(kernel, "kernel", InvalidInputError)
    return matlab_round(kernel / kernel.max() * 255).astype(np.uint8)


def check_kernel_output(path: str | os.PathLike) -> None:
    """Check, before a long computation, that `write_kernel` can write to `path`.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    FileFormatError
        The extension is unknown, or `check_writable` refuses `path`.

    Examples
    --------
    >>> check_kernel_output("kernel.jpg")
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: kernel.jpg can't be a kernel file: its extension should be one of .tif, .tiff, \
.npy, .mat, .png, not '.jpg'.
    """
    _check_suffix(as_path(path))
    check_writable(path)


def _check_suffix(path):
    if path.suffix.lower() not in SUFFIXES:
        raise FileFormatError(
            f"{shown_path(path)} can't be a kernel file: its extension should be one of {', '.join(SUFFIXES)}, "
            f"not {path.suffix[-20:]!r}."
        )
    return path.suffix.lower()


def _checked(kernel, name, error):
    """`kernel` as a non-negative float64 array; `error` with a message that starts with `name` if it isn't one."""
    kernel = np.asarray(kernel)
    _check_shape_and_type(kernel, name, error)
    # What does not fit, and signalling NaNs, are refused below; NumPy would warn of them.
    with np.errstate(over="ignore", invalid="ignore"):
        kernel = kernel.astype(np.float64)
    if not np.isfinite(kernel).all():
        raise error(f"{name} should be finite, but holds NaN or infinite values.")
    if kernel.max() <= 0:
        raise error(f"{name} should have a positive sum, but holds nothing above 0.")
    if kernel.min() < -_NEGATIVE_TOLERANCE * kernel.max():
        raise error(f"{name} should be non-negative, but its smallest element is {kernel.min():.3g}.")
    return np.maximum(kernel, 0)


def _check_shape_and_type(array, name, error):
    """Refuse what can't be a kernel whatever its elements are; `array` is anything with a shape, a size and a type."""
    if len(array.shape) != 2 or not array.size:
        raise error(f"{name} should be two-dimensional and not empty, but has the shape {_shown_shape(array.shape)}.")
    if array.dtype.kind not in _REAL_KINDS:
        raise error(f"{name} should hold real numbers, not {str(array.dtype)[:40]}.")
    if array.size > _MOST_ELEMENTS:
        raise error(f"{name} should have at most {_MOST_ELEMENTS} elements, but has the shape {array.shape}.")


def _shown_shape(shape):
    return str(shape) if len(shape) <= _SHOWN_NAMES else f"{str(shape[:_SHOWN_NAMES])[:-1]}, ...)"


def _stored_array(path):
    """The array in the file, as it is."""
    readers = {".npy": read_npy, ".mat": _mat_variable}
    return readers.get(path.suffix.lower(), _grey)(path)


def _mat_variable(path):
    """The variable that is the kernel; its shape and type are checked before its elements are read."""
    variables = mat_variables(path)
    chosen = next((variables[name] for name in MAT_VARIABLES if name in variables), None) or _only_matrix(
        path, variables
    )
    start = f"{shown_path(path)} holds no blur kernel: it"
    if chosen.kind != "numeric":
        raise FileFormatError(f"{start}s variable {chosen.name} should be numeric, not {chosen.kind}.")
    _check_shape_and_type(chosen, start, FileFormatError)
    return chosen.array()


def _only_matrix(path, variables):
    """The only real matrix; in MATLAB every scalar and every row is a matrix too, but a scalar is no kernel."""
    matrices = [
        variable
        for variable in variables.values()
        if variable.kind == "numeric"
        and variable.dtype.kind in _REAL_KINDS
        and len(variable.shape) == 2
        and variable.size > 1
    ]
    if len(matrices) != 1:
        names = [printable(name) for name in sorted(variables)]
        shown = ", ".join(names[:_SHOWN_NAMES]) + (" and others" if len(names) > _SHOWN_NAMES else "")
        raise FileFormatError(
            f"{shown_path(path)} should have a variable called {', '.join(MAT_VARIABLES[:-1])} or {MAT_VARIABLES[-1]}, "
            f"or just one matrix; it has {shown or 'none'}."
        )
    return matrices[0]


def _grey(path):
    pixels = read_image(path).pixels
    if pixels.ndim == 3:
        if not (pixels == pixels[..., :1]).all():
            raise FileFormatError(f"{shown_path(path)} holds no blur kernel: it is a colour picture, not a grey one.")
        pixels = pixels[..., 0]
    return pixels


def _saved(save, value):
    buffer = BytesIO()
    save(buffer, value)
    return buffer.getvalue()
