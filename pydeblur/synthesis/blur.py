"""Blur as a shaking camera makes it: convolution, noise, 8 bits."""

from __future__ import annotations

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError


def blur(image, kernel, noise=0.01, rng=None, quantize=True, boundary="replicate"):
    """Blur a sharp image as a shaking camera does: convolution, Gaussian noise, 8 bits.

    Parameters
    ----------
    image : (H, W) array_like
        Sharp image, values in [0, 1].
    kernel : (h, w) array_like
        Odd sides; usually non-negative with sum 1 (:func:`pydeblur.synthesis.kernels.random_kernel`).
    noise : float
        Standard deviation of the noise, >= 0.
    rng : numpy.random.Generator or int, optional
        Where the noise comes from; an int is a seed.
    quantize : bool
        Round to multiples of 1/255 and clip to [0, 1]; without it the noise may leave [0, 1].
    boundary : {"replicate", "valid"}
        What lies beyond the border: the border's pixels repeated (result (H, W)), or nothing, so that the result
        keeps only pixels that see no border: (H - h + 1, W - w + 1).

    Returns
    -------
    (H, W) or (H - h + 1, W - w + 1) float32 ndarray

    Raises
    ------
    InvalidInputError
        If an array isn't two-dimensional, the kernel is even-sided or larger than the image, or `noise` < 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import blur
    >>> blur(np.eye(5), np.full((1, 3), 1 / 3), noise=0)[2].astype(float).round(3).tolist()
    [0.0, 0.333, 0.333, 0.333, 0.0]
    >>> blur(np.eye(5), np.full((3, 3), 1 / 9), noise=0.01, rng=0, boundary="valid").shape
    (3, 3)
    """
    image, kernel = np.asarray(image, np.float32), np.asarray(kernel, np.float32)
    if image.ndim != 2 or kernel.ndim != 2:
        raise InvalidInputError(f"image and kernel should be (H, W), but are {image.shape} and {kernel.shape}.")
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise InvalidInputError(f"kernel should have odd sides, but is {kernel.shape}.")
    if boundary not in ("replicate", "valid"):
        raise InvalidInputError(f"boundary should be 'replicate' or 'valid', but is {boundary!r}.")
    if boundary == "replicate":
        image = np.pad(image, [(side // 2, side // 2) for side in kernel.shape], mode="edge")
    return add_noise(convolve_valid(image, kernel), noise, rng, quantize)


def add_noise(image, noise=0.01, rng=None, quantize=True):
    """Add Gaussian noise and round to 8 bits: what :func:`blur` does after the convolution.

    Parameters
    ----------
    image : (H, W) array_like
        Values in [0, 1].
    noise, rng, quantize
        As in :func:`blur`.

    Returns
    -------
    (H, W) float32 ndarray

    Raises
    ------
    InvalidInputError
        If `noise` < 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import add_noise
    >>> noisy = add_noise(np.full((100, 100), 0.5), 0.02, rng=0)
    >>> round(float(noisy.std()), 3)
    0.02
    """
    if not noise >= 0:
        raise InvalidInputError(f"noise should be at least 0, but is {noise}.")
    image = np.asarray(image, np.float32)
    if noise > 0:
        image = image + np.float32(noise) * np.random.default_rng(rng).standard_normal(image.shape, np.float32)
    if quantize:
        image = np.rint(np.clip(image, 0, 1) * np.float32(255)) / np.float32(255)
    return image


def salt_and_pepper(image, share, rng):
    """Set a share of the pixels to black or white, half each.

    Parameters
    ----------
    image : (H, W) ndarray
        In [0, 1].
    share : float
        In [0, 1].
    rng : numpy.random.Generator or int
        An int is a seed.

    Returns
    -------
    (H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import salt_and_pepper
    >>> bool(np.all(np.isin(salt_and_pepper(np.full((9, 9), 0.5), 1.0, 0), (0, 1))))
    True
    """
    draw = np.random.default_rng(rng).random(image.shape)
    return np.where(draw < share / 2, 0.0, np.where(draw < share, 1.0, image))


def valid_part(image, kernel_shape):
    """Return the part of an image that :func:`blur` with ``boundary="valid"`` keeps.

    Parameters
    ----------
    image : (H, W) ndarray
    kernel_shape : (int, int)
        Odd sides (h, w).

    Returns
    -------
    (H - h + 1, W - w + 1) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import valid_part
    >>> valid_part(np.arange(5)[None], (1, 3)).tolist()
    [[1, 2, 3]]
    """
    rows, columns = (side // 2 for side in kernel_shape)
    return image[rows : image.shape[0] - rows, columns : image.shape[1] - columns]


def convolve_valid(image, kernel):
    """Return the pixels of the convolution that see no border.

    Parameters
    ----------
    image : (H, W) ndarray
    kernel : (h, w) ndarray

    Returns
    -------
    (H - h + 1, W - w + 1) ndarray
        float32 where both are, else float64.

    Raises
    ------
    InvalidInputError
        If the kernel is larger than the image.

    Examples
    --------
    >>> import numpy as np
    >>> convolve_valid(np.array([[1.0, 2.0, 4.0]]), np.array([[1.0, -1.0]])).round(12).tolist()
    [[1.0, 2.0]]
    """
    if any(side < other for side, other in zip(image.shape, kernel.shape)):
        raise InvalidInputError(f"kernel should be no larger than the image {image.shape}, but is {kernel.shape}.")
    # No padding by the kernel is needed: circular wrap-around only spoils what 'valid' drops.
    shape = [scipy.fft.next_fast_len(side, real=True) for side in image.shape]
    spectrum = scipy.fft.rfft2(image, shape) * scipy.fft.rfft2(kernel, shape)
    full = scipy.fft.irfft2(spectrum, shape)
    rows, columns = kernel.shape[0] - 1, kernel.shape[1] - 1
    return full[rows : image.shape[0], columns : image.shape[1]]
