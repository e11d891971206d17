"""The unknown border of a large picture: :class:`pydeblur.nonblind.padded_blur.PaddedBlur` in tiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pydeblur.nonblind.tiles.passes import Passes
from pydeblur.nonblind.tiles.rows import CroppedRows, PaddedRows, Rows, SpectrumRows
from pydeblur.nonblind.tiles.spectrum_file import SpectrumFile
from pydeblur.solver.boundary import padded_shape


class TiledPaddedBlur:
    """The data term whose padding is unknown, for a grey picture that is read by rows.

    Parameters
    ----------
    blurred : Rows
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    workers : int
        Threads.
    room : int
        The padding is that for a kernel of at least this size.
    saves_memory : bool
        Whether the two spectra that it keeps are in files even where there is memory.

    Attributes
    ----------
    passes : Passes
        Of the padded shape.
    image : Rows
        The padded latent image; at first the padded B.

    Examples
    --------
    >>> from pydeblur.nonblind.tiles.rows import ArrayRows
    >>> problem = TiledPaddedBlur(ArrayRows(np.full((10, 12), 0.5)), np.full((3, 3), 1 / 9))
    >>> (nothing,) = problem.passes.new_spectra(1)
    >>> problem.passes.over_rows([problem.image], [nothing], lambda strips, first: [0 * strips[0]])
    >>> problem.passes.over_columns([nothing], [nothing], lambda columns, block: columns, inverse=False)
    >>> problem.solve(nothing, lambda block: 1e-6)
    >>> bool(np.allclose(problem.cropped().read(0, 10), 0.5, atol=1e-5))
    True
    """

    def __init__(self, blurred: Rows, kernel: np.ndarray, workers: int = 1, room: int = 1, saves_memory: bool = False):
        shape = padded_shape(blurred.shape, tuple(max(side, room) for side in kernel.shape))
        self.passes = Passes(shape, blurred.dtype, workers)
        self._blurred, self._kernel = blurred, kernel
        self.image: Rows = PaddedRows(blurred, shape)
        self._reblurred: Rows = self.image
        self._spectra = self.passes.new_spectra(2, waits=saves_memory)

    def solve(self, prior_spectrum, prior_power: Callable[[slice], np.ndarray | float]) -> None:
        """Set the image to the minimum of a quadratic, then complete B with it.

        Parameters
        ----------
        prior_spectrum : SpectrumFile or None
            It is added to conj(F(k)) F(B), the numerator; None is 0.
        prior_power : callable
            From a block of columns to what is added to ``|F(k)|²``, the denominator.
        """
        image, reblurred = self._spectra

        def quotient(columns, block):
            otf = self.passes.transfer_function(self._kernel, block)
            spectrum = columns[0]
            spectrum *= otf.conj()
            if prior_spectrum is not None:
                spectrum += prior_spectrum.read_columns(block)
            spectrum /= otf.real**2 + otf.imag**2 + prior_power(block)
            return [spectrum, spectrum * otf]

        self.passes.over_rows([self._reblurred], [reblurred], self.completed)
        self.passes.over_columns([reblurred], [image, reblurred], quotient)
        self.image, self._reblurred = (SpectrumRows(each, self.passes.shape[1]) for each in self._spectra)

    @property
    def reblurred(self) -> Rows:
        """The padded latent image blurred: I⊗k."""
        return self._reblurred

    def given_up(self) -> list[SpectrumFile]:
        """Return the files that `image` and `reblurred` come from, to one who goes on from a solution without this problem."""
        return self._spectra

    def cropped(self) -> Rows:
        """Return the image where B was observed."""
        return CroppedRows(self.image, self._blurred.shape)

    def completed(self, strips: list[np.ndarray], first: int) -> list[np.ndarray]:
        """Put the observed pixels of B into the rows of I⊗k.

        Parameters
        ----------
        strips : list of one (n, W') ndarray
            It is changed in place.
        first : int
            The number of its first row.

        Returns
        -------
        list of one (n, W') ndarray
        """
        (strip,) = strips
        height, width = self._blurred.shape
        inside = max(min(first + len(strip), height) - first, 0)
        if inside:
            strip[:inside, :width] = self._blurred.read(first, first + inside)
        return [strip]
