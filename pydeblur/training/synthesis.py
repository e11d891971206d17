"""Pairs of sharp and blurred image crops, made on the fly from sharp images and random kernels.

Both members of a pair go through the same steps (noise, 8-bit quantisation, down-sampling, flips, intensity), so
that blur is all that tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
from scipy.ndimage import gaussian_filter

from pydeblur.errors import InvalidInputError

FLAT_GRADIENT = 0.004
"""Mean absolute gradient under which a sharp crop holds nothing that a blur could change (sky, walls)."""


@dataclass(frozen=True)
class Synthesis:
    """How pairs are made.

    Parameters
    ----------
    noise : (float, float)
        Range from which the standard deviation of the Gaussian noise is drawn for each image, in units of the
        intensity range [0, 1]. It is added at full resolution, before down-sampling, as a camera does.
    scales : (float, float)
        Range of the down-sampling factor applied after blur and noise, 1 being none.
    presize : (float, float)
        Range of a resize of the sharp image before anything else: hides JPEG blocks, varies detail.
    contrast : (float, float)
        Range of a factor on the intensity, applied to the sharp image; 1 is none.
    gamma : (float, float)
        Range of an exponent on the intensity, applied to the sharp image; 1 is none.
    untouched : float
        Share of images, in [0, 1], that get no presize, contrast or gamma: the network goes by contrast too, so it has
        to see enough of the usual one.
    quantize : bool
        Round to 8 bits after the noise.
    flat_share : float
        Share of crops without content that are kept, in [0, 1]; the others are drawn again.
    noise_free : float
        Share of images, in [0, 1], that get no noise whatever `noise` says: screenshots, scans, drawings.
    graphics : float
        Share of images, in [0, 1], that are first turned into flat-coloured drawings (:func:`posterize`), often on
        white: photographs hold few of the strong, sharp, isolated edges that lettering consists of.
    shallow_focus : float
        Share of images, in [0, 1], parts of which are first put out of focus (:func:`defocus_parts`): a sharp subject
        before a soft ground is a clear photograph.
    latents : float
        Share of images, in [0, 1], that are replaced by the solver's latent images (:mod:`.latents`) with the right and
        with a wrong kernel.
    """

    noise: tuple[float, float] = (0.01, 0.01)
    scales: tuple[float, float] = (0.25, 1.0)
    presize: tuple[float, float] = (1.0, 1.0)
    contrast: tuple[float, float] = (1.0, 1.0)
    gamma: tuple[float, float] = (1.0, 1.0)
    untouched: float = 0.0
    quantize: bool = True
    flat_share: float = 1.0
    noise_free: float = 0.0
    graphics: float = 0.0
    shallow_focus: float = 0.0
    latents: float = 0.0

    def __post_init__(self):
        for name in ("noise", "scales", "presize", "contrast", "gamma"):
            smallest = 0.0 if name == "noise" else 1e-3
            low, high = getattr(self, name)
            if not smallest <= low <= high:
                raise InvalidInputError(f"{name} should be (low, high) of at least {smallest}, but is {(low, high)}.")
        if self.scales[1] > 1:
            raise InvalidInputError(f"scales should not exceed 1, but are {self.scales}.")


def blur(image, kernel, noise=0.01, rng=None, quantize=True, boundary="replicate"):
    """Blur a sharp image as a shaking camera does: convolution, Gaussian noise, 8 bits.

    Parameters
    ----------
    image : (H, W) array_like
        Sharp image, values in [0, 1].
    kernel : (h, w) array_like
        Odd sides; usually non-negative with sum 1 (:func:`pydeblur.training.kernels.random_kernel`).
    noise : float
        Standard deviation of the noise, >= 0.
    rng : numpy.random.Generator or int, optional
        Where the noise comes from; an int is a seed.
    quantize : bool
        Round to multiples of 1/255 and clip to [0, 1]; without it the noise may leave [0, 1].
    boundary : {"replicate", "valid"}
        What lies beyond the border: the border's pixels repeated (result (H, W)), or nothing, so that the result
        keeps only pixels that see no border: (H - h + 1, W - w + 1).

    Returns
    -------
    (H, W) or (H - h + 1, W - w + 1) float32 ndarray

    Raises
    ------
    InvalidInputError
        If an array isn't two-dimensional, the kernel is even-sided or larger than the image, or `noise` < 0.
    """
    image, kernel = np.asarray(image, np.float32), np.asarray(kernel, np.float32)
    if image.ndim != 2 or kernel.ndim != 2:
        raise InvalidInputError(f"image and kernel should be (H, W), but are {image.shape} and {kernel.shape}.")
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise InvalidInputError(f"kernel should have odd sides, but is {kernel.shape}.")
    if boundary not in ("replicate", "valid"):
        raise InvalidInputError(f"boundary should be 'replicate' or 'valid', but is {boundary!r}.")
    if boundary == "replicate":
        image = np.pad(image, [(side // 2, side // 2) for side in kernel.shape], mode="edge")
    return add_noise(_convolve_valid(image, kernel), noise, rng, quantize)


def add_noise(image, noise=0.01, rng=None, quantize=True):
    """Add Gaussian noise and round to 8 bits: what :func:`blur` does after the convolution.

    Parameters
    ----------
    image : (H, W) array_like
        Values in [0, 1].
    noise, rng, quantize
        As in :func:`blur`.

    Returns
    -------
    (H, W) float32 ndarray

    Raises
    ------
    InvalidInputError
        If `noise` < 0.
    """
    if not noise >= 0:
        raise InvalidInputError(f"noise should be at least 0, but is {noise}.")
    image = np.asarray(image, np.float32)
    if noise > 0:
        image = image + np.float32(noise) * np.random.default_rng(rng).standard_normal(image.shape, np.float32)
    if quantize:
        image = np.rint(np.clip(image, 0, 1) * np.float32(255)) / np.float32(255)
    return image


def valid_part(image, kernel_shape):
    """The part of an image that :func:`blur` with ``boundary="valid"`` keeps.

    Parameters
    ----------
    image : (H, W) ndarray
    kernel_shape : (int, int)
        Odd sides (h, w).

    Returns
    -------
    (H - h + 1, W - w + 1) ndarray
    """
    rows, columns = (side // 2 for side in kernel_shape)
    return image[rows : image.shape[0] - rows, columns : image.shape[1] - columns]


def resize(image, factor, filter="cubic"):
    """Resize an image; when it shrinks, low-pass filter it first (antialiasing).

    Parameters
    ----------
    image : (H, W) array_like
    factor : float
        New over old side, > 0; the new sides are rounded to the nearest integer, at least 1.
    filter : {"cubic", "linear", "box"}
        Interpolation kernel; stretched by 1/factor when the image shrinks.

    Returns
    -------
    (round(H * factor), round(W * factor)) float32 ndarray

    Raises
    ------
    InvalidInputError
        If the image isn't two-dimensional or the factor is not positive.
    """
    image = np.asarray(image, np.float32)
    if image.ndim != 2:
        raise InvalidInputError(f"image should be (H, W), but has the shape {image.shape}.")
    if not factor > 0:
        raise InvalidInputError(f"factor should be positive, but is {factor}.")
    if factor == 1:
        return image
    sides = [max(1, int(np.floor(side * factor + 0.5))) for side in image.shape]
    rows, columns = (_resize_matrix(old, new, factor, filter) for old, new in zip(image.shape, sides))
    return np.ascontiguousarray((columns @ (rows @ image).T).T)


def posterize(image, rng):
    """Turn an image into a drawing of two to four flat grey values with antialiased edges.

    Parameters
    ----------
    image : (H, W) array_like
        Values in [0, 1].
    rng : numpy.random.Generator or int
        Draws the smoothing (standard deviation 0.7 to 3 pixels), the quantiles at which the image is cut, and the
        grey values, one of which is white or black; an int is a seed.

    Returns
    -------
    (H, W) float32 ndarray in [0, 1]

    Raises
    ------
    InvalidInputError
        If the image isn't two-dimensional.
    """
    image, rng = _checked_plane(image), np.random.default_rng(rng)
    smooth = gaussian_filter(image, rng.uniform(0.7, 3.0))
    # A ramp as wide as one pixel across each contour, as if the drawing had been averaged over the pixel's area.
    width = np.hypot(*np.gradient(smooth)) + np.float32(1e-6)
    cuts = np.sort(np.quantile(smooth[::2, ::2], rng.uniform(0.1, 0.9, rng.integers(1, 4))))
    values = rng.uniform(0, 1, len(cuts) + 1)
    values[rng.integers(len(values))] = 1 if rng.uniform() < 0.7 else 0
    drawing = np.full_like(smooth, values[0])
    for cut, value in zip(cuts.astype(np.float32), values[1:].astype(np.float32)):
        inside = np.clip((smooth - cut) / width + np.float32(0.5), 0, 1)
        drawing += inside * (value - drawing)
    return drawing


def defocus_parts(image, rng):
    """Put irregular parts of an image out of focus, as a lens of shallow depth of field does with the ground.

    Parameters
    ----------
    image : (H, W) array_like
        Values in [0, 1].
    rng : numpy.random.Generator or int
        Draws the radius of the circle of confusion (1.5 to 8 pixels), the size of the parts (20 to 80 pixels) and
        their share of the image (30 to 75 %); an int is a seed.

    Returns
    -------
    (H, W) float32 ndarray in [0, 1]

    Raises
    ------
    InvalidInputError
        If the image isn't two-dimensional.
    """
    image, rng = _checked_plane(image), np.random.default_rng(rng)
    radius = rng.uniform(1.5, 8.0)
    reach = int(np.ceil(radius))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    soft = _convolve_valid(np.pad(image, reach, mode="symmetric"), (disc / disc.sum()).astype(np.float32))
    # White noise, low-passed on a coarse grid: smooth contours, nothing that follows the image's own edges.
    cell = rng.uniform(20, 80)
    grid = rng.standard_normal([int(np.ceil(side / cell)) + 4 for side in image.shape]).astype(np.float32)
    field = resize(grid, cell, "cubic")[: image.shape[0], : image.shape[1]]
    threshold = np.quantile(field[::4, ::4], rng.uniform(0.3, 0.75))
    # The transition from sharp to soft is about a tenth of a part wide.
    in_focus = np.clip((field - threshold) / np.float32(0.15) + np.float32(0.5), 0, 1)
    return np.clip(soft + in_focus * (image - soft), 0, 1)


def sample_pair(image, kernel, rng, synthesis=Synthesis(), crop=None, scale=None):
    """Make one sharp and blurred pair of the same part of an image.

    Parameters
    ----------
    image : (H, W) array_like
        Sharp image: floats in [0, 1] or uint8.
    kernel : (h, w) array_like
        Odd sides, smaller than the image.
    rng : numpy.random.Generator or int
        Where all choices and the noise come from; an int is a seed.
    synthesis : Synthesis
        Ranges of all choices.
    crop : int, optional
        Side of the square to cut out (after down-sampling); the whole image by default.
    scale : float, optional
        Down-sampling factor; drawn from ``synthesis.scales`` by default.

    Returns
    -------
    sharp, blurred : (crop, crop) or (H', W') float32 ndarrays

    Raises
    ------
    InvalidInputError
        If the image is too small for the crop.
    """
    rng = np.random.default_rng(rng)
    sheet = _blurred_sheet(image, kernel, crop or 1, rng, synthesis)
    scale = rng.uniform(*synthesis.scales) if scale is None else scale
    if crop is None:
        return tuple(resize(member, scale, "cubic") for member in sheet)
    return tuple(_cut(sheet, crop, scale, rng, synthesis))


def sample_block(images, kernels, count, crop, seed, synthesis=Synthesis(), crops_per_sheet=4, shares=None):
    """Make many pairs in random order; the same seed gives the same pairs.

    Blurring a whole image costs more than a training step on a crop of it, so several crops, each with its own scale
    and flip, are taken from every blurred image, and the order of the block is shuffled.

    Parameters
    ----------
    images : sequence of (H, W) uint8 or float ndarray
        Sharp images.
    kernels : sequence of (h, w) ndarray
        Kernels, one of which is drawn for each image.
    count : int
        Number of pairs.
    crop : int
        Side of the square crops.
    seed : int or sequence of int
        Seed of the block.
    synthesis : Synthesis
        Ranges of all choices.
    crops_per_sheet : int
        Crops taken from each blurred image.
    shares : (len(images),) array_like, optional
        Probability of each image to be drawn, sum 1; equal by default.

    Returns
    -------
    (count, 2, crop, crop) float32 ndarray
        ``[:, 0]`` sharp, ``[:, 1]`` blurred; values in [0, 1] when quantised.

    Raises
    ------
    InvalidInputError
        If there are no images or no kernels.
    """
    if not len(images) or not len(kernels):
        raise InvalidInputError("images and kernels should not be empty.")
    rng = np.random.default_rng(seed)
    pairs = np.empty((count, 2, crop, crop), np.float32)
    for first in range(0, count, crops_per_sheet):
        image, kernel = images[rng.choice(len(images), p=shares)], kernels[rng.integers(len(kernels))]
        if rng.uniform() < synthesis.latents:
            last = min(count, first + crops_per_sheet)
            pairs[first:last] = _latent_crops(image, kernel, last - first, crop, rng, synthesis)
            continue
        sheet = _blurred_sheet(image, kernel, crop, rng, synthesis)
        for index in range(first, min(count, first + crops_per_sheet)):
            scale = rng.uniform(*synthesis.scales)
            pairs[index] = _cut(sheet, crop, scale, rng, synthesis)
    return pairs[rng.permutation(count)]


def _blurred_sheet(image, kernel, crop, rng, synthesis):
    """The whole sharp image and its blurred version, (2, H', W'), at full resolution, with noise."""
    sharp = _as_float(image)
    if rng.uniform() >= synthesis.untouched:
        sharp = _varied(sharp, crop + max(np.shape(kernel)), rng, synthesis)
    if rng.uniform() < synthesis.graphics:
        sharp = posterize(sharp, rng)
    elif rng.uniform() < synthesis.shallow_focus:
        sharp = defocus_parts(sharp, rng)
    noise = 0.0 if rng.uniform() < synthesis.noise_free else rng.uniform(*synthesis.noise)
    blurred = blur(sharp, kernel, noise, rng, synthesis.quantize, "valid")
    # The same part for both, so that border effects tell nothing.
    sharp = valid_part(sharp, np.shape(kernel))
    return np.stack([add_noise(sharp, noise, rng, synthesis.quantize), blurred])


def _latent_crops(image, kernel, count, crop, rng, synthesis):
    """Crops of one image's latent images, at a scale drawn for all: (count, 2, crop, crop)."""
    from pydeblur.training.latents import latent_pair, scaled_kernel

    sharp = _as_float(image)
    if rng.uniform() < synthesis.graphics:
        sharp = posterize(sharp, rng)
    # As in the solver's pyramid: image and kernel are small first, then deblurred.
    scale = max(rng.uniform(*synthesis.scales), (crop + max(np.shape(kernel))) / min(sharp.shape))
    scale = min(scale, 1.0)
    sharp, kernel = np.clip(resize(sharp, scale), 0, 1), scaled_kernel(kernel, scale)
    # No more of the image than the crops need: the latent images cost more than a training step.
    side = min(int(1.5 * crop) + max(kernel.shape) + 16, *sharp.shape)
    top, left = (int(rng.integers(length - side + 1)) for length in sharp.shape)
    noise = rng.uniform(*synthesis.noise) * scale
    sheet = np.stack(latent_pair(sharp[top : top + side, left : left + side], kernel, noise, rng))
    return np.stack([_cut(sheet, crop, 1.0, rng, synthesis) for _ in range(count)])


def _checked_plane(image):
    """A grey image as float32; refuses what has no area."""
    image = np.asarray(image, np.float32)
    if image.ndim != 2 or min(image.shape) < 2:
        raise InvalidInputError(f"image should be (H, W), at least 2x2, but has the shape {image.shape}.")
    return image


def _as_float(image):
    """float32 in [0, 1] from that or from uint8."""
    image = np.asarray(image)
    return image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image.astype(np.float32)


def _varied(sharp, smallest_side, rng, synthesis):
    """The image at another size, gamma and contrast; not made smaller than `smallest_side`."""
    presize = max(rng.uniform(*synthesis.presize), min(1.0, smallest_side / min(sharp.shape)))
    sharp = np.clip(resize(sharp, presize, ("cubic", "linear")[rng.integers(2)]), 0, 1)
    sharp = sharp ** np.float32(rng.uniform(*synthesis.gamma))
    contrast = np.float32(rng.uniform(*synthesis.contrast))
    return contrast * sharp + (1 - contrast) * np.float32(rng.uniform())


def _cut(sheet, crop, scale, rng, synthesis):
    """Cut the same square out of both members, shrink it, flip it: (2, crop, crop)."""
    height, width = sheet.shape[1:]
    if min(height, width) < crop:
        raise InvalidInputError(
            f"crop should be at most {min(height, width)} for this image and kernel, but is {crop}."
        )
    # An image too small for the crop at this scale is shrunk less.
    scale = max(scale, crop / min(height, width))
    # A little more than needed, so that the crop touches no border of the resampling.
    side = min(int(np.ceil(crop / scale)) + 4, height, width)
    for _ in range(4):
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        part = sheet[:, top : top + side, left : left + side]
        if rng.uniform() < synthesis.flat_share or not _is_flat(part[0, ::2, ::2]):
            break
    filter = ("cubic", "linear", "box")[rng.integers(3)]
    pair = np.stack([resize(member, scale, filter) for member in part])
    offset = (pair.shape[1] - crop) // 2
    pair = np.clip(pair[:, offset : offset + crop, offset : offset + crop], 0, 1)
    if rng.uniform() < 0.5:
        pair = pair[:, :, ::-1]
    if rng.uniform() < 0.5:
        pair = pair[:, ::-1]
    if rng.uniform() < 0.5:
        pair = pair.transpose(0, 2, 1)
    return pair


def _is_flat(part):
    # The noise of standard deviation s adds about 0.8 s to the mean absolute difference; 0.01 is usual.
    return np.mean(np.abs(np.diff(part, axis=1))) + np.mean(np.abs(np.diff(part, axis=0))) < 2 * (FLAT_GRADIENT + 0.011)


def _convolve_valid(image, kernel):
    if any(side < other for side, other in zip(image.shape, kernel.shape)):
        raise InvalidInputError(f"kernel should be no larger than the image {image.shape}, but is {kernel.shape}.")
    # Circular wrap-around only spoils what 'valid' drops: no padding by the kernel is needed.
    shape = [scipy.fft.next_fast_len(side, real=True) for side in image.shape]
    spectrum = scipy.fft.rfft2(image, shape) * scipy.fft.rfft2(kernel, shape)
    full = scipy.fft.irfft2(spectrum, shape)
    rows, columns = kernel.shape[0] - 1, kernel.shape[1] - 1
    return full[rows : image.shape[0], columns : image.shape[1]]


def _cubic(x):
    x = np.abs(x)
    inner = (1.5 * x - 2.5) * x**2 + 1
    outer = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0))


_FILTERS = {
    "cubic": (2.0, _cubic),
    "linear": (1.0, lambda x: np.maximum(0, 1 - np.abs(x))),
    "box": (0.5, lambda x: ((x >= -0.5) & (x < 0.5)).astype(float)),
}


@lru_cache(maxsize=256)
def _resize_matrix(old, new, factor, filter):
    """Sparse (new, old) matrix of a 1-D antialiased resize, borders replicated."""
    if filter not in _FILTERS:
        raise InvalidInputError(f"filter should be one of {', '.join(_FILTERS)}, but is {filter!r}.")
    radius, shape = _FILTERS[filter]
    stretch = max(1.0, 1.0 / factor)
    centre = (np.arange(new) + 0.5) / factor - 0.5
    first = np.floor(centre - radius * stretch).astype(int)
    taps = first[:, None] + np.arange(int(np.ceil(2 * radius * stretch)) + 2)
    weights = shape((taps - centre[:, None]) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(new), taps.shape[1])
    columns = np.clip(taps, 0, old - 1).ravel()
    return scipy.sparse.csr_matrix((weights.ravel().astype(np.float32), (rows, columns)), shape=(new, old))
