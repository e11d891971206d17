"""Deconvolution with the L0 norm of the gradients [38]: the latent step of the solver without a further prior."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentProblem, Splitting


def deconvolve_l0(
    image: np.ndarray, kernel: np.ndarray, lambda_l0: float = 5e-4, growth: float = 2.0, workers: int = 1
) -> np.ndarray:
    """Minimise ||I⊗k - B||² + λ_l0 ||∇I||_0 over I; the channels keep or lose their gradients together.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred image.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_l0 : float
        Weight of the L0 norm, >= 0; with 0 the data term alone is solved once.
    growth : float
        Factor of the penalty from one step to the next, > 1; κ of ``L0Restoration`` in the MATLAB family.
    workers : int
        Threads of the FFTs.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        The latent image in the image's dtype; not clipped.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.kron([[0.2, 0.8], [0.6, 0.4]], np.ones((8, 8)))
    >>> bool(np.allclose(deconvolve_l0(image, np.ones((1, 1)), 1e-4), image, atol=1e-3))
    True
    """
    crop_shape = image.shape[:2]
    padded = wrap_boundary(channels_first(image), padded_shape(image.shape, kernel.shape))
    problem = LatentProblem(padded, crop_shape, Splitting(alpha_growth=growth), workers)
    problem.set_kernel(kernel)
    latent = problem.solve(lambda_l0).image
    return channels_last(latent[..., : crop_shape[0], : crop_shape[1]])
