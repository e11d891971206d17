"""The two kinds of differences that the solver uses.

Periodic forward differences (with their adjoint, fused with the L0 threshold) belong to the latent image's
half-quadratic splitting; the "valid" 2x2 differences belong to the kernel step. Both work on the last two axes."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.arrays import block_rows, empty, namespace
from pydeblur.backend.compiled import compiled_loops, expect_saving

#: What the compiled form of :class:`SparseGradients` saves for each pixel.
_SAVED_SECONDS = 2e-9


def valid_gradients(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of an image that need no border.

    They are ``conv2(image, [-1 1; 0 0], 'valid')`` and ``conv2(image, [-1 0; 1 0], 'valid')`` of the MATLAB family.

    Parameters
    ----------
    image : (H, W) array

    Returns
    -------
    gradient_x, gradient_y : (H-1, W-1) array

    Examples
    --------
    >>> import numpy as np
    >>> gradient_x, gradient_y = valid_gradients(np.array([[9, 2], [3, 4]]))
    >>> gradient_x.tolist(), gradient_y.tolist()
    ([[-1]], [[-2]])
    """
    corner = image[1:, 1:]
    return image[1:, :-1] - corner, image[:-1, 1:] - corner


def gradient_power(shape: tuple[int, int], dtype=np.float64) -> np.ndarray:
    """Return ``|F(∇h)|² + |F(∇v)|²`` of the periodic forward differences on the real half-spectrum.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    dtype : dtype
        Of the result.

    Returns
    -------
    (H, W // 2 + 1) ndarray

    Examples
    --------
    >>> gradient_power((2, 4)).round(12).tolist()
    [[0.0, 2.0, 4.0], [4.0, 6.0, 8.0]]
    """
    height, width = shape
    vertical = 4 * np.sin(np.pi * np.arange(height) / height) ** 2
    horizontal = 4 * np.sin(np.pi * np.arange(width // 2 + 1) / width) ** 2
    return (vertical[:, None] + horizontal).astype(dtype)


def sparse_gradients(like):
    """Make a :class:`SparseGradients` for images like a given one.

    Parameters
    ----------
    like : (H, W) or (C, H, W) array

    Returns
    -------
    SparseGradients
        For NumPy arrays it is the compiled one, where Numba is installed and worth its import.

    Examples
    --------
    >>> import numpy as np
    >>> gradients = sparse_gradients(np.zeros((4, 4)))
    >>> gradients.divergence(np.zeros((4, 4)), 0.1) is None
    True
    """
    if not isinstance(like, np.ndarray):
        return SparseGradients(like)
    expect_saving(_SAVED_SECONDS * like.size)
    loops = compiled_loops("pydeblur.solver._gradients_numba")
    return SparseGradients(like) if loops is None else loops.SparseGradients(like)


class SparseGradients:
    """Differences, hard threshold (eq. (10)) and divergence of an image in one pass over blocks of rows.

    A block and all that is made of it stay in the processor's cache, so that the image is read and the result is
    written once, not once for each of a dozen operations.

    Parameters
    ----------
    like : (H, W) or (C, H, W) array
        An image like those to come, of any library that :mod:`pydeblur.backend.arrays` knows; the channels of one are
        thresholded together.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0.0, 0.0], [0.0, 1.0]])
    >>> gradients = SparseGradients(image)
    >>> gradients.divergence(image, 0.5).tolist(), gradients.count_in((2, 2))
    ([[0.0, -2.0], [-2.0, 4.0]], 3)
    """

    def __init__(self, like):
        self._xp = namespace(like)
        self._height, self._width = like.shape[-2:]
        self._step = min(block_rows(like), self._height)
        # The rows are laid end to end, since NumPy takes four times as long for a difference along the rows of a
        # matrix. What it then puts into the column where one row ends and the next begins is written once more.
        block = (*like.shape[:-2], self._step * self._width)
        self._horizontal, self._power, self._scratch = (empty(block, like) for _ in range(3))
        # Above the block's rows there is one line for the row before it.
        self._vertical = empty((*block[:-1], block[-1] + self._width), like)
        self._above = empty((*block[:-1], self._width), like)
        self._result = empty(like.shape, like)
        self._keep = empty((self._height * self._width,), like) != 0

    def divergence(self, image, threshold: float):
        """Return ∇ᵀg for g = ∇image where ``|∇image|² >= threshold``, else 0.

        Parameters
        ----------
        image : (H, W) or (C, H, W) array
        threshold : float

        Returns
        -------
        array or None
            Of the image's shape; None where the divergence is 0 everywhere. It is a buffer: it is valid until the next
            call, and may be overwritten.
        """
        flat = image.reshape(*image.shape[:-2], -1)
        # The last row's vertical differences reach over the border to the first row, and belong above it.
        self._threshold_rows(flat, self._height - 1, self._height, threshold)
        found = False
        for first in range(0, self._height, self._step):
            last = min(first + self._step, self._height)
            self._vertical[..., : self._width] = self._above
            found |= self._threshold_rows(flat, first, last, threshold)
            self._diverge_rows(first, last)
        return self._result if found else None

    def _threshold_rows(self, flat, first: int, last: int, threshold: float) -> bool:
        """Write the thresholded differences of some rows into the buffers; return whether any are left."""
        subtract, width = self._xp.subtract, self._width
        begin, end = first * width, last * width
        rows = flat[..., begin:end]
        below = flat[..., end % flat.shape[-1] :][..., :width]
        horizontal, vertical = self._horizontal[..., : end - begin], self._vertical[..., width : width + end - begin]
        subtract(rows[..., 1:], rows[..., :-1], out=horizontal[..., :-1])
        subtract(rows[..., ::width], rows[..., width - 1 :: width], out=horizontal[..., width - 1 :: width])
        subtract(rows[..., width:], rows[..., :-width], out=vertical[..., :-width])
        subtract(below, rows[..., -width:], out=vertical[..., -width:])
        keep = self._squared_magnitude(horizontal, vertical) >= threshold
        self._keep[begin:end] = keep
        # The truth values are turned into numbers, since multiplying by them takes twice as long.
        mask = self._scratch[(0,) * (self._scratch.ndim - 1)][: end - begin]
        mask[...] = keep
        horizontal *= mask
        vertical *= mask
        self._above[...] = vertical[..., -width:]
        return bool(keep.any())

    def _squared_magnitude(self, horizontal, vertical):
        power, scratch = (buffer[..., : horizontal.shape[-1]] for buffer in (self._power, self._scratch))
        self._xp.multiply(horizontal, horizontal, out=power)
        self._xp.multiply(vertical, vertical, out=scratch)
        power += scratch
        return power.sum(0) if power.ndim == 2 else power

    def _diverge_rows(self, first: int, last: int) -> None:
        """Write the divergence of the buffers' differences into the result's rows."""
        subtract, width = self._xp.subtract, self._width
        begin, end = first * width, last * width
        horizontal, vertical = self._horizontal[..., : end - begin], self._vertical[..., : width + end - begin]
        result = self._result.reshape(*self._result.shape[:-2], -1)[..., begin:end]
        scratch = self._scratch[..., : end - begin]
        subtract(horizontal[..., :-1], horizontal[..., 1:], out=result[..., 1:])
        subtract(horizontal[..., width - 1 :: width], horizontal[..., ::width], out=result[..., ::width])
        subtract(vertical[..., :-width], vertical[..., width:], out=scratch)
        result += scratch

    def count_in(self, shape: tuple[int, int]) -> int:
        """Return ||g||_0 of the last call of :meth:`divergence` within the first rows and columns."""
        keep = self._keep.reshape(self._height, self._width)
        return int(self._xp.count_nonzero(keep[: shape[0], : shape[1]]))


class SeparateGradients:
    """:class:`SparseGradients` of images that have nothing to do with each other: each is thresholded by itself.

    Parameters
    ----------
    like : (P, H, W) array
        A stack of images like those to come.

    Examples
    --------
    >>> images = np.array([[[0.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
    >>> gradients = SeparateGradients(images)
    >>> gradients.divergence(images, 0.5).tolist()
    [[[0.0, -2.0], [-2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]]
    >>> gradients.count_in((2, 2))
    3
    """

    def __init__(self, like):
        self._each = [sparse_gradients(image) for image in like]
        self._result = empty(like.shape, like)

    def divergence(self, images, threshold: float):
        """Return ∇ᵀg of every image, see :meth:`SparseGradients.divergence`; None where all are 0 everywhere."""
        found = False
        for number, gradients in enumerate(self._each):
            divergence = gradients.divergence(images[number], threshold)
            self._result[number] = 0 if divergence is None else divergence
            found |= divergence is not None
        return self._result if found else None

    def count_in(self, shape: tuple[int, int]) -> int:
        """Return ||g||_0 of the last call of :meth:`divergence` within the first rows and columns of all images."""
        return sum(gradients.count_in(shape) for gradients in self._each)


def forward_difference(image: np.ndarray, axis: int) -> np.ndarray:
    """Return the periodic differences ``image[i + 1] - image[i]`` along an axis.

    Parameters
    ----------
    image : (..., H, W) ndarray
    axis : {-1, -2}

    Returns
    -------
    (..., H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> forward_difference(np.array([[0, 1, 5]]), -1).tolist()
    [[1, 4, -5]]
    """
    return _forward_difference(image, axis, np.empty_like(image))


def negative_backward_difference(field: np.ndarray, axis: int) -> np.ndarray:
    """Return the periodic differences ``field[i - 1] - field[i]``: the adjoint of :func:`forward_difference`.

    Parameters
    ----------
    field : (..., H, W) ndarray
    axis : {-1, -2}

    Returns
    -------
    (..., H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> negative_backward_difference(np.array([[0, 1, 5]]), -1).tolist()
    [[5, -1, -4]]
    """
    return _negative_backward_difference(field, axis, np.empty_like(field))


#: For each axis, the indices of all lines but the first, of all but the last, of the first and of the last.
_LINES = {
    -1: (np.s_[..., 1:], np.s_[..., :-1], np.s_[..., 0], np.s_[..., -1]),
    -2: (np.s_[..., 1:, :], np.s_[..., :-1, :], np.s_[..., 0, :], np.s_[..., -1, :]),
}


def _forward_difference(image, axis, out):
    tail, head, first, last = _LINES[axis]
    if axis == -1 and image.flags.c_contiguous and out.flags.c_contiguous:
        # The rows are laid end to end, as in SparseGradients; the last column is written again below.
        np.subtract(image.reshape(-1)[1:], image.reshape(-1)[:-1], out=out.reshape(-1)[:-1])
    else:
        np.subtract(image[tail], image[head], out=out[head])
    np.subtract(image[first], image[last], out=out[last])
    return out


def _negative_backward_difference(field, axis, out):
    tail, head, first, last = _LINES[axis]
    if axis == -1 and field.flags.c_contiguous and out.flags.c_contiguous:
        np.subtract(field.reshape(-1)[:-1], field.reshape(-1)[1:], out=out.reshape(-1)[1:])
    else:
        np.subtract(field[head], field[tail], out=out[tail])
    np.subtract(field[last], field[first], out=out[first])
    return out
