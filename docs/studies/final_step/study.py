"""Final steps: their weights by noise with kernels as they are found, and what each is worth with the true kernel.

    python docs/studies/final_step/study.py found --data PHOTOS --out RESULTS [--split validation] [--noise 0.02]
    python docs/studies/final_step/study.py true --data PHOTOS --out RESULTS [--split validation] [--noise 0.02]
    python docs/studies/final_step/study.py levin --data DATA --out RESULTS

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind, DATA the folder
of the benchmarks. "found" estimates kernels by the preset "best", under kernels of varying speed; "true" and "levin"
deblur with the true kernels, and give processor seconds, too, which make sense with OMP_NUM_THREADS=1. Options are
chosen on photographs, never on Levin et al.'s images. Finished cases are kept in RESULTS/runs, so that a study that
was stopped goes on; the table is printed, and written to RESULTS as CSV. PSNR is of the image clipped to [0, 1], at
its best shift.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict

import numpy as np

from pydeblur.datasets import load
from pydeblur.datasets.photographs import SPLITS
from pydeblur.estimators import resolve
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.paired import mean_with_error
from pydeblur.evaluation.protocols import Protocol, all_options
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.studies import (
    estimated_kernel,
    publish,
    request_from,
    run_selection,
    run_study,
    selected_case,
    study_parser,
)
from pydeblur.evaluation.subsets import stratified
from pydeblur.metrics import aligned_psnr
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.methods import final_step_options
from pydeblur.preprocess.noise import noise_level

_SPEED_VARIATION = 1.2
_BEST = {"preset": "best", "ranking_options": {"threads": 1}}
#: λ_tv and λ_l0 of "ringing"; the third pair is the usual one.
_PAIRS = ((5e-4, 1e-4), (1e-3, 2e-4), (1e-3, 5e-4), (2e-3, 5e-4), (4e-3, 1e-3), (8e-3, 1e-3))
USUAL = "ringing, 0.001, 0.0005"
#: Final steps by the names that the tables give them: method and options; None is what `deconvolve` chooses by the noise.
FOUND_STEPS = {
    **{f"ringing, {tv:g}, {l0:g}": ("ringing", {"lambda_tv": tv, "lambda_l0": l0}) for tv, l0 in _PAIRS},
    "ringing, by noise": (None, {}),
    "hyper-laplacian, by noise": ("hyper-laplacian", {}),
    "tv, 0.002": ("tv", {"lambda_tv": 2e-3}),
}
TRUE_STEPS = {name: (name, {}) for name in ("tv", "ringing", "hyper-laplacian", "epll")}
_FORMATS = {"noise_found": ".4f", "cpu_seconds": ".2f"}
_FORMATS |= dict.fromkeys(("psnr", "psnr_error", "median_psnr", "gain_error"), ".2f") | {"gain": "+.2f"}


def measure_found(request: Request, task: Task) -> dict:
    """The noise found in a case, the error ratio of the kernel, and PSNR with it by each of the steps."""
    selection, case = selected_case(request, task)
    measured = CaseMeasure(case, selection.case_set)
    kernel, _ = estimated_kernel(resolve(**_BEST), case)
    figures = {"noise_found": noise_level(case.blurred), "error_ratio": measured.figures(kernel)["error_ratio"]}
    if kernel is None:
        return {**figures, "psnr": None}
    restored = (deconvolve(case.blurred, kernel, method, **options) for method, options in FOUND_STEPS.values())
    return {**figures, "psnr": [measured.psnr(image) for image in restored]}


def measure_true(request: Request, task: Task) -> dict:
    """PSNR and processor seconds of one final step with the true kernel of a photograph's case."""
    selection, case = selected_case(request, task)
    return _with_true_kernel(case, task, CaseMeasure(case, selection.case_set).psnr)


def measure_levin(request: Request, task: Task) -> dict:
    """The same of one of Levin et al.'s images."""
    (case,) = load("levin", request.data, [task.case])
    return _with_true_kernel(case, task, lambda image: aligned_psnr(np.clip(image, 0, 1), case.sharp))


def _with_true_kernel(case, task: Task, quality) -> dict:
    method, options = TRUE_STEPS[task.method]
    started = time.process_time()
    restored = deconvolve(case.blurred, case.kernel, method, **options)
    seconds = time.process_time() - started
    return {"psnr": quality(restored), "psnr_blurred": quality(case.blurred), "step_cpu_seconds": seconds}


def _described(steps) -> dict:
    """Final steps with all their options, in plain values."""
    return {
        name: {"method": method, **asdict(final_step_options(method, options))}
        for name, (method, options) in steps.items()
    }


def found_table(finished: list[Finished]) -> list[dict]:
    """A row for each final step: its gain over the usual weights, in dB."""
    qualities = np.array([result.figures["psnr"] for result in finished if result.figures["psnr"] is not None])
    usual = qualities[:, list(FOUND_STEPS).index(USUAL)]
    noise_found = float(np.median([result.figures["noise_found"] for result in finished]))
    rows = []
    for name, quality in zip(FOUND_STEPS, qualities.T):
        gain = mean_with_error(quality - usual)
        own = {"final_step": name, "noise_found": noise_found, "cases": len(quality), "psnr": float(quality.mean())}
        rows.append({**own, "gain": gain.mean, "gain_error": gain.error})
    return rows


def true_table(finished: list[Finished]) -> list[dict]:
    """A row for the blurred images, and one for each final step."""
    by_step = {name: [result.figures for result in finished if result.task.method == name] for name in TRUE_STEPS}
    rows = [_row("blurred", [figures["psnr_blurred"] for figures in next(iter(by_step.values()))], None)]
    for name, own in by_step.items():
        seconds = float(np.median([figures["step_cpu_seconds"] for figures in own]))
        rows.append(_row(name, [figures["psnr"] for figures in own], seconds))
    return rows


def _row(name: str, qualities: list[float], seconds: float | None) -> dict:
    average, middle = mean_with_error(qualities), float(np.median(qualities))
    own = {"final_step": name, "cases": len(qualities), "psnr": average.mean, "psnr_error": average.error}
    return {**own, "median_psnr": middle, "cpu_seconds": seconds}


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, or of the benchmarks for levin")
    parser.add_argument("what", choices=("found", "true", "levin"), help="kernels as they are found, or true ones")
    parser.add_argument("--split", choices=SPLITS, default="test", help="of the photographs (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    if arguments.what == "levin":
        steps, cases = _described(TRUE_STEPS), stratified(load("levin", request.data), request.subset)
        tasks = [Task(step, case.name, options) for case in cases for step, options in steps.items()]
        name, rows = "final_step_levin", true_table(run_tasks("final_step_levin", tasks, measure_levin, request))
    elif arguments.what == "true":
        selection = Selection("development", arguments.split, arguments.noise)
        name = f"final_step_true_{selection.label}"
        rows = true_table(run_selection(request, "final_step_true", selection, _described(TRUE_STEPS), measure_true))
    else:
        selection = Selection("development", arguments.split, arguments.noise, _SPEED_VARIATION)
        name = f"final_step_found_{selection.label}"
        options = {"best": {"kernel": all_options(Protocol("development", **_BEST)), "steps": _described(FOUND_STEPS)}}
        rows = found_table(run_selection(request, "final_step_found", selection, options, measure_found))
    publish(request, name, rows, _FORMATS)


if __name__ == "__main__":
    sys.exit(run_study(main))
