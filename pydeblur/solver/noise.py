"""How noisy the blurred image is, and what follows for the options. Not part of the paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import convolve

from pydeblur.solver.options import SolverOptions

#: Blind to planes and to all edges along rows or columns (Immerkaer, "Fast noise variance estimation", 1996).
_MASK = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
#: Median absolute value of a normal distribution of standard deviation 1.
_NORMAL_MEDIAN = 0.6744897501960817
_LARGEST_RATIO = 1.5


def noise_level(image: np.ndarray) -> float:
    """Standard deviation of the noise in a blurred image.

    Blur leaves next to nothing of the scene at the frequencies that the mask sees; the median ignores what is left at
    strong edges.

    Parameters
    ----------
    image : (H, W) ndarray
        At least 3x3, in [0, 1].

    Returns
    -------
    float
        0 where most of the image is constant.
    """
    response = convolve(np.asarray(image, np.float64), _MASK, mode="nearest")[1:-1, 1:-1]
    # A clipped highlight or a black ground has no noise to be seen, and says nothing of the rest.
    inside = response[(image[1:-1, 1:-1] > image.min()) & (image[1:-1, 1:-1] < image.max())]
    if inside.size == 0:
        return 0.0
    return float(np.median(np.abs(inside)) / _NORMAL_MEDIAN / np.linalg.norm(_MASK))


def adapt_to_noise(image: np.ndarray, options: SolverOptions) -> SolverOptions:
    """The options with `prefilter` and `relative_kernel_weight` for this image's noise, see SolverOptions."""
    if options.noise_reference is None:
        return options
    ratio = min(noise_level(image) / options.noise_reference, _LARGEST_RATIO)
    return replace(
        options,
        noise_reference=None,
        prefilter=options.prefilter * ratio,
        relative_kernel_weight=options.relative_kernel_weight * ratio**2,
    )
