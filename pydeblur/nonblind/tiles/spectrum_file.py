"""Half-spectra that may be larger than the memory that they may take: blocks of columns, in memory or in a temporary file."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref

import numpy as np

from pydeblur.errors import InvalidInputError

#: A strip of rows and a block of columns have about so many bytes: small beside a picture, large beside a disk's page.
TILE_BYTES = 1 << 22
#: So many bytes of spectra are kept in memory, all those that live taken together; further ones go into temporary files.
MEMORY_BYTES = 320 << 20


def column_blocks(shape: tuple[int, int], itemsize: int) -> list[slice]:
    """Cut the columns of a matrix into blocks of about `TILE_BYTES`.

    Parameters
    ----------
    shape : (int, int)
    itemsize : int
        Bytes of an element.

    Returns
    -------
    list of slice

    Examples
    --------
    >>> column_blocks((4096, 300), 8)
    [slice(0, 128, None), slice(128, 256, None), slice(256, 300, None)]
    """
    return _parts(shape[1], TILE_BYTES // (shape[0] * itemsize))


def row_strips(shape: tuple[int, int], itemsize: int) -> list[slice]:
    """Cut the rows of a matrix into strips of about `TILE_BYTES`.

    Parameters
    ----------
    shape : (int, int)
    itemsize : int
        Bytes of an element.

    Returns
    -------
    list of slice

    Examples
    --------
    >>> row_strips((300, 4096), 8)
    [slice(0, 128, None), slice(128, 256, None), slice(256, 300, None)]
    """
    return _parts(shape[0], TILE_BYTES // (shape[1] * itemsize))


#: Strips and blocks are not thinner than this, so that their overlap and their pieces in the file stay small.
_THINNEST = 16


def _parts(length: int, step: int) -> list[slice]:
    step = max(step, _THINNEST)
    return [slice(first, min(first + step, length)) for first in range(0, length, step)]


class SpectrumFile:
    """A complex matrix that is written and read by rows and by blocks of columns.

    Each block of columns lies in one piece, and in it row after row, so that either way few long pieces are read. It is in
    memory while `MEMORY_BYTES` allow for it, else in a temporary file, which the system removes when the object goes, even
    if the process is killed.

    Parameters
    ----------
    shape : (int, int)
    dtype : dtype
        Complex.
    waits : bool
        Whether it is read but once, some time after it was written: then it takes no memory from others that are used often.

    Raises
    ------
    InvalidInputError
        If the folder for temporary files has too little room.

    Examples
    --------
    >>> spectrum = SpectrumFile((2, 3), np.complex64)
    >>> spectrum.write_rows(0, np.array([[1j, 2, 3], [4, 5, 6]], np.complex64))
    >>> spectrum.read_columns(spectrum.blocks[0])[1].real.tolist(), spectrum.read_rows(0, 1)[0, 0].item()
    ([4.0, 5.0, 6.0], 1j)
    """

    def __init__(self, shape: tuple[int, int], dtype, waits: bool = False):
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.blocks = column_blocks(shape, self.dtype.itemsize)
        size = shape[0] * shape[1] * self.dtype.itemsize
        self._bytes = _InMemory(size) if not waits and _memory.take(size) else _InFile(size)
        if isinstance(self._bytes, _InMemory):
            weakref.finalize(self, _memory.give_back, size)

    def read_rows(self, first: int, last: int) -> np.ndarray:
        """Return rows (last - first, W)."""
        rows = np.empty((last - first, self.shape[1]), self.dtype)
        for block in self.blocks:
            rows[:, block] = self._read(block, first, last)
        return rows

    def write_rows(self, first: int, rows: np.ndarray) -> None:
        """Write rows (n, W) from a given one on."""
        for block in self.blocks:
            self._write(block, first, rows[:, block])

    def read_columns(self, block: slice) -> np.ndarray:
        """Return all rows of a block of columns, one of `blocks`."""
        return self._read(block, 0, self.shape[0])

    def write_columns(self, block: slice, columns: np.ndarray) -> None:
        """Write all rows of a block of columns."""
        self._write(block, 0, columns)

    def _read(self, block, first, last):
        piece = np.empty((last - first, block.stop - block.start), self.dtype)
        self._bytes.read(self._place(block, first), _bytes_of(piece))
        return piece

    def _write(self, block, first, piece):
        self._bytes.write(self._place(block, first), _bytes_of(np.ascontiguousarray(piece, self.dtype)))

    def _place(self, block, row):
        return (self.shape[0] * block.start + row * (block.stop - block.start)) * self.dtype.itemsize


class _Allowance:
    """The bytes of memory that all spectra of this process may take together."""

    def __init__(self):
        self._taken, self._lock = 0, threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes, if they are left."""
        with self._lock:
            fits = self._taken + size <= MEMORY_BYTES
            self._taken += size * fits
        return fits

    def give_back(self, size: int) -> None:
        with self._lock:
            self._taken -= size


_memory = _Allowance()


class _InMemory:
    """Bytes in memory."""

    def __init__(self, size):
        self._all = np.empty(size, np.uint8)

    def read(self, place, into):
        into[...] = self._all[place : place + len(into)]

    def write(self, place, given):
        self._all[place : place + len(given)] = given


class _InFile:
    """Bytes in a temporary file."""

    def __init__(self, size):
        check_room(size)
        self._size = size
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the object lives
        weakref.finalize(self, self._file.close)
        # A place in the file and what is read or written there belong together.
        self._lock = threading.Lock()

    def read(self, place, into):
        with self._lock:
            self._file.seek(place)
            self._file.readinto(into)

    def write(self, place, given):
        with self._lock:
            self._file.seek(place)
            try:
                self._file.write(given)
                self._file.flush()
            except OSError as error:
                raise InvalidInputError(_no_room(self._size)) from error


def _bytes_of(piece: np.ndarray) -> np.ndarray:
    return piece.reshape(-1).view(np.uint8)


def check_room(size: int) -> None:
    """Check that the folder for temporary files has room for so many bytes.

    Raises
    ------
    InvalidInputError
        If it has less.

    Examples
    --------
    >>> check_room(10)
    """
    if shutil.disk_usage(tempfile.gettempdir()).free < size:
        raise InvalidInputError(_no_room(size))


def _no_room(size):
    return (
        f"a picture of this size needs {size / 1e6:.0f} MB more in the folder for temporary files, "
        f"'{tempfile.gettempdir()[-80:]}', which has less: the variable TMPDIR names another"
    )
