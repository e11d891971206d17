"""Priors and their options on the development set: what docs/prior-study.md reports and the presets are chosen by.

    python benchmarks/prior_study.py --data TRAINING_IMAGES --out study.jsonl --table noise [--every 2] [--jobs 2]

Each finished case is one line of the file; started again, the script goes on where it stopped. It ends with a Markdown
table. Error ratios are those of Levin et al. with the final step TV, the same for all. `--only` runs configurations by
their names instead. Plots of the file: benchmarks/prior_study_plots.py.
"""

import argparse
import time
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from development_set import NOISE, WORST_RATIO, development_cases
from finished_cases import add_rows, read_rows

from pydeblur.errors import KernelCollapseError
from pydeblur.estimation import estimate
from pydeblur.fourier import fft_fixed
from pydeblur.metrics import align, kernel_similarity, psnr
from pydeblur.nonblind import deconvolve
from pydeblur.presets import Preset, preset_named
from pydeblur.reproduce.processes import map_unordered

#: Kernels of up to 31 pixels are centred by their box, estimates by their centroid.
LARGEST_SHIFT = 12
#: Ratios above count as this in means: a failed case is a failed case.

ROBUST = {"prefilter": 0.7, "relative_kernel_weight": 0.3}
ADAPTIVE = {**ROBUST, "noise_reference": 0.01}
SHORT = {"beta_growth": 8.0, "descent_steps": 5}



def _classifier(form="probability", weights="classifier-compact", **solver):
    return Preset("classifier", {"weights": weights, "form": form, "threads": 1}, {**ROBUST, **SHORT, **solver})


def _gradient(**solver):
    return Preset("gradient", solver=solver)


CONFIGURATIONS = {
    "gradient": _gradient(),
    "gradient, mu 2e-3": _gradient(lambda_grad=2e-3),
    "gradient, mu 8e-3": _gradient(lambda_grad=8e-3),
    "gradient, gamma 20": _gradient(kernel_weight=20.0),
    "gradient, gamma 80": _gradient(kernel_weight=80.0),
    "gradient, gamma 0.1 relative": _gradient(relative_kernel_weight=0.1),
    "gradient, gamma 0.3 relative": _gradient(relative_kernel_weight=0.3),
    "gradient, prefilter 0.7": _gradient(prefilter=0.7),
    "gradient, robust": _gradient(**ROBUST),
    "gradient, robust, gamma 0.1": _gradient(**{**ROBUST, "relative_kernel_weight": 0.1}),
    "gradient, robust, gamma 0.6": _gradient(**{**ROBUST, "relative_kernel_weight": 0.6}),
    "gradient, robust, prefilter 0.5": _gradient(**{**ROBUST, "prefilter": 0.5}),
    "gradient, robust, prefilter 1": _gradient(**{**ROBUST, "prefilter": 1.0}),
    "gradient, robust, mu 2e-3": _gradient(**ROBUST, lambda_grad=2e-3),
    "gradient, robust, mu 8e-3": _gradient(**ROBUST, lambda_grad=8e-3),
    "gradient, robust, 10 iterations": _gradient(**ROBUST, iterations=10),
    "gradient, adaptive": _gradient(**ADAPTIVE),
    "gradient, adaptive, 10 iterations": _gradient(**ADAPTIVE, iterations=10),
    "gradient, adaptive, 20 iterations": _gradient(**ADAPTIVE, iterations=20),
    "gradient, adaptive, 10 iterations, decay 1.05": _gradient(**ADAPTIVE, iterations=10, lambda_decay=1.05),
    "gradient, adaptive, 10 iterations, mu 8e-3": _gradient(**ADAPTIVE, iterations=10, lambda_grad=8e-3),
    "gradient, adaptive, 10 at the finest scale": _gradient(**ADAPTIVE, finest_iterations=10),
    "gradient, adaptive, 20 at the finest scale": _gradient(**ADAPTIVE, finest_iterations=20),
    "gradient, adaptive, 40 at the finest scale": _gradient(**ADAPTIVE, finest_iterations=40),
    "best": preset_named("best"),
    "best, not refined": replace(preset_named("best"), laps=()),
    "intensity": Preset("intensity"),
    "intensity, robust": Preset("intensity", solver=ROBUST),
    "probability, letter of the paper": Preset("classifier", {"weights": "classifier-compact", "threads": 1}),
    "probability": _classifier(),
    "probability, w 1": _classifier(prior_scale=1.0),
    "probability, scales from 2 on": _classifier(finest_prior_scale=2),
    "probability, scales from 4 on": _classifier(finest_prior_scale=4),
    "nll": _classifier("nll"),
    "nll, w 1": _classifier("nll", prior_scale=1.0),
    "nll, w 2000": _classifier("nll", prior_scale=2000.0),
    # Through λ, since w = pixels follows the scale; β as in the others.
    "nll, w 4 pixels": _classifier("nll", lambda_prior=16e-3, beta_start=8e-3),
    "nll, scales from 1 on": _classifier("nll", finest_prior_scale=1),
    "nll, scales from 2 on": _classifier("nll", finest_prior_scale=2),
    "nll, scales from 4 on": _classifier("nll", finest_prior_scale=4),
    "nll, padded": _classifier("nll", prior_domain="padded"),
    "nll, the paper's schedule": _classifier("nll", beta_growth=2.0, descent_steps=10),
    "nll, single-scale net": _classifier("nll", "classifier-single-scale"),
    "nll, paper net": _classifier("nll", "classifier-paper"),
    "logit, w 200": _classifier("logit", prior_scale=200.0),
    "logit, w 2000": _classifier("logit", prior_scale=2000.0),
}

#: What the tables of docs/prior-study.md compare; the first is what the others are compared with.
TABLES = {
    "noise": (
        "gradient, robust",
        "gradient",
        "gradient, gamma 20",
        "gradient, gamma 80",
        "gradient, gamma 0.1 relative",
        "gradient, gamma 0.3 relative",
        "gradient, robust, gamma 0.1",
        "gradient, robust, gamma 0.6",
        "gradient, robust, prefilter 0.5",
        "gradient, robust, prefilter 1",
        "gradient, adaptive",
    ),
    "adaptation": ("gradient, robust", "gradient", "gradient, gamma 0.3 relative", "gradient, adaptive"),
    "form": ("gradient, robust", "probability", "nll", "logit, w 200"),
    "w": ("gradient, robust", "nll, w 1", "nll, w 2000", "nll"),
    "net": ("gradient, robust", "nll", "nll, single-scale net", "nll, paper net"),
    "domain": ("nll", "nll, padded"),
    "schedule": ("nll", "nll, the paper's schedule"),
    "scales": ("nll", "nll, scales from 2 on"),
    "finest": (
        "gradient, adaptive",
        "gradient, adaptive, 10 at the finest scale",
        "gradient, adaptive, 20 at the finest scale",
        "gradient, adaptive, 40 at the finest scale",
    ),
    "best": ("gradient, adaptive", "gradient", "best, not refined", "best"),
}


@lru_cache(maxsize=1)
def case_by_name(data, every, noise):
    """The cases of this run."""
    return {case.name: case for case in development_cases(data, noise=noise)[::every]}


@fft_fixed("scipy")
def run_case(data, every, noise, job):
    """One configuration on one case: a dict of plain values."""
    configuration, name = job
    case = case_by_name(data, every, noise)[name]
    truth = align(deconvolve(case.blurred, case.kernel, "tv"), case.sharp, LARGEST_SHIFT)
    row = {"configuration": configuration, "case": name, "folder": case.folder}
    row |= {"kernel_size": case.kernel_size, "noise": noise}
    start = time.perf_counter()
    try:
        result = estimate(case.blurred, case.kernel_size, CONFIGURATIONS[configuration])
    except KernelCollapseError:
        nothing = dict.fromkeys(("psnr", "seconds", "prior_value"))
        return {**row, **nothing, "error_ratio": WORST_RATIO, "similarity": 0.0}
    seconds = time.perf_counter() - start
    found = align(deconvolve(case.blurred, result.kernel, "tv"), case.sharp, LARGEST_SHIFT)
    return {
        **row,
        "error_ratio": float(found.ssd / truth.ssd),
        "psnr": float(psnr(found.image, found.reference)),
        "similarity": float(kernel_similarity(result.kernel, case.kernel)),
        "seconds": seconds,
        "prior_value": float(np.nan_to_num(result.history[-1].prior_value)),
    }


def table(rows, configurations):
    """Markdown: a line per configuration, over the cases that it has, with its difference to the first on the same."""
    by_configuration = {}
    for row in rows:
        by_configuration.setdefault(row["configuration"], {})[row["case"]] = row
    base = by_configuration.get(configurations[0], {})
    yield (
        "| configuration | cases | mean ratio | difference¹ | median | ≤ 1.5 | ≤ 2 | ≤ 3 | PSNR | similarity | "
        "better / worse² | s |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name in configurations:
        found = by_configuration.get(name)
        if not found:
            continue
        ratios = np.array([row["error_ratio"] for row in found.values()])
        both = [(row["error_ratio"], base[case]["error_ratio"]) for case, row in found.items() if case in base]
        better, worse = sum(a < b / 1.15 for a, b in both), sum(a > b * 1.15 for a, b in both)
        difference = _difference(both) if name != configurations[0] and len(both) > 1 else ""
        shares = " | ".join(f"{100 * np.mean(ratios <= limit):.0f} %" for limit in (1.5, 2, 3))
        keys = ("psnr", "similarity", "seconds")
        quality = [[row[key] for row in found.values() if row[key] is not None] for key in keys]
        yield (
            f"| {name} | {len(ratios)} | {np.minimum(ratios, WORST_RATIO).mean():.2f} | {difference} | "
            f"{np.median(ratios):.2f} | {shares} | {np.mean(quality[0]):.2f} | {np.mean(quality[1]):.3f} | "
            f"{better} / {worse} | {np.median(quality[2]):.1f} |"
        )
    yield f"\n¹ of the mean ratio to that of “{configurations[0]}” on the same cases, with its standard error"
    yield "² cases whose ratio is more than 15 % below or above it"


def _difference(pairs):
    differences = np.subtract(*np.minimum(pairs, WORST_RATIO).T)
    return f"{differences.mean():+.2f} ± {differences.std(ddof=1) / np.sqrt(differences.size):.2f}"


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="file of finished cases, one JSON object a line")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--table", choices=TABLES, help="the configurations of a table of docs/prior-study.md")
    which.add_argument("--only", nargs="+", choices=CONFIGURATIONS, metavar="NAME", help="configurations by name")
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--noise", type=float, default=NOISE, help="standard deviation (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    configurations = TABLES[arguments.table] if arguments.table else arguments.only
    rows = [row for row in read_rows(arguments.out) if row["noise"] == arguments.noise]
    done = {(row["configuration"], row["case"]) for row in rows}
    names = list(case_by_name(arguments.data, arguments.every, arguments.noise))
    jobs = [(configuration, name) for configuration in configurations for name in names]
    jobs = [job for job in jobs if job not in done]
    work = partial(run_case, arguments.data, arguments.every, arguments.noise)
    for count, row in enumerate(map_unordered(work, jobs, arguments.jobs), 1):
        rows.append(row)
        add_rows(arguments.out, row)
        print(f"{count}/{len(jobs)} {row['configuration']} {row['case']} {row['error_ratio']:.2f}", flush=True)
    print("\n".join(table([row for row in rows if row["case"] in names], configurations)))


if __name__ == "__main__":
    main()
