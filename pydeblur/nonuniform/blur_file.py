"""Files that hold a blur which changes over the picture: one .npz format, read with bounds and without pickles.

Every file has these arrays:

``format``
    The text "pydeblur local blur".
``version``
    1.
``shape``
    (2,) int: rows and columns of the picture that the blur is for.

A file of camera poses further has ``model`` ("roll-xy" or "rotations"), ``parameters`` (T, 3), ``weights`` (T,) and
``focal_length`` in pixels, as :class:`~pydeblur.nonuniform.poses.CameraPoses` describes them. A file of local kernels has
``kernels`` (R, C, n, n), ``rows`` (R,) and ``columns`` (C,), as :class:`~pydeblur.nonuniform.local_blur.KernelGridBlur`
describes them.
"""

from __future__ import annotations

import io
import os

import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files.atomic_write import as_path, check_writable, write_bytes
from pydeblur.files.zip_archive import read_npz
from pydeblur.nonuniform.local_blur import KernelGridBlur, LocalBlur, PoseBlur
from pydeblur.nonuniform.poses import CameraPoses

_FORMAT, _VERSION = "pydeblur local blur", 1
_KINDS = {
    "poses": ("model", "parameters", "weights", "focal_length"),
    "kernels": ("kernels", "rows", "columns"),
}
#: Larger files are refused: a grid of 16 x 24 kernels of 301 x 301 pixels has as many bytes.
_MOST_BYTES = 2**28
_LARGEST_SIDE = 2**20


def write_blur(path: str | os.PathLike, blur: LocalBlur) -> None:
    """Write a blur; the file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        With the extension .npz.
    blur : PoseBlur or KernelGridBlur

    Raises
    ------
    FileFormatError
        If the extension is another one, or the file can't be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_blur(f"{folder}/blur.npz", PoseBlur(CameraPoses([[1.0, 0.0, 0.01]], (20, 30)), [1.0]))
    ...     read_blur(f"{folder}/blur.npz").poses.parameters.tolist()
    [[1.0, 0.0, 0.01]]
    """
    check_blur_output(path)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **_arrays(blur))  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())


def check_blur_output(path: str | os.PathLike) -> None:
    """Check, before a long computation, that :func:`write_blur` can write to `path`.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    FileFormatError
        If the extension is not .npz, or the file can't be written.

    Examples
    --------
    >>> check_blur_output("blur.tif")
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: blur.tif can't hold a non-uniform blur: its extension should be .npz, not '.tif'.
    """
    suffix = as_path(path).suffix
    if suffix.lower() != ".npz":
        raise FileFormatError(f"{path} can't hold a non-uniform blur: its extension should be .npz, not {suffix!r}.")
    check_writable(path)


def read_blur(path: str | os.PathLike) -> LocalBlur:
    """Read a blur that :func:`write_blur` has written, or another program in the format of this module.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    PoseBlur or KernelGridBlur

    Raises
    ------
    FileFormatError
        If the file is missing, damaged, too large, or holds something else.

    Examples
    --------
    >>> read_blur("missing.npz")
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: missing.npz ...
    """
    arrays = read_npz(path, "biufU", _MOST_BYTES)
    if _text(arrays, "format") != _FORMAT:
        raise FileFormatError(f"{path} holds no non-uniform blur: its array 'format' should be {_FORMAT!r}.")
    if _number(arrays, "version", path) != _VERSION:
        raise FileFormatError(f"{path} should be of version {_VERSION} of the format of non-uniform blurs.")
    kind = next((kind for kind, names in _KINDS.items() if all(name in arrays for name in names)), None)
    if kind is None:
        wanted = " or ".join(", ".join(names) for names in _KINDS.values())
        raise FileFormatError(f"{path} should hold a non-uniform blur: the arrays {wanted}.")
    try:
        return _blur(kind, arrays, path)
    except FileFormatError:
        raise
    except InvalidInputError as error:
        raise FileFormatError(f"{path} holds no non-uniform blur: {error}.") from None


def _arrays(blur: LocalBlur) -> dict[str, np.ndarray]:
    common = {"format": np.array(_FORMAT), "version": np.array(_VERSION), "shape": np.array(blur.shape)}
    if isinstance(blur, PoseBlur):
        poses = blur.poses
        return {
            **common,
            "model": np.array(poses.model),
            "parameters": poses.parameters,
            "weights": blur.weights,
            "focal_length": np.array(poses.focal_length),
        }
    return {**common, "kernels": blur.kernels, "rows": blur.rows, "columns": blur.columns}


def _blur(kind: str, arrays: dict[str, np.ndarray], path) -> LocalBlur:
    sides = arrays.get("shape", np.zeros(0))
    if sides.shape != (2,) or sides.dtype.kind not in "iu" or not np.all((sides > 0) & (sides < _LARGEST_SIDE)):
        raise FileFormatError(
            f"{path} holds no non-uniform blur: its array 'shape' should be the picture's rows and columns."
        )
    shape = (int(sides[0]), int(sides[1]))
    if kind == "kernels":
        return KernelGridBlur(arrays["kernels"], arrays["rows"], arrays["columns"], shape)
    focal_length = _number(arrays, "focal_length", path)
    return PoseBlur(CameraPoses(arrays["parameters"], shape, _text(arrays, "model"), focal_length), arrays["weights"])


def _text(arrays, name: str) -> str:
    """The text in an array; what is no text gives an empty one."""
    value = arrays.get(name, np.zeros(0))
    return str(value) if value.dtype.kind == "U" and value.ndim == 0 else ""


def _number(arrays, name: str, path) -> float:
    value = arrays.get(name, np.zeros(0))
    if value.size != 1 or value.dtype.kind not in "iuf":
        raise FileFormatError(f"{path} holds no non-uniform blur: its array {name!r} should be one number.")
    return float(value.reshape(()))
