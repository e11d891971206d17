"""Deconvolution by half-quadratic splitting with a denoiser: what EPLL and denoisers of one's own have in common.

The energy is ||I⊗k - B||² / (2σ²) + Φ(I), and Φ need not be known: a denoiser that removes noise of the variance 1/β stands
for its proximal operator (Venkatakrishnan et al. 2013, Zoran & Weiss 2011, Zhang et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from pydeblur.backend.fft import rfft2
from pydeblur.nonblind.padded_blur import PaddedBlur

#: Steps in I for each denoising, which costs much more; all but the first are for the border, see PaddedBlur.
ROUNDS = 4


class DenoisingStep(NamedTuple):
    """One step of the splitting.

    Attributes
    ----------
    coupling : float
        β σ², by which the image is tied to the denoised one.
    denoise : callable
        From an image (..., H, W) to one of its shape and dtype without the noise of the variance 1/β.
    """

    coupling: float
    denoise: Callable[[np.ndarray], np.ndarray]


def split_and_denoise(
    blurred: np.ndarray, kernel: np.ndarray, steps: Iterable[DenoisingStep], workers: int = 1, room: int = 1
) -> np.ndarray:
    """Denoise and fit to the blurred image in turn.

    In each step z is the denoised image, and I minimises ||I⊗k - B||² + coupling ||I - z||², by FFT. What lies beyond the
    border is unknown, see :class:`~pydeblur.nonblind.padded_blur.PaddedBlur`: the denoisers get the padded image, which is
    periodic.

    Parameters
    ----------
    blurred : (..., H, W) ndarray
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    steps : iterable of DenoisingStep
        From weak couplings to strong ones.
    workers : int
        Threads of the FFTs.
    room : int
        The padding is that for a kernel of at least this size.

    Returns
    -------
    (..., H, W) ndarray
        The latent image in the dtype of `blurred`; not clipped.

    Examples
    --------
    >>> import numpy as np
    >>> steps = [DenoisingStep(coupling, lambda image: image) for coupling in (0.1, 0.2)]
    >>> latent = split_and_denoise(np.full((10, 12), 0.5), np.full((3, 3), 1 / 9), steps)
    >>> bool(np.allclose(latent, 0.5))
    True
    """
    problem = PaddedBlur(blurred, kernel, workers, room=room)
    for step in steps:
        spectrum = step.coupling * rfft2(step.denoise(problem.image), workers)
        for _ in range(ROUNDS):
            problem.solve(spectrum, step.coupling)
    return problem.cropped()
