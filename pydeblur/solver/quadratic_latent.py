"""The latent image of a quadratic energy, which the FFT finds at once."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.arrays import irfft2, rfft2, transfer_function
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.gradients import negative_backward_difference


class QuadraticLatent:
    """The problem min_I Σ_q w_q ||∂_q (I⊗k - B)||² + α ||∇I - g||² for a fixed blurred image.

    The sum runs over the image itself (q = 0), its two first derivatives and its three second ones, xx, xy and yy. The
    image is first extended so that it is circularly smooth (:func:`~pydeblur.solver.boundary.wrap_boundary`).

    Parameters
    ----------
    blurred : (H, W) ndarray
        B, float64.
    kernel_size : int
    gradient_weight : float
        α.
    data_weights : (float, float, float)
        w_q of the derivatives of order 0, 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> blurred = np.random.default_rng(0).random((12, 12))
    >>> delta = np.zeros((3, 3))
    >>> delta[1, 1] = 1
    >>> latent = QuadraticLatent(blurred, 3, gradient_weight=1e-9).solve(delta)
    >>> bool(np.allclose(latent, blurred, atol=1e-7))
    True
    """

    def __init__(
        self,
        blurred: np.ndarray,
        kernel_size: int,
        gradient_weight: float,
        data_weights: tuple[float, float, float] = (1.0, 0.0, 0.0),
    ):
        self._blurred, self._gradient_weight = blurred, gradient_weight
        self._padded = wrap_boundary(blurred, padded_shape(blurred.shape, (kernel_size, kernel_size)))
        first, second = derivative_powers(self._padded.shape)
        self._data_weight = data_weights[0] + data_weights[1] * first + data_weights[2] * second
        self._gradient_term = gradient_weight * first
        self._data_spectrum = self._data_weight * rfft2(self._padded)

    def solve(self, kernel: np.ndarray, gradients: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
        """Find the latent image.

        Parameters
        ----------
        kernel : (n, n) ndarray
            k, n the kernel size.
        gradients : pair of (H-1, W-1) ndarray, optional
            g, as :func:`pydeblur.solver.gradients.valid_gradients` gives them; by default 0.

        Returns
        -------
        (H, W) ndarray
        """
        otf = transfer_function(kernel, self._padded)
        power = otf.real**2 + otf.imag**2
        spectrum = otf.conj() * self._data_spectrum
        if gradients is not None:
            spectrum += self._gradient_weight * rfft2(self._adjoint_gradients(*gradients))
        spectrum /= power * self._data_weight + self._gradient_term
        self._reblurred_spectrum = spectrum * otf
        return self._own_area(irfft2(spectrum, self._padded.shape[1])).copy()

    def residual_energy(self) -> float:
        """Return ||I⊗k - B||² of the last solution, on the image's own area."""
        reblurred = irfft2(self._reblurred_spectrum.copy(), self._padded.shape[1])
        difference = self._own_area(reblurred) - self._blurred
        return float(np.vdot(difference, difference))

    def _adjoint_gradients(self, gradient_x, gradient_y):
        """∇ᵀg, with 0 where no gradient is given. The valid differences are the periodic ones but for the sign."""
        height, width = self._blurred.shape
        x, y = np.zeros((2, *self._padded.shape))
        x[1:height, : width - 1] = -gradient_x
        y[: height - 1, 1:width] = -gradient_y
        return negative_backward_difference(x, -1) + negative_backward_difference(y, -2)

    def _own_area(self, padded):
        return padded[: self._blurred.shape[0], : self._blurred.shape[1]]


def derivative_powers(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the squared magnitudes of the periodic differences' transfer functions, on the half-spectrum.

    Parameters
    ----------
    shape : (int, int)
        H and W of the image.

    Returns
    -------
    first, second : (H, W // 2 + 1) ndarray
        The sum over x and y, and that over xx, xy and yy.

    Examples
    --------
    >>> first, second = derivative_powers((2, 2))
    >>> first.tolist(), second.tolist()
    ([[0.0, 4.0], [4.0, 8.0]], [[0.0, 16.0], [16.0, 48.0]])
    """
    height, width = shape
    vertical = (4 * np.sin(np.pi * np.arange(height) / height) ** 2)[:, None]
    horizontal = 4 * np.sin(np.pi * np.arange(width // 2 + 1) / width) ** 2
    first = vertical + horizontal
    return first, first * first - vertical * horizontal
