"""How alike two blur kernels are."""

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError

#: The sub-pixel similarity looks at shifts of 1 / _REFINEMENT pixels.
_REFINEMENT = 4


def kernel_similarity(a, b, subpixel=False):
    """Compute the largest normalised cross-correlation of two kernels over all shifts (Hu and Yang [12]).

    The correlation is ``sum_t a(t) b(t + s) / (|a| |b|)``; everything outside the two kernels is taken as zero.

    Parameters
    ----------
    a, b : (H, W) array_like
        Finite, not all zero; their sizes may differ. Scale does not matter.
    subpixel : bool
        Look also at shifts by quarters of a pixel, the correlation being interpolated by its Fourier series. The
        result is never below that of whole pixels.

    Returns
    -------
    float
        In [0, 1]; 1 for kernels that differ by a shift and a factor.

    Raises
    ------
    InvalidInputError
        If a kernel is not 2-D, not finite, or all zero.

    Examples
    --------
    >>> from pydeblur.metrics import kernel_similarity
    >>> round(kernel_similarity([[0.5, 0.5, 0.0]], [[0.0, 3.0, 3.0]]), 9)
    1.0
    >>> round(kernel_similarity([[1.0, 0.0]], [[0.5, 0.5]]), 3)
    0.707
    """
    a, b = _unit_kernel(a, "a"), _unit_kernel(b, "b")
    # The lengths suffice for every shift at which the kernels overlap; they are odd, so that the spectrum has no middle
    # frequency whose phase would be ambiguous.
    shape = [(m + n - 1) | 1 for m, n in zip(a.shape, b.shape, strict=True)]
    spectrum = scipy.fft.fft2(a, shape).conj() * scipy.fft.fft2(b, shape)
    if subpixel:
        fine = [_REFINEMENT * n for n in shape]
        spectrum = _padded_spectrum(spectrum, fine) * _REFINEMENT**2
    correlation = scipy.fft.ifft2(spectrum).real
    return float(np.clip(correlation.max(), 0.0, 1.0))


def _unit_kernel(kernel, name):
    kernel = np.asarray(kernel)
    if kernel.ndim != 2 or kernel.dtype.kind not in "fiub":
        raise InvalidInputError(
            f"kernel {name} should be a 2-D array of real numbers, not {kernel.dtype} of shape {kernel.shape}."
        )
    kernel = kernel.astype(np.float64)
    largest = np.abs(kernel).max(initial=0.0)
    if not 0 < largest < np.inf:
        raise InvalidInputError(f"kernel {name} should be finite and not all zero.")
    # The maximum is divided out first, so that squaring neither overflows nor vanishes.
    kernel = kernel / largest
    return kernel / np.sqrt(np.sum(kernel**2))


def _padded_spectrum(spectrum, shape):
    """The spectrum of odd lengths with zeros put in for the frequencies that the longer one has more."""
    centred = scipy.fft.fftshift(spectrum)
    before = [n // 2 - m // 2 for n, m in zip(shape, centred.shape, strict=True)]
    padding = [(p, n - m - p) for p, n, m in zip(before, shape, centred.shape, strict=True)]
    return scipy.fft.ifftshift(np.pad(centred, padding))
