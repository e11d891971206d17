"""The kernel's size, where none is given: found by quick runs of the solver in squares of several sizes.

The squares are looked at from the narrowest one to the widest that the picture bears: up to 31 pixels in the picture's own
pixels, beyond that on the picture reduced so far that the square is 31 pixels wide. A run that is right has room around its
kernel; one in too small a square presses against its border; and one on too few pixels, or on a smooth and noisy picture,
spreads over all of it, however wide it is. Which of them is right is decided as among the default's runs for
wide kernels: by what the ranking network says of the picture restored with each kernel, weighed against what the kernel changes
(:class:`~pydeblur.estimators.EvidenceWeights`), at half the size. The kernel size is then a quarter more than that kernel needs
and some pixels. It is generous because too tight a square cuts off the faint ends of a kernel. A kernel that presses against the
border asks for the next wider square, as long as the ranking does not speak against it.

Where the ranking prefers a square that is too narrow for the kernel that was found, or no two squares hold the same kernel, runs
are made in the narrow square, too, and the ranking of the runs themselves decides.

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

#: Side of the kernels that are looked for on reduced pictures, and of narrower ones in the picture's own pixels.
_SIDE, _NARROW_SIDES = 31, (11, 15)
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
#: Two squares whose kernels' extents differ by no more than this factor, or so many pixels, have found the same kernel.
_SAME_EXTENT, _SAME_PIXELS = 1.2, 2
#: Of a kernel that is cut off the next wider square is taken where none is, unless its score is so much worse.
_WORSE_IF_GROWN = 0.5
#: The size is so many times the extent that was found and so many pixels more, but no more than so many times the square; of a
#: kernel that was cut off it is the latter, unless wider squares were worse.
_ROOM_AROUND, _MARGIN, _ROOM = 1.25, 6.5, 1.2
#: A square with so much of a kernel's mass in its outermost two pixels holds none.
_MOST_AT_THE_BORDER = 0.5
#: A square between two others is clearly worse than both if its score is so much worse than theirs.
_CLEARLY_WORSE = 0.2
#: A square that is no wider than so many times the extent of a kernel can't hold it.
_TOO_NARROW = 0.65
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
#: The ranking hardly sees the faint ends that the tighter of two squares cuts off: its score has to be better by so much.
_CUTS_ENDS_OFF = 0.03
#: So many times the size that was found is that of further runs.
_SMALLER, _LARGER = 0.65, 1.35
#: Of an image with a shorter side no kernel is said to be too small: it tells too little.
_LEAST_SIDE_TO_TELL = 100
#: Log-odds that the picture is blurred, below which it is sharp, if its kernel is no wider than so many pixels.
_SHARP, _WIDEST_OF_SHARP = -2.0, 13
#: The kernel size that the part is chosen for that the classifier looks at.
_SIDE_OF_SHARP = 15
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
        What speaks against the kernel: the lower, the better.

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
        """Whether both have found a kernel of about the same extent, and there is room around it in the wider square."""
        wider = max(self, other, key=lambda each: each.size)
        larger, smaller = max(self.extent, other.extent), min(self.extent, other.extent)
        return wider.has_room and larger <= max(_SAME_EXTENT * smaller, smaller + _SAME_PIXELS)

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
        A smaller size that the kernel fits into as well, or may fit into; None where there is none.
    is_confirmed : bool
        Whether two squares hold the same kernel.
    extent : float or None
        That of the kernel that was found; None where none was looked for.

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
    is_confirmed: bool = False
    extent: float | None = None

    @property
    def blur_size(self) -> int:
        """The size with no more room than a size that is known has, a fifth of the blur's extent.

        Examples
        --------
        >>> KernelSizeSearch(25, "a kernel of 9 pixels was found", extent=9.0).blur_size
        11
        """
        return self.size if self.extent is None else min(scaled_size(self.extent, _ROOM), self.size)


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
    (1, [11, 15, 31])
    """
    picture = _Picture(np.asarray(image), clipped, _quick_options(gamma, workers), ranking)
    largest = picture.largest_size
    tried = _tried_squares(picture)
    if not tried:
        size = min(_odd_from(min(image.shape) / _ENOUGH_SIDE), largest)
        return KernelSizeSearch(
            size, "the picture is too small, or has too little in it, to look for the kernel's size"
        )
    chosen = _chosen(tried)
    if not chosen.is_cut_off and chosen.extent <= _WIDEST_OF_SHARP and picture.looks_sharp():
        return KernelSizeSearch(min(SMALLEST_SIZE, largest), "the picture looks sharp", tuple(tried), is_sharp=True)
    wanted = min(_size_of(chosen, tried), largest)
    is_confirmed = any(chosen.agrees_with(each) for each in tried if each is not chosen)
    narrower = _narrower_size(chosen, tried, is_confirmed)
    size, second_size = _sizes(wanted, min(image.shape)) if narrower is None else (wanted, narrower)
    reason = _reason(chosen, wanted, largest, narrower)
    return KernelSizeSearch(size, reason, tuple(tried), False, second_size, is_confirmed, chosen.extent)


def _sizes(wanted: int, side: int) -> tuple[int, int | None]:
    """The size and the second size, in a picture with that shorter side."""
    if side < _SIDE_FOR_COMMON * _COMMON_SIZE or wanted > _LARGEST_WITH_COMMON or wanted == _COMMON_SIZE:
        return wanted, None
    return max(wanted, _COMMON_SIZE), min(wanted, _COMMON_SIZE)


def _tried_squares(picture: _Picture) -> list[TriedSize]:
    """What is found in the squares of a picture, from the narrowest one until two say the same, or to the widest.

    Narrow squares alone do not end it, since a wide kernel can look like a point in both.
    """
    tried: list[TriedSize] = []
    for square in picture.squares():
        each = picture.tried(square)
        if each is None:
            continue
        agree = bool(tried) and square.side == _SIDE and tried[-1].agrees_with(each)
        tried.append(each)
        if agree:
            break
    return tried


def _size_of(chosen: TriedSize, tried: list[TriedSize]) -> int:
    """The kernel size that follows: of a kernel that is cut off the square itself, where a wider one has been tried."""
    wider = any(each.size > chosen.size for each in tried)
    return chosen.size if chosen.is_cut_off and wider else chosen.wanted_size


def _narrower_size(chosen: TriedSize, tried: list[TriedSize], is_confirmed: bool) -> int | None:
    """The size of the best square that is too narrow for the kernel that was found, but may be right; None where none may.

    One may be right if the ranking prefers it, or, where no other square confirms the kernel, does not speak against it. Where
    the size is not small, a square between them has to be worse than both, as it is where each holds another kernel.
    """
    least_score = chosen.score + (0 if is_confirmed else _WORSE_IF_GROWN)
    possible = [each for each in tried if each.size <= _TOO_NARROW * chosen.extent and each.score < least_score]
    best = min(possible, key=_score, default=None)
    if best is None:
        return None
    between = [each.score for each in tried if best.size < each.size < chosen.size]
    worse = max(between, default=-math.inf) > max(best.score, chosen.score) + _CLEARLY_WORSE
    return _size_of(best, tried) if worse or _size_of(chosen, tried) <= _LARGEST_WITH_COMMON else None


def with_other_sizes(preset: Preset, search: KernelSizeSearch, is_clipped: bool = False) -> Preset:
    """A preset of several runs with more of other sizes than the one that was found: which is best, its ranking decides.

    Parameters
    ----------
    preset : Preset
    search : KernelSizeSearch
    is_clipped : bool
        Whether the picture has clipped pixels, with which every run goes on to the end.

    Returns
    -------
    Preset
        Of a small size with the same runs in the second size, where there is one, but for those of more iterations, or with
        clipped pixels the first of them. Of a larger one with one run of a smaller size with each prior that the preset's runs
        have beside its own, and with a run in the second size, or, where the size is not confirmed, in one beyond it.

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
    second = None if search.second_size is None else search.second_size / search.size
    if second is not None and search.size <= _LARGEST_WITH_COMMON:
        # More iterations cost as much as a run more, and tell less of the size.
        again = list(own[:1]) if is_clipped else [each for each in own if "iterations" not in each.changes]
        again = [replace(each, size_factor=second, handicap=_CUTS_ENDS_OFF) for each in again]
        return replace(preset, variants=(*own, *again))
    other = second if second is not None else None if search.is_confirmed else _LARGER
    one = [] if other is None else [replace(own[0], size_factor=other)]
    smaller = [replace(each, size_factor=_SMALLER) for each in own if each.prior is not None]
    wide = preset.for_wide_kernels
    if wide is not None and wide.variants and second is not None:
        wide = replace(wide, variants=(*wide.variants, *one))
    return replace(preset, variants=(*own, *smaller, *one), for_wide_kernels=wide)


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
    wider = [each for each in picture.squares() if each.side == _SIDE and each.size >= _WIDER * size]
    reduced = [each for each in wider if each.reductions]
    chosen = (reduced or wider)[:1]
    return picture.unranked(chosen[0]) if chosen else None


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
    best = min([each for each in tried if each.border_mass < _MOST_AT_THE_BORDER] or tried, key=_score)
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


def _reason(chosen: TriedSize, wanted: int, largest: int, narrower: int | None) -> str:
    square = f"in a square of {chosen.size} pixels"
    if chosen.is_cut_off:
        share = f"{chosen.border_mass:.0%} of the kernel lies at the border"
        larger = ": the size is larger" if wanted > chosen.size else ", and wider ones were worse"
        found = f"{share} {square}, the best of those that were tried{larger}"
    else:
        found = (
            f"a kernel of {chosen.extent:.0f} pixels was found {square}, with {chosen.border_mass:.1%} at its border"
        )
    found = f"{found}, and as large as the picture bears" if chosen.wanted_size > largest else found
    return (
        found if narrower is None else f"{found}; a narrower kernel may be right, so that size {narrower} is tried, too"
    )


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
        narrow = [_Square(side, 0) for side in _NARROW_SIDES]
        wide = [_Square(_SIDE, step) for step in range(_MOST_REDUCTIONS + 1)]
        return [each for each in (*narrow, *wide) if each.size <= self.largest_size]

    def tried(self, square: _Square) -> TriedSize | None:
        """What a run in a square finds; None where there is nothing to be found."""
        kernel = self._kernel(square)
        if kernel is None:
            return None
        as_compared = resized_kernel(kernel, _COMPARED_AT / square.ratio)
        score = self._ranker.score(as_compared, self._options.gamma_correct).value
        return _measured(kernel, square, score)

    def unranked(self, square: _Square) -> TriedSize | None:
        """The same without a score."""
        kernel = self._kernel(square)
        return None if kernel is None else _measured(kernel, square, math.nan)

    def _kernel(self, square: _Square) -> np.ndarray | None:
        try:
            return self._run(square).kernel
        except InvalidInputError:  # a reduced picture without an edge, or a kernel that has collapsed
            return None

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
        part = choose_region(self._image, _SIDE_OF_SHARP).part_of(self._image)
        return log_odds(np.asarray(part, np.float64), network) < _SHARP


def _measured(kernel: np.ndarray, square: _Square, score: float) -> TriedSize:
    extent, reach = (core_size(kernel, share) / square.ratio for share in (_MOST_MASS, _WITH_ENDS))
    return TriedSize(square.size, 1 / square.ratio, extent, reach, border_mass(kernel), score)


def _reduced(clipped: np.ndarray, ratio: float) -> np.ndarray:
    """The pixels of a reduced picture that clipped ones have a part in."""
    return downsample_image(clipped.astype(float), ratio) > 0.05
