"""The PSNR after the best shift and rotation: what remains unknown of a picture whose camera's poses were estimated."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter

from pydeblur.errors import InvalidInputError
from pydeblur.metrics.alignment import checked_pair

#: The border that does not count unless another is named, in pixels.
BORDER = 28
_ITERATIONS = 30
#: A step below this, in pixels at the corner, ends a level.
_CONVERGED = 1e-3
#: Widths of the Gaussians, coarse to fine: each level starts where the one before ended.
_WIDTHS = (6.0, 2.0, 0.0)
#: Starting shifts in pixels and angles in degrees.
_SHIFTS, _ANGLES = (-8, -4, 0, 4, 8), (-1.5, 0.0, 1.5)


def rigidly_aligned_psnr(image, reference, border: int = BORDER) -> float:
    """Compute the PSNR of an image moved by the best shift and rotation.

    Blind deconvolution of camera shake recovers the image and the camera's poses only up to a common motion. Gauss-Newton
    steps find it, on smoothed images first, from the best of a few starts; the image is interpolated by cubic splines.

    Parameters
    ----------
    image, reference : (H, W) array_like
        Two finite grey images in [0, 1] of the same shape.
    border : int
        The pixels on each side of the reference that do not count.

    Returns
    -------
    float
        In dB; some 300 for equal images, since the spline has rounding errors.

    Raises
    ------
    InvalidInputError
        If the images are not grey, differ in shape, are not finite, or have nothing within the border.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter, shift
    >>> image = gaussian_filter(np.random.default_rng(0).random((90, 90)), 2)
    >>> rigidly_aligned_psnr(shift(image, (0.4, -1.3), mode="nearest"), image, border=12) > 60
    True
    """
    image, reference = checked_pair(image, reference)
    if image.ndim != 2 or min(image.shape) <= 2 * border:
        raise InvalidInputError(
            f"both images should be (H, W) with more than {2 * border} rows and columns, but their shape is {image.shape}"
        )
    motion = find_rigid_motion(image, reference, border)
    inside = _pixels(image.shape, border)
    moved = map_coordinates(image, _moved(inside, motion, image.shape), order=3, mode="nearest")
    error = float(np.mean((moved - reference[border : -border or None, border : -border or None].ravel()) ** 2))
    return math.inf if error == 0 else -10 * math.log10(error)


def find_rigid_motion(image: np.ndarray, reference: np.ndarray, border: int = BORDER) -> np.ndarray:
    """Find the motion of :func:`rigidly_aligned_psnr`.

    Parameters
    ----------
    image, reference : (H, W) float64 ndarray
    border : int

    Returns
    -------
    (3,) float64 ndarray
        Rows, columns and radians: the reference's pixel p shows the image at R p + (rows, columns), about the centre.

    Examples
    --------
    >>> image = gaussian_filter(np.random.default_rng(0).random((90, 90)), 2)
    >>> find_rigid_motion(image, np.roll(image, 2, axis=1), 12).round(3).tolist()
    [0.0, -2.0, 0.0]
    """
    pixels = _pixels(image.shape, border)
    coarse = [gaussian_filter(picture, _WIDTHS[0]) for picture in (image, reference)]
    # Every fourth pixel of a smooth image says as much as all.
    sampled = pixels[:, ::4]
    starts = [(row, column, math.radians(angle)) for row in _SHIFTS for column in _SHIFTS for angle in _ANGLES]
    motion: np.ndarray = np.array(min(starts, key=lambda start: _mean_square(coarse[0], coarse[1], start, sampled)))
    for width in _WIDTHS:
        smooth = [gaussian_filter(picture, width) if width else picture for picture in (image, reference)]
        motion = _refined(smooth[0], smooth[1], motion, pixels)
    return motion


def _refined(image, reference, motion, pixels):
    """Gauss-Newton steps, as long as they lessen the error."""
    coefficients = spline_filter(image, 3)
    target = reference[pixels[0], pixels[1]]
    centre = [(side - 1) / 2 for side in image.shape]
    row, column = pixels[0] - centre[0], pixels[1] - centre[1]
    slopes = np.gradient(image)
    least, best = np.inf, motion
    for _ in range(_ITERATIONS):
        places = _moved(pixels, motion, image.shape)
        residual = target - map_coordinates(coefficients, places, order=3, mode="nearest", prefilter=False)
        error = float(residual @ residual)
        if error >= least:
            break
        least, best = error, motion
        down, right = (map_coordinates(slope, places, order=1, mode="nearest") for slope in slopes)
        sine, cosine = math.sin(motion[2]), math.cos(motion[2])
        about = down * (-sine * row - cosine * column) + right * (cosine * row - sine * column)
        jacobian = np.stack([down, right, about])
        step = np.linalg.lstsq(jacobian @ jacobian.T, jacobian @ residual, rcond=None)[0]
        motion = motion + step
        if np.abs(step[:2]).max() + abs(step[2]) * math.hypot(*centre) < _CONVERGED:
            break
    return best


def _mean_square(image, reference, motion, pixels):
    moved = map_coordinates(image, _moved(pixels, motion, image.shape), order=1, mode="nearest")
    return float(np.mean((moved - reference[pixels[0], pixels[1]]) ** 2))


def _pixels(shape, border):
    """Rows and columns (2, N) of what counts."""
    return np.indices(shape)[:, border : shape[0] - border, border : shape[1] - border].reshape(2, -1)


def _moved(pixels, motion, shape):
    centre = np.array([[(side - 1) / 2] for side in shape])
    row, column = pixels - centre
    sine, cosine = math.sin(motion[2]), math.cos(motion[2])
    return (
        np.stack([cosine * row - sine * column, sine * row + cosine * column])
        + centre
        + np.asarray(motion[:2])[:, None]
    )
