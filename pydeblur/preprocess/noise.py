"""How noisy a blurred image is."""

from __future__ import annotations

import numpy as np
import scipy

#: This mask is blind to planes and to all edges along rows or columns (Immerkaer, "Fast noise variance estimation",
#: 1996).
_MASK = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
#: Median absolute value of a normal distribution of standard deviation 1.
_NORMAL_MEDIAN = 0.6744897501960817
#: Width of the Gaussian for the slope: it is so much wider than the mask that the noise does not decide where the slope
#: is small.
_SLOPE_WIDTH = 2.0
#: The truncated Gaussian's radius is four widths, the mask's 1.
REACH = round(4 * _SLOPE_WIDTH)
SMOOTH_SHARE = 0.4


def noise_level(image: np.ndarray) -> float:
    """Estimate the standard deviation of the noise in a blurred image.

    Blur leaves next to nothing of the scene at the frequencies that the mask sees; only the smoothest 40 % of the image
    are looked at, and the median ignores what edges are left.

    Parameters
    ----------
    image : (H, W) ndarray
        At least 3x3, in [0, 1].

    Returns
    -------
    float
        0 where most of the image is constant.

    Examples
    --------
    >>> import numpy as np
    >>> image = 0.5 + 0.02 * np.random.default_rng(0).standard_normal((200, 200))
    >>> round(noise_level(image), 3)
    0.02
    """
    response, slope = response_and_slope(image)
    # A clipped highlight or a black ground has no noise to be seen, and says nothing of the rest.
    inside = (image > image.min()) & (image < image.max())
    if not inside.any():
        return 0.0
    smooth = inside & (slope <= np.quantile(slope[inside], SMOOTH_SHARE))
    return noise_of_response(np.median(response[smooth]))


def response_and_slope(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the absolute response of the mask that sees noise, and the slope of the smoothed image.

    Parameters
    ----------
    image : (H, W) ndarray
        The results depend on pixels up to `REACH` away; beyond the border they are replicated.

    Returns
    -------
    response, slope : (H, W) float64 ndarray

    Examples
    --------
    >>> import numpy as np
    >>> response, slope = response_and_slope(np.outer(np.ones(40), np.arange(40.0)))
    >>> response[20, 20].item(), round(slope[20, 20].item(), 2)
    (0.0, 1.0)
    """
    image = np.asarray(image, np.float64)
    response = np.abs(scipy.ndimage.convolve(image, _MASK, mode="nearest"))
    return response, scipy.ndimage.gaussian_gradient_magnitude(image, _SLOPE_WIDTH, mode="nearest")


def noise_of_response(median: float) -> float:
    """Return the standard deviation of the noise that leaves a median absolute response of the mask.

    Examples
    --------
    >>> round(noise_of_response(0.04046939), 6)
    0.01
    """
    return float(median / _NORMAL_MEDIAN / np.linalg.norm(_MASK))
