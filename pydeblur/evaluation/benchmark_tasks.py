"""What the items that run methods on a benchmark share: their tasks, and the figures of a case."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.datasets import load
from pydeblur.errors import FileFormatError
from pydeblur.evaluation.protocols import Protocol, all_options, case_options, evaluate_case
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.stored_kernels import sentence_on_missing
from pydeblur.evaluation.subsets import stratified


def benchmark_tasks(request: Request, protocols: dict[str, Protocol]) -> list[Task]:
    """Every method on every case of the subset, case by case: so the mean time so far tells the time left.

    Stored kernels are no task where there is none of the case.

    Parameters
    ----------
    request : Request
    protocols : dict
        Method to what it runs; all on one benchmark.

    Raises
    ------
    FileFormatError
        If nothing is left to do.
    """
    options = {name: all_options(protocol) for name, protocol in protocols.items()}
    cases = _case_names(request, protocols)
    tasks = [
        Task(name, case, {**options[name], **case_options(protocol, case)})
        for case in cases
        for name, protocol in protocols.items()
        if protocol.kernels is None or case in protocol.kernels.files
    ]
    if not tasks:
        raise FileFormatError(
            f"there should be a stored kernel of {cases[0]} or another of the cases, but there is none"
        )
    return tasks


def missing_kernels(request: Request, protocols: dict[str, Protocol]) -> list[str]:
    """A sentence for each method whose stored kernels do not cover all cases of the subset."""
    cases = _case_names(request, protocols)
    missing = {name: each.kernels.missing(cases) for name, each in protocols.items() if each.kernels is not None}
    return [f"{name}: {sentence_on_missing(left_out, len(cases))}." for name, left_out in missing.items() if left_out]


def _case_names(request: Request, protocols: dict[str, Protocol]) -> list[str]:
    (benchmark,) = {protocol.benchmark for protocol in protocols.values()}
    return [case.name for case in stratified(load(benchmark, request.data), request.subset)]


def case_figures(request: Request, task: Task, protocol: Protocol, with_own_step: bool = False) -> dict:
    """`evaluate_case`'s figures, with the kernel's processor time under a name that says so."""
    figures = evaluate_case(protocol, request.data, task.case, with_own_step)
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
    if ratios_of:
        axes.legend(loc="lower right")
