"""One kernel estimate as a preset says: one run of the solver, or the best of several by the classifier's judgement.

The coarse-to-fine strategy can go wrong at a coarse scale, and which run does so depends on small things: where it starts,
how strong μ is. So several are made and judged by two measures that fail differently:

- the classifier's log-odds of the image, deblurred with the run's kernel, to be blurred. It is asked about what it was
  trained on, images that look like photographs, and so notices blur that is left; it hardly notices noise.
- the energy (4) of the kernel at a fixed, small μ without a prior: it notices artefacts, which cost gradients.

Measured in docs/prior-study.md.
"""

from __future__ import annotations

from dataclasses import replace

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
    prior = load_prior(preset.prior, **preset.prior_options) if isinstance(preset.prior, str) else preset.prior
    runs = run_options(preset, kernel_size)
    if len(runs) == 1:
        return blind_deconv(image, runs[0], prior, callback)
    judge = load_prior("classifier", **preset.judge)
    results, collapse = [], None
    for fields, options in zip(preset.candidates, runs):
        try:
            result = blind_deconv(image, options, prior, callback)
        except KernelCollapseError as error:
            collapse = error
            continue
        energy = latent_energy(image, result.kernel, result.options, ENERGY_LAMBDA_GRAD)
        results.append((fields, result, log_odds(image, result, judge), energy))
    if not results:
        raise collapse
    least = min(energy for *_, energy in results)
    costs = [odds + ENERGY_WEIGHT * (energy / least - 1 if least else 0.0) for *_, odds, energy in results]
    best = int(np.argmin(costs))
    candidates = tuple(
        {"fields": fields, "log_odds": odds, "energy": energy, "chosen": number == best}
        for number, (fields, _, odds, energy) in enumerate(results)
    )
    return replace(results[best][1], candidates=candidates)


def log_odds(image: np.ndarray, result: BlindDeconvolution, judge) -> float:
    """The classifier's log-odds that the image is still blurred after deblurring it with a result's kernel."""
    restored = deconvolve_tv(np.asarray(image, np.float64), result.kernel, lambda_tv=_LAMBDA_TV)
    restored = np.clip(restored, 0, 1)
    short = [max(judge.smallest_side - side, 0) for side in restored.shape]
    return judge.logit(np.pad(restored, [(0, length) for length in short], mode="edge"))
