"""One kernel estimate as a preset says: one run of the solver, or the best of several as a judge says.

The coarse-to-fine strategy can go wrong at a coarse scale, and which run does so depends on small things: where it starts,
how strong μ is, which prior takes part. So several are made and judged (:mod:`pydeblur.judge`). The run that is chosen then
makes its finest scale once more with more iterations, where five do not converge.

Measured in docs/prior-study.md.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from threading import Lock

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.judge import Judge, Verdict
from pydeblur.presets import Preset
from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution, CoarseToFine, SolverOptions, iteration_count
from pydeblur.solver.array_backend import is_on_cpu
from pydeblur.solver.options import solver_options


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


def total_iterations(preset: Preset, kernel_size: int) -> int:
    """How many records all runs make: for progress bars. Which candidate is refined is not known before."""
    runs = runs_of(preset, kernel_size)
    refined = runs[0].with_fields(**preset.refinement).options if preset.candidates and preset.refinement else None
    return sum(iteration_count(run.options) for run in runs) + (refined.iterations_at(0) if refined else 0)


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
        The chosen run, refined where the preset says so; ``candidates`` has a dict for each run that did not collapse:
        ``fields`` (the preset's candidate), ``log_odds``, ``energy`` and ``overshoot`` (None where the judge sees clipped
        pixels), ``chosen``.

    Raises
    ------
    InvalidInputError
    KernelCollapseError
        If that happens in every run.
    """
    runs = runs_of(preset, kernel_size)
    if len(runs) == 1:
        return runs[0](image, callback, clipped)
    if clipped is not None and not np.any(clipped):
        clipped = None
    judged = _judged_runs(image, runs, preset, callback, clipped)
    kept = [number for number, found in enumerate(judged) if isinstance(found, _Judged)]
    if not kept:
        raise judged[-1]
    best = min(kept, key=lambda number: judged[number].verdict.cost)
    candidates = tuple(
        {"fields": preset.candidates[number], **asdict(judged[number].verdict), "chosen": number == best}
        for number in kept
    )
    result = _refined(runs[best], judged[best], preset)
    workers = runs[best].options.workers
    return replace(result, options=replace(result.options, workers=workers), candidates=candidates)


def _refined(run, judged, preset) -> BlindDeconvolution:
    """The chosen run, its finest scale made with the preset's refinement; it stands where that collapses."""
    refined = run.with_fields(**preset.refinement)
    if refined in (run, run.with_fields(finest_iterations=run.options.iterations_at(0))):
        options = replace(judged.result.options, **preset.refinement)
        return replace(judged.result, options=options)  # that is what was run
    try:
        search = judged.before_finest.branch(**preset.refinement, workers=run.options.workers)
        search.advance_to(0)
        return search.result()
    except KernelCollapseError:
        return judged.result


@dataclass(frozen=True)
class _Judged:
    """What a run has found, what the judge says of it, and the run as it came to the finest scale."""

    result: BlindDeconvolution
    verdict: Verdict
    before_finest: CoarseToFine


def _judged_runs(image, runs, preset, callback, clipped) -> list:
    """A _Judged, or the KernelCollapseError, of every run, in the runs' order; as many at a time as there are workers."""
    first = runs[0].options
    # A prior that was handed in may not bear two threads, and a GPU would gain nothing by them.
    side_by_side = isinstance(preset.prior, str) and is_on_cpu(first.device)
    workers = min(first.workers, len(runs)) if side_by_side else 1
    judge, relay = Judge(image, first.kernel_size, clipped, first.workers, **preset.judge), _Relay(callback)

    def judged_run(run):
        search = run.search(image, relay, clipped)
        try:
            search.advance_to(1)
            before_finest = search.branch()
            search.advance_to(0)
        except KernelCollapseError as error:
            return error
        relay.check()
        result = search.result()
        return _Judged(result, judge(result), before_finest)

    if workers == 1:
        return [judged_run(run) for run in runs]
    # A run is worth more threads than an FFT is.
    runs = [run.with_fields(workers=max(1, run.options.workers // workers)) for run in runs]
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(judged_run, run) for run in runs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            relay.check()
            return [future.result() for future in futures]
        except BaseException as error:
            relay.stop(error)
            pool.shutdown(cancel_futures=True)
            raise relay.reason from None


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
