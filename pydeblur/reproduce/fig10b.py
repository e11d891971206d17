"""Figure 10 (b): what the L0 gradients and the learned prior each add, on Levin et al.'s 32 images."""

from __future__ import annotations

import numpy as np

from pydeblur.datasets import load
from pydeblur.evaluation.benchmark_tasks import (
    benchmark_tasks,
    by_method,
    case_figures,
    mean_of,
    missing_kernels,
    plot_cumulative,
    ratios_of,
)
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import StoredMethod, own_methods, stored_method, stored_methods
from pydeblur.evaluation.protocols import Protocol
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.subsets import stratified
from pydeblur.files import markdown_table, write_csv
from pydeblur.metrics import success_rate

_LIMITS = (1.5, 2.0, 3.0)
_CLASSIFIER = {"preset": "fast", "prior_options": {"threads": 1}}
_NO_CLASSIFIER = {"preset": "fast", "prior": "gradient"}
#: Name to its label and to what differs from the other variants: the two terms of eq. (4), or with "faithful" the network, the
#: precision and the number of steps, which are the paper's.
VARIANTS = {
    "both": ("L0 gradients and classifier", _CLASSIFIER),
    "gradient": ("L0 gradients only", _NO_CLASSIFIER),
    "classifier": ("classifier only", {**_CLASSIFIER, "solver": {"lambda_grad": 0.0}}),
    "null": ("L0 gradients and null prior", {"preset": "fast", "prior": "null"}),
    "faithful": (
        "L0 gradients and classifier, preset faithful",
        {"preset": "faithful", "prior_options": {"threads": 1}},
    ),
    "neither": ("neither", {**_NO_CLASSIFIER, "solver": {"lambda_grad": 0.0}}),
}
#: So many cases, evenly spread, of a variant that takes minutes for each, unless it is asked for by its name.
FEW_CASES = {"faithful": 6}


def reproduce(request: Request) -> list:
    """Write fig10b.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    protocols = {name: _variant(name) for name in own_methods(request, tuple(VARIANTS))}
    protocols |= {name: _scored(each) for name, each in stored_methods(request, "levin", tuple(VARIANTS)).items()}
    finished = run_tasks("fig10b", _tasks(request, protocols), measure, request)
    groups = by_method(finished)
    formats = {"mean PSNR": ".2f", "median ratio": ".3f", "kernel similarity": ".3f"}
    body = [
        "Error ratios after Levin et al.: SSD with the estimated kernel by SSD with the true one, same final step "
        "([26]; λ_tv = 0.001, λ_l0 = 0.0002). The variants differ in λ and μ of eq. (4) alone; but the null prior has the "
        "learned prior's β loop and a gradient of 0, and the preset faithful the paper's network, number of steps and precision. "
        "A collapsed kernel has an infinite ratio. The paper shows curves without numbers; "
        "in it the two terms together are best.",
        markdown_table([_row(name, results) for name, results in groups.items()], formats),
        *_same_cases(groups, formats),
        *missing_kernels(request, protocols),
    ]
    figure, axes = pyplot.subplots(figsize=(6, 4))
    plot_cumulative(axes, _curves(groups), 5)
    return [
        write_csv(request.out / "fig10b.csv", [result.row() for result in finished]),
        write_markdown(request, "fig10b", "Figure 10 (b): ablation on Levin et al.'s images", body, finished),
        write_figure(request.out / "fig10b.png", figure),
    ]


def _tasks(request: Request, protocols: dict[str, Protocol]) -> list[Task]:
    """Every variant on every case of the subset, but the slow ones on few of them unless they are asked for by name."""
    tasks = benchmark_tasks(request, protocols)
    if request.methods is not None:
        return tasks
    cases = stratified(load("levin", request.data), request.subset)
    few = {name: {case.name for case in stratified(cases, count)} for name, count in FEW_CASES.items()}
    return [task for task in tasks if task.method not in few or task.case in few[task.method]]


def _same_cases(groups: dict[str, list[Finished]], formats: dict[str, str]) -> list[str]:
    """The table once more over the cases that all variants have, where one has fewer than another."""
    cases = [{result.task.case for result in results} for results in groups.values()]
    shared = set.intersection(*cases)
    if not shared or all(own == shared for own in cases):
        return []
    rows = [
        _row(name, [result for result in results if result.task.case in shared]) for name, results in groups.items()
    ]
    return [
        f"The same over the cases that all variants have ({', '.join(sorted(shared))}):",
        markdown_table(rows, formats),
    ]


def _curves(groups: dict[str, list[Finished]]) -> dict[str, list[float]]:
    """Error ratios by the labels of the figure, which tell the number of cases where it is not the same for all."""
    most = max(map(len, groups.values()))
    return {
        _label(name) + ("" if len(results) == most else f" ({len(results)} cases)"): ratios_of(results)
        for name, results in groups.items()
    }


def measure(request: Request, task: Task) -> dict:
    """Figures of one case."""
    protocol = _variant(task.method) if task.method in VARIANTS else _scored(stored_method(request, task))
    return case_figures(request, task, protocol)


def _scored(method: StoredMethod) -> Protocol:
    return method.protocol("levin")


def _label(name: str) -> str:
    return VARIANTS[name][0] if name in VARIANTS else f"{name} (stored kernels)"


def _variant(name: str) -> Protocol:
    return Protocol("levin", **VARIANTS[name][1])


def _row(name: str, results: list[Finished]) -> dict:
    ratios = ratios_of(results)
    shares = {f"≤ {limit:g}": f"{share:.1%}" for limit, share in zip(_LIMITS, success_rate(ratios, _LIMITS))}
    return {
        "prior": _label(name),
        "cases": len(results),
        **shares,
        "median ratio": float(np.median(ratios)),
        "mean PSNR": mean_of(results, "psnr"),
        "kernel similarity": mean_of(results, "kernel_similarity"),
    }
