"""One kernel estimate as a preset says: one run of the solver, or the best of several by the classifier's judgement.

The coarse-to-fine strategy can go wrong at a coarse scale, and which run does so depends on small things: where it starts,
how strong μ is. So several are made and judged by two measures that fail differently:

- the classifier's log-odds of the image, deblurred with the run's kernel, to be blurred. It is asked about what it was
  trained on, images that look like photographs, and so notices blur that is left; it hardly notices noise.
- the energy (4) of the kernel at a fixed, small μ without a prior: it notices artefacts, which cost gradients.

Measured in docs/prior-study.md.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.presets import Preset
from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution, blind_deconv, iteration_count
from pydeblur.solver.coarse_to_fine import latent_energy
from pydeblur.solver.options import solver_options

#: Log-odds that a relative increase of the energy by 1 is worth.
ENERGY_WEIGHT = 60.0
ENERGY_LAMBDA_GRAD = 1e-3
_LAMBDA_TV = 1e-3


def run_options(preset: Preset, kernel_size: int) -> list:
    """SolverOptions of every run; InvalidOptionError if a field is out of range."""
    return [solver_options({**fields, "kernel_size": kernel_size}) for fields in preset.runs()]


def total_iterations(preset: Preset, kernel_size: int) -> int:
    """How many records all runs make: for progress bars."""
    return sum(iteration_count(options) for options in run_options(preset, kernel_size))


def estimate(image: np.ndarray, kernel_size: int, preset: Preset, callback=None) -> BlindDeconvolution:
    """Estimate the kernel of a grey image.

    Parameters
    ----------
    image : (H, W) ndarray
        As :func:`pydeblur.solver.blind_deconv` takes it.
    kernel_size : int
    preset : Preset
    callback : callable, optional
        Called with every run's records.

    Returns
    -------
    BlindDeconvolution
        The run that was chosen; ``candidates`` has a dict for each: ``fields`` (of SolverOptions, over the preset's),
        ``log_odds``, ``energy``, ``chosen``.

    Raises
    ------
    InvalidInputError
    KernelCollapseError
        If that happens in every run.
    """
    runs = run_options(preset, kernel_size)
    if len(runs) == 1:
        return blind_deconv(image, runs[0], _prior_of(preset), callback)
    judged = _judged_runs(image, runs, preset, callback)
    kept = [(fields, run) for fields, run in zip(preset.candidates, judged) if isinstance(run, _Judged)]
    if not kept:
        raise judged[-1]
    least = min(run.energy for _, run in kept)
    costs = [run.log_odds + ENERGY_WEIGHT * (run.energy / least - 1 if least else 0.0) for _, run in kept]
    best = int(np.argmin(costs))
    candidates = tuple(
        {"fields": fields, "log_odds": run.log_odds, "energy": run.energy, "chosen": number == best}
        for number, (fields, run) in enumerate(kept)
    )
    return replace(kept[best][1].result, candidates=candidates)


@dataclass(frozen=True)
class _Judged:
    """One run and the judge's two measures of it."""

    result: BlindDeconvolution
    log_odds: float
    energy: float


def _prior_of(preset):
    return load_prior(preset.prior, **preset.prior_options) if isinstance(preset.prior, str) else preset.prior


def _judged_runs(image, runs, preset, callback) -> list:
    """A _Judged, or the KernelCollapseError, of every run, in the runs' order; as many at a time as there are workers."""
    judge = load_prior("classifier", **preset.judge)
    relay = _Relay(callback)

    def judged_run(options):
        try:
            result = blind_deconv(image, options, _prior_of(preset), relay)
        except KernelCollapseError as error:
            return error
        energy = latent_energy(image, result.kernel, result.options, ENERGY_LAMBDA_GRAD)
        return _Judged(result, log_odds(image, result, judge), energy)

    # A prior that was handed in may not bear two threads, and a GPU would gain nothing by them.
    side_by_side = isinstance(preset.prior, str) and runs[0].device == "cpu"
    workers = min(runs[0].workers, len(runs)) if side_by_side else 1
    if workers == 1:
        return [judged_run(options) for options in runs]
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(judged_run, options) for options in runs]
        try:
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
            if self.reason is not None:
                raise _Stopped
            if self._callback is not None:
                try:
                    self._callback(record)
                except BaseException as error:
                    self.reason = error
                    raise

    def stop(self, reason):
        """End all runs at their next record."""
        with self._lock:
            self.reason = self.reason or reason


def log_odds(image: np.ndarray, result: BlindDeconvolution, judge) -> float:
    """The classifier's log-odds that the image is still blurred after deblurring it with a result's kernel.

    It is deblurred where the kernel was sought, with the gamma of the result's options, and looked at without it.
    """
    gamma = result.options.gamma_correct
    restored = deconvolve_tv(np.asarray(image, np.float64) ** gamma, result.kernel, lambda_tv=_LAMBDA_TV)
    restored = np.clip(restored, 0, 1) ** (1 / gamma)
    short = [max(judge.smallest_side - side, 0) for side in restored.shape]
    return judge.logit(np.pad(restored, [(0, length) for length in short], mode="edge"))
