"""The final step of Pan et al. 2014 [26]: a TV result, less the smoothed difference from an L0 result."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.bilateral import bilateral_filter
from pydeblur.nonblind.channels import channels_first, channels_last, each_channel
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.tv import deconvolve_tv_periodic
from pydeblur.solver.boundary import padded_shape, wrap_boundary


def remove_ringing(
    image: np.ndarray,
    kernel: np.ndarray,
    lambda_tv: float = 1e-3,
    lambda_l0: float = 5e-4,
    weight_ring: float = 1.0,
    workers: int = 1,
) -> np.ndarray:
    """I_tv - weight_ring * bilateral(I_tv - I_l0) (`ringing_artifacts_removal`).

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Blurred image in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_tv : float
        Weight of the total variation, > 0; usual 1e-3.
    lambda_l0 : float
        Weight of the L0 gradients, >= 0; usual 5e-4 ... 2e-3.
    weight_ring : float
        0 gives the TV result alone.
    workers : int
        Threads, >= 1.

    Returns
    -------
    (H, W[, 3]) ndarray of the image's dtype; not clipped.
    """
    height, width = image.shape[:2]
    padded = wrap_boundary(channels_first(image), padded_shape(image.shape, kernel.shape))
    padded = channels_last(padded)
    smooth = each_channel(
        lambda channel: deconvolve_tv_periodic(channel, kernel, lambda_tv, workers)[:height, :width], padded
    )
    if weight_ring == 0:
        return smooth
    # As in the MATLAB family, the L0 part pads the already padded image once more.
    ringing = deconvolve_l0(padded, kernel, lambda_l0, workers=workers)[:height, :width]
    np.subtract(smooth, ringing, out=ringing)
    del padded
    ringing = bilateral_filter(ringing, workers=workers)
    ringing *= np.float32(weight_ring)
    smooth -= ringing
    return smooth
