"""The measure of Köhler et al. [15], and a surrogate for where only one sharp frame is at hand.

The official measure, as their MATLAB code computes it: the 8-bit result is scaled to the frame by least squares over
all channels, moved by the whole pixels at which the cyclic cross-correlation of the channels' means is largest, and
compared in luminance; what was moved in from outside is zero in both. The best of the trajectory's 199 frames counts.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError
from pydeblur.metrics.alignment import checked_pair
from pydeblur.metrics.homography import align_homography

_LUMINANCE = np.array([0.299, 0.587, 0.114])


class FrameScore(NamedTuple):
    """The PSNR in dB with one frame, and the number of that frame, counted from 0.

    Examples
    --------
    >>> FrameScore(30.5, 7).psnr
    30.5
    """

    psnr: float
    frame: int


def kohler_psnr(restored, frame):
    """Compute the official PSNR for one sharp frame.

    Parameters
    ----------
    restored, frame : (H, W, 3) or (H, W) array_like
        Two images of the same shape, in [0, 1]; `restored` is clipped and rounded to 8 bits first.

    Returns
    -------
    float
        In dB; infinite where the two agree.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> frame = np.random.default_rng(0).random((32, 32, 3))
    >>> kohler_psnr(0.5 * frame, frame) > 50  # a factor does not count
    True
    """
    restored, frame = _scaled_pair(restored, frame)
    spectra = (scipy.fft.rfft2(image if image.ndim == 2 else image.mean(axis=2)) for image in (frame, restored))
    correlation = scipy.fft.irfft2(next(spectra) * next(spectra).conj(), frame.shape[:2])
    peak = np.unravel_index(np.argmax(correlation), correlation.shape)
    shift = [int(p) - n if p > n // 2 else int(p) for p, n in zip(peak, correlation.shape)]
    inside = np.zeros(frame.shape)
    moved = np.zeros(frame.shape)
    target, source = zip(*(_overlap(step, side) for step, side in zip(shift, frame.shape)))
    inside[target], moved[target] = 1.0, restored[source]
    return _psnr(np.mean(_luminance(moved - frame * inside) ** 2))


def best_frame_psnr(restored, frames):
    """Compute the official PSNR: the best one over a trajectory's frames.

    Parameters
    ----------
    restored : (H, W, 3) array_like
        In [0, 1], as :func:`kohler_psnr` takes it.
    frames : iterable of (H, W, 3) array_like
        The sharp frames.

    Returns
    -------
    FrameScore

    Raises
    ------
    InvalidInputError
        If there are no frames, the shapes differ, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).random((3, 16, 16, 3))
    >>> best_frame_psnr(frames[1], frames).frame
    1
    """
    scores = [FrameScore(kohler_psnr(restored, frame), number) for number, frame in enumerate(frames)]
    if not scores:
        raise InvalidInputError("there should be at least one sharp frame.")
    return max(scores, key=lambda score: score.psnr)


def surrogate_psnr(restored, reference):
    """Compute the surrogate: the PSNR against one frame of any trajectory, after alignment by a homography.

    The camera is not where it was for the reference, so the result is turned and moved to it in three dimensions, and
    only pixels that both have count. All channels count alike, not the luminance: that is what the surrogate was
    calibrated with.

    Parameters
    ----------
    restored, reference : (H, W, 3) or (H, W) array_like
        Two images of the same shape, in [0, 1], as :func:`kohler_psnr` takes them.

    Returns
    -------
    float
        In dB.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> frame = gaussian_filter(np.random.default_rng(0).random((64, 64)), 3)
    >>> surrogate_psnr(np.roll(frame, 3, axis=1), frame) > 40
    True
    """
    restored, reference = _scaled_pair(restored, reference)
    # The alignment works best on about the same contrast; the scale is then found once more, on what both have.
    aligned, inside = align_homography(restored, reference)
    aligned, reference = aligned[inside], reference[inside]
    return _psnr(np.mean((_scaled_to(aligned, reference) - reference) ** 2))


def _scaled_pair(restored, frame):
    restored, frame = checked_pair(restored, frame)
    restored = np.floor(np.clip(restored, 0, 1) * 255 + 0.5) / 255
    return _scaled_to(restored, frame), frame


def _scaled_to(image, reference):
    """The multiple of an image that is nearest to a reference in the mean square."""
    return image * (np.vdot(reference, image) / max(np.vdot(image, image), np.finfo(float).tiny))


def _overlap(step, side):
    """Where something moved by `step` comes to lie, and where that was before."""
    return slice(max(step, 0), side + min(step, 0)), slice(max(-step, 0), side + min(-step, 0))


def _luminance(image):
    """The luminance of an image (H, W, 3), or an image (H, W) as it is.

    It is linear, so a difference of images may be given as well.
    """
    return image @ _LUMINANCE if image.ndim == 3 else image


def _psnr(mean_square):
    return -10 * math.log10(mean_square) if mean_square > 0 else math.inf
