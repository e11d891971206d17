"""Convolution with zero borders, through the FFT: whole, of the image's size, or valid, and what is adjoint to it."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.fft import irfft2, rfft2
from pydeblur.solver.boundary import opt_fft_size


class ZeroBorderConvolution:
    """Convolutions of arrays (..., H, W) with square kernels (n, n), n odd; outside of the arrays everything is 0.

    Parameters
    ----------
    shape : (int, int)
        H and W.
    size : int
        n.
    workers : int
        Threads of each FFT.

    Examples
    --------
    >>> import numpy as np
    >>> convolution = ZeroBorderConvolution((3, 4), 3)
    >>> image, kernel = np.ones((3, 4)), np.ones((3, 3)) / 9
    >>> convolution.same(convolution.spectrum(image), convolution.spectrum(kernel)).round(2).tolist()[1]
    [0.67, 1.0, 1.0, 0.67]
    >>> convolution.valid(convolution.spectrum(image), convolution.spectrum(kernel)).round(2).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, shape: tuple[int, int], size: int, workers: int = 1):
        self._shape, self._size, self._workers = shape, size, workers
        self._padded = tuple(opt_fft_size(length + size - 1) for length in shape)

    def spectrum(self, array: np.ndarray) -> np.ndarray:
        """Return the half-spectrum of an image (..., H, W), a kernel (n, n) or a valid part of an image."""
        padded = np.zeros((*array.shape[:-2], *self._padded), array.dtype)
        padded[..., : array.shape[-2], : array.shape[-1]] = array
        return rfft2(padded, self._workers)

    def same(self, image_spectrum: np.ndarray, kernel_spectrum: np.ndarray) -> np.ndarray:
        """Return the convolution (..., H, W), MATLAB's ``conv2(image, kernel, 'same')``."""
        half, (height, width) = self._size // 2, self._shape
        return self._whole(image_spectrum * kernel_spectrum)[..., half : half + height, half : half + width]

    def same_adjoint(self, image_spectrum: np.ndarray, kernel_spectrum: np.ndarray) -> np.ndarray:
        """Return the correlation (..., H, W), which is adjoint to :meth:`same` as a map of images."""
        half, (height, width) = self._size // 2, self._shape
        whole = self._whole(image_spectrum * kernel_spectrum.conj())
        rows, columns = (np.arange(-half, length - half) for length in (height, width))
        return whole[..., rows[:, None] % whole.shape[-2], columns % whole.shape[-1]]

    def valid(self, image_spectrum: np.ndarray, kernel_spectrum: np.ndarray) -> np.ndarray:
        """Return the convolution (..., H - n + 1, W - n + 1) where the kernel meets no border."""
        first, (height, width) = self._size - 1, self._shape
        return self._whole(image_spectrum * kernel_spectrum)[..., first:height, first:width]

    def valid_adjoint_kernel(self, image_spectrum: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return the kernels (..., n, n) that the map adjoint to :meth:`valid`, as a map of kernels, makes of such arrays."""
        last = self._size - 1
        correlation = self._whole(image_spectrum * self.spectrum(valid).conj())
        return correlation[..., : last + 1, : last + 1][..., ::-1, ::-1]

    def _whole(self, spectrum):
        return irfft2(spectrum, self._padded[1], self._workers)
