"""What the items that run methods on a benchmark share: their tasks, and the figures of a case."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.datasets import load
from pydeblur.evaluation.protocols import Protocol, all_options, evaluate_case
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.subsets import stratified


def benchmark_tasks(request: Request, protocols: dict[str, Protocol]) -> list[Task]:
    """Every method on every case of the subset, case by case: so the mean time so far tells the time left.

    Parameters
    ----------
    request : Request
    protocols : dict
        Method to what it runs; all on one benchmark.
    """
    (benchmark,) = {protocol.benchmark for protocol in protocols.values()}
    options = {name: all_options(protocol) for name, protocol in protocols.items()}
    cases = stratified(load(benchmark, request.data), request.subset)
    return [Task(name, case.name, options[name]) for case in cases for name in protocols]


def case_figures(request: Request, task: Task, protocol: Protocol) -> dict:
    """`evaluate_case`'s figures, with the kernel's processor time under a name that says so."""
    figures = evaluate_case(protocol, request.data, task.case)
    figures["kernel_cpu_seconds"] = figures.pop("cpu_seconds")
    del figures["name"]
    return figures


def by_method(finished: list[Finished]) -> dict[str, list[Finished]]:
    """The finished tasks of each method, in order."""
    methods = dict.fromkeys(result.task.method for result in finished)
    return {name: [result for result in finished if result.task.method == name] for name in methods}


def mean_of(finished: list[Finished], figure: str) -> float | None:
    """The mean of a figure over the cases that have it."""
    values = [result.figures[figure] for result in finished if result.figures[figure] is not None]
    return float(np.mean(values)) if values else None


def ratios_of(finished: list[Finished]) -> list[float]:
    """Error ratios of the cases; a collapsed kernel's is infinite."""
    ratios = [result.figures["error_ratio"] for result in finished]
    return [math.inf if ratio is None else ratio for ratio in ratios]


def plot_cumulative(axes, ratios_of: dict[str, list[float]], largest: float) -> None:
    """The share of cases, in per cent, whose error ratio is at most x: one line for each method."""
    limits = np.linspace(1, largest, 400)
    for label, ratios in ratios_of.items():
        axes.plot(limits, 100 * np.mean(np.asarray(ratios)[:, None] <= limits, axis=0), label=label)
    axes.set(xlabel="error ratio", ylabel="cases in %", xlim=(1, largest), ylim=(0, 101))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
