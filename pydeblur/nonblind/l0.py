"""Deconvolution with the L0 norm of the gradients [38]: the latent step of the solver without a further prior."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentProblem, Splitting


def deconvolve_l0(
    image: np.ndarray, kernel: np.ndarray, lambda_l0: float = 5e-4, growth: float = 2.0, workers: int = 1
) -> np.ndarray:
    """min_I ||I⊗k - B||² + λ_l0 ||∇I||_0; the channels keep or lose their gradients together.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        Blurred image.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_l0 : float
        >= 0; with 0 the data term alone is solved once.
    growth : float
        > 1, the factor of the penalty from one step to the next (κ in `L0Restoration`).

    Returns
    -------
    (H, W[, C]) ndarray of the image's dtype; not clipped.
    """
    crop_shape = image.shape[:2]
    padded = wrap_boundary(channels_first(image), padded_shape(image.shape, kernel.shape))
    problem = LatentProblem(padded, crop_shape, Splitting(alpha_growth=growth), workers)
    problem.set_kernel(kernel)
    latent = problem.solve(lambda_l0).image
    return channels_last(latent[..., : crop_shape[0], : crop_shape[1]])
