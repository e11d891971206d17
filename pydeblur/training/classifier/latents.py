"""Pairs of intermediate latent images, which are what the classifier is asked about inside the solver.

The solver does not show its prior photographs but L0-smoothed images, deblurred with the kernel of the moment (docs/algorithm,
section 4). Here the "clear" ones are those that the true kernel leads to, and the "blurred" ones those of wrong kernels, with
their ringing and double edges (cf. the adversarial regularisers of Lunz et al., NeurIPS 2018, whose negatives are a solver's
own reconstructions).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pydeblur.errors import InvalidInputError
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentProblem
from pydeblur.synthesis.blur import blur, valid_part
from pydeblur.synthesis.resize import resize

#: μ of eq. (4) at the first iteration, and how many of those after it count, each with a smaller one.
_LAMBDA_GRAD, _DECAY, _ITERATIONS = 4e-3, 1.1, 25
_SMALLEST_KERNEL = 3
#: How often the clear image is the sharp one as the solver smooths it, and not a deblurred one.
_SHARP_SHARE = 0.3


def latent_pair(sharp, kernel, noise: float = 0.01, rng=None) -> tuple[np.ndarray, np.ndarray]:
    """Latent images of one blurred image: the solver's with about the right kernel, and with a wrong one.

    Parameters
    ----------
    sharp : (H, W) array_like
        Sharp image, values in [0, 1].
    kernel : (h, w) array_like
        Odd sides, sum 1, smaller than the image.
    noise : float
        Standard deviation of the noise.
    rng : numpy.random.Generator or int, optional
        Draws the noise, μ of eq. (4), and which of either kind comes; an int is a seed.

    Returns
    -------
    good, bad : (H - h + 1, W - w + 1) float32 ndarray
        Not clipped.

    Raises
    ------
    InvalidInputError
        As :func:`pydeblur.synthesis.blur.blur`.

    Examples
    --------
    >>> sharp = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> good, bad = latent_pair(sharp, np.full((5, 5), 1 / 25), rng=0)
    >>> good.shape, bad.shape
    ((44, 44), (44, 44))
    """
    rng = np.random.default_rng(rng)
    sharp, kernel = np.asarray(sharp, np.float32), np.asarray(kernel, np.float32)
    blurred = blur(sharp, kernel, noise, rng, boundary="valid")
    sharp = valid_part(sharp, kernel.shape)
    # μ as it decays over the iterations.
    lambda_grad = _LAMBDA_GRAD / _DECAY ** rng.uniform(0, _ITERATIONS)
    if rng.uniform() < _SHARP_SHARE:
        good = _latent(sharp, _delta(), lambda_grad)
    else:
        good = _latent(blurred, kernel, lambda_grad)
    bad = _latent(blurred, _wrong_kernel(kernel, rng), lambda_grad)
    return good, bad


def scaled_kernel(kernel, scale: float) -> np.ndarray:
    """A kernel as a coarser image sees it: resampled, odd sides of at least 3, sum 1.

    Parameters
    ----------
    kernel : (n, n) array_like
    scale : float
        In (0, 1].

    Returns
    -------
    (m, m) float32 ndarray

    Raises
    ------
    InvalidInputError
        If the scale is out of its range.

    Examples
    --------
    >>> small = scaled_kernel(np.full((15, 15), 1 / 225), 0.5)
    >>> small.shape, round(float(small.sum()), 4)
    ((9, 9), 1.0)
    """
    kernel = np.asarray(kernel, np.float32)
    if not 0 < scale <= 1:
        raise InvalidInputError(f"scale should lie in (0, 1], but is {scale}")
    if scale == 1:
        return kernel
    small = np.maximum(resize(kernel, scale, "linear"), 0)
    small = np.pad(small, [((side + 1) % 2, 0) for side in small.shape])
    small = np.pad(small, [(max(_SMALLEST_KERNEL - side, 0) // 2,) * 2 for side in small.shape])
    return small / small.sum()


def _latent(image: np.ndarray, kernel: np.ndarray, lambda_grad: float) -> np.ndarray:
    """The latent image that the solver would find with a kernel."""
    shape = padded_shape(image.shape, kernel.shape)
    problem = LatentProblem(wrap_boundary(image, shape), image.shape)
    problem.set_kernel(kernel)
    return problem.solve(lambda_grad).image[: image.shape[0], : image.shape[1]].astype(np.float32)


def _delta() -> np.ndarray:
    kernel = np.zeros((3, 3), np.float32)
    kernel[1, 1] = 1
    return kernel


def _wrong_kernel(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A kernel such as the solver passes through: none yet, too wide, too small, noisy, or of another shape."""
    kind = rng.integers(5)
    if kind == 0:
        return _delta()
    if kind == 1:
        wrong = ndimage.gaussian_filter(kernel, rng.uniform(0.08, 0.25) * max(kernel.shape), mode="constant")
    elif kind == 2:
        wrong = np.zeros_like(kernel)
        small = scaled_kernel(kernel, rng.uniform(0.4, 0.75))
        first = [(side - other) // 2 for side, other in zip(kernel.shape, small.shape)]
        wrong[first[0] : first[0] + small.shape[0], first[1] : first[1] + small.shape[1]] = small
    elif kind == 3:
        speckle = rng.uniform(size=kernel.shape).astype(np.float32) ** 4
        share = rng.uniform(0.3, 0.8)
        wrong = (1 - share) * kernel + share * speckle / speckle.sum()
    else:
        wrong = np.maximum(ndimage.rotate(kernel, rng.uniform(25, 155), reshape=False, order=1), 0)
    mass = wrong.sum()
    return (wrong / mass).astype(np.float32) if mass > 0 else _delta()
