"""The kernel's size, where none is given: found by quick runs of the solver in squares of several sizes.

Each square is looked at on the picture reduced so far that the square is 31 pixels wide, from the widest one that the picture
bears down to the picture's own pixels. A run that is right has room around its kernel; one in too small a square presses against
its border; and one on too few pixels spreads over all of it. Which of them is right is decided as among the default's runs for
wide kernels: by what the ranking network says of the picture restored with each kernel, weighed against what the kernel changes
(:class:`~pydeblur.estimators.EvidenceWeights`), at half the size. The kernel size is then a quarter more than that kernel needs
and some pixels, or, where it presses against the border, a fifth more than the square. It is generous because too tight a square
cuts off the faint ends of a kernel, and too wide a one does little harm.

A picture that the classifier of section 3 of the paper takes for sharp, and whose kernel is small, is not blurred by a shake.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.estimators.kernel_size import (
    MUCH_AT_THE_BORDER,
    border_mass,
    border_width,
    core_size,
    is_cut_off,
    resized_kernel,
    scaled_size,
)
from pydeblur.estimators.presets import PRESETS, EvidenceWeights, Preset, RankingOptions
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.estimators.ranking import KernelRanker, log_odds
from pydeblur.preprocess.region import choose_region
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.solver import BlindDeconvolution, History, blind_deconv
from pydeblur.solver.options import SolverOptions, solver_options
from pydeblur.solver.pyramid import SCALE_RATIO, downsample_image

if TYPE_CHECKING:
    from pydeblur.estimators.plan import EstimationPlan

#: Side of the kernels that are looked for on reduced pictures, and of those in pictures that do not bear it.
_SIDE, _SMALL_SIDE = 31, 15
#: The picture is reduced by the square root of two at most so many times: the widest square has 175 pixels.
_MOST_REDUCTIONS = 5
#: The shorter side of a picture, in kernels, that a run needs; more than so many kernels are not looked at.
_LEAST_SIDE, _ENOUGH_SIDE = 2.2, 12
#: The size of the kernel that the region is chosen for, before anything is known of it.
PROVISIONAL_SIZE = 61
#: Kernels are compared on the picture reduced so far.
_COMPARED_AT = 0.5
_WEIGHTS = EvidenceWeights(change=-0.5)
#: A finer picture tells the kernel's extent better: it is taken where its score is hardly worse and its square has so much room.
_HARDLY_WORSE, _WITH_ROOM = 0.5, 1.3
#: Two squares whose kernels' extents differ by no more than this factor have found the same kernel.
_SAME_EXTENT = 1.2
#: Of a kernel that is cut off the next wider square is taken where none is, unless its score is so much worse.
_WORSE_IF_GROWN = 1.2
#: The size is so many times the extent that was found and so many pixels more, but no more than so many times the square; of a
#: kernel that was cut off it is the latter.
_ROOM_AROUND, _MARGIN, _ROOM = 1.25, 6.5, 1.2
#: A size that runs are made with in any case, where the kernel fits into it and the picture's shorter side is so many times as
#: long: faint ends are not cut off in it, and it costs little.
_COMMON_SIZE, _SIDE_FOR_COMMON = 25, 6
#: The largest kernel size with which runs of the common size are made.
_LARGEST_WITH_COMMON = 31
#: What a kernel's extent and its faint ends hold of its mass.
_MOST_MASS, _WITH_ENDS = 0.95, 0.99
#: The next size that is tried after one that was too small is at least so many times larger.
_NEXT_SIZE = 1.25
#: Where a size that was given is too small, a square of at least so many times that size is looked at.
_WIDER = 1.5
#: Of a small size it is said that it is too small where a kernel of so many times that size is found.
_CLEARLY_LARGER = 1.5
#: So many times the size that was found is that of further runs.
_SMALLER, _LARGER = 0.65, 1.35
#: Of an image with a shorter side no kernel is said to be too small: it tells too little.
_LEAST_SIDE_TO_TELL = 100
#: Log-odds that the picture is blurred, below which it is sharp, if its kernel is no wider than so many pixels.
_SHARP, _WIDEST_OF_SHARP = -2.0, 13
_CLASSIFIER = "classifier-compact"
SMALLEST_SIZE = 3


@dataclass(frozen=True)
class TriedSize:
    """A square that a kernel was looked for in.

    Attributes
    ----------
    size : int
        Its side in the picture's own pixels.
    reduction : float
        How many times smaller the picture was that the run was made on.
    extent : float
        Side of the square that 95 % of the kernel that was found fit into, in the picture's own pixels.
    reach : float
        The same for 99 %.
    border_mass : float
        The share of that kernel's mass in its outermost two pixels.
    score : float
        What speaks against the kernel: the lower, the better; NaN where it was not compared with others.

    Examples
    --------
    >>> tried = TriedSize(31, 1.0, 17.0, 20.0, 0.001, -3.4)
    >>> tried.is_cut_off, tried.wanted_size
    (False, 29)
    """

    size: int
    reduction: float
    extent: float
    reach: float
    border_mass: float
    score: float

    @property
    def is_cut_off(self) -> bool:
        """Whether the kernel presses against the square's border."""
        return self.border_mass >= MUCH_AT_THE_BORDER

    @property
    def has_room(self) -> bool:
        """Whether there is room around the kernel."""
        return not self.is_cut_off and self.size >= _WITH_ROOM * self.extent

    def agrees_with(self, other: TriedSize) -> bool:
        """Whether both have room, and have found a kernel of about the same extent."""
        larger, smaller = max(self.extent, other.extent), min(self.extent, other.extent)
        return self.has_room and other.has_room and larger <= _SAME_EXTENT * smaller

    @property
    def wanted_size(self) -> int:
        """The kernel size that follows: room for the extent, or beyond the square."""
        beyond = _ROOM * self.size
        return _odd_from(beyond if self.is_cut_off else min(_ROOM_AROUND * self.extent + _MARGIN, beyond))


@dataclass(frozen=True, eq=False)
class KernelSizeSearch:
    """The kernel size that was found, and why.

    Attributes
    ----------
    size : int
        Odd.
    reason : str
        One sentence.
    tried : tuple of TriedSize
        The narrowest first; empty where the picture is too small to look for anything.
    is_sharp : bool
        Whether the picture is not blurred by a shake, so that no kernel has to be estimated.
    second_size : int or None
        A smaller size that the kernel fits into as well; None where the size is not known to within that.

    Examples
    --------
    >>> KernelSizeSearch(21, "a kernel of 17 pixels was found").size
    21
    """

    size: int
    reason: str
    tried: tuple[TriedSize, ...] = ()
    is_sharp: bool = False
    second_size: int | None = None


def search_kernel_size(
    image: np.ndarray,
    *,
    gamma: float = 1.0,
    clipped: np.ndarray | None = None,
    ranking: RankingOptions = RankingOptions(),
    workers: int = 1,
) -> KernelSizeSearch:
    """Find the size of the square that the kernel of an image should be estimated in.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred, grey, finite, in [0, 1].
    gamma : float
        The kernel blurs the image raised to this power.
    clipped : (H, W) bool ndarray, optional
        Pixels that the sensor clipped.
    ranking : RankingOptions
        Of the network that compares the kernels.
    workers : int
        Threads.

    Returns
    -------
    KernelSizeSearch

    Examples
    --------
    >>> from pydeblur.synthesis import blur
    >>> scene = np.kron(np.random.default_rng(0).random((16, 16)), np.ones((6, 6)))
    >>> found = search_kernel_size(blur(scene, np.full((1, 9), 1 / 9)))
    >>> found.size % 2, [each.size for each in found.tried]
    (1, [31])
    """
    picture = _Picture(np.asarray(image), clipped, _quick_options(gamma, workers), ranking)
    largest = picture.largest_size
    tried = _tried_squares(picture)
    if not tried:
        size = min(_odd_from(min(image.shape) / _ENOUGH_SIDE), largest)
        return KernelSizeSearch(
            size, "the picture is too small, or has too little in it, to look for the kernel's size"
        )
    if min(tried, key=_score).extent <= _WIDEST_OF_SHARP and picture.looks_sharp():
        return KernelSizeSearch(min(SMALLEST_SIZE, largest), "the picture looks sharp", tuple(tried), is_sharp=True)
    chosen = _chosen(tried)
    size, second_size = _sizes(min(chosen.wanted_size, largest), min(image.shape))
    return KernelSizeSearch(size, _reason(chosen, largest), tuple(tried), second_size=second_size)


def _sizes(wanted: int, side: int) -> tuple[int, int | None]:
    """The size and the second size, in a picture with that shorter side."""
    if side < _SIDE_FOR_COMMON * _COMMON_SIZE or wanted > _LARGEST_WITH_COMMON or wanted == _COMMON_SIZE:
        return wanted, None
    return max(wanted, _COMMON_SIZE), min(wanted, _COMMON_SIZE)


def _tried_squares(picture: _Picture) -> list[TriedSize]:
    """What is found in the squares of a picture, from the narrowest one until two say the same, or to the widest.

    Where the first two say the same there is nothing to choose, so that they are not compared.
    """
    found: list[_Found] = []
    agree = False
    for square in picture.squares():
        each = picture.found(square)
        if each is not None:
            agree = bool(found) and found[-1].tried.agrees_with(each.tried)
            found.append(each)
        if agree:
            break
    if agree and len(found) == 2:
        return [each.tried for each in found]
    return [picture.scored(each) for each in found]


def with_other_sizes(preset: Preset, search: KernelSizeSearch) -> Preset:
    """A preset of several runs with more of other sizes than the one that was found: which is best, its ranking decides.

    Parameters
    ----------
    preset : Preset
    search : KernelSizeSearch

    Returns
    -------
    Preset
        With the same runs in the second size, where there is one; else with one run of a larger size, and one of a smaller size
        with each prior that the preset's runs have beside its own.

    Examples
    --------
    >>> from pydeblur.estimators import resolve
    >>> found = KernelSizeSearch(25, "a kernel of 9 pixels was found", second_size=15)
    >>> sorted({each.size_factor for each in with_other_sizes(resolve(), found).variants})
    [0.6, 1.0]
    >>> with_other_sizes(resolve(prior="gradient"), found).variants
    ()
    """
    own = preset.variants
    if not own:
        return preset
    if search.second_size is not None:
        further = [replace(each, size_factor=search.second_size / search.size) for each in own]
    else:
        further = [replace(each, size_factor=_SMALLER) for each in own if each.prior is not None]
        further.append(replace(own[0], size_factor=_LARGER))
    return replace(preset, variants=(*own, *further))


def size_to_try(
    image: np.ndarray, found: KernelEstimate, plan: EstimationPlan, search: KernelSizeSearch | None
) -> KernelSizeSearch | None:
    """The size to try in place of that of a kernel that presses against its border.

    Parameters
    ----------
    image : (H, W) ndarray
        What the kernel was estimated from.
    found : KernelEstimate
    plan : EstimationPlan
        By which it was found.
    search : KernelSizeSearch or None
        That the size comes from; None where it was given.

    Returns
    -------
    KernelSizeSearch or None
        Its reason says what is wrong; None where nothing is, or the image bears no larger kernel.

    Examples
    --------
    >>> from pydeblur.estimators import Multistart, resolve
    >>> image = np.kron(np.random.default_rng(0).random((16, 16)), np.ones((6, 6)))
    >>> plan = resolve(prior="gradient").for_image(image, 3)
    >>> size_to_try(image, Multistart(resolve(prior="gradient")).estimate(image, 3), plan, None) is None
    True
    """
    size = len(found.kernel)
    options = found.options
    picture = _Picture(
        image, plan.clipped, _quick_options(options.gamma_correct, options.workers), plan.ranking or RankingOptions()
    )
    larger = scaled_size(size, _NEXT_SIZE)
    can_tell = not found.stopped and min(image.shape) >= _LEAST_SIDE_TO_TELL and larger <= picture.largest_size
    if not (can_tell and is_cut_off(found.kernel)):
        return None
    # A frame of one pixel tells little: a run in a wider square has to say the same.
    is_small = border_width(size) == 1
    if is_small and search is not None:
        return None
    if search is None:
        wider = _in_wider_square(picture, size)
        if is_small and (wider is None or wider.extent < _CLEARLY_LARGER * size):
            return None
        larger = larger if wider is None else max(larger, min(wider.wanted_size, picture.largest_size))
    share = border_mass(found.kernel, border_width(size))
    return KernelSizeSearch(larger, f"{share:.0%} of the kernel lies at its border, so that size {size} is too small")


def _in_wider_square(picture: _Picture, size: int) -> TriedSize | None:
    """What a quick run finds where a kernel of a size was cut off, on the picture reduced a little, so that it costs little."""
    wider = [each for each in picture.squares() if each.size >= _WIDER * size]
    reduced = [each for each in wider if each.reductions]
    chosen = (reduced or wider)[:1]
    found = picture.found(chosen[0]) if chosen else None
    return None if found is None else found.tried


def _quick_options(gamma: float, workers: int) -> SolverOptions:
    """Those of the quick runs, but for the kernel's size."""
    options = solver_options({**PRESETS["best"].solver, "gamma_correct": gamma, "kernel_size": SMALLEST_SIZE})
    return replace(options, dtype="float32", workers=workers)


def unblurred(image: np.ndarray, plan: EstimationPlan) -> KernelEstimate:
    """The estimate for an image that is not blurred: a point.

    Examples
    --------
    >>> from pydeblur.estimators import resolve
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> unblurred(image, resolve().for_image(image, 3)).kernel.tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    kernel = np.zeros((SMALLEST_SIZE, SMALLEST_SIZE))
    kernel[SMALLEST_SIZE // 2, SMALLEST_SIZE // 2] = 1
    run = plan.runs[0]
    return KernelEstimate(kernel, image, History([]), run.options, {"name": "none"})


def _odd_from(size: float) -> int:
    """The next odd number, at least 3."""
    return max(math.ceil(size) | 1, SMALLEST_SIZE)


def _score(tried: TriedSize) -> float:
    return tried.score


def _chosen(tried: list[TriedSize]) -> TriedSize:
    """The one with the best score, grown until nothing is cut off, or a finer look at the same kernel."""
    best = min(tried, key=_score)
    if best.is_cut_off:
        wider = [each for each in tried if each.size > best.size and not each.is_cut_off]
        best = next((each for each in wider if each.score - best.score < _WORSE_IF_GROWN), best)
    finer = [
        each
        for each in sorted(tried, key=lambda each: (each.reduction, -each.size))
        if each.size < best.size
        and each.size >= _WITH_ROOM * best.extent
        and not each.is_cut_off
        and each.score - best.score < _HARDLY_WORSE
    ]
    return finer[0] if finer else best


def _reason(chosen: TriedSize, largest: int) -> str:
    square = f"in a square of {chosen.size} pixels"
    if chosen.is_cut_off:
        share = f"{chosen.border_mass:.0%} of the kernel lies at the border"
        found = f"{share} {square}, the best of those that were tried: the size is larger"
    else:
        found = (
            f"a kernel of {chosen.extent:.0f} pixels was found {square}, with {chosen.border_mass:.1%} at its border"
        )
    return f"{found}, and as large as the picture bears" if chosen.wanted_size > largest else found


@dataclass(frozen=True)
class _Square:
    """A square that a kernel is looked for in: its side in the reduced picture, and how much that is reduced."""

    side: int
    reductions: int

    @property
    def ratio(self) -> float:
        return SCALE_RATIO**self.reductions

    @property
    def size(self) -> int:
        return _odd_from(round(self.side / self.ratio))


@dataclass(frozen=True, eq=False)
class _Found:
    """A kernel that was found in a square, before it is compared with others."""

    tried: TriedSize
    kernel: np.ndarray
    square: _Square


class _Picture:
    """The picture, and what is made of it once for all squares."""

    def __init__(self, image: np.ndarray, clipped: np.ndarray | None, options: SolverOptions, ranking: RankingOptions):
        self._image, self._options = image, options
        self._ranking = replace(ranking, threads=ranking.threads or options.workers)
        self._clipped = clipped if clipped is not None and bool(np.any(clipped)) else None

    @property
    def largest_size(self) -> int:
        """The largest kernel that the picture is taken to bear."""
        return max(_odd_from(math.floor(min(self._image.shape) / _LEAST_SIDE) - 1), SMALLEST_SIZE)

    def squares(self) -> list[_Square]:
        """Those that the picture bears, the narrowest first."""
        wanted = [_Square(_SIDE, step) for step in range(_MOST_REDUCTIONS + 1)]
        fitting = [each for each in wanted if each.size <= self.largest_size]
        return fitting or [each for each in [_Square(_SMALL_SIDE, 0)] if each.size <= self.largest_size]

    def found(self, square: _Square) -> _Found | None:
        """What a run in a square finds; None where there is nothing to be found."""
        try:
            kernel = self._run(square).kernel
        except InvalidInputError:  # a reduced picture without an edge, or a kernel that has collapsed
            return None
        extent, reach = (core_size(kernel, share) / square.ratio for share in (_MOST_MASS, _WITH_ENDS))
        tried = TriedSize(square.size, 1 / square.ratio, extent, reach, border_mass(kernel), math.nan)
        return _Found(tried, kernel, square)

    def scored(self, found: _Found) -> TriedSize:
        """The same with what speaks against the kernel."""
        as_compared = resized_kernel(found.kernel, _COMPARED_AT / found.square.ratio)
        return replace(found.tried, score=self._ranker.score(as_compared, self._options.gamma_correct).value)

    def _run(self, square: _Square) -> BlindDeconvolution:
        region = choose_region(self._image, square.size, _ENOUGH_SIDE * square.size)
        clipped = None if self._clipped is None else _reduced(region.part_of(self._clipped), square.ratio)
        options = replace(self._options, kernel_size=square.side)
        return blind_deconv(downsample_image(region.part_of(self._image), square.ratio), options, clipped=clipped)

    @cached_property
    def _ranker(self) -> KernelRanker:
        clipped = None if self._clipped is None else _reduced(self._clipped, _COMPARED_AT)
        image = downsample_image(np.asarray(self._image, np.float64), _COMPARED_AT)
        return KernelRanker(
            image, PROVISIONAL_SIZE, clipped, self._ranking, self._options.workers, _WEIGHTS, np.float32
        )

    def looks_sharp(self) -> bool:
        """Whether the classifier takes the picture's own pixels for sharp ones."""
        network = ClassifierNetwork(replace(self._ranking, weights=_CLASSIFIER))
        part = choose_region(self._image, _SMALL_SIDE).part_of(self._image)
        return log_odds(np.asarray(part, np.float64), network) < _SHARP


def _reduced(clipped: np.ndarray, ratio: float) -> np.ndarray:
    """The pixels of a reduced picture that clipped ones have a part in."""
    return downsample_image(clipped.astype(float), ratio) > 0.05
