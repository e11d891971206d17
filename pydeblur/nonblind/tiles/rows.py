"""Pictures that are asked for some rows at a time: of an array, extended beyond its border, or of a spectrum's file."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pydeblur.backend.fft import irfft_rows
from pydeblur.nonblind.tiles.spectrum_file import SpectrumFile
from pydeblur.solver.boundary import boundary_blocks


class Rows(Protocol):
    """A grey picture of which some rows are had at a time."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""

    def read(self, first: int, last: int) -> np.ndarray:
        """Return the rows (last - first, W) from `first` on, 0 <= first <= last <= H."""


class ArrayRows:
    """The rows of an array in memory.

    Parameters
    ----------
    plane : (H, W) ndarray
        Floating; it need not be contiguous.
    dtype : dtype, optional
        In which the rows are returned; by default that of the plane.

    Attributes
    ----------
    plane : (H, W) ndarray

    Examples
    --------
    >>> ArrayRows(np.eye(3)).read(1, 2).tolist()
    [[0.0, 1.0, 0.0]]
    """

    def __init__(self, plane: np.ndarray, dtype=None):
        self.plane, self.shape = plane, plane.shape
        self.dtype = np.dtype(plane.dtype if dtype is None else dtype)

    def read(self, first: int, last: int) -> np.ndarray:
        """Return rows as a contiguous array."""
        return np.array(self.plane[first:last], self.dtype, order="C")


class PaddedRows:
    """The rows of a picture that is extended as :func:`~pydeblur.solver.boundary.wrap_boundary` does.

    Parameters
    ----------
    picture : Rows
    shape : (int, int)
        Rows and columns of the extended picture.

    Examples
    --------
    >>> from pydeblur.solver.boundary import wrap_boundary
    >>> picture = np.random.default_rng(0).random((5, 6))
    >>> padded = PaddedRows(ArrayRows(picture), (8, 9))
    >>> bool(np.array_equal(padded.read(3, 7), wrap_boundary(picture, (8, 9))[3:7]))
    True
    """

    def __init__(self, picture: Rows, shape: tuple[int, int]):
        self._picture, self.shape, self.dtype = picture, shape, picture.dtype
        self._right, self._below, self._corner = boundary_blocks(_Outermost(picture), shape)

    def read(self, first: int, last: int) -> np.ndarray:
        """Return rows, those beyond the picture among them."""
        height, width = self._picture.shape
        rows = np.empty((last - first, self.shape[1]), self.dtype)
        inside = max(min(last, height) - first, 0)
        if inside:
            rows[:inside, :width] = self._picture.read(first, first + inside)
            rows[:inside, width:] = self._right[first : first + inside]
        beyond = np.s_[max(first - height, 0) : max(last - height, 0)]
        rows[inside:, :width], rows[inside:, width:] = self._below[beyond], self._corner[beyond]
        return rows


class _Outermost:
    """The outermost rows and columns of a picture, by the indices that an array would take."""

    #: Rows that are read at a time.
    _STEP = 64

    def __init__(self, picture):
        self.shape, self.dtype = picture.shape, picture.dtype
        height = self.shape[0]
        self._rows = {0: picture.read(0, 1)[0], -1: picture.read(height - 1, height)[0]}
        sides = [
            picture.read(first, min(first + self._STEP, height))[:, [0, -1]] for first in range(0, height, self._STEP)
        ]
        self._columns = np.ascontiguousarray(np.concatenate(sides).T)

    def __getitem__(self, index):
        if isinstance(index, tuple):
            return self._columns[index[1]]
        return self._rows[index]


class SpectrumRows:
    """The rows of the picture whose spectrum lies in a file, transformed along the columns already.

    Parameters
    ----------
    spectrum : SpectrumFile
    width : int
        W of the picture.

    Examples
    --------
    >>> from pydeblur.backend.fft import ifft_columns, rfft2
    >>> picture = np.random.default_rng(0).random((5, 6))
    >>> spectrum = SpectrumFile((5, 4), np.complex128)
    >>> spectrum.write_rows(0, ifft_columns(rfft2(picture)))
    >>> bool(np.allclose(SpectrumRows(spectrum, 6).read(2, 4), picture[2:4]))
    True
    """

    def __init__(self, spectrum: SpectrumFile, width: int):
        self._spectrum = spectrum
        self.shape = (spectrum.shape[0], width)
        self.dtype = np.empty(0, spectrum.dtype).real.dtype

    def read(self, first: int, last: int) -> np.ndarray:
        """Return rows."""
        return irfft_rows(self._spectrum.read_rows(first, last), self.shape[1])


class CroppedRows:
    """The upper left part of a picture.

    Parameters
    ----------
    picture : Rows
    shape : (int, int)

    Examples
    --------
    >>> CroppedRows(ArrayRows(np.eye(3)), (2, 2)).read(1, 2).tolist()
    [[0.0, 1.0]]
    """

    def __init__(self, picture: Rows, shape: tuple[int, int]):
        self._picture, self.shape, self.dtype = picture, shape, picture.dtype

    def read(self, first: int, last: int) -> np.ndarray:
        """Return rows."""
        return self._picture.read(first, last)[:, : self.shape[1]]
