"""The normal equations of a kernel on its own support, from first and second derivatives."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.arrays import irfft2_around_origin
from pydeblur.backend.fft import rfft2
from pydeblur.solver.boundary import padded_shape
from pydeblur.solver.kernel import ToeplitzOperator


class KernelEquations:
    """XᵀX and Xᵀb of min_k Σ_q w_q ||∂_q (∇I⊗k - ∇B)||² for fixed blurred gradients.

    The sum runs over the gradients themselves (q = 0) and their first derivatives: xx and yy, and xy as the mean of the
    x gradient's derivative along y and the y gradient's along x. Beyond the borders all gradients are 0.

    Parameters
    ----------
    blurred_x, blurred_y : (H, W) ndarray
        ∇B.
    kernel_size : int
        n.
    weights : (float, float)
        w of the gradients and of their derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 24, 24))
    >>> operator, right_side = KernelEquations(x, y, 3).equations(x, y)
    >>> delta = np.zeros((3, 3))
    >>> delta[1, 1] = 1
    >>> bool(np.allclose(operator(delta), right_side))  # the blurred gradients are the latent ones
    True
    """

    def __init__(
        self,
        blurred_x: np.ndarray,
        blurred_y: np.ndarray,
        kernel_size: int,
        weights: tuple[float, float] = (1.0, 0.0),
    ):
        self._size = kernel_size
        # Derivatives of what ends at the borders are one line larger.
        self._shape = padded_shape(blurred_x.shape, (kernel_size + 1, kernel_size + 1))
        self._weights = weights
        rows, columns = np.arange(self._shape[0]), np.arange(self._shape[1] // 2 + 1)
        self._difference_y = (1 - np.exp(-2j * np.pi * rows / self._shape[0]))[:, None]
        self._difference_x = 1 - np.exp(-2j * np.pi * columns / self._shape[1])
        self._blurred = self._spectra(blurred_x, blurred_y)

    def equations(self, latent_x: np.ndarray, latent_y: np.ndarray, weight: float = 0.0):
        """Set up the equations for latent gradients.

        Parameters
        ----------
        latent_x, latent_y : (H, W) ndarray
            ∇I.
        weight : float
            Added to the diagonal.

        Returns
        -------
        operator : callable
            XᵀX + weight, as a map of kernels (n, n).
        right_side : (n, n) ndarray
            Xᵀb.
        """
        correlation, power = 0.0, 0.0
        for each, latent, blurred in self._terms(self._spectra(latent_x, latent_y)):
            correlation = correlation + each * (latent.conj() * blurred)
            power = power + each * (latent.real**2 + latent.imag**2)
        right_side = self._window(correlation, self._size)
        lags = self._window(power + 0j, 2 * self._size - 1)
        return ToeplitzOperator(lags, right_side.shape, weight), right_side

    def _terms(self, latent):
        """The weight and both spectra of each derivative that counts."""
        for place in (0, 1):
            yield self._weights[0], latent[place], self._blurred[place]
        if self._weights[1]:
            for each, other in zip(self._second(*latent), self._second(*self._blurred)):
                yield self._weights[1], each, other

    def _second(self, x, y):
        yield self._difference_x * x
        yield self._difference_y * y
        yield (self._difference_y * x + self._difference_x * y) / 2

    def _spectra(self, x, y):
        spectra = []
        for part in (x, y):
            padded = np.zeros(self._shape)
            padded[: part.shape[0], : part.shape[1]] = part
            spectra.append(rfft2(padded))
        return spectra

    def _window(self, spectrum, size):
        return irfft2_around_origin(spectrum, self._shape[1], (size, size))
