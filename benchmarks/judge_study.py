"""Kernels of several runs on the development set, and what could tell the best of them: the judge of the preset "best".

    python benchmarks/judge_study.py kernels --data TRAINING_IMAGES --out FOLDER [--noise 0.01] [--jobs 2]
    python benchmarks/judge_study.py measures --data TRAINING_IMAGES --out FOLDER [--noise 0.01] [--jobs 2]
    python benchmarks/judge_study.py tables --out FOLDER

`kernels` runs the solver and keeps each kernel with its error ratio (Levin et al.'s with the final step TV) in
FOLDER/kernels.jsonl; `measures` computes what can be known without the sharp image, in FOLDER/measures.jsonl. Either
goes on where it stopped. `tables` prints the judge's tables of docs/prior-study.md; plots are prior_study_plots.py's.
"""

import argparse
import json
from functools import lru_cache, partial
from itertools import product
from pathlib import Path

import numpy as np
from development_set import NOISE, development_cases
from scipy import fft
from scipy.signal import fftconvolve
from scipy.stats import kurtosis, spearmanr

from pydeblur.errors import KernelCollapseError
from pydeblur.fourier import fft_fixed
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
WORST_RATIO = 20.0
BEST = preset_named("best")
#: Fields of SolverOptions: what the preset chooses from, two that it might, and the paper's single run, worse at noise.
RUNS = {
    "adaptive": BEST.solver,
    "10 iterations": {**BEST.solver, "iterations": 10},
    "column": {**BEST.solver, "initial_kernel": "column"},
    "mu 8e-3": {**BEST.solver, "lambda_grad": 8e-3},
    "mu 2e-3": {**BEST.solver, "lambda_grad": 2e-3},
    "10 iterations, column": {**BEST.solver, "iterations": 10, "initial_kernel": "column"},
    "10 iterations, mu 2e-3": {**BEST.solver, "iterations": 10, "lambda_grad": 2e-3},
    "paper's values": {},
}
FIVE = tuple(RUNS)[:5]
SEVEN = tuple(RUNS)[:7]
TRUE = "true"
#: Before logarithms.
SMALLEST = 1e-6

#: μ of the latent images, of which the solver starts from the latter; λ of TV, where the former is the preset's.
LAMBDAS = (1e-3, 4e-3)

#: Weights of the measures; see `cost`.
PRESENT = "log-odds + 60 log energy"
ODDS_AND_ENERGY = {"odds": 1.0, "energy 0.001": 60.0}
JUDGES = {
    "log-odds": {"odds": 1.0},
    "energy": {"energy 0.001": 1.0},
    "log-odds + 30 log energy": {**ODDS_AND_ENERGY, "energy 0.001": 30.0},
    PRESENT: ODDS_AND_ENERGY,
    "log-odds + 120 log energy": {**ODDS_AND_ENERGY, "energy 0.001": 120.0},
    "overshoot": {"overshoot": 1.0},
    f"{PRESENT} + 0.3 log overshoot": {**ODDS_AND_ENERGY, "overshoot": 0.3},
    f"{PRESENT} − 10 log kernel roughness": {**ODDS_AND_ENERGY, "kernel roughness": -10.0},
    f"{PRESENT} − 30 log kernel roughness": {**ODDS_AND_ENERGY, "kernel roughness": -30.0},
}
_ENERGY_WEIGHTS = {"odds": (1.0,), "energy 0.001": (0.0, 15.0, 30.0, 60.0, 120.0, 240.0)}
#: Judges whose weights are chosen on half of the cases: the present one's measures, and one more each.
GRIDS = {
    "log-odds, energy": _ENERGY_WEIGHTS,
    "… and overshoot": {**_ENERGY_WEIGHTS, "overshoot": (0.0, 0.1, 0.3, 1.0, 3.0)},
    "… and kernel roughness": {**_ENERGY_WEIGHTS, "kernel roughness": (0.0, -1.0, -3.0, -10.0, -30.0)},
    "… and kernel entropy": {**_ENERGY_WEIGHTS, "kernel entropy": (0.0, 1.0, 3.0, 10.0, 30.0)},
    "… and kernel support": {**_ENERGY_WEIGHTS, "kernel support": (0.0, 1.0, 3.0, 10.0)},
    "… and residual colour": {**_ENERGY_WEIGHTS, "residual colour": (0.0, 0.3, 1.0, 3.0)},
    "… and ringing": {**_ENERGY_WEIGHTS, "ringing": (0.0, 0.3, 1.0, 3.0)},
    "… and l1/l2": {**_ENERGY_WEIGHTS, "l1/l2": (0.0, -10.0, -3.0, 3.0, 10.0, 30.0)},
    "… and kurtosis": {**_ENERGY_WEIGHTS, "kurtosis": (0.0, 0.3, 1.0, 3.0)},
    "… and agreement": {**_ENERGY_WEIGHTS, "agreement": (0.0, -1.0, -3.0, -10.0, -30.0)},
}


@lru_cache(maxsize=1)
def case_by_name(data, every, noise):
    """The cases of this run."""
    return {case.name: case for case in development_cases(data, noise=noise)[::every]}


@fft_fixed("scipy")
def kernels_of_case(data, every, noise, name):
    """All runs on one case, and the true kernel: a dict of plain values each."""
    case = case_by_name(data, every, noise)[name]
    truth = _error(case, case.kernel)
    rows = []
    for run, fields in RUNS.items():
        try:
            kernel = blind_deconv(case.blurred, SolverOptions(case.kernel_size, **fields)).kernel
        except KernelCollapseError:
            continue
        rows.append((run, _error(case, kernel) / truth, kernel))
    rows.append((TRUE, 1.0, case.kernel))
    return [
        {
            "noise": noise,
            "case": name,
            "run": run,
            "error_ratio": float(ratio),
            "similarity": float(kernel_similarity(kernel, case.kernel)),
            "kernel": np.round(kernel, 9).tolist(),
        }
        for run, ratio, kernel in rows
    ]


def _error(case, kernel):
    return align(deconvolve(case.blurred, kernel, "tv"), case.sharp, LARGEST_SHIFT).ssd


@lru_cache(maxsize=2)
def classifier(weights):
    """A shipped network."""
    return load_prior("classifier", weights=weights, threads=1)


@fft_fixed("scipy")
def measures_of_case(data, every, noise, rows):
    """What a judge could look at, for all kernels of one case: rows of `kernels_of_case` without the kernels."""
    case = case_by_name(data, every, noise)[rows[0]["case"]]
    options = adapt_to_noise(case.blurred, SolverOptions(case.kernel_size, **BEST.solver))
    smoothed = prepared_image(case.blurred, options)
    kernels = [np.array(row["kernel"]) for row in rows]
    found = []
    for row, kernel in zip(rows, kernels):
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


def cost(row, weights):
    """What a judge minimises within a case: a weighted sum of log-odds as they are, and of logarithms of the rest."""
    return sum(weight * _comparable(name, row[name]) for name, weight in weights.items())


def _comparable(name, value):
    return value if "odds" in name else np.log(max(value, SMALLEST))


def chosen_row(rows, runs, weights):
    """The row that a judge takes of a case's."""
    return min((row for row in rows if row["run"] in runs), key=lambda row: cost(row, weights))


def oracle_row(rows, runs):
    """The row of the least error ratio."""
    return min((row for row in rows if row["run"] in runs), key=lambda row: row["error_ratio"])


def tables(judged):
    """Markdown: runs and choices, judges, correlations.

    Parameters
    ----------
    judged : dict
        Noise to the cases' measures, as :func:`by_case` has them.
    """
    noises = [noise for noise in judged if judged[noise]]
    yield "| | " + " | ".join(f"noise {noise:g}: cases | mean | median | ≤ 1.5 | ≤ 2 | ≤ 3" for noise in noises) + " |"
    yield "|---" * (1 + 6 * len(noises)) + "|"
    for run in RUNS:
        yield _line(run, [[row["error_ratio"] for row in _rows_of(judged[noise], run)] for noise in noises])
    for title, choose in CHOICES.items():
        runs = SEVEN if "seven" in title else FIVE
        complete = [[rows for rows in judged[noise].values() if _has(rows, runs)] for noise in noises]
        yield _line(title, [[choose(rows)["error_ratio"] for rows in cases] for cases in complete])
    yield from _judges(judged, noises)
    yield from _cross_validated(judged, noises)
    heads = " | ".join(f"noise {noise:g}" for noise in noises)
    yield f"\n| Spearman correlation, within a case, of the error ratio and | {heads} |"
    yield "|---" * (1 + len(noises)) + "|"
    for measure in next(iter(judged[noises[0]].values()))[0]:
        if measure not in ("noise", "case", "run", "error_ratio"):
            found = " | ".join(f"{_correlation(judged[noise], measure):+.2f}" for noise in noises)
            yield f"| {measure} | {found} |"


def _judges(judged, noises):
    """Each judge's mean ratio, its difference to the present one's, and what it makes of noisy kernels."""
    heads = " | ".join(f"noise {noise:g}: mean | difference to the present" for noise in noises)
    yield f"\n| judge | {heads} | noise {NOISE:g}: the paper's run among them |"
    yield "|---" * (2 + 2 * len(noises)) + "|"
    present = {noise: _choices(judged[noise], JUDGES[PRESENT]) for noise in noises}
    for name, weights in JUDGES.items():
        cells = []
        for noise in noises:
            ratios = _choices(judged[noise], weights)
            differences = np.minimum(ratios, WORST_RATIO) - np.minimum(present[noise], WORST_RATIO)
            error = differences.std(ddof=1) / np.sqrt(differences.size)
            cells += [f"{_mean(ratios):.2f}", f"{differences.mean():+.2f} ± {error:.2f}" if name != PRESENT else ""]
        among = _mean(_choices(judged[NOISE], weights, (*FIVE, "paper's values")))
        yield f"| {name} | " + " | ".join(cells) + f" | {among:.2f} |"


def _cross_validated(judged, noises):
    """Weights chosen on every second case, at all noises together, and what they reach on the others."""
    heads = " | ".join(f"noise {noise:g}: mean" for noise in noises)
    yield f"\n| weights chosen on the other half | {heads} | weights |"
    yield "|---" * (2 + len(noises)) + "|"
    for name, grid in GRIDS.items():
        candidates = [dict(zip(grid, values)) for values in product(*grid.values())]
        ratios = [[_choices(judged[noise], weights) for weights in candidates] for noise in noises]
        ratios = [np.minimum(found, WORST_RATIO) for found in ratios]
        chosen = [int(sum(found[:, 1 - half :: 2].mean(1) for found in ratios).argmin()) for half in (0, 1)]
        means = [np.mean(np.r_[found[chosen[0], ::2], found[chosen[1], 1::2]]) for found in ratios]
        text = "; ".join(", ".join(f"{key} {value:g}" for key, value in candidates[i].items()) for i in chosen)
        yield f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + f" | {text} |"


def _has(rows, runs):
    """Whether a case has kernels of all of them."""
    return set(runs) <= {row["run"] for row in rows}


def _rows_of(cases, run):
    return [row for rows in cases.values() for row in rows if row["run"] == run]


def _choices(cases, weights, runs=FIVE):
    return np.array([chosen_row(rows, runs, weights)["error_ratio"] for rows in cases.values()])


def _line(title, all_ratios):
    cells = []
    for ratios in all_ratios:
        shares = [f"{100 * np.mean(np.array(ratios) <= limit):.0f} %" for limit in (1.5, 2, 3)] if ratios else []
        cells += [str(len(ratios)), f"{_mean(ratios):.2f}", f"{np.median(ratios):.2f}", *shares] if ratios else [""] * 6
    return f"| {title} | " + " | ".join(cells) + " |"


def _mean(ratios):
    return np.minimum(ratios, WORST_RATIO).mean()


def _correlation(cases, measure):
    """Spearman's, within each case over the preset's five kernels and the true one; the mean over the cases."""
    compared = [[row for row in rows if row["run"] in (*FIVE, TRUE)] for rows in cases.values()]
    pairs = [zip(*((row[measure], row["error_ratio"]) for row in rows)) for rows in compared]
    # Where a measure is the same for all kernels, it has no ranks.
    return np.mean([spearmanr(values, ratios).statistic for values, ratios in pairs if len(set(values)) > 1])


CHOICES = {
    "the best of the first five by the judge": lambda rows: chosen_row(rows, FIVE, JUDGES[PRESENT]),
    "the best of the five by their true ratios": lambda rows: oracle_row(rows, FIVE),
    "the best of the first four by the judge": lambda rows: chosen_row(rows, FIVE[:4], JUDGES[PRESENT]),
    "the best of the first seven by the judge": lambda rows: chosen_row(rows, SEVEN, JUDGES[PRESENT]),
    "the best of the seven by their true ratios": lambda rows: oracle_row(rows, SEVEN),
}


def read(path, noise):
    """Rows of a file for one noise; none if it is missing."""
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [row for row in rows if row["noise"] == noise]


def by_case(rows):
    """Dict of case to its rows, in the order of the names, so that halves are the same for all noises."""
    found = {}
    for row in sorted(rows, key=lambda row: row["case"]):
        found.setdefault(row["case"], []).append(row)
    return found


def _append(path, results, count):
    for number, rows in enumerate(results, 1):
        with path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        found = "; ".join(f"{row['run']} {row['error_ratio']:.2f}" for row in rows)
        print(f"{number}/{count} {rows[0]['case']}: {found}", flush=True)


def main():
    """One of the three steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("kernels", "measures", "tables"))
    parser.add_argument("--data", help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="folder of finished cases")
    parser.add_argument("--noise", type=float, default=NOISE, help="standard deviation (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    kernels, measures = arguments.out / "kernels.jsonl", arguments.out / "measures.jsonl"
    common = arguments.data, arguments.every, arguments.noise
    if arguments.step == "tables":
        print("\n".join(tables({noise: by_case(read(measures, noise)) for noise in (NOISE, 0.0)})))
        return
    if arguments.data is None:
        parser.error(f"{arguments.step} needs --data")
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = case_by_name(*common)
    if arguments.step == "kernels":
        done = by_case(read(kernels, arguments.noise))
        jobs, work, path = [name for name in names if name not in done], partial(kernels_of_case, *common), kernels
    else:
        done = by_case(read(measures, arguments.noise))
        rows = by_case(read(kernels, arguments.noise))
        jobs, work, path = [rows[name] for name in rows if name in names and name not in done], None, measures
        work = partial(measures_of_case, *common)
    _append(path, map_unordered(work, jobs, arguments.jobs), len(jobs))


if __name__ == "__main__":
    main()
