"""How noisy a blurred image is."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve, gaussian_gradient_magnitude

#: This mask is blind to planes and to all edges along rows or columns (Immerkaer, "Fast noise variance estimation",
#: 1996).
_MASK = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
#: Median absolute value of a normal distribution of standard deviation 1.
_NORMAL_MEDIAN = 0.6744897501960817
#: Width of the Gaussian for the slope: it is so much wider than the mask that the noise does not decide where the slope
#: is small.
_SLOPE_WIDTH = 2.0
_SMOOTH_SHARE = 0.4


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
    image = np.asarray(image, np.float64)
    response = np.abs(convolve(image, _MASK, mode="nearest"))
    slope = gaussian_gradient_magnitude(image, _SLOPE_WIDTH, mode="nearest")
    # A clipped highlight or a black ground has no noise to be seen, and says nothing of the rest.
    inside = (image > image.min()) & (image < image.max())
    if not inside.any():
        return 0.0
    smooth = inside & (slope <= np.quantile(slope[inside], _SMOOTH_SHARE))
    return float(np.median(response[smooth]) / _NORMAL_MEDIAN / np.linalg.norm(_MASK))
