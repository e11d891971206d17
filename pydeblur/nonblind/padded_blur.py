"""Blur of an image that goes on beyond what was observed: the border of the padded image is unknown, too."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.matlab import psf2otf_half
from pydeblur.solver.boundary import padded_shape, wrap_boundary


class PaddedBlur:
    """The data term ||M (I⊗k - B)||², where M chooses the pixels of B of a periodic image a kernel's width larger.

    Circular padding alone takes the padding for an observation, and what it is wrong by rings into the image. Instead,
    each step takes for the padding of B that of I⊗k, where I is the image of the step before: ||I⊗k - B||² with B so
    completed lies above the masked term and touches it at that image (majorisation), and a step is nearly as cheap as
    without a mask. At first it is the circular padding.

    Parameters
    ----------
    blurred : (..., H, W) ndarray
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    workers : int
        Threads of the FFTs.
    room : int
        The padding is that for a kernel of at least this size.

    Attributes
    ----------
    image : (..., H', W') ndarray
        The latent image; at first the padded B.
    power : (H', W' // 2 + 1) ndarray
        ``|F(k)|²``.
    otf : (H', W' // 2 + 1) complex ndarray
        F(k).

    Examples
    --------
    >>> import numpy as np
    >>> problem = PaddedBlur(np.full((10, 12), 0.5), np.full((3, 3), 1 / 9))
    >>> problem.solve(0.0, 1e-6)
    >>> bool(np.allclose(problem.cropped(), 0.5, atol=1e-5))
    True
    """

    def __init__(self, blurred: np.ndarray, kernel: np.ndarray, workers: int = 1, room: int = 1):
        self._height, self._width = blurred.shape[-2:]
        shape = padded_shape(blurred.shape[-2:], tuple(max(side, room) for side in kernel.shape))
        self._observed, self._workers = wrap_boundary(blurred, shape), workers
        self.otf = psf2otf_half(kernel.astype(blurred.dtype), shape, workers=workers)
        self.power = self.otf.real**2 + self.otf.imag**2
        self.image = self._observed

    def solve(self, prior_spectrum: np.ndarray, prior_power) -> None:
        """Set the image to the minimum of a quadratic, then complete B with it.

        The spectrum is F(I) = (conj(F(k)) F(B) + prior_spectrum) / (power + prior_power).

        Parameters
        ----------
        prior_spectrum : (..., H', W' // 2 + 1) ndarray or number
        prior_power : (..., H', W' // 2 + 1) ndarray or number
        """
        spectrum = self.otf.conj() * rfft2(self._observed, self._workers)
        spectrum += prior_spectrum
        spectrum /= self.power + prior_power
        reblurred = spectrum * self.otf
        self.image, completed = self._inverse(spectrum), self._inverse(reblurred)
        completed[..., : self._height, : self._width] = self._observed[..., : self._height, : self._width]
        self._observed = completed

    @property
    def observed(self) -> np.ndarray:
        """The padded B, completed by the last step: (..., H', W')."""
        return self._observed

    def cropped(self) -> np.ndarray:
        """Return the image where B was observed: (..., H, W)."""
        return self.image[..., : self._height, : self._width]

    def _inverse(self, spectrum):
        return irfft2(spectrum, self._observed.shape[-1], self._workers)
