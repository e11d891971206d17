"""MATLAB's ``psf2otf`` and ``otf2psf``, on full spectra and on the half-spectra of real FFTs."""

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import floating, numeric_array, real_array, size_pair


def psf2otf(psf, shape=None):
    """Return the optical transfer function (full spectrum) of a point spread function.

    As MATLAB's function does, it pads the array with zeros at the end, shifts it circularly by -floor(size / 2) so that
    the centre lands on the first element, and transforms it.

    Parameters
    ----------
    psf : (M, N) array_like
        Point spread function.
    shape : (int, int), optional
        Rows and columns of the result, at least those of `psf`; those of `psf` by default.

    Returns
    -------
    (H, W) ndarray
        complex64 for a float32 `psf`, else complex128. Where MATLAB returns a real array (no imaginary part exceeds
        eps times the operation count times the largest magnitude), the imaginary parts are exactly 0 here; the dtype
        stays complex. eps is that of the dtype (MATLAB takes double's for single too).

    Raises
    ------
    InvalidInputError
        When `psf` is not 2-D, is empty, or is larger than `shape`.

    Examples
    --------
    >>> from pydeblur.matlab import psf2otf
    >>> psf2otf([[0.25, 0.5, 0.25]], (1, 4)).real.tolist()
    [[1.0, 0.5, 0.0, 0.5]]
    """
    psf = _transfer_operand(psf, "psf")
    otf = scipy.fft.fft2(_centred_on_origin(psf, _shape_for(psf, shape)))
    if otf.imag.any() and _within_roundoff(otf, psf.shape):
        otf.imag = 0
    return otf


def otf2psf(otf, shape=None):
    """Return the point spread function of an optical transfer function (full spectrum).

    As MATLAB's function does, it takes the inverse transform, shifts it circularly by floor(shape / 2), and takes the
    first rows and columns. (Octave's crop is one off where the sizes' parities differ.)

    Parameters
    ----------
    otf : (H, W) array_like
        Full spectrum.
    shape : (int, int), optional
        Rows and columns of the result, at most those of `otf`; those of `otf` by default.

    Returns
    -------
    (M, N) ndarray
        Real where the imaginary parts are round-off only (no larger than eps times the operation count times the
        largest magnitude, eps being the dtype's), else complex. Single precision for a complex64 or float32 `otf`.

    Raises
    ------
    InvalidInputError
        When `otf` is not 2-D, is empty, or is smaller than `shape`.

    Examples
    --------
    >>> from pydeblur.matlab import otf2psf
    >>> otf2psf([[1.0, 0.5, 0.0, 0.5]], (1, 3)).tolist()
    [[0.25, 0.5, 0.25]]
    """
    otf = _transfer_operand(otf, "otf", numeric_array)
    shape = otf.shape if shape is None else size_pair(shape, "shape")
    _check_crop(shape, otf.shape)
    psf = scipy.fft.ifft2(otf)
    if _within_roundoff(psf, otf.shape):
        psf = psf.real
    return _crop_around_origin(psf, shape)


def psf2otf_half(psf, shape, workers=None):
    """Return the optical transfer function as the half-spectrum that ``scipy.fft.rfft2`` gives.

    Parameters
    ----------
    psf : (M, N) array_like
        Point spread function.
    shape : (int, int)
        Rows and columns (H, W) of the images to be filtered, at least those of `psf`.
    workers : int, optional
        Threads, as in `scipy.fft`.

    Returns
    -------
    (H, W // 2 + 1) ndarray
        complex64 for a float32 `psf`, else complex128: the left half of `psf2otf`, nothing set to zero.

    Raises
    ------
    InvalidInputError
        As `psf2otf`.

    Examples
    --------
    >>> from pydeblur.matlab import psf2otf_half
    >>> psf2otf_half([[0.25, 0.5, 0.25]], (1, 4)).real.tolist()
    [[1.0, 0.5, 0.0]]
    """
    psf = _transfer_operand(psf, "psf")
    return scipy.fft.rfft2(_centred_on_origin(psf, _shape_for(psf, shape)), workers=workers)


def otf2psf_half(otf_half, shape, psf_shape, workers=None):
    """Return the real point spread function of a half-spectrum.

    Parameters
    ----------
    otf_half : (H, W // 2 + 1) array_like
        Half-spectrum of a real (H, W) array, as from ``scipy.fft.rfft2``.
    shape : (int, int)
        H and W (the half-spectrum alone doesn't tell whether W is even).
    psf_shape : (int, int)
        Rows and columns of the result, at most `shape`.
    workers : int, optional
        Threads, as in `scipy.fft`.

    Returns
    -------
    (M, N) ndarray
        float32 for complex64, else float64.

    Raises
    ------
    InvalidInputError
        When the shapes don't fit one another.

    Examples
    --------
    >>> from pydeblur.matlab import otf2psf_half
    >>> otf2psf_half([[1.0, 0.5, 0.0]], (1, 4), (1, 3)).tolist()
    [[0.25, 0.5, 0.25]]
    """
    otf_half = _transfer_operand(otf_half, "otf_half", numeric_array)
    shape, psf_shape = size_pair(shape, "shape"), size_pair(psf_shape, "psf_shape")
    if otf_half.shape != (shape[0], shape[1] // 2 + 1):
        raise InvalidInputError(
            f"otf_half must be {(shape[0], shape[1] // 2 + 1)} for the shape {shape}, but it is {otf_half.shape}."
        )
    _check_crop(psf_shape, shape)
    return _crop_around_origin(scipy.fft.irfft2(otf_half, s=shape, workers=workers), psf_shape)


def _transfer_operand(value, name, as_array=real_array):
    array = floating(as_array(value, name, (2,)))
    if array.size == 0:
        raise InvalidInputError(f"{name} must not be empty, but its shape is {array.shape}.")
    return array


def _shape_for(psf, shape):
    shape = psf.shape if shape is None else size_pair(shape, "shape")
    if shape[0] < psf.shape[0] or shape[1] < psf.shape[1]:
        raise InvalidInputError(f"shape must be at least the psf's, {psf.shape}, but it is {shape}.")
    return shape


def _check_crop(shape, full):
    if shape[0] > full[0] or shape[1] > full[1]:
        raise InvalidInputError(f"the psf's shape must be at most the otf's, {full}, but it is {shape}.")


def _centred_on_origin(psf, shape):
    """Zero-pad at the end, then shift circularly by -floor(size / 2)."""
    padded = np.zeros(shape, psf.dtype)
    padded[np.ix_(*_around_origin(psf.shape, shape))] = psf
    return padded


def _crop_around_origin(full, shape):
    """Shift circularly by floor(shape / 2), then take the first rows and columns."""
    return full[np.ix_(*_around_origin(shape, full.shape))]


def _around_origin(small, large):
    return [(np.arange(n) - n // 2) % m for n, m in zip(small, large)]


def _within_roundoff(spectrum, shape):
    """Tell whether MATLAB would drop the imaginary parts: its bound is eps times the FFT's rough operation count."""
    operations = np.prod(shape, dtype=float) * np.sum(np.log2(shape))
    largest = np.abs(spectrum).max()
    return bool(np.abs(spectrum.imag).max() <= operations * np.finfo(spectrum.dtype).eps * largest)
