"""Kernels from light streaks, after Hu, Cho, Wang and Yang 2014 [11].

A small light in a dark scene draws the kernel: its streak is the kernel convolved with the light's own shape. The streaks of
a picture are found, and vote for the shape that most of them have; the kernel is what explains those best, together with a
small light for each. Bright streaks are mostly clipped; dimmer ones, and the unclipped parts of the others, tell what was cut
off.

The paper goes on with an optimisation that joins the streaks with the picture's gradients. What is taken from it here is the
search for streaks and the lights' shapes; where its text leaves details open (levels, isolation, how streaks are joined) they
are this module's own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy.ndimage import (
    binary_dilation,
    distance_transform_edt,
    find_objects,
    gaussian_filter,
    grey_opening,
    label,
    shift,
)
from scipy.signal import fftconvolve

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.kernel_size import finds_size
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.options import check_options, documented, from_to, option, whole_from_to
from pydeblur.preprocess.clipping import CLIPPED_LEVEL
from pydeblur.preprocess.noise import noise_level
from pydeblur.solver.coarse_to_fine import check_blurred_image
from pydeblur.solver.kernel import normalise_kernel
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.records import IterationRecord, IterationState, Reporter

#: Levels at which the picture is cut into bright parts.
_LEVELS = 12
#: The lowest level, in standard deviations of the noise (the ground is its lower end) and at least, and the highest as a share
#: of the brightest.
_LOWEST_OF_NOISE, _LOWEST, _HIGHEST_SHARE = 6.0, 0.02, 0.8
_FEWEST_PIXELS = 4
#: Standard deviation of the Gaussian before the ground is looked for, and the smallest half window that tells it.
_GROUND_SMOOTHING, _SMALLEST_GROUND = 1.0, 9
#: Of the least contrast: a streak that no other confirms has so many times that.
_UNCONFIRMED = 2.0
#: As many streaks of one shape are no chance.
_AGREEING = 2
_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
#: A streak stands on a ground darker than this.
_DARK_GROUND = 0.5
#: Of a streak's mean brightness above its ground: what lies around it is darker, all but this share of it, and the level at
#: which it was found is lower, so that its dim ends belong to it.
_REST, _REST_SHARE, _LOWEST_LEVEL = 0.2, 0.03, 0.35
#: What lies around a streak are so many pixels, or half its size if that is more.
_NEAR = 4
#: Half the width of a streak, in pixels and as a part of the kernel's size.
_HALF_WIDTH, _RELATIVE_HALF_WIDTH = 3.0, 1 / 8
#: A light's shape: pixels from its middle to its border, and the width of the Gaussian that it starts from.
_LIGHT_RADIUS, _LIGHT_WIDTH = 3, 0.8
_LIGHT_ROUNDS, _KERNEL_ROUNDS = 30, 10
#: Added to both sides of quotients: brightness below it is the ground's.
_SOFTENING = 3e-3
#: A streak of whose pixels no larger share is clipped shows the kernel's shape.
_HARDLY_CLIPPED = 0.1
#: Elements of the kernel below this share of the largest are the ground's noise.
_FLOOR = 0.04


@documented
@dataclass(frozen=True)
class LightStreaksOptions:
    """Options of the method.

    Examples
    --------
    >>> LightStreaksOptions().largest_count
    16
    """

    least_contrast: float = option(
        from_to(0.01, 1.0), "How much brighter a streak is on the mean than the ground around it.", 0.15
    )
    agreement: float = option(
        from_to(0.0, 1.0), "How alike two streaks are, as a cross-correlation, to be of the same kernel.", 0.8
    )
    largest_count: int = option(
        whole_from_to(1, 1000), "So many streaks vote at most, those of the highest contrast.", 16
    )

    def __post_init__(self):
        check_options(self)


@dataclass(frozen=True, eq=False)
class Streak:
    """The streak of a small light.

    Attributes
    ----------
    row, column : int
        Middle of its window.
    pixels : (n, n) ndarray
        Its brightness above the ground, 0 outside it.
    clipped : (n, n) bool ndarray
        Pixels that the sensor clipped: what is known of them is a lower bound.
    contrast : float
        Its mean brightness above the ground.
    alone : bool
        Whether nothing else in the whole window is bright, and not only nothing near to it.
    """

    row: int
    column: int
    pixels: np.ndarray
    clipped: np.ndarray
    contrast: float
    alone: bool = True


class LightStreaks:
    """The estimator after Hu et al. 2014 [11], see :class:`LightStreaksOptions`.

    It raises :class:`~pydeblur.KernelCollapseError` for a picture without light streaks, or with streaks of which no two agree.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import convolve
    >>> night = np.full((96, 96), 0.05)
    >>> night[[20, 40, 70], [30, 70, 25]] = 4.0
    >>> stroke = np.zeros((9, 9))
    >>> stroke[[2, 3, 4, 5, 6], [2, 3, 4, 4, 4]] = 0.2
    >>> estimate = LightStreaks().estimate(convolve(night, stroke), 9)
    >>> from pydeblur.metrics import kernel_similarity
    >>> round(kernel_similarity(estimate.kernel, stroke), 2), estimate.prior["streaks"]
    (1.0, 3)
    """

    name = "light_streaks"

    def __init__(self, **options):
        self.options = LightStreaksOptions(**options)

    @finds_size
    def estimate(self, image: np.ndarray, kernel_size: int, *, clipped=None, callback=None) -> KernelEstimate:
        """Estimate the kernel of a grey image (H, W), see :class:`~pydeblur.estimators.KernelEstimator`."""
        started = time.perf_counter()
        solver = SolverOptions(kernel_size)
        image = check_blurred_image(image, solver).astype(np.float64)
        streaks = find_streaks(image, kernel_size, self.options, clipped)
        if not streaks:
            raise KernelCollapseError(
                "the image should have light streaks, thin and bright on a dark ground and none larger than the kernel "
                f"({kernel_size} x {kernel_size}), but none was found"
            )
        kernel, votes = kernel_of_streaks(streaks, self.options.agreement)
        if votes == 1 and not (len(streaks) == 1 and self._is_beyond_doubt(streaks[0])):
            raise KernelCollapseError(
                "the image should have light streaks that agree in their shape, or a bright one that stands alone, but none of "
                f"the {len(streaks)} found does"
            )
        latent = np.clip(deconvolve_saturated(image, kernel), 0, 1)
        height, width = image.shape
        record = IterationRecord(0, 1, height, width, kernel_size, seconds=time.perf_counter() - started)
        report = Reporter(callback)
        report(IterationState(record, latent, kernel))
        described = {"name": self.name, **vars(self.options), "streaks": votes}
        return KernelEstimate(kernel, latent, report.history, solver, described, stopped=report.stopped)

    def iteration_count(self, kernel_size: int) -> int:
        """How many records the history of an estimate has: one."""
        return 1

    def _is_beyond_doubt(self, streak: Streak) -> bool:
        return streak.alone and streak.contrast >= _UNCONFIRMED * self.options.least_contrast


def estimate_of_agreeing(
    image: np.ndarray, kernel_size: int, clipped: np.ndarray | None = None, callback=None
) -> KernelEstimate | None:
    """Estimate the kernel where at least two streaks agree, which is hardly ever by chance.

    Parameters
    ----------
    image : (H, W) ndarray
        Grey, in [0, 1].
    kernel_size : int
    clipped : (H, W) bool ndarray, optional
        Pixels that the sensor clipped.
    callback : callable, optional
        As of :class:`~pydeblur.estimators.KernelEstimator`; it is not called where there are none.

    Returns
    -------
    KernelEstimate or None

    Examples
    --------
    >>> image = np.zeros((60, 60))
    >>> image[20, 15:24] = 0.8
    >>> estimate_of_agreeing(image, 11) is None
    True
    >>> image[40, 35:44] = 0.6
    >>> estimate_of_agreeing(image, 11).prior["streaks"]
    2
    """
    estimator = LightStreaks()
    streaks = find_streaks(np.asarray(image, np.float64), kernel_size, estimator.options, clipped)
    if len(streaks) < _AGREEING or kernel_of_streaks(streaks, estimator.options.agreement)[1] < _AGREEING:
        return None
    return estimator.estimate(image, kernel_size, clipped=clipped, callback=callback)


def find_streaks(
    image: np.ndarray,
    kernel_size: int,
    options: LightStreaksOptions | None = None,
    clipped: np.ndarray | None = None,
) -> list[Streak]:
    """Find bright, thin and isolated parts that fit into the kernel.

    The picture is cut at several levels. A part that is found at a low level is not looked at again at higher ones, where its
    dim ends are missing.

    Parameters
    ----------
    image : (H, W) ndarray
        In [0, 1].
    kernel_size : int
    options : LightStreaksOptions, optional
    clipped : (H, W) bool ndarray, optional
        Pixels that the sensor clipped; by default those of at least 0.98.

    Returns
    -------
    list of Streak
        By contrast, the highest first.

    Examples
    --------
    >>> image = np.zeros((40, 40))
    >>> image[20, 15:24] = 0.8
    >>> [streak.pixels.shape for streak in find_streaks(image, 11)]
    [(11, 11)]
    """
    options = LightStreaksOptions() if options is None else options
    clipped = image >= CLIPPED_LEVEL if clipped is None else clipped
    noise = noise_level(image)
    smooth = gaussian_filter(image, _GROUND_SMOOTHING)
    taken = np.zeros(image.shape, bool)
    found = []
    for size in _ground_sizes(kernel_size):
        # What is smaller than this square is no part of the ground.
        ground = grey_opening(smooth, (size, size))
        above = image - ground
        for level in _levels(above, noise):
            for box, mask in _parts(above >= level, size):
                if taken[box][mask].any():
                    continue
                part = _Part(above, clipped, box, mask, kernel_size)
                if ground[part.row, part.column] <= _DARK_GROUND and part.is_thin:
                    streak = part.streak(level, noise, options.least_contrast)
                    if streak is not None:
                        found.append(streak)
                        taken[box] |= mask
    return sorted(found, key=lambda streak: -streak.contrast)[: options.largest_count]


def kernel_of_streaks(streaks: list[Streak], agreement: float = 0.8) -> tuple[np.ndarray, int]:
    """The kernel that most streaks vote for: the one that explains those best, each with a light of its own shape.

    Parameters
    ----------
    streaks : list of Streak
        At least one, of windows of one size.
    agreement : float
        Of :class:`LightStreaksOptions`.

    Returns
    -------
    kernel : (n, n) ndarray
        Non-negative, of sum 1, its centroid as near to the middle as its size allows.
    votes : int
        The streaks that it was found from.

    Examples
    --------
    >>> stroke = np.zeros((5, 5))
    >>> stroke[2] = [0, 1, 2, 1, 0]
    >>> unclipped = np.zeros((5, 5), bool)
    >>> streaks = [Streak(0, 0, factor * stroke, unclipped, factor) for factor in (0.1, 0.2)]
    >>> kernel, votes = kernel_of_streaks(streaks)
    >>> kernel[2].round(2).tolist(), votes
    ([0.0, 0.25, 0.5, 0.25, 0.0], 2)
    """
    shapes = [np.sqrt(streak.pixels) for streak in streaks]
    likeness, offsets = _all_pairs(shapes)
    # Large shapes do not agree by chance.
    weights = np.array([streak.contrast * np.count_nonzero(streak.pixels) for streak in streaks])
    votes_for = (likeness >= agreement) @ weights
    # Of shapes that the same streaks vote for, the one that they are most like.
    best = int(np.lexsort((likeness @ weights, votes_for))[-1])
    voters = [number for number in range(len(streaks)) if likeness[best, number] >= agreement or number == best]
    pixels = [shift(streaks[number].pixels, offsets[best, number], order=0) for number in voters]
    clipped = [shift(streaks[number].clipped, offsets[best, number], order=0) for number in voters]
    kernel = _JointFit(pixels, clipped).solve()
    kernel[kernel < _FLOOR * kernel.max()] = 0
    return normalise_kernel(_centred(kernel)), len(voters)


def _levels(above: np.ndarray, noise: float) -> np.ndarray:
    """From just above the ground to the brightest, growing by a factor."""
    lowest = max(_LOWEST_OF_NOISE * noise, _LOWEST)
    return np.geomspace(lowest, max(_HIGHEST_SHARE * float(above.max()), lowest), _LEVELS)


def _parts(bright: np.ndarray, kernel_size: int) -> Iterator[tuple[tuple[slice, slice], np.ndarray]]:
    """Connected parts that fit into the kernel and are not cut off at the border, as boxes and masks in them."""
    numbers, _ = label(bright, _EIGHT_NEIGHBOURS)
    for number, box in enumerate(find_objects(numbers), 1):
        is_whole = all(side.start > 0 and side.stop < length for side, length in zip(box, bright.shape))
        if is_whole and max(side.stop - side.start for side in box) <= kernel_size:
            mask = numbers[box] == number
            if np.count_nonzero(mask) >= _FEWEST_PIXELS:
                yield box, mask


class _Part:
    """A connected bright part in the middle of a window of the kernel's size."""

    def __init__(self, above: np.ndarray, clipped: np.ndarray, box, mask: np.ndarray, kernel_size: int):
        self.row, self.column = ((side.start + side.stop - 1) // 2 for side in box)
        self._own = np.zeros((kernel_size, kernel_size), bool)
        half = kernel_size // 2
        top, left = box[0].start + half - self.row, box[1].start + half - self.column
        self._own[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        self._window, self._clipped = (_window_of(each, self.row, self.column, half) for each in (above, clipped))

    @property
    def is_thin(self) -> bool:
        """Whether no point of it is far from its border."""
        depth = distance_transform_edt(np.pad(self._own, 1)).max()
        return bool(depth <= max(_HALF_WIDTH, _RELATIVE_HALF_WIDTH * len(self._own)))

    def streak(self, level: float, noise: float, least_contrast: float) -> Streak | None:
        """The part as a streak, None where it is not isolated, not bright, or without its dim ends."""
        around = binary_dilation(self._own, _EIGHT_NEIGHBOURS)
        near = ~around & binary_dilation(self._own, iterations=max(_NEAR, _extent(self._own) // 2))
        if np.count_nonzero(near) < _FEWEST_PIXELS:
            return None
        ground = float(np.median(self._window[near]))
        contrast = float(self._window[self._own].mean()) - ground
        if contrast < least_contrast or level - ground > _LOWEST_LEVEL * contrast:
            return None
        bright = self._window > ground + _REST * contrast + 3 * noise
        if np.mean(bright[near]) > _REST_SHARE:
            return None
        pixels = np.where(around, np.maximum(self._window - ground, 0), 0)
        alone = bool(np.mean(bright[~around]) <= _REST_SHARE)
        return Streak(self.row, self.column, pixels, self._clipped & around, contrast, alone)


def _window_of(image: np.ndarray, row: int, column: int, half: int) -> np.ndarray:
    """The square around a pixel; beyond the border the outermost pixels go on."""
    rows, columns = (
        np.clip(np.arange(middle - half, middle + half + 1), 0, length - 1)
        for middle, length in zip((row, column), image.shape)
    )
    return image[np.ix_(rows, columns)]


def _ground_sizes(kernel_size: int) -> list[int]:
    """Sides of the squares that tell the ground: many a kernel fills half of its window only."""
    half = kernel_size // 2 | 1
    return [kernel_size, half] if half >= _SMALLEST_GROUND else [kernel_size]


def _extent(part: np.ndarray) -> int:
    """The longer side of the box around a part."""
    return max(int(np.ptp(places)) + 1 for places in np.nonzero(part))


def _all_pairs(shapes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How alike any two are at their best offset, (N, N), and how the second is to be moved there, (N, N, 2)."""
    size = 2 * len(shapes[0])
    spectra = [scipy.fft.rfft2(shape / np.linalg.norm(shape), (size, size)) for shape in shapes]
    count = len(shapes)
    likeness, offsets = np.ones((count, count)), np.zeros((count, count, 2))
    for one in range(count):
        for other in range(one + 1, count):
            correlation = scipy.fft.irfft2(spectra[one] * spectra[other].conj(), (size, size))
            likeness[one, other] = likeness[other, one] = correlation.max()
            peak = np.array(np.unravel_index(int(correlation.argmax()), correlation.shape))
            offsets[one, other] = np.where(peak < size // 2, peak, peak - size)
            offsets[other, one] = -offsets[one, other]
    return likeness, offsets


def _centred(kernel: np.ndarray) -> np.ndarray:
    """Moved by whole pixels until the centroid is in the middle, or the kernel's end at the border."""
    moved = kernel
    for axis in (0, 1):
        profile = kernel.sum(axis=1 - axis)
        occupied = np.flatnonzero(profile)
        wanted = len(profile) // 2 - round(float(profile @ np.arange(len(profile)) / profile.sum()))
        moved = np.roll(moved, int(np.clip(wanted, -occupied[0], len(profile) - 1 - occupied[-1])), axis)
    return moved


class _JointFit:
    """The kernel and the shapes of the lights that explain several streaks best, by Richardson-Lucy in both.

    Lights are no points: each streak is the kernel convolved with its own light. The light of the sharpest streak is taken for
    a point, since kernel and lights can't be told apart beyond that. Clipped pixels are lower bounds.
    """

    def __init__(self, pixels: list[np.ndarray], clipped: list[np.ndarray]):
        self._pixels, self._clipped = pixels, clipped
        self._sharpest = _sharpest(pixels, clipped)
        sharpest = pixels[self._sharpest]
        self.kernel = sharpest / sharpest.sum()
        places = np.arange(-_LIGHT_RADIUS, _LIGHT_RADIUS + 1)
        blob = np.exp(-(places[:, None] ** 2 + places**2) / (2 * _LIGHT_WIDTH**2))
        point = (places[:, None] == 0) & (places == 0)
        self._lights = [
            (point if number == self._sharpest else blob / blob.sum()) * streak.sum()
            for number, streak in enumerate(pixels)
        ]

    def solve(self) -> np.ndarray:
        """First the lights for the sharpest streak as the kernel, then both in turn; returns the kernel."""
        for _ in range(_LIGHT_ROUNDS):
            self._improve_lights()
        for _ in range(_KERNEL_ROUNDS):
            self._improve_kernel()
            self._improve_lights()
        return normalise_kernel(self.kernel)

    def _improve_kernel(self):
        factor = np.zeros_like(self.kernel)
        for number, light in enumerate(self._lights):
            factor += fftconvolve(self._quotient(number), light[::-1, ::-1], "same")
        self.kernel *= np.maximum(factor, 0) / sum(light.sum() for light in self._lights)
        self.kernel = normalise_kernel(self.kernel)

    def _improve_lights(self):
        middle = len(self.kernel) - 1
        near = slice(middle - _LIGHT_RADIUS, middle + _LIGHT_RADIUS + 1)
        for number, light in enumerate(self._lights):
            factor = np.maximum(fftconvolve(self._quotient(number), self.kernel[::-1, ::-1])[near, near], 0)
            # Of the point only the brightness changes.
            self._lights[number] = light * (
                factor if number != self._sharpest else factor[_LIGHT_RADIUS, _LIGHT_RADIUS]
            )

    def _quotient(self, number: int) -> np.ndarray:
        """What was seen by what is explained; where pixels are clipped, more than was seen is explained as well."""
        explained = np.maximum(fftconvolve(self.kernel, self._lights[number], "same"), 0)
        quotient = (self._pixels[number] + _SOFTENING) / (explained + _SOFTENING)
        return np.where(self._clipped[number], np.maximum(quotient, 1), quotient)


def _sharpest(pixels: list[np.ndarray], clipped: list[np.ndarray]) -> int:
    """The streak whose brightness lies in the fewest pixels, of those that are hardly clipped, else the least clipped one."""
    shares = np.array([np.mean(cut[streak > 0]) for streak, cut in zip(pixels, clipped)])
    gathered = np.array([float((streak**2).sum() / streak.sum() ** 2) for streak in pixels])
    hardly = shares <= max(_HARDLY_CLIPPED, float(shares.min()))
    return int(np.argmax(np.where(hardly, gathered, 0)))
