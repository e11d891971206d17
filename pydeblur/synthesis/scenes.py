"""Changes of a sharp scene before it is blurred: drawings made of photographs, and parts out of focus."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis.blur import convolve_valid
from pydeblur.synthesis.resize import resize


def posterize(image, rng):
    """Turn an image into a drawing of two to four flat grey values with antialiased edges.

    Parameters
    ----------
    image : (H, W) array_like
        Values in [0, 1].
    rng : numpy.random.Generator or int
        Draws the smoothing (standard deviation 0.7 to 3 pixels), the quantiles at which the image is cut, and the
        grey values, one of which is white or black; an int is a seed.

    Returns
    -------
    (H, W) float32 ndarray in [0, 1]

    Raises
    ------
    InvalidInputError
        If the image isn't two-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import posterize
    >>> drawing = posterize(np.random.default_rng(0).random((32, 32)), 0)
    >>> drawing.shape, bool(0 <= drawing.min() and drawing.max() <= 1)
    ((32, 32), True)
    """
    image, rng = _checked_plane(image), np.random.default_rng(rng)
    smooth = gaussian_filter(image, rng.uniform(0.7, 3.0))
    # A ramp as wide as one pixel lies across each contour, as if the drawing had been averaged over the pixel's area.
    width = np.hypot(*np.gradient(smooth)) + np.float32(1e-6)
    cuts = np.sort(np.quantile(smooth[::2, ::2], rng.uniform(0.1, 0.9, rng.integers(1, 4))))
    values = rng.uniform(0, 1, len(cuts) + 1)
    values[rng.integers(len(values))] = 1 if rng.uniform() < 0.7 else 0
    drawing = np.full_like(smooth, values[0])
    for cut, value in zip(cuts.astype(np.float32), values[1:].astype(np.float32)):
        inside = np.clip((smooth - cut) / width + np.float32(0.5), 0, 1)
        drawing += inside * (value - drawing)
    return drawing


def defocus_parts(image, rng):
    """Put irregular parts of an image out of focus, as a lens of shallow depth of field does with the ground.

    Parameters
    ----------
    image : (H, W) array_like
        Values in [0, 1].
    rng : numpy.random.Generator or int
        Draws the radius of the circle of confusion (1.5 to 8 pixels), the size of the parts (20 to 80 pixels) and
        their share of the image (30 to 75 %); an int is a seed.

    Returns
    -------
    (H, W) float32 ndarray in [0, 1]

    Raises
    ------
    InvalidInputError
        If the image isn't two-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import defocus_parts
    >>> image = np.random.default_rng(0).random((64, 64))
    >>> bool(defocus_parts(image, 0).std() < image.std())
    True
    """
    image, rng = _checked_plane(image), np.random.default_rng(rng)
    radius = rng.uniform(1.5, 8.0)
    reach = int(np.ceil(radius))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    soft = convolve_valid(np.pad(image, reach, mode="symmetric"), (disc / disc.sum()).astype(np.float32))
    # White noise, low-passed on a coarse grid, has smooth contours, none of which follows the image's own edges.
    cell = rng.uniform(20, 80)
    grid = rng.standard_normal([int(np.ceil(side / cell)) + 4 for side in image.shape]).astype(np.float32)
    field = resize(grid, cell, "cubic")[: image.shape[0], : image.shape[1]]
    threshold = np.quantile(field[::4, ::4], rng.uniform(0.3, 0.75))
    # The transition from sharp to soft is about a tenth of a part wide.
    in_focus = np.clip((field - threshold) / np.float32(0.15) + np.float32(0.5), 0, 1)
    return np.clip(soft + in_focus * (image - soft), 0, 1)


def _checked_plane(image):
    """Return a grey image as float32; an InvalidInputError refuses what has no area."""
    image = np.asarray(image, np.float32)
    if image.ndim != 2 or min(image.shape) < 2:
        raise InvalidInputError(f"image should be (H, W), at least 2x2, but has the shape {image.shape}.")
    return image
