"""The two passes of which every iteration on a large picture is made: over strips of rows and over blocks of columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np

from pydeblur.backend.fft import fft_columns, ifft_columns, rfft_rows
from pydeblur.nonblind.tiles.rows import Rows
from pydeblur.nonblind.tiles.spectrum_file import SpectrumFile, column_blocks, row_strips
from pydeblur.solver.gradients import gradient_power


def for_each(function: Callable, items: Sequence, workers: int) -> None:
    """Call a function with every item, in so many threads.

    Examples
    --------
    >>> seen = []
    >>> for_each(seen.append, [1, 2], 1)
    >>> seen
    [1, 2]
    """
    if workers == 1:
        for item in items:
            function(item)
        return
    with ThreadPoolExecutor(workers) as pool:
        # The results are asked for so that an error in a thread is raised here.
        list(pool.map(function, items))


class Passes:
    """Both passes over periodic pictures of one shape.

    Parameters
    ----------
    shape : (int, int)
        H and W, good lengths for an FFT.
    dtype : dtype
        float32 or float64.
    workers : int
        Threads over strips and blocks.

    Examples
    --------
    >>> from pydeblur.nonblind.tiles.rows import ArrayRows, SpectrumRows
    >>> picture = np.random.default_rng(0).random((6, 8))
    >>> passes = Passes((6, 8), picture.dtype)
    >>> (spectrum,) = passes.new_spectra(1)
    >>> passes.over_rows([ArrayRows(picture)], [spectrum], lambda strips, first: strips)
    >>> passes.over_columns([spectrum], [spectrum], lambda columns, block: [2 * columns[0]])
    >>> bool(np.allclose(SpectrumRows(spectrum, 8).read(0, 6), 2 * picture))
    True
    """

    def __init__(self, shape: tuple[int, int], dtype, workers: int = 1):
        self.shape, self.dtype, self.workers = shape, np.dtype(dtype), workers
        self.spectrum_shape = (shape[0], shape[1] // 2 + 1)
        self.complex_dtype = np.result_type(self.dtype, np.complex64)
        self.blocks = column_blocks(self.spectrum_shape, self.complex_dtype.itemsize)

    def new_spectra(self, count: int, waits: bool = False) -> list[SpectrumFile]:
        """Make so many files for half-spectra, as :class:`~pydeblur.nonblind.tiles.spectrum_file.SpectrumFile` takes them."""
        return [SpectrumFile(self.spectrum_shape, self.complex_dtype, waits) for _ in range(count)]

    def over_rows(
        self, pictures: Sequence[Rows], spectra: Sequence[SpectrumFile], function: Callable, reach: int = 0
    ) -> None:
        """Change pictures strip by strip, and transform the results along the rows into files.

        The files may be those that the pictures come from.

        Parameters
        ----------
        pictures : sequence of Rows
            Periodic.
        spectra : sequence of SpectrumFile
            One for each result.
        function : callable
            From a list of strips (n + 2 reach, W), one for each picture, and the number of the first row of the result, to as
            many strips (n, W) as there are `spectra`.
        reach : int
            Rows above and below the strip that the function has to see.
        """
        strips = row_strips(self.shape, self.dtype.itemsize)
        # What one strip sees of the others is read before they are changed.
        seams = {strip.start: [_seam(picture, strip, reach) for picture in pictures] for strip in strips}

        def change(strip):
            seen = [
                _joined(picture.read(strip.start, strip.stop), seam)
                for picture, seam in zip(pictures, seams.pop(strip.start))
            ]
            for spectrum, result in zip(spectra, function(seen, strip.start)):
                spectrum.write_rows(strip.start, rfft_rows(np.ascontiguousarray(result)))

        for_each(change, strips, self.workers)

    def over_columns(
        self,
        spectra: Sequence[SpectrumFile],
        results: Sequence[SpectrumFile],
        function: Callable,
        inverse: bool = True,
    ) -> None:
        """Transform files along the columns, change the spectra block by block, and transform the results back.

        Parameters
        ----------
        spectra : sequence of SpectrumFile
        results : sequence of SpectrumFile
            They may be among `spectra`.
        function : callable
            From a list of blocks (H, n) of the spectra, and the slice of their columns, to as many blocks as there are `results`.
            It may overwrite what it is given.
        inverse : bool
            Whether the results are transformed back along the columns; else the files hold spectra.
        """

        def change(block):
            columns = [fft_columns(spectrum.read_columns(block)) for spectrum in spectra]
            for result, changed in zip(results, function(columns, block)):
                result.write_columns(block, ifft_columns(changed) if inverse else changed)

        for_each(change, self.blocks, self.workers)

    def transfer_function(self, kernel: np.ndarray, block: slice) -> np.ndarray:
        """Return a block of columns (H, n) of a kernel's half-spectrum, MATLAB's ``psf2otf``."""
        height, width = self.shape
        up, left = (side // 2 for side in kernel.shape)
        columns = np.arange(kernel.shape[1]) - left
        angles = np.outer(columns, np.arange(block.start, block.stop)) * (-2 * np.pi / width)
        lines = np.zeros((height, block.stop - block.start), self.complex_dtype)
        # The kernel's centre lies on the first row; what is above it comes around from below.
        np.add.at(lines, (np.arange(kernel.shape[0]) - up) % height, kernel @ np.exp(1j * angles))
        return fft_columns(lines)

    def gradient_power(self, block: slice) -> np.ndarray:
        """Return a block of columns of :func:`pydeblur.solver.gradients.gradient_power`."""
        vertical, horizontal = self._gradient_powers
        return (vertical + horizontal[:, block]).astype(self.dtype)

    @cached_property
    def _gradient_powers(self):
        height, width = self.shape
        return gradient_power((height, 1))[:, :1], gradient_power((1, width))[:1]


def _seam(picture, strip, reach):
    """The rows above and below a strip of a periodic picture."""
    height = picture.shape[0]
    return [
        np.concatenate(
            [np.empty((0, picture.shape[1]), picture.dtype)]
            + [picture.read(row % height, row % height + 1) for row in rows]
        )
        for rows in (range(strip.start - reach, strip.start), range(strip.stop, strip.stop + reach))
    ]


def _joined(rows, seam):
    return np.concatenate([seam[0], rows, seam[1]])
