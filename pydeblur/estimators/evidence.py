"""What speaks for and against a kernel, in a few numbers.

The ranking network sees the restored image alone, and a mean square error forgives a smooth blur that is left: under blurs larger
than those it was trained on it may like a wrong kernel better than the true one. Other numbers see what it does not: the
classifier of section 3 of the paper, asked at half size, sees the blur that is left; a kernel much smaller than the size
asked for is suspect; a kernel has to explain the blurred image (:class:`KernelEvidence`).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pydeblur.estimators.kernel_size import border_mass

#: A mean square below this is rounding.
_SMALLEST_SQUARE = 1e-8


@dataclass(frozen=True)
class KernelEvidence:
    """Numbers about a kernel, and about the image that total variation restores with it; NaN is one that was not asked for.

    Attributes
    ----------
    log_error, half_log_error : float
        What the ranking network expects of the restored image, and of that image at half its size: the natural logarithm of
        the mean square error.
    log_odds, half_log_odds : float
        The compact classifier's log-odds that the restored image is blurred, at its full and at half its size.
    extent : float
        The kernel's root mean square radius, over the kernel's size that was asked for.
    entropy : float
        Of the kernel, in nats.
    peak : float
        The largest share of the kernel's mass in one pixel.
    border : float
        The share of its mass in its outermost two pixels.
    residual : float
        Natural logarithm of the mean square of what the restored image, within [0, 1] and blurred again, leaves of the blurred
        image.
    change : float
        Natural logarithm of the mean square of the difference between the restored and the blurred image.
    overshoot : float
        Natural logarithm of the mean square of what the restored image has outside [0, 1].
    log_mean_error : float
        What the ranking network expects of the restored image: where ``log_error`` is the mean of the logarithms over the image's
        squares, this is the logarithm of the mean.
    """

    log_error: float = math.nan
    half_log_error: float = math.nan
    log_odds: float = math.nan
    half_log_odds: float = math.nan
    extent: float = math.nan
    entropy: float = math.nan
    peak: float = math.nan
    border: float = math.nan
    residual: float = math.nan
    change: float = math.nan
    overshoot: float = math.nan
    log_mean_error: float = math.nan


#: Those numbers that are about the blurred and the restored image; the residual costs a convolution.
IMAGE_NUMBERS = ("residual", "change", "overshoot")


def kernel_numbers(kernel: np.ndarray, kernel_size: int) -> dict[str, float]:
    """Those fields of :class:`KernelEvidence` that are about the kernel alone.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Non-negative, of sum 1.
    kernel_size : int
        That was asked for.

    Examples
    --------
    >>> point = np.zeros((5, 5))
    >>> point[2, 2] = 1
    >>> kernel_numbers(point, 5)
    {'extent': 0.0, 'entropy': 0.0, 'peak': 1.0, 'border': 0.0}
    """
    shares = kernel[kernel > 0]
    return {
        "extent": radius(kernel) / kernel_size,
        "entropy": float(abs(-(shares * np.log(shares)).sum())),
        "peak": float(kernel.max()),
        "border": border_mass(kernel),
    }


def radius(kernel: np.ndarray) -> float:
    """Root mean square distance of a kernel's mass from its centroid, in pixels.

    Examples
    --------
    >>> radius(np.array([[0.5, 0, 0, 0, 0.5]]))
    2.0
    """
    variance = 0.0
    for profile in (kernel.sum(axis=1), kernel.sum(axis=0)):
        places = np.arange(len(profile))
        variance += float(profile @ places**2 - (profile @ places) ** 2)
    return max(variance, 0.0) ** 0.5


def image_numbers(
    image: np.ndarray,
    restored: np.ndarray,
    kernel: np.ndarray,
    gamma: float = 1.0,
    names: Collection[str] = IMAGE_NUMBERS,
) -> dict[str, float]:
    """Those fields of :class:`KernelEvidence` that are about the blurred and the restored image.

    Parameters
    ----------
    image, restored : (H, W) ndarray
        The latter as :func:`pydeblur.estimators.ranking.restored_by_tv` gives it.
    kernel : (n, n) ndarray
        Smaller than the image.
    gamma : float
        The kernel blurs the image raised to this power.
    names : collection of str
        The fields that are wanted.

    Examples
    --------
    >>> image = np.full((8, 8), 0.5)
    >>> found = image_numbers(image, image + 0.1, np.ones((1, 1)))
    >>> round(found["residual"], 3), round(found["change"], 3), round(found["overshoot"], 3)
    (-4.605, -4.605, -18.421)
    """
    inside = np.clip(restored, 0, 1)
    differences = {
        "residual": lambda: unexplained(image, inside, kernel, gamma),
        "change": lambda: inside - image,
        "overshoot": lambda: restored - inside,
    }
    return {name: _log_square(difference()) for name, difference in differences.items() if name in names}


def unexplained(image: np.ndarray, inside: np.ndarray, kernel: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    """What a restored image, blurred again, differs from the blurred one by, where no border is seen.

    Parameters
    ----------
    image, inside : (H, W) ndarray
        In [0, 1].
    kernel : (n, n) ndarray
        Of odd sides, smaller than the image.
    gamma : float
        The kernel blurs the image raised to this power.

    Returns
    -------
    (H - n + 1, W - n + 1) ndarray

    Examples
    --------
    >>> unexplained(np.full((8, 8), 0.5), np.full((8, 8), 0.75), np.ones((3, 3)) / 9).round(6).max().item()
    0.25
    """
    from scipy.signal import fftconvolve  # SciPy takes a second to import it

    margins = [length // 2 for length in kernel.shape]
    seen = tuple(slice(margin, side - margin) for margin, side in zip(margins, image.shape))
    return fftconvolve(inside**gamma, kernel, mode="valid") - image[seen] ** gamma


def _log_square(values: np.ndarray) -> float:
    return float(np.log(np.mean(np.square(values), dtype=np.float64) + _SMALLEST_SQUARE))
