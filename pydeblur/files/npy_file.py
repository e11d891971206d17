"""NumPy's .npy files, read without trust in what the file says of itself."""

from __future__ import annotations

import io
import math
import os
import struct
import warnings

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.contents import file_contents, shown_path

#: Larger files are refused.
MOST_FILE_BYTES = 2**29
#: Kinds of NumPy's types: bool, integers, floating and complex numbers.
NUMBERS = "biufc"

_MAGIC = b"\x93NUMPY"
#: The header of an array of numbers is far shorter, and a longer one could nest too deeply for Python's parser.
_LONGEST_HEADER = 2048
_MOST_DIMENSIONS = 32
#: What nests in Python's parser, which gives up with a MemoryError; a header has a handful.
_NESTING_SIGNS = (b"(", b"[", b"{", b"-", b"+", b"~")
_LAST_CODE_POINT, _SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)
#: First bytes of an .npz file, which is a ZIP archive.
_ZIP_SIGNATURE = b"PK\x03\x04"


def read_npy(path: str | os.PathLike) -> np.ndarray:
    """Read the array of numbers in a .npy file.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    ndarray
        Read-only; of the file's type and byte order: bool, integer, floating or complex.

    Raises
    ------
    FileFormatError
        The file is missing or none of these, holds something else than numbers, or has not exactly as many bytes as its
        header says.

    Notes
    -----
    The format is that of :mod:`numpy.lib.format`, versions 1 to 3. Pickled objects are refused, as they would run what they say.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/box.npy", np.full((1, 3), 0.5, ">f4"))
    ...     read_npy(f"{folder}/box.npy")
    array([[0.5, 0.5, 0.5]], dtype='>f4')
    """
    return array_of_npy(file_contents(path, MOST_FILE_BYTES), shown_path(path))


def array_of_npy(contents: bytes, name: str, kinds: str = NUMBERS) -> np.ndarray:
    """Read the array in the bytes of a .npy file.

    Parameters
    ----------
    contents : bytes
    name : str
        What messages call the file.
    kinds : str
        The kinds of types that are taken, as :attr:`numpy.dtype.kind` names them.

    Returns
    -------
    ndarray
        As :func:`read_npy`.

    Raises
    ------
    FileFormatError
        As :func:`read_npy`.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> np.save(file, np.arange(3))
    >>> array_of_npy(file.getvalue(), "the file").tolist()
    [0, 1, 2]
    """
    shape, fortran_order, dtype, start = _header(contents, name)
    if dtype.hasobject or dtype.kind not in kinds:
        held = "Python objects" if dtype.hasobject else str(dtype)[:40]
        raise _unreadable(name, f"it should hold real numbers, not {held}")
    # NumPy lets True pass for 1.
    if len(shape) > _MOST_DIMENSIONS or any(type(side) is not int or side < 0 for side in shape):
        raise _unreadable(name, "its header has an impossible shape")
    held, declared = len(contents) - start, math.prod(shape) * dtype.itemsize
    if held != declared:
        difference = "fewer" if held < declared else "more"
        raise _unreadable(name, f"it has {difference} bytes than its header says")
    if not dtype.itemsize:
        raise _unreadable(name, "its texts should not be empty")
    array = np.frombuffer(contents, dtype, offset=start)
    if dtype.kind == "U" and not _is_unicode(array):
        raise _unreadable(name, "its texts should be valid Unicode")
    return array.reshape(shape, order="F" if fortran_order else "C")


def _is_unicode(texts):
    """Whether all code points exist and none is a surrogate; Python and NumPy themselves don't check what a file says."""
    points = texts.view(texts.dtype.str[0] + "u4")
    return bool(np.all((points <= _LAST_CODE_POINT) & ((points < _SURROGATES[0]) | (points > _SURROGATES[1]))))


def _header(contents, name):
    """Shape, whether the order is Fortran's, type, and where the numbers start."""
    if contents.startswith(_ZIP_SIGNATURE):
        raise _unreadable(name, "it is an .npz archive, and a single array should be saved by numpy.save")
    if not contents.startswith(_MAGIC) or len(contents) < 12:
        raise _unreadable(name, "it does not start as one")
    version = contents[6]
    if version not in (1, 2, 3) or contents[7] != 0:
        raise _unreadable(name, f"its version should be 1.0, 2.0 or 3.0, not {version}.{contents[7]}")
    layout = "<H" if version == 1 else "<I"
    first = 8 + struct.calcsize(layout)
    (length,) = struct.unpack_from(layout, contents, 8)
    text = contents[first : first + length].rstrip()
    if first + length > len(contents) or len(text) > _LONGEST_HEADER:
        raise _unreadable(name, "its header is longer than that of an array of numbers")
    if sum(text.count(sign) for sign in _NESTING_SIGNS) > _MOST_DIMENSIONS:
        raise _unreadable(name, "its header is damaged")
    return (*_parsed(text, name), first + length)


def _parsed(text, name):
    """What NumPy makes of a header's text; version 3.0 differs in the names of fields alone, which no number has."""
    stream = io.BytesIO(struct.pack("<H", len(text)) + text)
    try:
        with warnings.catch_warnings():
            # Python warns of odd escape sequences, and NumPy of headers that Python 2 has written.
            warnings.simplefilter("ignore")
            return np.lib.format.read_array_header_1_0(stream)
    except (
        Exception
    ):  # Python's parser and NumPy raise whatever they like: SyntaxError, RecursionError, MemoryError, TypeError.
        raise _unreadable(name, "its header is damaged") from None


def _unreadable(name, reason):
    return FileFormatError(f"{name} can't be read as a .npy file: {reason}.")
