"""One kernel estimate as a preset says: one run of the solver, or the best of several as a judge says.

The coarse-to-fine strategy can go wrong at a coarse scale, and which run does so depends on small things: where it starts,
how strong μ is, which prior takes part. So several are made and judged (:mod:`pydeblur.judge`): all of them down to a scale
where they cost little, and those that look best there to the end. The best few then go on at the finest scale, where five
iterations do not converge, fewer and fewer of them for longer and longer. More iterations are not always better: what the
judge liked best on the way is the result.

Measured in docs/prior-study.md.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from threading import Lock

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.judge import Judge
from pydeblur.presets import Lap, Preset
from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution, CoarseToFine, SolverOptions, iteration_count
from pydeblur.solver.array_backend import is_on_cpu
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.solver.options import solver_options
from pydeblur.solver.pyramid import kernel_sizes


#: In pixels: a narrower Gaussian leaves an image as it is, but for less than a hundredth.
_LEAST_PREFILTER = 0.3


@dataclass(frozen=True)
class Run:
    """One run of the solver: its options, and a prior's name and options, or a prior."""

    options: SolverOptions
    prior: object
    prior_options: dict

    def __call__(self, image, callback, clipped) -> BlindDeconvolution:
        search = self.search(image, callback, clipped)
        search.advance_to(0)
        return search.result()

    def search(self, image, callback, clipped) -> CoarseToFine:
        """The run before its first scale."""
        prior = load_prior(self.prior, **self.prior_options) if isinstance(self.prior, str) else self.prior
        return CoarseToFine(image, self.options, prior, callback, clipped)

    def with_fields(self, **fields) -> Run:
        """The same with other fields of SolverOptions."""
        return replace(self, options=replace(self.options, **fields))


def runs_of(preset: Preset, kernel_size: int) -> list[Run]:
    """Every candidate's run; InvalidOptionError if a field is out of range."""
    return [
        Run(solver_options({**fields, "kernel_size": kernel_size}), prior, prior_options)
        for prior, prior_options, fields in preset.runs()
    ]


def total_iterations(preset: Preset, kernel_size: int, clipped=None) -> int:
    """How many records all runs make at most: for progress bars.

    Which candidates go on, and how far, is not known before.
    """
    preset = _fitting(preset, kernel_size, clipped)
    runs = [run.options for run in runs_of(preset, kernel_size)]
    if not preset.candidates:
        return iteration_count(runs[0])
    scale, places = _heat(preset, kernel_size)
    left = sorted(iteration_count(run) - iteration_count(run, scale) for run in runs)
    total = sum(iteration_count(run, scale) for run in runs) + sum(left[-places:])
    made = min(run.iterations_at(0) for run in runs)
    for lap in _laps(preset, clipped):
        total += max(lap.iterations - made, 0) * min(lap.places, places)
        made = max(made, lap.iterations)
    return total


def _fitting(preset, kernel_size, clipped) -> Preset:
    """The preset for a kernel of that size.

    What wide kernels have was not tried on clipped images, whose coarse scales are too dark to show the judge what is.
    """
    return preset if clipped is not None and np.any(clipped) else preset.for_kernel(kernel_size)


def _heat(preset, kernel_size):
    """The scale that all candidates are run to, and how many go on from there."""
    last = min(preset.heat.scale, len(kernel_sizes(kernel_size)) - 1) if preset.heat else 0
    return last, min(preset.heat.places, len(preset.candidates)) if last > 0 else len(preset.candidates)


def _laps(preset, clipped) -> tuple[Lap, ...]:
    """What is left of a preset's laps: where pixels are clipped, the first, by one run."""
    if clipped is None or not np.any(clipped):
        return preset.laps
    return tuple(replace(lap, places=1) for lap in preset.laps[:1])


def estimate(image: np.ndarray, kernel_size: int, preset: Preset, callback=None, clipped=None) -> BlindDeconvolution:
    """Estimate the kernel of a grey image.

    Parameters
    ----------
    image : (H, W) ndarray
        As :func:`pydeblur.solver.blind_deconv` takes it.
    kernel_size : int
    preset : Preset
        Of its candidates as many are run at a time, each in a thread, as its solver has ``workers``; on the CPU, and unless
        its prior is an object. Results do not depend on it.
    callback : callable, optional
        Called with every run's records, from the run's thread, one at a time; its exceptions end all runs.
    clipped : (H, W) bool ndarray, optional
        Pixels that were clipped, as :func:`pydeblur.solver.blind_deconv` takes them.

    Returns
    -------
    BlindDeconvolution
        The chosen run; ``candidates`` has a dict for each run that did not collapse: ``fields`` (the preset's candidate),
        ``scale`` (the last that it was run to; 0 is the finest) and ``iterations`` (those made there, of the laps those
        after which it was best), what the judge found then: ``log_error``, or ``log_odds`` where it sees clipped pixels,
        and None for the other; and ``chosen``.

    Raises
    ------
    InvalidInputError
    KernelCollapseError
        If that happens in every run.
    """
    preset = _fitting(preset, kernel_size, clipped)
    runs = runs_of(preset, kernel_size)
    if len(runs) == 1:
        return runs[0](image, callback, clipped)
    if clipped is not None and not np.any(clipped):
        clipped = None
    options = runs[0].options
    # A prior that was handed in may not bear two threads, and a GPU would gain nothing by them.
    side_by_side = isinstance(preset.prior, str) and is_on_cpu(options.device)
    together = _Together(min(options.workers, len(runs)) if side_by_side else 1, callback)
    # A run is worth more threads than an FFT is.
    runs = [run.with_fields(workers=max(1, options.workers // together.workers)) for run in runs]
    entrants = _distinct(
        _Entrant(fields, run, run.search(image, together.relay, clipped))
        for fields, run in zip(preset.candidates, runs)
    )

    judges = {}

    def race(entrants, scale):
        if scale not in judges:
            judges[scale] = _judge_at(scale, image, kernel_size, clipped, options.workers, preset)
        together.run(entrants, lambda entrant: entrant.run_to(scale, judges[scale]))

    def go_on(entrants, iterations):
        workers = max(1, options.workers // min(len(entrants), together.workers))
        together.run(entrants, lambda entrant: entrant.go_on(iterations, workers, judges[0]))

    best = _winner(entrants, race, *_heat(preset, kernel_size))
    best = _after_laps(entrants, best, go_on, _laps(preset, clipped), options.workers)
    candidates = tuple(entrant.described(entrant is best) for entrant in entrants if entrant.error is None)
    result = best.result
    return replace(result, options=replace(result.options, workers=options.workers), candidates=candidates)


def _distinct(entrants) -> list:
    """Without those who, in an image of so little noise, would run as one before them does."""
    found = {}
    for entrant in entrants:
        found.setdefault(entrant.kind(), entrant)
    return list(found.values())


def _winner(entrants, race, scale: int, places: int) -> _Entrant:
    """Who comes first at the end, of those who are among the first at a scale; KernelCollapseError if nobody arrives."""
    finalists, others = entrants, []
    if places < len(entrants):
        race(entrants, scale)
        ranking = _ranked(entrants)
        finalists, others = ranking[:places], ranking[places:]
    race(finalists, 0)
    ranking = _ranked(finalists)
    if not ranking and others:
        race(others, 0)
        ranking = _ranked(others)
    if not ranking:
        raise entrants[-1].error
    return ranking[0]


def _after_laps(entrants, best: _Entrant, go_on, laps, workers: int) -> _Entrant:
    """Who is the best after the laps, which end with one, the first excepted, that has brought nothing better."""
    if not laps:
        return best
    if best.verdict.log_error is None:
        # Log-odds tell a blurred image from a sharp one, but not five iterations from ten, which are better on the whole.
        best.go_on_regardless(laps[0].iterations, workers)
        return best
    for lap in laps:
        before = best.verdict.cost
        at_finest = _ranked(entrant for entrant in entrants if entrant.scale == 0)
        go_on(at_finest[: lap.places], lap.iterations)
        best = min(at_finest, key=lambda each: each.verdict.cost)
        if lap is not laps[0] and best.verdict.cost >= before:
            break
    return best


def _judge_at(scale, image, kernel_size, clipped, workers, preset) -> Judge:
    """The judge of a scale's kernels."""
    if scale == 0:
        return Judge(image, kernel_size, clipped, workers, **preset.judge)
    level = level_at(scale, np.asarray(image, np.float64), kernel_size, clipped)
    return Judge(level.image, level.kernel_size, level.clipped, workers, **preset.judge)


def _ranked(entrants) -> list:
    """Those that did not collapse, the best first."""
    return sorted((each for each in entrants if each.error is None), key=lambda each: each.verdict.cost)


class _Entrant:
    """A candidate's run, and what has become of it.

    ``scale`` is the last that it was run to, ``verdict`` the judge's there, ``result`` what it was about; ``error`` its
    KernelCollapseError, or None.
    """

    def __init__(self, fields: dict, run: Run, search: CoarseToFine):
        self.scale = self.verdict = self.result = self.error = None
        self._fields, self._run, self._search = fields, run, search
        self._may_go_on = True

    def kind(self) -> tuple:
        """Equal for entrants whose results would be."""
        options = self._search.options
        prefilter = options.prefilter if options.prefilter > _LEAST_PREFILTER else 0.0
        return str(self._run.prior), str(self._run.prior_options), replace(options, prefilter=prefilter)

    def run_to(self, scale: int, judge: Judge) -> None:
        """Go on to a scale, and be judged there."""
        try:
            self._search.advance_to(scale)
        except KernelCollapseError as error:
            self.error = error
            return
        self.scale, self.result = scale, self._search.result()
        self.verdict = judge(self.result)

    def go_on(self, iterations: int, workers: int, judge: Judge) -> None:
        """Up to so many iterations at the finest scale, where it is; the result stays what the judge likes best."""
        result = self._extended(iterations, workers)
        if result is None:
            return
        verdict = judge(result)
        if verdict.cost < self.verdict.cost:
            self.result, self.verdict = result, verdict

    def go_on_regardless(self, iterations: int, workers: int) -> None:
        """The same without a judge; the verdict stays that of before."""
        self.result = self._extended(iterations, workers) or self.result

    def _extended(self, iterations, workers) -> BlindDeconvolution | None:
        """None where nothing was left to do, or the kernel collapses."""
        if not self._may_go_on or iterations <= self._search.options.iterations_at(0):
            return None
        try:
            self._search.extend(iterations, workers)
        except KernelCollapseError:
            self._may_go_on = False
            return None
        return self._search.result()

    def described(self, chosen: bool) -> dict:
        """For the result's ``candidates``."""
        iterations = self.result.options.iterations_at(self.scale)
        return {"fields": self._fields, "scale": self.scale, "iterations": iterations, **asdict(self.verdict), "chosen": chosen}


class _Together:
    """Has entrants do something, as many at a time as there are workers."""

    def __init__(self, workers: int, callback):
        self.workers = workers
        self.relay = _Relay(callback)

    def run(self, entrants, task) -> None:
        """A task for each; the first error ends all."""

        def run(entrant):
            task(entrant)
            self.relay.check()

        if self.workers == 1:
            for entrant in entrants:
                run(entrant)
            return
        with ThreadPoolExecutor(self.workers) as pool:
            futures = [pool.submit(run, entrant) for entrant in entrants]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                self.relay.check()
                for future in futures:
                    future.result()
            except BaseException as error:
                self.relay.stop(error)
                pool.shutdown(cancel_futures=True)
                raise self.relay.reason from None


class _Stopped(Exception):
    """Ends a run whose result nobody waits for any more."""


class _Relay:
    """Hands records of runs in several threads to one callback, one at a time; its first error ends all runs."""

    def __init__(self, callback):
        self.reason = None
        self._callback, self._lock = callback, Lock()

    def __call__(self, record):
        with self._lock:
            self.check()
            if self._callback is not None:
                try:
                    self._callback(record)
                except BaseException as error:
                    self.reason = error
                    raise

    def check(self):
        """Raise if the runs were told to end."""
        if self.reason is not None:
            raise _Stopped

    def stop(self, reason):
        """End all runs at their next record."""
        with self._lock:
            self.reason = self.reason or reason
