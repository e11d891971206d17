"""How a sharp scene becomes the blurred picture of a pair: kernel, clipped lights, noise, 8 bits, JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, rotate, zoom

from pydeblur.synthesis.blur import add_noise, convolve_valid, valid_part
from pydeblur.synthesis.kernels import random_kernel, random_size

#: Sizes of the kernels, and how often each range comes up.
_SIZES, _SIZE_SHARES = ((5, 7), (9, 31), (33, 45), (47, 91)), (0.08, 0.56, 0.2, 0.16)
#: The smallest and the largest.
KERNEL_SIZES = (_SIZES[0][0], _SIZES[-1][1])
#: Shares of the kernels of constant speed, of straight ones, and of those that a lens softens; the range of the others'
#: variation of speed.
_CONSTANT, _STRAIGHT, _SOFTENED, _SPEED_VARIATIONS = 0.3, 0.05, 0.35, (0.4, 1.6)
#: Standard deviations of the noise: ranges and how often each comes up.
_NOISES, _NOISE_SHARES = ((0.0, 0.004), (0.004, 0.012), (0.012, 0.03)), (0.4, 0.38, 0.22)
#: Share of the pictures that are stored as JPEG, and the range of their quality.
_JPEG, _QUALITIES = 0.25, (85, 98)
#: Shares of the pictures whose blur changes across them, and of those with lights that are clipped.
_NONUNIFORM, _LIGHTS = 0.3, 0.07
_LARGEST_TURN, _LARGEST_STRETCH = 3.0, 0.06
#: The most that a measured kernel's pixels are off: as a share of each, and of the largest.
_LARGEST_RELATIVE_ERROR, _LARGEST_ADDED_ERROR = 0.3, 0.02


@dataclass(frozen=True, eq=False)
class Exposure:
    """A blurred picture and what it shows.

    Attributes
    ----------
    blurred : (h, w) float32 ndarray
        Of 8-bit values.
    sharp : (H, W) float32 ndarray
        The scene, larger by the kernel's size less 1.
    noise : float
        Standard deviation of the noise.
    """

    blurred: np.ndarray
    sharp: np.ndarray
    noise: float


def drawn_kernel(rng: np.random.Generator, largest: int = KERNEL_SIZES[1]) -> np.ndarray:
    """Draw a kernel of 5 to `largest` pixels: of constant or varying speed, crooked or straight, crisp or softened.

    Parameters
    ----------
    rng : numpy.random.Generator
    largest : int
        Odd, at least 5.

    Returns
    -------
    (n, n) float64 ndarray
        Odd, of sum 1.

    Examples
    --------
    >>> kernel = drawn_kernel(np.random.default_rng(0), 31)
    >>> kernel.shape[0] <= 31, round(float(kernel.sum()), 6)
    (True, 1.0)
    """
    low, high = _SIZES[rng.choice(len(_SIZES), p=_SIZE_SHARES)]
    if low > largest:
        low = 5
    size = random_size((low, min(high, largest)), rng)
    if rng.random() < _STRAIGHT:
        kernel = _straight_kernel(size, rng)
    else:
        kernel = random_kernel(size, rng, 0.0 if rng.random() < _CONSTANT else rng.uniform(*_SPEED_VARIATIONS))
    if rng.random() < _SOFTENED:
        kernel = gaussian_filter(kernel, rng.uniform(0.3, 0.9), mode="constant")
    return kernel / kernel.sum()


def measured_kernel(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A true kernel as a measurement gives it: no pixel of it is exact, and faint ones are lost.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Odd, of sum 1.
    rng : numpy.random.Generator

    Returns
    -------
    (n, n) float64 ndarray
        Of sum 1.

    Examples
    --------
    >>> kernel = np.zeros((5, 5))
    >>> kernel[2, 1:4] = 1 / 3
    >>> measured = measured_kernel(kernel, np.random.default_rng(0))
    >>> round(float(measured.sum()), 6), bool(0 < np.abs(measured - kernel).max() < 0.1)
    (1.0, True)
    """
    relative, added = rng.uniform(0, _LARGEST_RELATIVE_ERROR), rng.uniform(0, _LARGEST_ADDED_ERROR)
    errors = rng.standard_normal((2, *kernel.shape))
    measured = kernel * (1 + relative * errors[0]) + added * kernel.max() * errors[1] * (gaussian_filter(kernel, 1) > 0)
    measured[measured < added * kernel.max()] = 0
    return measured / measured.sum()


def _straight_kernel(size: int, rng: np.random.Generator) -> np.ndarray:
    """A line through the centre in a random direction."""
    angle = rng.uniform(0, np.pi)
    direction = np.array([np.sin(angle), np.cos(angle)])
    direction *= (size // 2) / np.abs(direction).max()
    kernel = np.zeros((size, size))
    for place in np.linspace(-1, 1, 8 * size):
        row, column = place * direction + size // 2
        top, left = min(int(row), size - 2), min(int(column), size - 2)
        down, right = row - top, column - left
        kernel[top : top + 2, left : left + 2] += np.outer([1 - down, down], [1 - right, right])
    return kernel / kernel.sum()


def drawn_noise(rng: np.random.Generator) -> float:
    """Draw a standard deviation from 0 to 0.03, two of five of which are below 0.004.

    Examples
    --------
    >>> 0 <= drawn_noise(np.random.default_rng(0)) <= 0.03
    True
    """
    return float(rng.uniform(*_NOISES[rng.choice(len(_NOISES), p=_NOISE_SHARES)]))


def exposed(scene: np.ndarray, kernel: np.ndarray, rng: np.random.Generator) -> Exposure:
    """Blur a scene, and add what a camera adds.

    Parameters
    ----------
    scene : (H, W) float32 ndarray
        In [0, 1].
    kernel : (n, n) ndarray
        Odd, of sum 1.
    rng : numpy.random.Generator

    Returns
    -------
    Exposure
        Its sharp scene has the lights that were added, clipped.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> exposed(rng.random((40, 40)).astype(np.float32), np.full((5, 5), 1 / 25), rng).blurred.shape
    (36, 36)
    """
    if rng.random() < _LIGHTS:
        scene = _with_lights(scene, rng)
    kernel = np.asarray(kernel, np.float32)
    blurred = convolve_valid(scene, kernel)
    if rng.random() < _NONUNIFORM:
        blurred = _mixed(blurred, convolve_valid(scene, _moved(kernel, rng)), rng)
    noise = drawn_noise(rng)
    blurred = add_noise(blurred, noise, rng)
    if rng.random() < _JPEG:
        blurred = _through_jpeg(blurred, int(rng.integers(_QUALITIES[0], _QUALITIES[1] + 1)))
    return Exposure(blurred, np.clip(scene, 0, 1), noise)


def sharp_part(exposure: Exposure, kernel_shape: tuple[int, int]) -> np.ndarray:
    """The part of an exposure's scene that its blurred picture shows.

    Parameters
    ----------
    exposure : Exposure
    kernel_shape : (int, int)

    Returns
    -------
    (h, w) float32 ndarray

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sharp_part(exposed(rng.random((40, 40)).astype(np.float32), np.full((5, 5), 1 / 25), rng), (5, 5)).shape
    (36, 36)
    """
    return valid_part(exposure.sharp, kernel_shape)


def _with_lights(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some small discs that are brighter than white."""
    scene = scene.copy()
    rows, columns = np.mgrid[: scene.shape[0], : scene.shape[1]]
    for _ in range(rng.integers(1, 8)):
        row, column = rng.uniform(0, scene.shape[0]), rng.uniform(0, scene.shape[1])
        inside = np.clip(rng.uniform(1, 3.5) + 0.5 - np.hypot(rows - row, columns - column), 0, 1)
        scene = scene + (inside * rng.uniform(1, 5)).astype(np.float32)
    return scene


def _moved(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The kernel as it is elsewhere in the picture: turned and stretched a little."""
    turned = rotate(kernel, rng.uniform(-_LARGEST_TURN, _LARGEST_TURN), reshape=False, order=1)
    stretched = zoom(turned, 1 + rng.uniform(0, _LARGEST_STRETCH), order=1)
    first = [(have - want) // 2 for have, want in zip(stretched.shape, kernel.shape)]
    cut = stretched[first[0] : first[0] + kernel.shape[0], first[1] : first[1] + kernel.shape[1]]
    return (cut / cut.sum()).astype(np.float32)


def _mixed(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One picture that goes over into another in a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[-1 : 1 : first.shape[0] * 1j, -1 : 1 : first.shape[1] * 1j]
    share = np.clip(0.5 + 0.5 * (np.sin(angle) * rows + np.cos(angle) * columns), 0, 1).astype(np.float32)
    return first + share * (second - first)


def _through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream), np.float32) / np.float32(255)
