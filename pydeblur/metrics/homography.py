"""Bring one image over another by the homography that fits best, found from the intensities themselves."""

import numpy as np
import scipy
from scipy.ndimage import gaussian_filter, map_coordinates

from pydeblur.metrics.alignment import checked_pair

#: Pixels at each side that do not count: there the warped image is interpolated from outside itself.
_MARGIN = 2
_SMALLEST_SIDE = 80
_ITERATIONS = 40
#: Largest step of a corner, in pixels, at which a level is done.
_CONVERGED = 0.01


def align_homography(moving, reference):
    """Warp `moving` onto `reference`.

    The homography minimises the sum of squared differences of the grey images, with a gain and an offset. Gauss-Newton
    steps find it from coarse to fine, starting from the whole-pixel shift of the largest phase correlation.

    Parameters
    ----------
    moving, reference : (H, W) or (H, W, C) array_like
        Two finite images of the same shape.

    Returns
    -------
    warped : (H, W[, C]) float64 ndarray
        Cubic spline interpolation of `moving`.
    inside : (H, W) ndarray of bool
        Where `moving` has pixels.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> image = gaussian_filter(np.random.default_rng(0).random((64, 64)), 3)
    >>> warped, inside = align_homography(np.roll(image, 3, axis=1), image)
    >>> bool(np.abs(warped - image)[inside].max() < 0.01)
    True
    """
    moving, reference = checked_pair(moving, reference)
    grey = [image if image.ndim == 2 else image.mean(axis=2) for image in (moving, reference)]
    homography = find_homography(*grey)
    rows, columns = _warped_grid(homography, grey[0].shape)
    channels = [moving] if moving.ndim == 2 else np.moveaxis(moving, -1, 0)
    warped = [map_coordinates(channel, (rows, columns), order=3, mode="nearest") for channel in channels]
    inside = _inside(rows, columns, grey[0].shape)
    return (warped[0] if moving.ndim == 2 else np.stack(warped, axis=-1)), inside


def find_homography(moving, reference):
    """Find the homography of :func:`align_homography` for grey images.

    Parameters
    ----------
    moving, reference : (H, W) float64 ndarray
        Two finite images of the same shape.

    Returns
    -------
    (3, 3) float64 ndarray
        The matrix that takes (x, y, 1) of the reference to moving's; both coordinates are from -1 to 1 across the
        longer side, and 0 in the middle.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> image = gaussian_filter(np.random.default_rng(0).random((64, 64)), 3)
    >>> bool(np.allclose(find_homography(image, image), np.eye(3)))
    True
    """
    homography = np.eye(3)
    row, column = _phase_shift(moving, reference)
    scale = 2 / max(moving.shape)
    homography[:2, 2] = column * scale, row * scale
    factor = max(1, min(moving.shape) // _SMALLEST_SIDE)
    factor = 1 << (factor.bit_length() - 1)
    while factor >= 1:
        # Sampling every n-th pixel moves the middle by a fraction of one, which is small, and undone at the next level.
        homography = _refined(homography, _sampled(moving, factor), _sampled(reference, factor))
        factor //= 2
    return homography


def _sampled(image, factor):
    """Take every n-th pixel of the low-passed image."""
    return gaussian_filter(image, 0.5 * factor)[::factor, ::factor] if factor > 1 else image


def _refined(homography, moving, reference):
    """Refine a homography by Gauss-Newton steps at one level."""
    slopes = np.gradient(moving)
    pixels = max(moving.shape) / 2
    x, y = _normalised_grid(moving.shape)
    best, least = homography, np.inf
    for _ in range(_ITERATIONS):
        rows, columns = _warped_grid(homography, moving.shape)
        inside = _inside(rows, columns, moving.shape)
        if np.count_nonzero(inside) < 100:
            break
        at = (rows[inside], columns[inside])
        warped = map_coordinates(moving, at, order=3, mode="nearest")
        gain, offset = np.polyfit(warped, reference[inside], 1)
        residual = reference[inside] - (gain * warped + offset)
        error = float(np.mean(residual**2))
        if error > least:
            break
        best, least = homography, error
        slope_y, slope_x = (gain * pixels * map_coordinates(slope, at, order=1, mode="nearest") for slope in slopes)
        jacobian = _jacobian(homography, x[inside], y[inside], slope_x, slope_y)
        # Gain and offset take part in the step, so that it does not fight them.
        jacobian = np.column_stack([jacobian, warped, np.ones_like(warped)])
        step = np.linalg.lstsq(jacobian.T @ jacobian, jacobian.T @ residual, rcond=1e-12)[0][:8]
        homography = homography + np.append(step, 0.0).reshape(3, 3)
        if pixels * np.abs(step).max() < _CONVERGED:
            best = homography
            break
    return best


def _jacobian(homography, x, y, slope_x, slope_y):
    """Derivative of the warped image by the first eight entries of the homography, (N, 8)."""
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in homography)
    along_x, along_y = slope_x / w, slope_y / w
    along_w = -(u * along_x + v * along_y) / w
    rows = [slope * point for slope in (along_x, along_y) for point in (x, y, np.ones_like(x))]
    return np.column_stack([*rows, along_w * x, along_w * y])


def _normalised_grid(shape):
    scale = 2 / max(shape)
    rows, columns = np.indices(shape, dtype=np.float64)
    return (columns - (shape[1] - 1) / 2) * scale, (rows - (shape[0] - 1) / 2) * scale


def _warped_grid(homography, shape):
    """Rows and columns in the moving image of every pixel of the reference."""
    x, y = _normalised_grid(shape)
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in homography)
    scale = max(shape) / 2
    return v / w * scale + (shape[0] - 1) / 2, u / w * scale + (shape[1] - 1) / 2


def _inside(rows, columns, shape):
    last_row, last_column = (side - 1 - _MARGIN for side in shape)
    return (rows >= _MARGIN) & (rows <= last_row) & (columns >= _MARGIN) & (columns <= last_column)


def _phase_shift(moving, reference):
    """(rows, columns) with moving[i + rows, j + columns] ≈ reference[i, j]."""
    window = np.outer(np.hanning(moving.shape[0]), np.hanning(moving.shape[1]))
    spectra = [scipy.fft.rfft2((image - image.mean()) * window) for image in (moving, reference)]
    cross = spectra[0] * spectra[1].conj()
    # Only low frequencies count: the blur has left nothing in the high ones but noise.
    correlation = gaussian_filter(scipy.fft.irfft2(cross / (np.abs(cross) + 1e-12), moving.shape), 1.5, mode="wrap")
    peak = np.unravel_index(np.argmax(correlation), correlation.shape)
    return tuple(int(p) - n if p > n // 2 else int(p) for p, n in zip(peak, moving.shape))
