"""Numeric arrays of MATLAB's .mat files, versions 4 to 7, read without trust in what the file says of itself.

The source is MathWorks, "MAT-File Format" (the chapters on level 4 and level 5 files). The module is written by hand because
SciPy's reader can end the process on a damaged file. Nothing here recurses, no count in a file leads to more memory or more
steps than its bytes can hold, and whatever is no full numeric array is passed over by its number of bytes.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.contents import file_contents, shown_path

#: Memory that the arrays of one file may take if the caller does not say otherwise.
MOST_BYTES = 2**29
#: Larger files are refused.
MOST_FILE_BYTES = 2**29

_MOST_VARIABLES = 2**16
_MOST_DIMENSIONS = 32
_LONGEST_NAME = 4096
#: Tag, flags, dimensions and name of a variable lie within so many bytes, and those of nearly all within the first number.
_HEADER_SIZES = (512, 64 + 4 * _MOST_DIMENSIONS + _LONGEST_NAME)
#: Deflate makes at most 1032 bytes of one (RFC 1951: a match of 258 bytes takes at least two bits).
_DEFLATE_RATIO = 1032
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

# Level 5: the data types of elements (table 1-1 of the source), and the classes of arrays (table 1-3).
_INT8, _UINT8, _INT32, _UINT32, _MATRIX, _COMPRESSED, _UTF8 = 1, 2, 5, 6, 14, 15, 16
_NUMERIC_TYPES = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_NUMERIC_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
_OTHER_CLASSES = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 16: "function", 17: "opaque"}
_OPAQUE = 17
_LOGICAL_FLAG, _COMPLEX_FLAG = 0x02, 0x08

# Level 4: the precisions P of the header's number MOPT, and the types T.
_LEVEL4_PRECISIONS = ("f8", "f4", "i4", "i2", "u2", "u1")
_LEVEL4_TYPES = ("numeric", "char", "sparse")


@dataclass(frozen=True)
class MatVariable:
    """A variable of a .mat file, of which the header alone is read so far.

    Attributes
    ----------
    name : str
    kind : str
        "numeric", or what else it is: "char", "cell", "struct", "sparse", "object", "function" or "opaque".
    shape : tuple of int
        Empty where the format names none.
    dtype : numpy.dtype
        What :meth:`array` returns; of no use where the kind is not "numeric".
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: np.dtype
    _read: Callable[[], np.ndarray]
    _source: str

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def array(self, most_bytes: int = MOST_BYTES) -> np.ndarray:
        """Read the array, in its class's type.

        Parameters
        ----------
        most_bytes : int
            Memory that the array may take.

        Returns
        -------
        ndarray
            Of `shape` and `dtype`, in Fortran's order and of the machine's byte order; its own memory.

        Raises
        ------
        FileFormatError
            The variable is not numeric, takes more memory, or is damaged.
        """
        array = self._checked(lambda: _in_class(self._read(), self.dtype), most_bytes)
        return array if array.flags.writeable else array.copy(order="F")

    def stored_array(self, most_bytes: int = MOST_BYTES) -> np.ndarray:
        """Read the array in the type in which the file stores it, which may be smaller than its class's.

        MATLAB stores doubles that are whole numbers as integers.

        Parameters
        ----------
        most_bytes : int
            Memory that the array may take in its class's type.

        Returns
        -------
        ndarray
            It may be read-only.

        Raises
        ------
        FileFormatError
            As :meth:`array`.
        """
        return self._checked(self._read, most_bytes)

    def _checked(self, read, most_bytes):
        if self.kind != "numeric":
            raise _unreadable(self._source, f"its variable {printable(self.name)} should be numeric, not {self.kind}")
        if self.size * self.dtype.itemsize > most_bytes:
            raise _unreadable(
                self._source, f"its variable {printable(self.name)} would take more than {most_bytes >> 20} MiB"
            )
        try:
            return read()
        except _DamagedError as error:
            raise _unreadable(self._source, f"its variable {printable(self.name)} is damaged, {error}") from None


class MatContents(NamedTuple):
    """What :func:`read_mat` returns.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The numeric variables by name.
    skipped : dict of str to str
        The kind of every other variable, such as "struct", by name.
    """

    arrays: dict[str, np.ndarray]
    skipped: dict[str, str]


def read_mat(
    source: str | os.PathLike | bytes, names: Iterable[str] | None = None, most_bytes: int = MOST_BYTES
) -> MatContents:
    """Read the numeric arrays of a .mat file of version 4, 5, 6 or 7.

    Parameters
    ----------
    source : str, os.PathLike or bytes
        The file, or what is in it.
    names : iterable of str, optional
        The variables to read; by default all.
    most_bytes : int
        Memory that all arrays together may take.

    Returns
    -------
    MatContents
        The arrays, two-dimensional or more, have their class's type (logical ones are bool) and the machine's byte order.
        The last of several variables of one name counts, as in MATLAB.

    Raises
    ------
    FileFormatError
        The file is missing, none of these, of version 7.3, damaged, or too large.

    Notes
    -----
    MathWorks, "MAT-File Format": level 4 and level 5, the latter with compressed elements (the flag -v7).

    Examples
    --------
    >>> import io
    >>> import scipy.io
    >>> file = io.BytesIO()
    >>> scipy.io.savemat(file, {"kernel": np.array([[0.25, 0.75]]), "name": "motion"})
    >>> arrays, skipped = read_mat(file.getvalue())
    >>> arrays["kernel"].tolist(), skipped
    ([[0.25, 0.75]], {'name': 'char'})
    """
    variables = mat_variables(source)
    if names is not None:
        wanted = set(names)
        variables = {name: variable for name, variable in variables.items() if name in wanted}
    arrays, left = {}, most_bytes
    for name, variable in variables.items():
        if variable.kind == "numeric":
            arrays[name] = variable.array(left)
            left -= arrays[name].nbytes
    skipped = {name: variable.kind for name, variable in variables.items() if name not in arrays}
    return MatContents(arrays, skipped)


def mat_variables(source: str | os.PathLike | bytes) -> dict[str, MatVariable]:
    """List the variables of a .mat file of version 4, 5, 6 or 7; no array is read yet.

    Parameters
    ----------
    source : str, os.PathLike or bytes
        The file, or what is in it.

    Returns
    -------
    dict of str to MatVariable
        By name, in the file's order.

    Raises
    ------
    FileFormatError
        As :func:`read_mat`.

    Examples
    --------
    >>> import io
    >>> import scipy.io
    >>> file = io.BytesIO()
    >>> scipy.io.savemat(file, {"kernel": np.array([[0.25, 0.75]])}, do_compression=True)
    >>> variable = mat_variables(file.getvalue())["kernel"]
    >>> variable.kind, variable.shape, variable.dtype
    ('numeric', (1, 2), dtype('float64'))
    """
    if isinstance(source, bytes):
        name, contents = "the .mat file", source
    else:
        name, contents = shown_path(source), file_contents(source, MOST_FILE_BYTES)
    try:
        found = {}
        for number, variable in enumerate(_variables(memoryview(contents), name)):
            if number == _MOST_VARIABLES:
                raise _DamagedError(f"it has more than {_MOST_VARIABLES} variables")
            if variable is not None:
                # MATLAB gives the place of the first and the value of the last.
                found[variable.name] = variable
        return found
    except _DamagedError as error:
        raise _unreadable(name, str(error)) from None


def printable(name: str) -> str:
    """A variable's name for a message: without what does not print, and not long.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        At most 40 characters.

    Examples
    --------
    >>> printable("kernel"), printable("a" * 100)[-5:], printable(chr(10))
    ('kernel', 'aaaa…', '\\\\n')
    """
    shown = name if name.isprintable() else ascii(name)[1:-1]
    return shown if len(shown) <= 40 else shown[:39] + "…"


class _DamagedError(ValueError):
    """Some bytes are not what the format says; the message is a clause without the file's name."""


def _unreadable(name, reason):
    return FileFormatError(f"{name} can't be read as a .mat file: {reason}.")


def _variables(contents, source) -> Iterator[MatVariable | None]:
    """The variables of a file of either level; None for what is passed over and has no name."""
    if len(contents) < 4:
        raise _DamagedError("it is empty" if not contents else "it is too short")
    # The text that a file of level 5 starts with has no zero in its first four bytes; a number of level 4 has (source, page 1-5).
    if 0 in contents[:4]:
        return _level4_variables(contents, source)
    _refuse_other_formats(contents, source)
    byte_order = {b"IM": "<", b"MI": ">"}.get(bytes(contents[126:128]))
    if byte_order is None:
        raise _DamagedError("it does not start as one")
    version = _unpacked(byte_order + "H", contents, 124)[0] >> 8
    if version == 2:
        raise _version_73(source)
    if version != 1:
        raise _DamagedError(f"its version should be 1, not {version}")
    return _level5_variables(contents, byte_order, source)


def _refuse_other_formats(contents, source):
    start = bytes(contents[:16])
    if start.startswith(_HDF5_SIGNATURE):
        raise _version_73(source)
    if start.startswith((b"# Created by Oct", b"# name: ", b"Octave-1-")):
        raise _DamagedError("it is in a format of Octave's own, save it with the flag -v7")


def _version_73(source):
    return FileFormatError(f"{source} is a version 7.3 .mat file, which can't be read: save it with the flag -v7.")


def _unpacked(layout, contents, start):
    size = struct.calcsize(layout)
    if start + size > len(contents):
        raise _DamagedError("it ends too early")
    return struct.unpack_from(layout, contents, start)


# Level 4


def _level4_variables(contents, source):
    """Each matrix has a header of five 32-bit integers, a name that ends with a zero, and its elements."""
    start, end = 0, len(contents)
    while start < end:
        byte_order = "<" if _unpacked("<i", contents, start)[0] in range(5000) else ">"
        code, rows, columns, imaginary, name_length = _unpacked(byte_order + "5i", contents, start)
        stored, kind = _level4_code(code, byte_order)
        if min(rows, columns) < 0 or imaginary not in (0, 1) or not 0 < name_length <= _LONGEST_NAME:
            raise _DamagedError("the header of a variable has impossible numbers")
        name = _name(contents[start + 20 : start + 20 + name_length])
        parts = 2 if imaginary and kind != "sparse" else 1
        first = start + 20 + name_length
        start = first + parts * rows * columns * stored.itemsize
        if start > end:
            raise _DamagedError(f"it ends within the variable {printable(name)}")
        block = contents[first:start]
        dtype = np.result_type(stored.newbyteorder("="), np.complex64) if imaginary else stored.newbyteorder("=")
        yield MatVariable(name, kind, (rows, columns), dtype, _level4_reader(block, stored, (rows, columns)), source)


def _level4_code(code, byte_order):
    """The type of the elements and the kind of the matrix, of the decimal digits M, O, P and T."""
    machine, reserved, precision, matrix_type = (code // unit % 10 for unit in (1000, 100, 10, 1))
    if not 0 <= code < 5000 or reserved or precision >= len(_LEVEL4_PRECISIONS) or matrix_type >= len(_LEVEL4_TYPES):
        raise _DamagedError("it does not start as one, or a variable's header is damaged")
    if machine != "<>".index(byte_order):
        raise _DamagedError("its numbers should be those of IEEE 754")
    return np.dtype(byte_order + _LEVEL4_PRECISIONS[precision]), _LEVEL4_TYPES[matrix_type]


def _level4_reader(block, stored, shape):
    def read():
        values = np.frombuffer(block, stored)
        count = math.prod(shape)
        return _joined(values[:count], values[count:], shape)

    return read


# Level 5


class _Element(NamedTuple):
    """A data element: its type, its bytes, and where the next one starts."""

    type: int
    data: memoryview
    after: int


class _Header(NamedTuple):
    """The first subelements of an array, and where the next one starts."""

    name: str
    array_class: int
    flags: int
    shape: tuple[int, ...]
    after: int


def _level5_variables(contents, byte_order, source):
    start = 128
    while start < len(contents):
        # Tags at the top have the long form, and what follows them is not padded.
        data_type, size = _unpacked(byte_order + "2I", contents, start)
        data = contents[start + 8 : start + 8 + size]
        if len(data) < size:
            raise _DamagedError("it ends within a variable")
        if data_type == _MATRIX:
            yield _level5_variable(data, lambda data=data: data, byte_order, source)
        elif data_type == _COMPRESSED:
            yield _compressed_variable(data, byte_order, source)
        else:
            raise _DamagedError(f"a variable starts with the unknown number {data_type}")
        start += 8 + size


def _level5_variable(start_of_data, data, byte_order, source):
    """The variable with these first bytes, which hold its header; `data()` gives all of its bytes."""
    if not len(start_of_data):
        return None
    header = _header(start_of_data, byte_order)
    if not header.name:
        # What belongs to function handles and objects has no name.
        return None
    if header.array_class not in _NUMERIC_CLASSES:
        kind = _OTHER_CLASSES[header.array_class]
        return MatVariable(header.name, kind, header.shape, np.dtype("V"), lambda: np.empty(0), source)
    dtype = np.dtype(_NUMERIC_CLASSES[header.array_class])
    if header.flags & _COMPLEX_FLAG:
        dtype = np.result_type(dtype, np.complex64)
    elif header.flags & _LOGICAL_FLAG and dtype == np.uint8:
        # MATLAB's logical arrays are of the class uint8; on another class the flag is damage.
        dtype = np.dtype(bool)
    return MatVariable(
        header.name, "numeric", header.shape, dtype, lambda: _numeric_array(data(), header, byte_order), source
    )


def _compressed_variable(data, byte_order, source):
    """The variable in a compressed element, of which only as much as its header takes is inflated yet."""
    start = _inflated(data, _HEADER_SIZES[0])
    data_type, declared = _unpacked(byte_order + "2I", start, 0)
    if data_type != _MATRIX:
        raise _DamagedError(f"a compressed variable starts with the unknown number {data_type}")
    if declared > _DEFLATE_RATIO * len(data):
        raise _DamagedError("a compressed variable says that it is longer than it can be")
    try:
        return _level5_variable(start[8 : 8 + declared], lambda: _whole(data, declared), byte_order, source)
    except _DamagedError:
        start = _inflated(data, _HEADER_SIZES[1])
        return _level5_variable(start[8 : 8 + declared], lambda: _whole(data, declared), byte_order, source)


def _inflated(data, size):
    try:
        return memoryview(zlib.decompressobj().decompress(data, size))
    except zlib.error:
        raise _DamagedError("its compressed data are damaged") from None


def _whole(data, declared):
    """All of a compressed variable after its tag; zlib checks its sum at the stream's end."""
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(data, 8 + declared)
        if len(inflated) == 8 + declared:
            # Eight bytes more than the tag says are taken for padding.
            stream.decompress(stream.unconsumed_tail, 8)
    except zlib.error:
        raise _DamagedError("its compressed data do not have their sum") from None
    if len(inflated) < 8 + declared or not stream.eof:
        raise _DamagedError("its compressed data have another length than they should")
    return memoryview(inflated)[8:]


def _element(data, start, byte_order):
    """The element at `start`: its tag has eight bytes, or four where up to four bytes of data follow at once."""
    (word,) = _unpacked(byte_order + "I", data, start)
    if word >> 16:
        data_type, size, first, after = word & 0xFFFF, word >> 16, start + 4, start + 8
        if size > 4:
            raise _DamagedError("a small element has more than four bytes")
    else:
        data_type, size = _unpacked(byte_order + "2I", data, start)
        first = start + 8
        after = first + (size + 7) // 8 * 8
    if first + size > len(data):
        raise _DamagedError("an element ends too late")
    return _Element(data_type, data[first : first + size], after)


def _header(data, byte_order):
    """Flags, dimensions and name; an opaque object has no dimensions."""
    element = _element(data, 0, byte_order)
    if element.type != _UINT32 or len(element.data) != 8:
        raise _DamagedError("a variable does not start with its flags")
    word = struct.unpack_from(byte_order + "I", element.data)[0]
    array_class, flags = word & 0xFF, word >> 8 & 0xFF
    if array_class not in _NUMERIC_CLASSES and array_class not in _OTHER_CLASSES:
        raise _DamagedError(f"a variable has the unknown class {array_class}")
    shape = ()
    if array_class != _OPAQUE:
        element = _element(data, element.after, byte_order)
        shape = _shape(element, byte_order)
    element = _element(data, element.after, byte_order)
    if element.type not in (_INT8, _UINT8, _UTF8) or len(element.data) > _LONGEST_NAME:
        raise _DamagedError("a variable has no proper name")
    return _Header(_name(element.data), array_class, flags, shape, element.after)


def _shape(element, byte_order):
    count, rest = divmod(len(element.data), 4)
    if element.type not in (_INT32, _UINT32) or rest or not 2 <= count <= _MOST_DIMENSIONS:
        raise _DamagedError("a variable has no proper dimensions")
    shape = struct.unpack(f"{byte_order}{count}i", element.data)
    if min(shape) < 0:
        raise _DamagedError("a variable has negative dimensions")
    return shape


def _name(data):
    return bytes(data).split(b"\0")[0].decode("utf-8", "backslashreplace")


def _numeric_array(data, header, byte_order):
    parts, after = [], header.after
    for _ in range(2 if header.flags & _COMPLEX_FLAG else 1):
        element = _element(data, after, byte_order)
        after = element.after
        parts.append(_numbers(element, math.prod(header.shape), byte_order))
    return _joined(parts[0], parts[1] if len(parts) > 1 else (), header.shape)


def _numbers(element, count, byte_order):
    if element.type not in _NUMERIC_TYPES:
        raise _DamagedError(f"its elements have the unknown type {element.type}")
    dtype = np.dtype(byte_order + _NUMERIC_TYPES[element.type])
    if len(element.data) != count * dtype.itemsize:
        raise _DamagedError("its elements are not as many as its dimensions say")
    return np.frombuffer(element.data, dtype)


# Both levels


def _joined(real, imaginary, shape):
    """Numbers in the file's order as an array of the machine's byte order."""
    array = real.astype(real.dtype.newbyteorder("="), copy=False)
    if len(imaginary):
        array = array.astype(np.result_type(array, imaginary.dtype.newbyteorder("="), np.complex64))
        array.imag = imaginary
    return array.reshape(shape, order="F")


def _in_class(stored, dtype):
    """The array in its class's type; MATLAB stores it in a smaller one where that loses nothing."""
    if dtype.kind == "b":
        return stored != 0
    # A number out of the type's range is found below.
    with np.errstate(invalid="ignore", over="ignore"):
        array = stored.astype(dtype, copy=False)
        if not np.can_cast(stored.dtype, dtype) and not np.array_equal(
            array.astype(stored.dtype), stored, equal_nan=True
        ):
            raise _DamagedError("its elements do not fit its class")
    return array
