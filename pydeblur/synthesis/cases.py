"""Blurred cases whose truth is known: a scene, a kernel, and the blurred image that a camera would give."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pydeblur.synthesis.blur import add_noise, blur

#: So many parts of a scene are looked at; the one with most texture is taken, and so not the sky.
_PARTS_TRIED = 4


@dataclass(frozen=True, eq=False)
class BlurredCase:
    """A blurred image and its truth.

    Attributes
    ----------
    name : str
    sharp, blurred : (H, W) float64 ndarray
        In [0, 1], the latter of 8-bit values. Both show the same part of the scene, and no pixel of the blurred one has
        seen its border.
    kernel : (n, n) float64 ndarray
        Of sum 1: ``blurred`` is ``sharp`` convolved with it, in stored values or in light, plus noise.
    kernel_size : int
        The size to ask an estimator for: odd, and larger than the kernel, as users leave room.
    noise : float
        Standard deviation of the noise.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import blurred_case
    >>> scene = np.random.default_rng(0).random((40, 50))
    >>> blurred_case("noise", scene, np.full((5, 5), 1 / 25), 0.01, 1).kernel_size
    7
    """

    name: str
    sharp: np.ndarray
    blurred: np.ndarray
    kernel: np.ndarray
    kernel_size: int
    noise: float


def blurred_case(
    name: str,
    scene: np.ndarray,
    kernel: np.ndarray,
    noise: float,
    rng,
    *,
    side=None,
    room: float = 1.2,
    light_gamma: float = 1.0,
):
    """Blur a part of a scene.

    Parameters
    ----------
    name : str
    scene : (H, W) ndarray
        Sharp, in [0, 1].
    kernel : (n, n) ndarray
        Odd, of sum 1.
    noise : float
        Standard deviation of the Gaussian noise, which is added before the rounding to 8 bits.
    rng : numpy.random.Generator or int
        Draws the part and the noise; an int is a seed.
    side : int, optional
        Side of the square image; by default the whole scene is blurred.
    room : float
        The size to ask for is the next odd number from this many times the kernel's.
    light_gamma : float
        The kernel blurs intensities to this power: 1 is the stored values, 2.2 linear light.

    Returns
    -------
    BlurredCase or None
        None where the scene is too small.

    Examples
    --------
    >>> scene = np.random.default_rng(0).random((40, 50))
    >>> case = blurred_case("noise", scene, np.full((5, 5), 1 / 25), 0.01, 1, side=32)
    >>> case.sharp.shape, case.blurred.shape, case.kernel_size
    ((32, 32), (32, 32), 7)
    """
    rng = np.random.default_rng(rng)
    size = kernel.shape[0]
    if min(scene.shape) < (1 if side is None else side) + size - 1:
        return None
    part = scene if side is None else _textured_part(scene, side + size - 1, rng)
    if light_gamma == 1:
        blurred = blur(part, kernel, noise, rng, boundary="valid").astype(float)
    else:
        light = blur(part**light_gamma, kernel, 0.0, rng, quantize=False, boundary="valid")
        blurred = add_noise(np.maximum(light, 0) ** (1 / light_gamma), noise, rng).astype(float)
    margin = size // 2
    sharp = part[margin : margin + blurred.shape[0], margin : margin + blurred.shape[1]].astype(float)
    return BlurredCase(name, sharp, blurred, np.asarray(kernel, float), asked_size(size, room), noise)


def asked_size(size: int, room: float) -> int:
    """The next odd number from `room` times a kernel's size.

    Examples
    --------
    >>> asked_size(21, 1.2), asked_size(21, 1.0)
    (27, 21)
    """
    return math.ceil(room * size) // 2 * 2 + 1


def _textured_part(scene: np.ndarray, side: int, rng) -> np.ndarray:
    """Return the one of some squares of a scene that has most texture down the rows."""
    corners = [tuple(int(rng.integers(length - side + 1)) for length in scene.shape) for _ in range(_PARTS_TRIED)]
    parts = [scene[top : top + side, left : left + side] for top, left in corners]
    return max(parts, key=lambda part: np.abs(np.diff(part, axis=0)).mean())
