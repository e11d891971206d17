"""The paper's solver, run once or several times: of several runs the ranking network chooses the kernel.

The coarse-to-fine strategy can go wrong at a coarse scale, and which run does so depends on small things: where it starts,
how strong μ is, which prior takes part. So several runs are made and ranked (:mod:`pydeblur.estimators.ranking`). With
successive halving all of them go down to a scale where they cost little, and those that are ranked first there go to the end.
In the refinement the best few go on at the finest scale, where five iterations do not converge, fewer and fewer of them for
longer and longer. More iterations are not always better: the result is the kernel that was ranked first on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.confidence import NUMBERS, SMALLEST_SIDE, agreement_of, confidence_in
from pydeblur.estimators.kernel_size import in_size
from pydeblur.estimators.plan import EstimationPlan, PlannedProposal, RunPlan
from pydeblur.estimators.presets import Preset, RankingOptions
from pydeblur.estimators.protocol import Candidate, KernelEstimate
from pydeblur.estimators.ranking import KernelRanker, KernelScore
from pydeblur.preprocess.noise import noise_level
from pydeblur.solver import BlindDeconvolution, CoarseToFine, IterationState
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.solver.kernel import normalise_kernel
from pydeblur.solver.records import Callback

if TYPE_CHECKING:
    from pydeblur.estimators.kernel_proposal import ProposedKernel


@dataclass(frozen=True)
class Multistart:
    """The kernel estimator that makes the runs of a preset and chooses among them.

    Parameters
    ----------
    preset : Preset
        As :func:`pydeblur.estimators.resolve` gives it.

    Examples
    --------
    >>> from pydeblur.estimators import resolve
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> Multistart(resolve(prior="gradient")).estimate(image, 5).kernel.shape
    (5, 5)
    """

    preset: Preset = Preset()

    def estimate(
        self,
        image: np.ndarray,
        kernel_size: int | None = None,
        *,
        clipped: np.ndarray | None = None,
        callback: Callback | None = None,
    ) -> KernelEstimate:
        """Estimate the kernel of a grey image, see :class:`pydeblur.estimators.KernelEstimator`.

        Results do not depend on how many runs are made at a time. The callback is called from the runs' threads, from one at a
        time; an exception other than StopIteration ends all runs and is raised here.
        """
        search, preset = None, self.preset
        if kernel_size is None:
            from pydeblur.estimators.kernel_size_search import search_kernel_size, with_other_sizes

            gamma = self.preset.solver.get("gamma_correct", 1.0)
            search = search_kernel_size(image, gamma=gamma, clipped=clipped, ranking=self.preset.ranking)
            kernel_size, preset = search.size, with_other_sizes(preset, search, clipped is not None)
        found = run_plan(preset.for_image(image, kernel_size, clipped), image, callback)
        return replace(found, kernel_size_search=search)


def run_plan(plan: EstimationPlan, image: np.ndarray, callback: Callback | None = None) -> KernelEstimate:
    """Do what a plan says.

    Parameters
    ----------
    plan : EstimationPlan
        Of this image.
    image : (H, W) ndarray
    callback : callable, optional

    Raises
    ------
    KernelCollapseError
        If that happens in every run.
    """
    found = _found(plan, image, callback)
    dtype = plan.result_dtype
    if dtype is None or found.kernel.dtype == dtype:
        return found
    # The sum is 1 to the precision of the type that the kernel is given in.
    return replace(found, kernel=normalise_kernel(found.kernel.astype(dtype)), latent=found.latent.astype(dtype))


def _found(plan: EstimationPlan, image: np.ndarray, callback: Callback | None) -> KernelEstimate:
    """The estimate in the solver's precision."""
    if len(plan.runs) == 1:
        (run,) = plan.runs
        search = CoarseToFine(image, run.options, run.prior.load(), callback, plan.clipped)
        search.advance_to(0)
        return _estimate(search.result())
    by_lights = _by_light_streaks(plan, image, callback) if plan.light_streaks else None
    return _Contest(plan, image, callback).result() if by_lights is None else by_lights


def _by_light_streaks(plan: EstimationPlan, image: np.ndarray, callback: Callback | None) -> KernelEstimate | None:
    """The estimate from streaks of small lights that agree, None where there are none.

    Light adds up before a camera's gamma, so the streaks are looked for where the solver looks for the kernel.
    """
    from pydeblur.estimators.light_streaks import estimate_of_agreeing  # it needs much of SciPy

    options = plan.runs[0].options
    found = estimate_of_agreeing(image**options.gamma_correct, plan.kernel_size, plan.clipped, callback)
    return None if found is None else replace(found, options=replace(options, kernel_size=plan.kernel_size))


def _estimate(found: BlindDeconvolution, candidates: tuple[Candidate, ...] = ()) -> KernelEstimate:
    return KernelEstimate(
        found.kernel, found.latent, found.history, found.options, found.prior, candidates, found.stopped
    )


class _Contest:
    """All runs of a plan, from their start to the choice among them."""

    def __init__(self, plan: EstimationPlan, image: np.ndarray, callback: Callback | None):
        self._plan, self._image = plan, image
        self._relay = _Relay(callback)
        # A run is worth more threads than a Fourier transform is.
        self._own_workers = max(1, plan.workers // plan.runs_at_a_time)
        self._runs: list[_Run] = []
        for run in plan.runs:
            self._add(run)
        self._rankers: dict[int, KernelRanker] = {}

    def _add(self, plan: RunPlan) -> _Run:
        """One more run, which has not begun."""
        options = replace(plan.options, workers=self._own_workers)
        callback = self._relay.of_candidate(len(self._runs))
        search = CoarseToFine(self._image, options, plan.prior.load(), callback, self._plan.clipped)
        self._runs.append(_Run(plan, search))
        return self._runs[-1]

    def result(self) -> KernelEstimate:
        """The estimate of the run that is best in the end."""
        best = self._best_of_all()
        candidates = tuple(run.described(run is best) for run in self._runs if run.is_candidate)
        found, confidence = best.found, self._confidence(best)
        found = replace(found, kernel=in_size(found.kernel, self._plan.kernel_size))
        found = replace(found, options=replace(found.options, workers=self._plan.workers), stopped=self._relay.stopped)
        return replace(_estimate(found, candidates), confidence=confidence)

    def _confidence(self, best: _Run) -> float | None:
        """How probable it is that the best run's kernel is the right one; None where that can't be told."""
        ranker = self._ranker(0)
        # After a stop a kernel is anything, and what was clipped or is small was not looked at when the regression was fitted.
        if self._relay.stopped or not ranker.gives_evidence or min(np.shape(self._image)) < SMALLEST_SIDE:
            return None
        evidence = ranker.evidence(best.found.kernel, best.found.options.gamma_correct, NUMBERS)
        scale = self._plan.halving.scale if self._plan.halving else 0
        others = [run.kernels[scale] for run in self._runs if run is not best and scale in run.kernels]
        agreement = agreement_of(best.kernels[scale], others)
        return confidence_in(evidence, noise_level(np.asarray(self._image, np.float64)), agreement)

    def _best_of_all(self) -> _Run:
        best = self._after_halving()
        if best is not None and not self._relay.stopped:
            best = self._after_refinement(best)
        return self._furthest() if best is None or self._relay.stopped else best

    def _after_halving(self) -> _Run | None:
        """The run that is ranked first at the finest scale, None after a stop; KernelCollapseError if none arrives there."""
        going_on: list[_Run] = self._runs
        others: list[_Run] = []
        proposed: list[_Run] = []
        halving = self._plan.halving
        for number, each in enumerate(halving.rounds if halving else ()):
            self._advance(going_on, each.scale)
            if number == 0:
                self._restart(each.scale)
                going_on = list(self._runs)
                proposed = self._propose(each.scale)
            ranking = _ranked(going_on)
            going_on, others = ranking[: each.keep], ranking[each.keep :] + others
        going_on = [*going_on, *proposed]
        self._advance(going_on, 0)
        ranking = _ranked(going_on)
        if not ranking and others:
            self._advance(others, 0)
            ranking = _ranked(others)
        if not ranking and not self._relay.stopped:
            raise self._collapse()
        return ranking[0] if ranking else None

    def _restart(self, scale: int) -> None:
        """Add the plan's further runs, which begin at a scale with the kernels that are ranked first there."""
        restarts = self._plan.restarts
        if restarts is None or self._relay.stopped:
            return
        begun = {}
        for origin in _ranked(self._runs)[: restarts.keep]:
            number = self._runs.index(origin) + 1
            for plan in restarts.runs:
                # A kernel keeps the square that it was found in: cut to another, it would lose its faint ends.
                options = replace(plan.options, kernel_size=origin.kernel_size)
                again = replace(plan, options=options, changes={**plan.changes, "from_candidate": number})
                begun[self._add(again)] = origin.kernel
        ranker = self._ranker(scale)
        self._each(list(begun), lambda run: run.begin_at(scale, begun[run], ranker))

    def _propose(self, scale: int) -> list[_Run]:
        """The plan's runs that begin at the finest scale with what a network makes of a scale's kernels; none after a stop."""
        proposal = self._plan.proposal
        if proposal is None or self._relay.stopped:
            return []
        found = self._proposed(scale, proposal)
        if found is None:
            return []
        begun = []
        for plan in proposal.runs:
            options = replace(plan.options, kernel_size=found.kernel_size)
            run = self._add(replace(plan, options=options, changes={**plan.changes, "proposed": True}))
            run.kernels[scale] = found.at_first
            begun.append(run)
        ranker = self._ranker(0)
        self._each(begun, lambda run: run.begin_at(0, found.kernel, ranker))
        return begun

    def _proposed(self, scale: int, proposal: PlannedProposal) -> ProposedKernel | None:
        """What the network makes of the kernels that are ranked first at a scale, and of a point."""
        from pydeblur.estimators.kernel_proposal import proposed_kernel

        origins = _ranked(self._runs)[: proposal.keep]
        starts = [*((run.kernel_size, run.kernel) for run in origins), (proposal.point_size, None)]
        ranker, options = self._ranker(scale), replace(proposal.runs[0].options, workers=self._plan.workers)
        return proposed_kernel(
            self._image,
            scale,
            starts,
            options,
            proposal.alternations,
            lambda kernel: ranker.score(kernel, options.gamma_correct).value,
        )

    def _collapse(self) -> KernelCollapseError:
        """The last run's error, where every run has one."""
        return next(run.error for run in reversed(self._runs) if run.error is not None)

    def _after_refinement(self, best: _Run) -> _Run:
        """The best run after the refinement, which ends with a step, the first excepted, that has brought nothing better."""
        steps = self._plan.refinements
        if not steps:
            return best
        if best.measure != "log error":
            # Log-odds tell a blurred image from a sharp one, but not five iterations from ten, which are better on the whole.
            best.refine_unranked(steps[0].iterations, self._plan.workers)
            return best
        for step in steps:
            before = best.rank
            at_finest = _ranked(run for run in self._runs if run.scale == 0)
            chosen = at_finest[: step.keep]
            workers = max(1, self._plan.workers // min(len(chosen), self._plan.runs_at_a_time))
            self._refine(chosen, step.iterations, workers)
            best = min(at_finest, key=lambda run: run.rank)
            if step is not steps[0] and best.rank >= before:
                break
        return best

    def _furthest(self) -> _Run:
        """The best run where a callback has stopped them: that of the best score at the finest scale that any has reached."""
        started = [run for run in self._runs if run.take_what_there_is()]
        if not started:
            raise self._collapse()
        return min(started, key=lambda run: (run.scale, run.rank))

    def _advance(self, runs, scale: int) -> None:
        ranker = self._ranker(scale)
        self._each(runs, lambda run: run.advance_to(scale, ranker))

    def _refine(self, runs, iterations: int, workers: int) -> None:
        ranker = self._ranker(0)
        self._each(runs, lambda run: run.refine(iterations, workers, ranker))

    def _ranker(self, scale: int) -> KernelRanker:
        """The ranker of a scale's kernels."""
        if scale not in self._rankers:
            image, size, clipped = self._image, self._plan.kernel_size, self._plan.clipped
            if scale:
                _, image, size, clipped = level_at(scale, np.asarray(image, np.float64), size, clipped)
            options = self._plan.ranking or RankingOptions()
            weights = self._plan.coarse_weights if scale else self._plan.weights
            self._rankers[scale] = KernelRanker(
                image, size, clipped, options, self._plan.workers, weights, self._plan.dtype
            )
        return self._rankers[scale]

    def _each(self, runs, task: Callable[[_Run], None]) -> None:
        """A task for each run, as many at a time as the plan says; the first error ends all."""

        def do(run):
            if not self._relay.stopped:
                task(run)
                self._relay.check()

        if self._plan.runs_at_a_time == 1:
            for run in runs:
                do(run)
            return
        with ThreadPoolExecutor(self._plan.runs_at_a_time) as pool:
            futures = [pool.submit(do, run) for run in runs]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                self._relay.check()
                for future in futures:
                    future.result()
            except BaseException as error:
                self._relay.fail(error)
                pool.shutdown(cancel_futures=True)
                raise (self._relay.reason or error) from None


def _ranked(runs) -> list[_Run]:
    """Those that have a score, the best first."""
    return sorted((run for run in runs if run.error is None and run.score is not None), key=lambda run: run.rank)


class _Run:
    """A run of the solver, and what has become of it.

    ``scale`` is the last that it was run to, ``score`` what the ranker said there, ``found`` what that was about; ``error`` is
    its KernelCollapseError, or None; ``kernels`` are those of the scales it was ranked at. Before the run has come to its first
    scale, ``scale`` is infinite.
    """

    def __init__(self, plan: RunPlan, search: CoarseToFine):
        self.kernels: dict[int, np.ndarray] = {}
        self.scale: float = math.inf
        self.score: KernelScore | None = None
        self.error: KernelCollapseError | None = None
        self._plan, self._search = plan, search
        self._found: BlindDeconvolution | None = None
        self._may_go_on = True

    @property
    def is_candidate(self) -> bool:
        """Whether there is a kernel to choose."""
        return self.error is None and self._found is not None

    @property
    def found(self) -> BlindDeconvolution:
        """The run's best so far, of a candidate."""
        assert self._found is not None
        return self._found

    @property
    def rank(self) -> float:
        """What runs are ordered by, the lowest first: the score and the run's handicap; infinite without a score."""
        return math.inf if self.score is None else self.score.value + self._plan.handicap

    @property
    def measure(self) -> str | None:
        """What the score is."""
        return None if self.score is None else self.score.measure

    @property
    def kernel_size(self) -> int:
        """Side of its kernel at the finest scale."""
        return self._plan.options.kernel_size

    @property
    def kernel(self) -> np.ndarray:
        """The kernel of the last scale, before what is faint is cut off."""
        return self._search.kernel

    def advance_to(self, scale: int, ranker: KernelRanker) -> None:
        """Go on to a scale, and be ranked there."""
        if self.scale == scale:  # it has begun there
            return
        self._come_to(scale, ranker, lambda: self._search.advance_to(scale))

    def begin_at(self, scale: int, kernel: np.ndarray, ranker: KernelRanker) -> None:
        """Begin at a scale with a kernel, and be ranked there."""
        self._come_to(scale, ranker, lambda: self._search.begin_at(scale, kernel))

    def _come_to(self, scale: int, ranker: KernelRanker, work: Callable[[], None]) -> None:
        try:
            work()
        except KernelCollapseError as error:
            self.error = error
            return
        if not self._search.stopped:
            self.scale, self._found = scale, self._search.result()
            self.kernels[scale] = self._found.kernel
            self.score = ranker.score(self.found.kernel, self.found.options.gamma_correct)

    def refine(self, iterations: int, workers: int, ranker: KernelRanker) -> None:
        """Go on to so many iterations at the finest scale; what was found stays what the ranker likes best."""
        found = self._extended(iterations, workers)
        if found is None:
            return
        score = ranker.score(found.kernel, found.options.gamma_correct)
        if self.score is None or score.value < self.score.value:
            self._found, self.score = found, score

    def refine_unranked(self, iterations: int, workers: int) -> None:
        """The same without a ranker; the score stays that of before."""
        self._found = self._extended(iterations, workers) or self._found

    def _extended(self, iterations: int, workers: int) -> BlindDeconvolution | None:
        """None where nothing was left to do, the kernel collapses, or a callback has stopped it."""
        if not self._may_go_on or iterations <= self._search.options.iterations_at(0):
            return None
        try:
            self._search.extend(iterations, workers)
        except KernelCollapseError:
            self._may_go_on = False
            return None
        return None if self._search.stopped else self._search.result()

    def take_what_there_is(self) -> bool:
        """After a stop: whether the run has a kernel of any scale, which is then what was found where nothing is ranked."""
        if self.error is not None or not self._search.has_result:
            return False
        if self.score is None or self.scale > 0:
            self._found, self.score = self._search.result(at_full_size=True), None
            self.scale = self.found.history[-1].scale
        return True

    def described(self, chosen: bool) -> Candidate:
        """For the estimate's ``candidates``."""
        last = self.found.history[-1]
        score = None if self.score is None else self.score.value
        return Candidate(self._plan.changes, last.scale, last.iteration, score, self.measure, chosen)


class _Stopped(Exception):
    """Ends a run whose result nobody waits for any more, after an error in another."""


class _Relay:
    """Hands the states of runs in several threads to one callback, one at a time.

    After StopIteration every run is stopped at its next iteration; after another exception all runs end.
    """

    def __init__(self, callback: Callback | None):
        self.stopped = False
        self.reason: BaseException | None = None
        self._callback, self._lock = callback, Lock()

    def of_candidate(self, number: int) -> Callback:
        """The callback of a numbered run."""

        def relay(state: IterationState) -> None:
            with self._lock:
                self.check()
                if self.stopped:
                    raise StopIteration
                if self._callback is not None:
                    self._call(self._callback, state.of_candidate(number))

        return relay

    def _call(self, callback: Callback, state: IterationState) -> None:
        try:
            callback(state)
        except StopIteration:
            self.stopped = True
            raise
        except BaseException as error:
            self.reason = error
            raise

    def check(self) -> None:
        """Raise if the runs were told to end."""
        if self.reason is not None:
            raise _Stopped

    def fail(self, reason: BaseException) -> None:
        """End all runs at their next iteration."""
        with self._lock:
            self.reason = self.reason or reason
