"""Figure 13: convergence at the finest scale over 50 iterations, mean over Levin et al.'s images.

The solver divides λ and μ by 1.1 after each iteration, down to 1e-4, so the energy it minimises changes: reported are
eq. (4) with the weights of the moment, and with the first ones, the paper's 0.004.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from pydeblur.datasets import load
from pydeblur.errors import KernelCollapseError
from pydeblur.evaluation.benchmark_tasks import benchmark_tasks, by_method
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import METHODS, chosen_methods
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.metrics import kernel_similarity
from pydeblur.preprocess.grey import grey_image
from pydeblur.reproduce import fig12
from pydeblur.solver import IterationState, blind_deconv
from pydeblur.solver.options import solver_options

ITERATIONS = 50
_CURVES = ("kernel_similarity", "energy", "energy_first_weights")
_SHOWN = (1, 2, 5, 10, 20, 30, 40, 50)
#: The gradient prior is there to compare with.
_USUAL = ("gradient", "fast")
#: Runs of the solver, whose energy is eq. (4).
NAMES = tuple(name for name in fig12.NAMES if METHODS[name].method is None)


def reproduce(request: Request) -> list:
    """Write fig13.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    names = _USUAL if request.methods is None else chosen_methods(request.methods, NAMES)
    tasks = benchmark_tasks(request, {name: METHODS[name].protocol("levin") for name in names})
    tasks = [Task(task.method, task.case, {**task.options, "finest_iterations": ITERATIONS}) for task in tasks]
    finished = run_tasks("fig13", tasks, measure, request)
    curves = {name: _mean_curves(results) for name, results in by_method(finished).items()}
    shown = [number for number in _SHOWN if number <= ITERATIONS]
    rows = [
        {"method": name, "mean of": label.replace("_", " "), **{str(n): curve[label][n - 1] for n in shown}}
        for name, curve in curves.items()
        for label in _CURVES
    ]
    body = [
        f"Kernel similarity and the energy (4) after each of {ITERATIONS} iterations at the finest scale; 5 at the "
        "others. Mean over the cases. λ and μ fall by 1.1 each iteration down to 1e-4; 'energy first weights' has the "
        "terms reweighted to 0.004. The paper shows curves without numbers and says that the "
        "method converges well within 50 iterations.",
        markdown_table(rows, {str(n): ".4g" for n in shown}),
    ]
    lines = [line for result in finished for line in _iterations(result)]
    return [
        write_csv(request.out / "fig13.csv", lines),
        write_markdown(request, "fig13", "Figure 13: convergence", body, finished),
        write_figure(request.out / "fig13.png", _plot(pyplot, curves)),
    ]


def measure(request: Request, task: Task) -> dict:
    """The curves of one case; they end early where the kernel collapses."""
    (case,) = load("levin", request.data, [task.case])
    preset = METHODS[task.method].protocol("levin").resolved()
    fields = {**preset.solver, "kernel_size": case.kernel_size, "finest_iterations": ITERATIONS}
    options = solver_options(fields)
    curves = {name: [] for name in _CURVES}

    def note(state: IterationState) -> None:
        record = state.record
        if record.scale == 0:
            curves["kernel_similarity"].append(kernel_similarity(state.kernel, case.kernel))
            curves["energy"].append(record.energy)
            curves["energy_first_weights"].append(energy_with_weights(record, options))

    with suppress(KernelCollapseError):
        blind_deconv(grey_image(case.blurred), options, preset.prior.load(), note)
    return curves


def energy_with_weights(record, options) -> float:
    """The energy (4) of a record, with λ and μ of the options in place of its own."""
    prior_term = record.prior_term * options.lambda_prior / record.lambda_prior if record.lambda_prior else 0.0
    gradient_term = record.gradient_term * options.lambda_grad / record.lambda_grad if record.lambda_grad else 0.0
    return record.data_term + record.kernel_term + gradient_term + prior_term


def _iterations(result: Finished) -> list[dict]:
    names = {"method": result.task.method, "case": result.task.case}
    lines = zip(*(result.figures[name] for name in _CURVES))
    times = {"cpu_seconds_of_the_case": round(result.cpu_seconds, 2)}
    return [{**names, "iteration": n, **dict(zip(_CURVES, line)), **times} for n, line in enumerate(lines, 1)]


def _mean_curves(results: list[Finished]) -> dict[str, np.ndarray]:
    """(ITERATIONS,) each; a case that ended early keeps its last value, one without any is left out."""
    means = {}
    for name in _CURVES:
        curves = [result.figures[name] for result in results if result.figures[name]]
        padded = [curve + curve[-1:] * (ITERATIONS - len(curve)) for curve in curves]
        means[name] = np.mean(padded, axis=0) if padded else np.full(ITERATIONS, np.nan)
    return means


def _plot(pyplot, curves):
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 3.6))
    for axis, name in zip(axes, _CURVES):
        for method, curve in curves.items():
            axis.plot(np.arange(1, ITERATIONS + 1), curve[name], label=method)
        axis.set(xlabel="iteration", title=name.replace("_", " "))
        axis.grid(alpha=0.3)
    axes[0].legend()
    return figure
