"""Priors of the latent image, and options of the kernel's step, on the development set.

    python docs/studies/priors/study.py noise --data PHOTOS --out RESULTS [--noise 0] [--subset 23] [--jobs 2] [--figure]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. Finished cases
are kept in RESULTS/runs, so that a run that was stopped goes on; the table is printed, and written to RESULTS as CSV.
Error ratios are those of the final step "tv", the same for all.
"""

from __future__ import annotations

import sys

import numpy as np

from pydeblur.evaluation.benchmark_tasks import by_method, mean_of, plot_cumulative, ratios_of
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.paired import FORMATS, WORST_RATIO, comparison_columns, ratio_columns
from pydeblur.evaluation.protocols import Protocol, all_options
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import (
    estimated_kernel,
    publish,
    request_from,
    run_selection,
    run_study,
    selected_case,
    study_parser,
)

#: What keeps noise out of the kernel: a Gaussian on the blurred image, and γ relative to the gradients' energy.
ROBUST = {"prefilter": 0.7, "relative_kernel_weight": 0.3}
#: The same, by the noise that is found in the image.
ADAPTIVE = {**ROBUST, "noise_reference": 0.01}
#: About a fifth of the paper's evaluations of the prior.
SHORT = {"beta_growth": 8.0, "descent_steps": 5}


def _gradient(**solver) -> Protocol:
    return Protocol("development", prior="gradient", solver=solver)


def _classifier(form: str, weights: str = "classifier-compact", **solver) -> Protocol:
    options = {"weights": weights, "form": form, "threads": 1}
    return Protocol("development", prior="classifier", prior_options=options, solver={**ROBUST, **SHORT, **solver})


#: Configurations by the names that the tables give them.
CONFIGURATIONS = {
    "gradient": _gradient(),
    "gradient, gamma 0.3 relative": _gradient(relative_kernel_weight=0.3),
    "gradient, prefilter 0.7": _gradient(prefilter=0.7),
    "gradient, robust": _gradient(**ROBUST),
    "gradient, adaptive": _gradient(**ADAPTIVE),
    "intensity, robust": Protocol("development", prior="intensity", solver=ROBUST),
    "null, robust": Protocol("development", prior="null", solver={**ROBUST, **SHORT}),
    "probability, w 1": _classifier("probability", prior_scale=1.0),
    "probability": _classifier("probability"),
    "nll, w 1": _classifier("nll", prior_scale=1.0),
    "nll, w 2000": _classifier("nll", prior_scale=2000.0),
    "nll": _classifier("nll"),
    "nll, padded": _classifier("nll", prior_domain="padded"),
    "nll, the paper's schedule": _classifier("nll", beta_growth=2.0, descent_steps=10),
    "nll, single-scale net": _classifier("nll", "classifier-single-scale"),
    "nll, paper net": _classifier("nll", "classifier-paper"),
    "logit, w 200": _classifier("logit", prior_scale=200.0),
    "best": Protocol("development", preset="best", ranking_options={"threads": 1}),
}

#: Tables: the first configuration is the one that the others are compared with.
TABLES = {
    "noise": (
        "gradient, robust",
        "gradient",
        "gradient, gamma 0.3 relative",
        "gradient, prefilter 0.7",
        "gradient, adaptive",
    ),
    "form": ("gradient, robust", "null, robust", "intensity, robust", "probability", "nll", "logit, w 200"),
    "weight": ("gradient, robust", "probability, w 1", "nll, w 1", "nll, w 2000", "nll"),
    "network": ("nll", "nll, single-scale net", "nll, paper net", "nll, padded", "nll, the paper's schedule"),
    "best": ("gradient, adaptive", "gradient", "best"),
}


def measure(request: Request, task: Task) -> dict:
    """Figures of one configuration on one case."""
    selection, case = selected_case(request, task)
    kernel, seconds = estimated_kernel(CONFIGURATIONS[task.method].resolved(), case)
    return {**CaseMeasure(case, selection.case_set).figures(kernel), "kernel_cpu_seconds": seconds}


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each configuration, compared with the first one."""
    base = ratios_of(next(iter(groups.values())))
    return [
        {
            "configuration": name,
            **ratio_columns(ratios_of(results)),
            **comparison_columns(ratios_of(results), base),
            "psnr": mean_of(results, "psnr"),
            "kernel_similarity": mean_of(results, "kernel_similarity"),
            "kernel_cpu_seconds": float(np.median([result.figures["kernel_cpu_seconds"] for result in results])),
        }
        for name, results in groups.items()
    ]


def figure(groups: dict[str, list[Finished]], title: str):
    """The share of cases with an error ratio of at most x, for each configuration."""
    drawing, axes = pyplot_without_display().subplots(figsize=(6.5, 4.2))
    plot_cumulative(axes, {name: ratios_of(results) for name, results in groups.items()}, WORST_RATIO)
    axes.set(xscale="log", title=title)
    return drawing


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    parser.add_argument("table", choices=TABLES, help="which configurations")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    parser.add_argument("--figure", action="store_true", help="draw the distribution of the error ratios, too")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    options = {name: all_options(CONFIGURATIONS[name]) for name in TABLES[arguments.table]}
    selection = Selection(noise=arguments.noise)
    groups = by_method(run_selection(request, "priors", selection, options, measure))
    name = f"priors_{arguments.table}_{selection.label}"
    formats = {**FORMATS, "psnr": ".2f", "kernel_similarity": ".3f", "kernel_cpu_seconds": ".1f"}
    publish(request, name, table(groups), formats)
    if arguments.figure:
        write_figure(request.out / f"{name}.png", figure(groups, f"noise {arguments.noise:g}"))


if __name__ == "__main__":
    sys.exit(run_study(main))
