"""Run a benchmark: blind deblurring of every case, measured as the benchmark prescribes (ALGORITHM section 10)."""

from __future__ import annotations

import json
import math
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context

import numpy as np

from pydeblur.datasets import load
from pydeblur.errors import InvalidOptionError
from pydeblur.files import write_bytes
from pydeblur.matlab import rgb2gray
from pydeblur.metrics import align, aligned_psnr, error_ratio, kernel_similarity, ssim, success_rate
from pydeblur.nonblind import deconvolve
from pydeblur.priors import load_prior
from pydeblur.solver import SolverOptions, blind_deconv

#: Benchmarks that have a ground truth, with the final step's usual options for each.
BENCHMARKS = {
    "levin": {"lambda_tv": 1e-3, "lambda_l0": 2e-4, "weight_ring": 1.0},
    "text": {"lambda_tv": 1e-3, "lambda_l0": 2e-4, "weight_ring": 1.0},
}
_SUCCESS_AT = (1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Protocol:
    """What is run on every case: all of it is written into the report.

    ``solver`` are fields of SolverOptions (without ``kernel_size``, which each case has of its own), ``prior_options`` go
    to :func:`pydeblur.load_prior`, ``nonblind_options`` to the final step.
    """

    benchmark: str
    prior: str = "gradient"
    solver: dict = field(default_factory=dict)
    prior_options: dict = field(default_factory=dict)
    nonblind: str = "ringing"
    nonblind_options: dict = field(default_factory=dict)


def evaluate(protocol: Protocol, data=None, cases=None, jobs: int = 1, progress=None) -> dict:
    """Run a benchmark.

    Parameters
    ----------
    protocol : Protocol
    data : path, optional
        Data folder; else the environment's PYDEBLUR_DATA.
    cases : sequence of str, optional
        Names of the cases to run, else all.
    jobs : int
        Processes.
    progress : callable, optional
        Called with each case's figures as it is finished.

    Returns
    -------
    dict
        ``cases`` (a list of dicts in the benchmark's order), ``summary``, ``options``.

    Raises
    ------
    InvalidInputError
    """
    if protocol.benchmark not in BENCHMARKS:
        raise InvalidOptionError(f"the benchmark should be one of {', '.join(BENCHMARKS)}, but is {protocol.benchmark!r}")
    if jobs < 1:
        raise InvalidOptionError(f"jobs should be at least 1, but is {jobs}")
    SolverOptions(kernel_size=3, **protocol.solver)
    load_prior(protocol.prior, **protocol.prior_options)
    names = [case.name for case in load(protocol.benchmark, data, cases)]
    figures = {}
    for figure in _all_figures(protocol, data, names, jobs):
        figures[figure["name"]] = figure
        if progress is not None:
            progress(figure)
    ordered = [figures[name] for name in names]
    return {"cases": ordered, "summary": summarise(ordered), "options": asdict(protocol)}


def _all_figures(protocol, data, names, jobs):
    if jobs == 1:
        yield from (evaluate_case(protocol, data, name) for name in names)
        return
    # Forked children would share the parent's thread pools: start clean ones.
    with ProcessPoolExecutor(min(jobs, len(names)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(evaluate_case, protocol, data, name) for name in names]
        try:
            yield from (future.result() for future in as_completed(futures))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def evaluate_case(protocol: Protocol, data, name: str) -> dict:
    """Figures of one case.

    ``ssd`` and ``ssd_true`` are Levin's aligned SSD with the estimated and the true kernel, ``error_ratio`` their quotient;
    ``psnr`` and ``ssim`` are taken after alignment; ``cpu_seconds`` is the kernel estimation's processor time.
    """
    (case,) = load(protocol.benchmark, data, [name])
    options = SolverOptions(kernel_size=case.kernel_size, **protocol.solver)
    prior = load_prior(protocol.prior, **protocol.prior_options)
    started = time.process_time()
    kernel = blind_deconv(_grey(case.blurred), options, prior).kernel
    cpu_seconds = time.process_time() - started
    restored = deconvolve(case.blurred, kernel, protocol.nonblind, **protocol.nonblind_options)
    ideal = deconvolve(case.blurred, case.kernel, protocol.nonblind, **protocol.nonblind_options)
    aligned, ssd_true = align(restored, case.sharp), align(ideal, case.sharp).ssd
    return {
        "name": name,
        "ssd": aligned.ssd,
        "ssd_true": ssd_true,
        "error_ratio": error_ratio(aligned.ssd, ssd_true),
        "psnr": aligned_psnr(restored, case.sharp),
        "ssim": _finite_or_none(ssim(aligned.image, aligned.reference)),
        "kernel_similarity": kernel_similarity(kernel, case.kernel),
        "cpu_seconds": cpu_seconds,
    }


def _grey(image: np.ndarray) -> np.ndarray:
    return rgb2gray(image) if image.ndim == 3 else image


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def summarise(cases: list[dict]) -> dict:
    """Means and medians of all figures, and the share of cases with an error ratio of at most 1.5, 2 and 3."""
    names = [name for name in cases[0] if name != "name"]
    columns = {name: [case[name] for case in cases if case[name] is not None] for name in names}
    return {
        "count": len(cases),
        "mean": {name: float(np.mean(values)) if values else None for name, values in columns.items()},
        "median": {name: float(np.median(values)) if values else None for name, values in columns.items()},
        "success": {f"{limit:g}": rate for limit, rate in zip(_SUCCESS_AT, success_rate(columns["error_ratio"], _SUCCESS_AT))},
    }


def write_report(path, report: dict) -> None:
    """Write a report as JSON."""
    write_bytes(path, (json.dumps(report, indent=1, allow_nan=False) + "\n").encode())
