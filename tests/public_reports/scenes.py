"""The pictures and kernels of these tests, from scikit-image's packaged data."""

import numpy as np
from scipy.signal import convolve2d
from skimage import data

#: A bent stroke of 7 × 7, which is no mirror image of itself.
KERNEL = np.zeros((7, 7))
KERNEL[[1, 2, 3, 3, 4, 5], [1, 2, 3, 4, 5, 5]] = [0.1, 0.25, 0.3, 0.2, 0.1, 0.05]


def sharp_picture(height=90, width=120):
    """A grey photograph (height, width) in [0, 1]."""
    return data.camera()[60 : 60 + height, 160 : 160 + width] / 255.0


def blurred_picture(height=90, width=120, kernel=KERNEL):
    """The photograph under a kernel, with as much of the scene around it as the kernel needs."""
    reach_up, reach_left = kernel.shape[0] // 2, kernel.shape[1] // 2
    wide = data.camera()[60 - reach_up : 60 + height + reach_up, 160 - reach_left : 160 + width + reach_left] / 255.0
    return convolve2d(wide, kernel, mode="valid")


def rms(difference):
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(difference))))
