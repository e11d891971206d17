"""How well a blur of linear light, and one of the stored values, explains a clipped picture.

Whyte et al.'s step adds up light, and the sum of two blurred strokes is another in linear light than in the stored, gamma-coded
values. A camera blurs light; a picture that a program has blurred has mostly seen the blur in its stored values.
"""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.whyte import GAMMA, deconvolve_saturated

#: The intensities to this power are what is stored, and linear light.
STORED, LINEAR = 1.0, GAMMA
#: Half as many iterations as the final step has tell the two apart.
_ITERATIONS = 25
#: What may be clipped tells nothing.
_UNCLIPPED = 0.9
#: Of a larger picture the middle is looked at: so many pixels, or so many kernel sizes, whichever is more.
_LARGEST_SIDE, _KERNEL_SIZES = 512, 4
#: A mean square below this is rounding.
_SMALLEST_SQUARE = 1e-7


def plane_to_look_at(image: np.ndarray, kernel_size: int) -> np.ndarray:
    """What of a picture tells the light of its blur.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
    kernel_size : int
        The longer side of the kernel.

    Returns
    -------
    (h, w) ndarray
        Of a picture with channels the brightest on the mean, and of a large one its middle 512 × 512 pixels, or four kernel
        sizes where these are more, as a view.

    Examples
    --------
    >>> plane_to_look_at(np.zeros((600, 400, 3)), 31).shape
    (512, 400)
    """
    plane = image if image.ndim == 2 else image[..., int(np.argmax(image.mean(axis=(0, 1))))]
    largest = max(_LARGEST_SIDE, _KERNEL_SIZES * kernel_size)
    starts = [max(side - largest, 0) // 2 for side in plane.shape]
    return plane[tuple(slice(start, start + largest) for start in starts)]


def residual_ratio(plane: np.ndarray, kernel: np.ndarray, workers: int = 1) -> float:
    """What a blur of the stored values leaves unexplained, by what one of linear light leaves.

    Parameters
    ----------
    plane : (H, W) ndarray
        Blurred picture in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, smaller than the picture, of sum 1.
    workers : int
        Threads of the FFTs.

    Returns
    -------
    float
        The larger of two ratios of mean squares over the unclipped pixels, as they are measured in stored values and in linear
        light: whoever is measured by its own scale looks better. 1 where no pixel is unclipped.

    Examples
    --------
    >>> round(residual_ratio(np.full((16, 16), 0.5), np.full((3, 3), 1 / 9)), 2)
    1.0
    """
    plane, kernel = np.asarray(plane, np.float32), np.asarray(kernel, np.float32)
    stored, linear = (_residuals(plane, kernel, gamma, workers) for gamma in (STORED, LINEAR))
    return max(own / other for own, other in zip(stored, linear))


def _residuals(plane: np.ndarray, kernel: np.ndarray, gamma: float, workers: int) -> list[float]:
    """Mean squares of what a restoration leaves of the unclipped pixels: measured in stored values, and in linear light."""
    from scipy.signal import fftconvolve  # SciPy takes a second to import it

    restored = deconvolve_saturated(plane, kernel, _ITERATIONS, workers, gamma)
    light = np.maximum(fftconvolve(restored**gamma, kernel, mode="valid"), 0)
    rows, columns = (side // 2 for side in kernel.shape)
    seen = plane[rows : len(plane) - rows, columns : plane.shape[1] - columns]
    unclipped = seen < _UNCLIPPED
    if not unclipped.any():
        return [1.0, 1.0]
    explained = np.minimum(light[unclipped].astype(np.float64) ** (1 / gamma), 1)
    seen = np.maximum(seen[unclipped].astype(np.float64), 0)
    return [float(np.mean((explained**power - seen**power) ** 2)) + _SMALLEST_SQUARE for power in (STORED, LINEAR)]
