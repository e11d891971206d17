"""Pairs of sharp and blurred image crops, made on the fly from sharp images and random kernels.

Both members of a pair go through the same steps (noise, 8-bit quantisation, down-sampling, flips, intensity), so
that blur is all that tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis.blur import add_noise, blur, valid_part
from pydeblur.synthesis.resize import resize
from pydeblur.synthesis.scenes import defocus_parts, posterize
from pydeblur.training.classifier.latents import latent_pair, scaled_kernel

#: Mean absolute gradient under which a sharp crop holds nothing that a blur could change (sky, walls).
_FLAT_GRADIENT = 0.004
#: What noise of the usual standard deviation, 0.01, adds to it, with a little to spare.
_NOISE_GRADIENT = 0.011
#: How often a crop without content is drawn again at most.
_ATTEMPTS = 4


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

    Raises
    ------
    InvalidInputError
        If a range is empty or out of bounds.

    Examples
    --------
    >>> Synthesis(noise=(0, 0.02)).scales
    (0.25, 1.0)
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
                raise InvalidInputError(f"{name} should be (low, high) of at least {smallest}, but is {(low, high)}")
        if self.scales[1] > 1:
            raise InvalidInputError(f"scales should not exceed 1, but are {self.scales}")


def sample_pair(
    image, kernel, rng, synthesis: Synthesis = Synthesis(), crop: int | None = None, scale: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
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

    Examples
    --------
    >>> image = np.random.default_rng(0).random((60, 70))
    >>> sharp, blurred = sample_pair(image, np.full((5, 5), 1 / 25), 0, crop=32)
    >>> sharp.shape, blurred.shape, bool(sharp.std() > blurred.std())
    ((32, 32), (32, 32), True)
    """
    rng = np.random.default_rng(rng)
    sheet = _blurred_sheet(image, kernel, crop or 1, rng, synthesis)
    scale = rng.uniform(*synthesis.scales) if scale is None else scale
    if crop is None:
        return tuple(resize(member, scale, "cubic") for member in sheet)
    return tuple(_cut(sheet, crop, scale, rng, synthesis))


def sample_block(
    images: Sequence[np.ndarray],
    kernels: Sequence[np.ndarray],
    count: int,
    crop: int,
    seed,
    synthesis: Synthesis = Synthesis(),
    crops_per_sheet: int = 4,
    shares: np.ndarray | None = None,
) -> np.ndarray:
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
    seed : int, sequence of int or numpy.random.Generator
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

    Examples
    --------
    >>> images = [np.random.default_rng(0).random((60, 70))]
    >>> sample_block(images, [np.full((5, 5), 1 / 25)], count=6, crop=32, seed=0).shape
    (6, 2, 32, 32)
    """
    if not len(images) or not len(kernels):
        raise InvalidInputError("images and kernels should not be empty")
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


def _blurred_sheet(image, kernel, crop: int, rng: np.random.Generator, synthesis: Synthesis) -> np.ndarray:
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


def _latent_crops(image, kernel, count: int, crop: int, rng: np.random.Generator, synthesis: Synthesis) -> np.ndarray:
    """Crops of one image's latent images, at a scale drawn for all: (count, 2, crop, crop)."""
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


def _as_float(image) -> np.ndarray:
    """float32 in [0, 1] from that or from uint8."""
    image = np.asarray(image)
    return image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image.astype(np.float32)


def _varied(sharp: np.ndarray, smallest_side: int, rng: np.random.Generator, synthesis: Synthesis) -> np.ndarray:
    """The image at another size, gamma and contrast; not made smaller than `smallest_side`."""
    presize = max(rng.uniform(*synthesis.presize), min(1.0, smallest_side / min(sharp.shape)))
    sharp = np.clip(resize(sharp, presize, ("cubic", "linear")[rng.integers(2)]), 0, 1)
    sharp = sharp ** np.float32(rng.uniform(*synthesis.gamma))
    contrast = np.float32(rng.uniform(*synthesis.contrast))
    return contrast * sharp + (1 - contrast) * np.float32(rng.uniform())


def _cut(sheet: np.ndarray, crop: int, scale: float, rng: np.random.Generator, synthesis: Synthesis) -> np.ndarray:
    """Cut the same square out of both members, shrink it, flip it: (2, crop, crop)."""
    height, width = sheet.shape[1:]
    if min(height, width) < crop:
        raise InvalidInputError(f"crop should be at most {min(height, width)} for this image and kernel, but is {crop}")
    # An image too small for the crop at this scale is shrunk less.
    scale = max(scale, crop / min(height, width))
    # A little more than needed, so that the crop touches no border of the resampling.
    side = min(int(np.ceil(crop / scale)) + 4, height, width)
    for _ in range(_ATTEMPTS):
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


def _is_flat(part: np.ndarray) -> bool:
    """Whether a sharp part has hardly more gradients than its noise."""
    gradients = [np.mean(np.abs(np.diff(part, axis=axis))) for axis in (1, 0)]
    return sum(gradients) < 2 * (_FLAT_GRADIENT + _NOISE_GRADIENT)
