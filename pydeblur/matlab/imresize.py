"""MATLAB's ``imresize``."""

import math

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import choice, finite_number, real_array, size_pair
from pydeblur.matlab.rounding import matlab_round


def imresize(image, scale_or_size, method="bicubic", antialiasing=True):
    """Resize an image as MATLAB's ``imresize`` does.

    The dimension with the smaller scale comes first. In each, an output pixel is the weighted mean of the input
    pixels under the kernel; the kernel is widened by 1/scale when shrinking with antialiasing, pixels beyond the
    border are mirrored (the border pixel counts twice), and the weights are normalised.

    Parameters
    ----------
    image : (H, W[, C]) array_like
        float32, float64, uint8 or uint16; any range.
    scale_or_size : float or (int, int)
        A scale > 0 for both dimensions, which gives ``ceil(scale * size)`` pixels, or the output's (rows, columns),
        in which case each dimension's scale is output / input.
    method : {"bicubic", "bilinear", "nearest"}
        Bicubic is Keys' kernel with a = -0.5.
    antialiasing : bool
        Widen the kernel when shrinking. Without effect on "nearest", for which MATLAB's default is off.

    Returns
    -------
    (H', W'[, C]) ndarray
        The dtype of `image`. Integers are rounded (halves away from zero) and clipped after each dimension, as in
        MATLAB; float32 is summed in double and stored in single after each dimension.

    Raises
    ------
    InvalidInputError
        For an empty image, another dtype, a scale that is not positive and finite, or an unknown method.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab import imresize
    >>> imresize(np.array([[0.0, 1.0]]), (1, 4), "bilinear").tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    >>> imresize(np.zeros((5, 7, 3)), 0.5).shape
    (3, 4, 3)
    """
    image = real_array(image, "image", (2, 3))
    if image.dtype not in (np.float32, np.float64, np.uint8, np.uint16):
        raise InvalidInputError(f"image must be float32, float64, uint8 or uint16, but its dtype is {image.dtype}.")
    if image.size == 0:
        raise InvalidInputError(f"image must not be empty, but its shape is {image.shape}.")
    kernel, width = _KERNELS[choice(method, "method", tuple(_KERNELS))]
    sizes, scales = _output_sizes(image.shape[:2], scale_or_size)
    widen = bool(antialiasing) and method != "nearest"
    for axis in sorted((0, 1), key=lambda d: scales[d]):  # stable, as MATLAB's sort is
        weights, indices = _contributions(image.shape[axis], sizes[axis], scales[axis], kernel, width, widen)
        image = _resize_along(image, weights, indices, axis)
    return image


def _output_sizes(shape, scale_or_size):
    """Return the output's (rows, columns) and the two scales."""
    if np.ndim(scale_or_size) > 0:
        sizes = size_pair(scale_or_size, "scale_or_size")
        return sizes, tuple(out / n for out, n in zip(sizes, shape))
    scale = finite_number(scale_or_size, "scale_or_size", positive=True)
    return tuple(math.ceil(scale * n) for n in shape), (scale, scale)


def _contributions(in_length, out_length, scale, kernel, width, widen):
    """Return the weights and the 0-based input indices, both (out_length, P), of one dimension's output pixels."""
    shrink = scale if widen and scale < 1 else 1.0
    width = width / shrink
    centre = np.arange(1, out_length + 1) / scale + 0.5 * (1 - 1 / scale)  # in 1-based input coordinates
    left = np.floor(centre - width / 2)
    indices = left[:, None] + np.arange(math.ceil(width) + 2)
    weights = shrink * kernel(shrink * (centre[:, None] - indices))
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.concatenate([np.arange(in_length), np.arange(in_length)[::-1]])
    indices = mirrored[np.mod(indices.astype(np.int64) - 1, 2 * in_length)]
    used = weights.any(axis=0)
    return weights[:, used], indices[:, used]


def _resize_along(image, weights, indices, axis):
    source = np.moveaxis(image, axis, 0)
    columns = (slice(None),) + (None,) * (source.ndim - 1)
    out = np.zeros((len(weights),) + source.shape[1:])
    for weight, index in zip(weights.T, indices.T):
        out += weight[columns] * source[index]
    if image.dtype.kind == "u":
        out = np.clip(matlab_round(out), 0, np.iinfo(image.dtype).max)
    return np.ascontiguousarray(np.moveaxis(out, 0, axis).astype(image.dtype, copy=False))


def _cubic(x):
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return near * (x <= 1) + far * ((x > 1) & (x <= 2))


def _triangle(x):
    return (x + 1) * ((x >= -1) & (x < 0)) + (1 - x) * ((x >= 0) & (x <= 1))


def _box(x):
    return ((x >= -0.5) & (x < 0.5)).astype(np.float64)


_KERNELS = {"bicubic": (_cubic, 4.0), "bilinear": (_triangle, 2.0), "nearest": (_box, 1.0)}
