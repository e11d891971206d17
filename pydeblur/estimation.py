"""One kernel estimate as a preset says: one run of the solver, or the best of several by the classifier's judgement.

The coarse-to-fine strategy can go wrong at a coarse scale, and which run does so depends on small things: where it starts,
how strong μ is. So several are made and judged by two measures that fail differently:

- the classifier's log-odds of the image, deblurred with the run's kernel, to be blurred. It is asked about what it was
  trained on, images that look like photographs, and so notices blur that is left; it hardly notices noise.
- the energy (4) of the kernel at a fixed, small μ without a prior: it notices artefacts, which cost gradients.

Where clipped pixels are in what the judge sees, both are misled: TV rings around highlights, and the energy counts them. There the image is deblurred by
Whyte et al.'s method, which knows of them, and the log-odds decide alone.

The run that is chosen is then made once more with more iterations at the finest scale, where five do not converge.

Measured in docs/prior-study.md.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from pydeblur.crop import choose_window
from pydeblur.errors import KernelCollapseError
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.presets import Preset
from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution, blind_deconv, iteration_count
from pydeblur.solver.array_backend import is_on_cpu
from pydeblur.solver.coarse_to_fine import latent_energy
from pydeblur.solver.options import solver_options

#: Log-odds that a relative increase of the energy by 1 is worth.
ENERGY_WEIGHT = 60.0
ENERGY_LAMBDA_GRAD = 1e-3
_LAMBDA_TV = 1e-3
#: The judge looks at a part of larger images: its network would need more memory than all else.
_JUDGED_SIDE = 1024


def run_options(preset: Preset, kernel_size: int) -> list:
    """SolverOptions of every candidate; InvalidOptionError if a field is out of range."""
    return [solver_options({**fields, "kernel_size": kernel_size}) for fields in preset.runs()]


def total_iterations(preset: Preset, kernel_size: int) -> int:
    """How many records all runs make: for progress bars. Which candidate is refined is not known before."""
    runs = run_options(preset, kernel_size)
    refined = [replace(runs[0], **preset.refinement)] if preset.candidates and preset.refinement else []
    return sum(iteration_count(options) for options in runs + refined)


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
        ``fields`` (of SolverOptions, over the preset's), ``log_odds``, ``energy`` (None where the judge sees clipped pixels), ``chosen``.

    Raises
    ------
    InvalidInputError
    KernelCollapseError
        If that happens in every run.
    """
    runs = run_options(preset, kernel_size)
    if len(runs) == 1:
        return blind_deconv(image, runs[0], _prior_of(preset), callback, clipped)
    if clipped is not None and not np.any(clipped):
        clipped = None
    judged = _judged_runs(image, runs, preset, callback, clipped)
    kept = [number for number, run in enumerate(judged) if isinstance(run, _Judged)]
    if not kept:
        raise judged[-1]
    least = min(judged[number].energy or 0.0 for number in kept)
    best = min(kept, key=lambda number: judged[number].cost(least))
    candidates = tuple(
        {
            "fields": preset.candidates[number],
            "log_odds": judged[number].log_odds,
            "energy": judged[number].energy,
            "chosen": number == best,
        }
        for number in kept
    )
    result = _refined(image, runs[best], judged[best].result, preset, callback, clipped)
    return replace(result, options=replace(result.options, workers=runs[best].workers), candidates=candidates)


def _refined(image, options, result, preset, callback, clipped) -> BlindDeconvolution:
    """The chosen run with the preset's refinement; it stands where that collapses."""
    refined = replace(options, **preset.refinement)
    if refined in (options, replace(options, finest_iterations=options.iterations_at(0))):
        return replace(result, options=replace(result.options, **preset.refinement))  # that is what was run
    try:
        return blind_deconv(image, refined, _prior_of(preset), callback, clipped)
    except KernelCollapseError:
        return result


def _prior_of(preset):
    return load_prior(preset.prior, **preset.prior_options) if isinstance(preset.prior, str) else preset.prior


@dataclass(frozen=True)
class _Judged:
    """One run and the judge's two measures of it, the second None where it does not count."""

    result: BlindDeconvolution
    log_odds: float
    energy: float | None

    def cost(self, least_energy: float) -> float:
        """What the judge minimises."""
        return self.log_odds + ENERGY_WEIGHT * (self.energy / least_energy - 1 if least_energy else 0.0)


def _judged_runs(image, runs, preset, callback, clipped) -> list:
    """A _Judged, or the KernelCollapseError, of every run, in the runs' order; as many at a time as there are workers."""
    # A prior that was handed in may not bear two threads, and a GPU would gain nothing by them.
    side_by_side = isinstance(preset.prior, str) and is_on_cpu(runs[0].device)
    workers = min(runs[0].workers, len(runs)) if side_by_side else 1
    judge = load_prior("classifier", **{"threads": runs[0].workers, **preset.judge})
    judging, relay = Lock(), _Relay(callback)
    window = choose_window(np.asarray(image), runs[0].kernel_size, _JUDGED_SIDE)
    seen = window.part_of(image)
    sees_clipped = clipped is not None and bool(window.part_of(clipped).any())

    def judged_run(options):
        try:
            result = blind_deconv(image, options, _prior_of(preset), relay, clipped)
        except KernelCollapseError as error:
            return error
        if not sees_clipped:
            energy = latent_energy(seen, result.kernel, result.options, ENERGY_LAMBDA_GRAD)
            restored = _restored_by_tv(seen, result)
        else:
            energy = None
            restored = _restored_with_highlights(seen, result, runs[0].workers)
        relay.check()
        with judging:
            return _Judged(result, log_odds(restored, judge), energy)

    if workers == 1:
        return [judged_run(options) for options in runs]
    # A run is worth more threads than an FFT is.
    runs = [replace(options, workers=max(1, options.workers // workers)) for options in runs]
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(judged_run, options) for options in runs]
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


def _restored_by_tv(image, result):
    """Deblurred where the kernel was sought, with the gamma of the result's options, and given back without it."""
    gamma = result.options.gamma_correct
    restored = deconvolve_tv(np.asarray(image, np.float64) ** gamma, result.kernel, lambda_tv=_LAMBDA_TV)
    return np.clip(restored, 0, 1) ** (1 / gamma)


def _restored_with_highlights(image, result, workers=1):
    """Deblurred by a method that knows of clipped pixels; single precision is enough to look at, and twice as fast."""
    return np.clip(deconvolve_saturated(np.asarray(image, np.float32), result.kernel, workers=workers), 0, 1)


def log_odds(restored: np.ndarray, judge) -> float:
    """The classifier's log-odds that a restored image is still blurred; smaller ones than it can take are padded."""
    short = [max(judge.smallest_side - side, 0) for side in restored.shape]
    return judge.logit(np.pad(restored, [(0, length) for length in short], mode="edge"))
