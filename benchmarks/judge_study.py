"""Kernels of several runs, and what could tell the best of them: for the judge of the preset "best".

    python benchmarks/judge_study.py kernels --data TRAINING_IMAGES --out FOLDER [--noise 0.01] [--jobs 2]
    python benchmarks/judge_study.py measures --data TRAINING_IMAGES --out FOLDER [--noise 0.01] [--jobs 2]

`kernels` runs the solver and keeps each kernel with its error ratio (Levin et al.'s with the final step TV) in
FOLDER/kernels.jsonl; `measures` computes what can be known without the sharp image, in FOLDER/measures.jsonl. Either
goes on where it stopped. With `--split train --per-folder 72` it does so on images that a judge is learned from. Tables of
both are judge_tables.py's, plots prior_study_plots.py's.
"""

import argparse
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from development_set import NOISE, development_cases
from finished_cases import add_rows, read_rows
from scipy import fft
from scipy.signal import fftconvolve, unit_impulse
from scipy.stats import kurtosis

from pydeblur.errors import KernelCollapseError
from pydeblur.fourier import fft_fixed
from pydeblur.judge import RANGE, log_error
from pydeblur.metrics import align, kernel_similarity
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.presets import preset_named
from pydeblur.priors import load_prior
from pydeblur.reproduce.processes import map_unordered
from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.coarse_to_fine import prepared_image
from pydeblur.solver.latent import LatentProblem
from pydeblur.solver.noise import adapt_to_noise

LARGEST_SHIFT = 12
BEST = preset_named("best")
#: The preset's candidates, by the names that they have here.
SIX = ("adaptive", "10 iterations", "column", "mu 8e-3", "mu 2e-3", "intensity")
#: Those with the L0 gradient prior.
FIVE = SIX[:5]
#: Prior, its options and fields of SolverOptions: what the preset chooses from, others that it might, and the paper's
#: single run, worse at noise.
RUNS = {
    **dict(zip(SIX, BEST.runs(), strict=True)),
    "10 iterations, column": ("gradient", {}, {**BEST.solver, "iterations": 10, "initial_kernel": "column"}),
    "10 iterations, mu 2e-3": ("gradient", {}, {**BEST.solver, "iterations": 10, "lambda_grad": 2e-3}),
    "paper's values": ("gradient", {}, {}),
}
TRUE = "true"
#: A point, which leaves the image as it is.
POINT = "point"
#: Of the training split's cases: what a judge may meet, and what it should never take.
LEARNED_FROM = (*SIX, "paper's values", POINT)
#: μ of the latent images, of which the solver starts from the latter; λ of TV, where the former is the preset's.
LAMBDAS = (1e-3, 4e-3)


class Selection(NamedTuple):
    """Which cases: `development_cases`'s arguments, and every n-th of them from the first on."""

    data: str
    split: str
    per_folder: int
    first: int
    every: int
    noise: float


@lru_cache(maxsize=1)
def case_by_name(selection):
    """The cases of this run, a `Selection`."""
    cases = development_cases(selection.data, selection.per_folder, selection.noise, selection.split)
    return {case.name: case for case in cases[selection.first :: selection.every]}


@fft_fixed("scipy")
def kernels_of_case(selection, job):
    """Some runs on one case, of which TRUE is the true kernel: a dict of plain values each."""
    name, runs = job
    case = case_by_name(selection)[name]
    truth = _error(case, case.kernel)
    rows = []
    for run in runs:
        try:
            kernel = _kernel_of(run, case)
        except KernelCollapseError:
            continue
        rows.append((run, _error(case, kernel) / truth, kernel))
    return [
        {
            "noise": selection.noise,
            "case": name,
            "run": run,
            "error_ratio": float(ratio),
            "similarity": float(kernel_similarity(kernel, case.kernel)),
            "kernel": np.round(kernel, 9).tolist(),
        }
        for run, ratio, kernel in rows
    ]


def _kernel_of(run, case):
    if run == TRUE:
        return case.kernel
    if run == POINT:
        return unit_impulse([case.kernel_size] * 2, "mid")
    prior, prior_options, fields = RUNS[run]
    options = SolverOptions(case.kernel_size, **fields)
    return blind_deconv(case.blurred, options, load_prior(prior, **prior_options)).kernel


def _error(case, kernel):
    return align(deconvolve(case.blurred, kernel, "tv"), case.sharp, LARGEST_SHIFT).ssd


@lru_cache(maxsize=2)
def classifier(weights):
    """A shipped network."""
    return load_prior("classifier", weights=weights, threads=1)


@fft_fixed("scipy")
def measures_of_case(selection, job):
    """What a judge could look at, for some runs' kernels of one case: rows of `kernels_of_case` without the kernels.

    `job` has all rows of the case, and the runs whose measures are wanted.
    """
    rows, runs = job
    case = case_by_name(selection)[rows[0]["case"]]
    options = adapt_to_noise(case.blurred, SolverOptions(case.kernel_size, **BEST.solver))
    smoothed = prepared_image(case.blurred, options)
    kernels = [np.array(row["kernel"]) for row in rows]
    found = []
    for row, kernel in zip(rows, kernels):
        if row["run"] not in runs:
            continue
        others = [other for run, other in zip(rows, kernels) if run["run"] in FIVE and run is not row]
        found.append(
            {
                **{key: row[key] for key in ("noise", "case", "run", "error_ratio", "similarity")},
                **_energies(smoothed, kernel),
                **_restored_measures(case.blurred, kernel),
                **_kernel_measures(kernel),
                "agreement": float(np.mean([kernel_similarity(kernel, other) for other in others])),
            }
        )
    return found


def _energies(image, kernel):
    """Terms of eq. (4) without a prior, and the log-odds of the L0 latent images, at several μ."""
    problem = LatentProblem(wrap_boundary(image, padded_shape(image.shape, kernel.shape)), image.shape)
    problem.set_kernel(kernel)
    found = {}
    for lambda_grad in LAMBDAS:
        estimate = problem.solve(lambda_grad)
        data_term = problem.residual_energy(estimate)
        found[f"data {lambda_grad:g}"] = data_term
        found[f"gradients {lambda_grad:g}"] = int(estimate.gradients)
        found[f"energy {lambda_grad:g}"] = data_term + lambda_grad * float(estimate.gradients)
        latent = np.clip(estimate.image[: image.shape[0], : image.shape[1]], 0, 1)
        found[f"latent odds {lambda_grad:g}"] = classifier("classifier-compact").logit(latent)
    return found


def _restored_measures(blurred, kernel):
    """Of the images deblurred by TV, strongly and weakly regularised."""
    restored, smooth = (deconvolve_tv(blurred, kernel, lambda_tv=weight) for weight in LAMBDAS)
    clipped = np.clip(restored, 0, 1)
    differences = np.concatenate([np.diff(clipped, axis=axis).ravel() for axis in (0, 1)])
    residual = blurred - fftconvolve(np.pad(restored, _margins(kernel), mode="edge"), kernel, mode="valid")
    half = clipped[: clipped.shape[0] // 2 * 2, : clipped.shape[1] // 2 * 2]
    half = half.reshape(half.shape[0] // 2, 2, -1, 2).mean((1, 3))
    net = classifier("classifier-compact")
    activation = net.activation_map(clipped)
    return {
        "network": log_error(np.clip(restored, *RANGE), classifier("judge")),
        "odds": float(activation.mean()),
        "odds worst": float(np.quantile(activation, 0.9)),
        "odds half": net.logit(half),
        "odds single-scale": classifier("classifier-single-scale").logit(clipped),
        "l1/l2": float(np.abs(differences).sum() / np.sqrt((differences**2).sum()) / np.sqrt(differences.size)),
        "l0.8": float(np.mean(np.abs(differences) ** 0.8)),
        "kurtosis": float(kurtosis(differences)),
        "tv energy": float((residual**2).sum() + 1e-3 * np.abs(differences).sum()),
        "residual": float((residual**2).sum()),
        "residual colour": _colour(residual[_inside(kernel)], kernel.shape[0]),
        "overshoot": float(np.mean((restored - clipped) ** 2)),
        "ringing": float(np.mean((restored - smooth) ** 2) / blurred.var()),
    }


def _margins(kernel):
    return [(side // 2, side // 2) for side in kernel.shape]


def _inside(kernel):
    return tuple(slice(side // 2, -(side // 2)) for side in kernel.shape)


def _colour(residual, reach):
    """Sum of the squared autocorrelations at all shifts of up to `reach` pixels but 0: of white noise next to 0."""
    residual = residual - residual.mean()
    power = np.abs(fft.rfft2(residual, [2 * side for side in residual.shape])) ** 2
    correlation = fft.irfft2(power)
    near = np.r_[-reach : reach + 1]
    correlation = correlation[np.ix_(near, near)] / max(correlation[0, 0], np.finfo(float).tiny)
    return float((correlation**2).sum() - 1)


def _kernel_measures(kernel):
    positive = kernel[kernel > 0]
    rows, columns = np.indices(kernel.shape)
    centre = (kernel * rows).sum(), (kernel * columns).sum()
    spread = np.sqrt((kernel * ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2)).sum())
    border = 1 - kernel[2:-2, 2:-2].sum()
    return {
        "kernel entropy": float(-(positive * np.log(positive)).sum()),
        "kernel norm": float(np.sqrt((kernel**2).sum())),
        "kernel support": int(positive.size),
        "kernel spread": float(spread),
        "kernel border": float(border),
        "kernel roughness": float(sum((np.diff(kernel, axis=axis) ** 2).sum() for axis in (0, 1)) / (kernel**2).sum()),
    }


def read(path, noise):
    """Rows of a file for one noise; none if it is missing."""
    return [row for row in read_rows(path) if row["noise"] == noise]


def by_case(rows):
    """Dict of case to its rows, in the order of the names, so that halves are the same for all noises."""
    found = {}
    for row in sorted(rows, key=lambda row: row["case"]):
        found.setdefault(row["case"], []).append(row)
    return found


def _runs(rows):
    return {row["run"] for row in rows}


def _append(path, results, count):
    for number, rows in enumerate(results, 1):
        add_rows(path, *rows)
        found = "; ".join(f"{row['run']} {row['error_ratio']:.2f}" for row in rows)
        print(f"{number}/{count} {rows[0]['case'] if rows else 'collapsed'}: {found}", flush=True)


def main():
    """One of the two steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("kernels", "measures"))
    parser.add_argument("--data", required=True, help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="folder of finished cases")
    parser.add_argument("--noise", type=float, default=NOISE, help="standard deviation (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--first", type=int, default=0, help="from this one on (default: %(default)s)")
    parser.add_argument("--per-folder", type=int, default=12, help="images of each kind (default: %(default)s)")
    parser.add_argument(
        "--split", choices=("test", "train"), default="test", help="whose images: the training split's are learned from"
    )
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    kernels, measures = arguments.out / "kernels.jsonl", arguments.out / "measures.jsonl"
    arguments.out.mkdir(parents=True, exist_ok=True)
    fields = vars(arguments)
    selection = Selection(**{name: fields[name] for name in Selection._fields})
    names = case_by_name(selection)
    found = by_case(read(kernels, arguments.noise))
    if arguments.step == "kernels":
        wanted = [*dict.fromkeys([*(RUNS if arguments.split == "test" else ()), *LEARNED_FROM]), TRUE]
        jobs = [(name, [run for run in wanted if run not in _runs(found.get(name, []))]) for name in names]
        work, path = partial(kernels_of_case, selection), kernels
    else:
        done = by_case(read(measures, arguments.noise))
        jobs = [(found[name], _runs(found[name]) - _runs(done.get(name, []))) for name in names if name in found]
        work, path = partial(measures_of_case, selection), measures
    jobs = [(what, runs) for what, runs in jobs if runs]
    _append(path, map_unordered(work, jobs, arguments.jobs), len(jobs))


if __name__ == "__main__":
    main()
