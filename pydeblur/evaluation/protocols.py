"""Run a benchmark: blind deblurring of every case, measured as the benchmark prescribes (docs/algorithm, section 10)."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from pydeblur.backend.fft import fft_fixed
from pydeblur.datasets import load
from pydeblur.datasets.folder import DATA_VARIABLE
from pydeblur.errors import FileFormatError, InvalidOptionError, KernelCollapseError, WorkerLostError
from pydeblur.estimators.multistart import Multistart
from pydeblur.estimators.presets import WIDE_KERNEL, Preset, name_or_default, resolve
from pydeblur.estimators.protocol import KernelEstimator
from pydeblur.estimators.registry import load_estimator
from pydeblur.evaluation.own_step import restored_by_own_step
from pydeblur.evaluation.stored_kernels import StoredKernels
from pydeblur.files import write_bytes
from pydeblur.metrics import align, error_ratio, kernel_similarity, psnr, ssim, success_rate
from pydeblur.nonblind.methods import check_step_name, deconvolve, final_step_options
from pydeblur.nonblind.mixture import load_mixture
from pydeblur.nonblind.options import (
    OPTIONS,
    PLUG_AND_PLAY,
    FinalStepOptions,
    LearnedOptions,
    PatchLikelihoodOptions,
)
from pydeblur.nonblind.restoration_network import read_network
from pydeblur.options import is_finite_number, is_integer, option_infos, shown
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.preprocess.clipping import clipped_pixels
from pydeblur.preprocess.grey import eight_bit_grey, grey_image
from pydeblur.preprocess.median import check_median, median_filtered
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.solver.coarse_to_fine import describe_prior
from pydeblur.solver.options import solver_options
from pydeblur.version import __version__

#: Benchmarks that have a ground truth, with the final step's usual options for each.
BENCHMARKS = {
    "levin": {"lambda_tv": 1e-3, "lambda_l0": 2e-4, "weight_ring": 1.0},
    "text": {"lambda_tv": 1e-3, "lambda_l0": 2e-4, "weight_ring": 1.0},
    "sun": {"lambda_tv": 1e-3, "lambda_l0": 2e-4, "weight_ring": 1.0},
}
#: Whose authors' results are pictures of 8 bits: what lies outside of [0, 1] is clipped before anything is measured.
_RESULTS_ARE_PICTURES = ("text",)
_MOST_ROOM = 4.0
_SUCCESS_AT = (1.5, 2.0, 3.0)
#: The figures of a case, but for its name and its processor time.
_QUALITY = ("ssd", "ssd_true", "error_ratio", "psnr", "ssim", "kernel_similarity")
#: The PSNR with the final step that the package takes by itself (:mod:`pydeblur.evaluation.own_step`), where it is asked for.
OWN_STEP_PSNR = "own_step_psnr"


@dataclass(frozen=True)
class Protocol:
    """What is run on every case: all of it is written into the report.

    ``preset``, ``prior``, ``prior_options`` and ``solver`` (fields of SolverOptions without ``kernel_size``, which each
    case has of its own) are those of :func:`pydeblur.estimators.resolve`, ``nonblind_options`` go to the final step;
    what they leave out is the benchmark's, as :data:`BENCHMARKS` has it, where the step has such an option. ``median`` is the
    window of a median filter that the blurred image goes through first. ``method`` names an estimator with a loop of its own
    instead of a preset or a prior; ``solver`` then holds its options. With ``kernels`` (of
    :func:`pydeblur.evaluation.stored_kernels.find_kernels`) no kernel is estimated: those are scored, and nothing else that
    belongs to an estimation can be given.

    ``kernel_room`` is the size that is asked for by the true kernel's, at least 1: 1 is the true size, and the next odd number
    is taken; None is the benchmark's own rule. With ``eight_bit_grey`` the grey channel is rounded to 8 bits
    (:func:`pydeblur.preprocess.grey.eight_bit_grey`), as programs have it that turn the picture of a file to grey.
    """

    benchmark: str
    prior: str | None = None
    solver: dict = field(default_factory=dict)
    prior_options: dict = field(default_factory=dict)
    ranking_options: dict = field(default_factory=dict)
    preset: str | None = None
    nonblind: str = "ringing"
    nonblind_options: dict = field(default_factory=dict)
    median: int = 0
    kernels: StoredKernels | None = None
    method: str | None = None
    kernel_room: float | None = None
    eight_bit_grey: bool = False

    def resolved(self) -> Preset:
        """The preset or prior that kernels are estimated with.

        Raises
        ------
        InvalidOptionError
            If it is a method with a loop of its own, or something is unknown.
        """
        if self.method is not None:
            raise InvalidOptionError(f"the method {self.method} has no preset")
        return resolve(self.preset, self.prior, self.prior_options, self.ranking_options, self.solver)

    def estimator(self) -> KernelEstimator:
        """What estimates kernels."""
        return Multistart(self.resolved()) if self.method is None else load_estimator(self.method, **self.solver)

    @property
    def step_options(self) -> dict:
        """The final step's options: those that are given, and the benchmark's for the others that the step has."""
        if not isinstance(self.nonblind_options, Mapping):
            raise InvalidOptionError(f"nonblind_options should be a dict, but are {shown(self.nonblind_options)}")
        check_step_name(self.nonblind)
        known = option_infos(OPTIONS[self.nonblind]) if self.nonblind in OPTIONS else {}
        usual = BENCHMARKS.get(self.benchmark, {})
        return {**{name: value for name, value in usual.items() if name in known}, **self.nonblind_options}

    @property
    def handles_clipping(self) -> bool:
        """Whether clipped pixels are taken for lower bounds."""
        return self.method is None and self.resolved().handles_clipping

    def with_gamma(self, gamma: float) -> Protocol:
        """The same for a case whose usual exponent this is; a method with a loop of its own is handed I ** gamma itself."""
        return self if self.method else replace(self, solver={"gamma_correct": gamma, **self.solver})


def evaluate(protocol: Protocol, data=None, cases=None, jobs: int = 1, progress=None, scheduler=None) -> dict:
    """Run a benchmark.

    Parameters
    ----------
    protocol : Protocol
    data : path, optional
        Data folder; else the environment's PYDEBLUR_DATA.
    cases : sequence of str, or str, optional
        Names of the cases to run, or a string of them with commas between; else all.
    jobs : int
        Processes.
    progress : callable, optional
        Called with each case's figures as it is finished.
    scheduler : str or distributed.Client, optional
        A Dask cluster in place of processes, as for :func:`pydeblur.parallel.map_unordered`; its workers have to see the data
        folder and the stored kernels.

    Returns
    -------
    dict
        ``cases`` (a list of dicts in the benchmark's order), ``summary``, ``options``. Where processes were killed, ``lost``
        has the names of their cases, which are in nothing else, with the reasons. Where cases have no stored kernel,
        ``without_kernel`` has their names; they are in nothing else, either.

    Raises
    ------
    InvalidInputError
    FileFormatError
        If none of the cases has a stored kernel.
    """
    if protocol.benchmark not in BENCHMARKS:
        raise InvalidOptionError(
            f"the benchmark should be one of {', '.join(BENCHMARKS)}, but is {protocol.benchmark!r}"
        )
    if not is_integer(jobs) or jobs < 1:
        raise InvalidOptionError(f"jobs should be a whole number of at least 1, but is {jobs!r}")
    options = all_options(protocol)
    wanted = [case.name for case in load(protocol.benchmark, data, cases)]
    without_kernel = [] if protocol.kernels is None else protocol.kernels.missing(wanted)
    names = [name for name in wanted if name not in without_kernel]
    if not names:
        raise FileFormatError(
            f"there should be a stored kernel of {wanted[0]} or another of the cases, but there is none"
        )
    figures, lost = {}, {}
    # The environment of a cluster's worker may be another.
    data = data or os.environ.get(DATA_VARIABLE)
    stored = () if protocol.kernels is None else {path.parent for path in protocol.kernels.files.values()}
    work = map_unordered(
        partial(evaluate_case, protocol, data),
        names,
        jobs,
        lost=lambda *loss: loss,
        scheduler=scheduler,
        files=SharedFiles.at([data, *stored]),
    )
    with closing(work) as finished:
        for figure in finished:
            if isinstance(figure, tuple):
                lost |= [figure]
                continue
            figures[figure["name"]] = figure
            if progress is not None:
                progress(figure)
    if not figures:
        raise WorkerLostError(f"no case was finished. The first is {names[0]}: {lost[names[0]]}")
    ordered = [figures[name] for name in names if name in figures]
    report = {"cases": ordered, "summary": summarise(ordered), "options": options}
    return report | ({"lost": lost} if lost else {}) | ({"without_kernel": without_kernel} if without_kernel else {})


def all_options(protocol: Protocol) -> dict:
    """The protocol with every default written out, and the weights' hashes, in plain values.

    Raises
    ------
    InvalidInputError
        If something is unknown or out of range.
    """
    check_median(protocol.median)
    _check_kernel_room(protocol.kernel_room)
    if protocol.nonblind == PLUG_AND_PLAY:
        raise InvalidOptionError(
            f"a benchmark can't have the final step {PLUG_AND_PLAY}: a report can't hold its denoiser"
        )
    final_options = final_step_options(protocol.nonblind, protocol.step_options)
    final_step = {
        "nonblind_options": {**asdict(final_options), **_weights_name(final_options)},
        "nonblind_weights": _final_step_weights(final_options),
        "pydeblur": __version__,
    }
    if protocol.kernels is not None:
        return {**_without_estimation(protocol), "kernels": protocol.kernels.convention, **final_step}
    if protocol.method is not None:
        return {**_of_method(protocol), **final_step}
    preset = protocol.resolved()
    prior = describe_prior(preset.prior.load())
    solver = asdict(solver_options({**preset.solver, "kernel_size": 3}))
    del solver["kernel_size"]  # each case has its own
    return {
        **{name: value for name, value in asdict(protocol).items() if name not in ("kernels", "method")},
        "preset": name_or_default(protocol.preset, protocol.prior),
        "prior": prior.pop("name"),
        "prior_options": prior,
        "solver": solver,
        **_choice(preset),
        **final_step,
    }


def case_options(protocol: Protocol, case: str) -> dict:
    """What else decides on the outcome of one case: the file of its stored kernel, in plain values."""
    return {} if protocol.kernels is None else {"stored_kernel": protocol.kernels.described(case)}


def _without_estimation(protocol: Protocol) -> dict:
    """The fields that count where kernels are stored; InvalidOptionError if others are given."""
    for name in (
        *("preset", "prior", "method", "solver", "prior_options", "ranking_options"),
        *("kernel_room", "eight_bit_grey"),
    ):
        if getattr(protocol, name):
            raise InvalidOptionError(f"{name} belongs to a kernel estimation, and can't be given beside stored kernels")
    return {"benchmark": protocol.benchmark, "nonblind": protocol.nonblind, "median": protocol.median}


def _of_method(protocol: Protocol) -> dict:
    """The fields that count for a method with a loop of its own, with all its options."""
    for name in ("preset", "prior", "prior_options", "ranking_options"):
        if getattr(protocol, name):
            raise InvalidOptionError(f"{name} can't be given beside the method {protocol.method}")
    estimator = load_estimator(protocol.method, **protocol.solver)
    return {
        "benchmark": protocol.benchmark,
        "method": protocol.method,
        "solver": asdict(estimator.options),
        "nonblind": protocol.nonblind,
        "median": protocol.median,
        "kernel_room": protocol.kernel_room,
        "eight_bit_grey": protocol.eight_bit_grey,
    }


def _check_kernel_room(room) -> None:
    """InvalidOptionError for what is no ratio of sizes."""
    if room is not None and not (is_finite_number(room) and 1 <= room <= _MOST_ROOM):
        raise InvalidOptionError(f"kernel_room should be a number from 1 to {_MOST_ROOM:g}, but is {shown(room)}")


def _choice(preset: Preset) -> dict:
    """How one of several runs is chosen, in plain values."""
    wide = preset.for_wide_kernels
    described = {
        "ranking_options": ClassifierNetwork(preset.ranking).settings if preset.variants else None,
        "light_streaks": preset.light_streaks,
        **_rounds(preset, ""),
    }
    if wide is None:
        return described
    of_wide = f", {WIDE_KERNEL} and wider"
    if wide.ranking != preset.ranking:
        described[f"ranking_options{of_wide}"] = ClassifierNetwork(wide.ranking).settings
    return described | _rounds(wide, of_wide)


def _rounds(preset: Preset, kernels: str) -> dict:
    return {
        f"candidates{kernels}": [variant.described() for variant in preset.variants],
        f"successive halving{kernels}": None if preset.halving is None else asdict(preset.halving),
        f"refinements{kernels}": [asdict(step) for step in preset.refinements],
        **_ranks(preset, kernels),
    }


def _ranks(preset: Preset, kernels: str) -> dict:
    """What a preset begins anew, and what counts in a kernel's score beside the network's error, where it does so."""
    found: dict = {}
    if preset.restarts is not None:
        variants = [variant.described() for variant in preset.restarts.variants]
        found[f"restarts{kernels}"] = {"variants": variants, "keep": preset.restarts.keep}
    if preset.proposal is not None:
        variants = [variant.described() for variant in preset.proposal.variants]
        found[f"proposal{kernels}"] = {**vars(preset.proposal), "variants": variants}
    if not (preset.weights.is_log_error and preset.coarse_weights.is_log_error):
        found[f"weights{kernels}"] = [asdict(preset.coarse_weights), asdict(preset.weights)]
    return found


def _weights_name(options: FinalStepOptions) -> dict:
    """The weights of the options as text, where there are some."""
    return {"weights": str(options.weights)} if isinstance(options, LearnedOptions) else {}


def _final_step_weights(options: FinalStepOptions) -> dict | None:
    """What the final step has learned, by a hash."""
    if isinstance(options, PatchLikelihoodOptions):
        return _mixture_weights()
    if isinstance(options, LearnedOptions):
        weights_hash = read_network(options.weights).metadata["parameters_sha256"]
        return {"weights": str(options.weights), "weights_hash": weights_hash}
    return None


def _mixture_weights() -> dict:
    """EPLL's mixture, by the hash of its values."""
    mixture = load_mixture()
    values = (np.ascontiguousarray(part, "<f8").tobytes() for part in (mixture.log_weights, mixture.covariances))
    return {"weights": "epll-mixture", "weights_hash": hashlib.sha256(b"".join(values)).hexdigest()}


def evaluate_case(protocol: Protocol, data, name: str, with_own_step: bool = False) -> dict:
    """Figures of one case.

    ``ssd`` and ``ssd_true`` are Levin's aligned SSD with the estimated and the true kernel, ``error_ratio`` their quotient;
    ``psnr`` and ``ssim`` are taken after alignment; ``cpu_seconds`` is the kernel estimation's processor time, None for a
    stored kernel. Where the kernel estimate collapses, all but the time are None: one case need not end a benchmark.
    `with_own_step` adds ``own_step_psnr``: the PSNR by the final step that the package takes where nobody names one.
    """
    (case,) = load(protocol.benchmark, data, [name])
    # Some kernels hang on the last bits of an FFT: those of a library that everybody has.
    with fft_fixed("scipy"):
        found = case_kernel(protocol, case)
        quality = dict.fromkeys(_QUALITY) if found.kernel is None else _quality(protocol, case, found.kernel)
        if with_own_step:
            quality[OWN_STEP_PSNR] = None if found.kernel is None else _own_step_psnr(protocol, case, found)
    return {"name": name, **quality, "cpu_seconds": found.cpu_seconds}


class CaseKernel(NamedTuple):
    """What is known of a case's kernel.

    ``kernel`` (n, n) is None where the estimate collapsed; ``cpu_seconds`` is None of a stored kernel; ``confidence`` is None
    where the estimator has none.
    """

    kernel: np.ndarray | None
    cpu_seconds: float | None
    confidence: float | None = None


def estimate_case(protocol: Protocol, case) -> tuple[np.ndarray | None, float | None]:
    """Kernel (n, n) of a case, None where the estimate collapses, and the processor time in seconds."""
    found = case_kernel(protocol, case)
    return found.kernel, found.cpu_seconds


def case_kernel(protocol: Protocol, case) -> CaseKernel:
    """The kernel of a case.

    A stored kernel is only read, and has no time. Clipped pixels of a case that is known to be saturated are taken for
    lower bounds by the presets that handle them.
    """
    if protocol.kernels is not None:
        return CaseKernel(protocol.kernels.kernel(case.name), None)
    started = time.process_time()
    seen = median_filtered(case.blurred, protocol.median)
    grey = eight_bit_grey(seen) if protocol.eight_bit_grey else grey_image(seen)
    grey = grey if protocol.method is None else grey**case.gamma
    clipped = clipped_pixels(seen) if case.saturated and protocol.handles_clipping else None
    try:
        estimator = protocol.with_gamma(case.gamma).estimator()
        estimate = estimator.estimate(grey, _size_to_ask_for(protocol, case), clipped=clipped)
    except KernelCollapseError:
        return CaseKernel(None, time.process_time() - started)
    return CaseKernel(estimate.kernel, time.process_time() - started, estimate.confidence)


def _size_to_ask_for(protocol: Protocol, case) -> int:
    """The kernel size that the estimation is given."""
    if protocol.kernel_room is None:
        return case.kernel_size
    if case.kernel is None:
        raise InvalidOptionError(f"kernel_room needs true kernels, but {case.name} has none")
    return math.ceil(protocol.kernel_room * len(case.kernel)) | 1


def restore_case(protocol: Protocol, case, kernel: np.ndarray) -> np.ndarray:
    """A case's blurred image, deblurred with a kernel by the protocol's final step.

    Of shape (H, W[, 3]); not clipped, but for text, whose authors' results are pictures of 8 bits.
    """
    blurred = median_filtered(case.blurred, protocol.median)
    return _as_result(protocol, deconvolve(blurred, kernel, protocol.nonblind, **protocol.step_options))


def restore_case_by_own_step(protocol: Protocol, case, found: CaseKernel) -> np.ndarray:
    """The same by the final step that the package takes where nobody names one, :mod:`pydeblur.evaluation.own_step`."""
    blurred = median_filtered(case.blurred, protocol.median)
    return _as_result(protocol, restored_by_own_step(blurred, found.kernel, found.confidence))


def _as_result(protocol: Protocol, restored: np.ndarray) -> np.ndarray:
    return np.clip(restored, 0, 1) if protocol.benchmark in _RESULTS_ARE_PICTURES else restored


def _own_step_psnr(protocol: Protocol, case, found: CaseKernel) -> float | None:
    aligned = align(restore_case_by_own_step(protocol, case, found), case.sharp)
    figure = psnr(aligned.image, aligned.reference)
    return float(figure) if math.isfinite(figure) else None


def _quality(protocol: Protocol, case, kernel: np.ndarray) -> dict:
    restored = restore_case(protocol, case, kernel)
    aligned, ssd_true = align(restored, case.sharp), _least_ssd(_FinalStep.of(protocol), case)
    figures = (
        aligned.ssd,
        ssd_true,
        error_ratio(aligned.ssd, ssd_true),
        psnr(aligned.image, aligned.reference),
        ssim(aligned.image, aligned.reference),
        kernel_similarity(kernel, case.kernel),
    )
    # JSON has no infinity and no NaN, which ssim is without scikit-image.
    return {
        name: float(figure) if math.isfinite(figure) else None for name, figure in zip(_QUALITY, figures, strict=True)
    }


@dataclass(frozen=True)
class _FinalStep:
    """What of a protocol decides on the result with a given kernel."""

    benchmark: str
    nonblind: str
    nonblind_options: tuple
    median: int

    @classmethod
    def of(cls, protocol: Protocol) -> _FinalStep:
        return cls(protocol.benchmark, protocol.nonblind, tuple(sorted(protocol.step_options.items())), protocol.median)


@lru_cache(maxsize=4)
def _least_ssd(step: _FinalStep, case) -> float:
    """Aligned SSD with the true kernel; several methods are compared on a case one after the other."""
    protocol = Protocol(step.benchmark, nonblind=step.nonblind, nonblind_options=dict(step.nonblind_options))
    ideal = restore_case(replace(protocol, median=step.median), case, case.kernel)
    return align(ideal, case.sharp).ssd


def summarise(cases: list[dict]) -> dict:
    """Means and medians of all figures, and the share of cases with an error ratio of at most 1.5, 2 and 3.

    A case that failed counts for the shares, as one that is worse than 3, and for nothing else.
    """
    columns = {name: [case[name] for case in cases if case[name] is not None] for name in (*_QUALITY, "cpu_seconds")}
    ratios = [math.inf if case["error_ratio"] is None else case["error_ratio"] for case in cases]
    return {
        "count": len(cases),
        "mean": {name: float(np.mean(values)) if values else None for name, values in columns.items()},
        "median": {name: float(np.median(values)) if values else None for name, values in columns.items()},
        "success": {f"{limit:g}": float(rate) for limit, rate in zip(_SUCCESS_AT, success_rate(ratios, _SUCCESS_AT))},
    }


def write_report(path, report: dict) -> None:
    """Write a report as JSON."""
    write_bytes(path, (json.dumps(report, indent=1, allow_nan=False) + "\n").encode())
