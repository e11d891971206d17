"""Table 1: mean PSNR on the text images of Pan et al. 2014, 15 images × 8 kernels.

Each method is run twice: with the true kernel size, as the demos of [26] do it, and with 1.2 times that, the room that a user
leaves who does not know it. The grey channel is rounded to 8 bits, as the programs of the papers make it, and results are
clipped to [0, 1], as the pictures that these programs write. The final step is that of [26] for all; one column has the
step that the package takes by itself (:mod:`pydeblur.evaluation.own_step`), with the same kernels.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pydeblur.evaluation.benchmark_tasks import benchmark_tasks, by_method, case_figures, mean_of, missing_kernels
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import Method, StoredMethod, method_of, requested_methods
from pydeblur.evaluation.protocols import OWN_STEP_PSNR, Protocol
from pydeblur.evaluation.report import far_from_the_paper, write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv

PAPER = {
    "Cho and Lee [4]": 23.80,
    "Xu and Jia [36]": 26.21,
    "Levin et al. [20]": 24.90,
    "Xu et al. [38]": 26.21,
    "Pan et al. [27] (Dark channel)": 27.94,
    "Pan et al. [26] (Text deblurring)": 28.80,
    "Ours": 28.10,
}
#: What follows a method's name in a task, to the kernel size that is asked for by the true one.
ROOMS = {"true size": 1.0, "1.2 × the size": 1.2}
#: The column of the step that the package takes by itself.
_OWN_STEP = "true size, the default's own step"
#: A case below this many decibels has failed.
_FAILED_BELOW = 20.0


def reproduce(request: Request) -> list:
    """Write table1.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    methods = requested_methods(request, "text")
    protocols = _protocols(methods)
    finished = run_tasks("table1", benchmark_tasks(request, protocols), measure, request)
    groups = by_method(finished)
    rows = [
        _row(name, method, groups) for name, method in methods.items() if any(n in groups for n in _names(method, name))
    ]
    differences = [far_from_the_paper(row["method"], row["true size"], row["paper"], "dB") for row in rows]
    shown = {row["paper's name"] for row in rows}
    others = {name: value for name, value in PAPER.items() if name not in shown}
    rows += [{**dict.fromkeys(rows[0]), "method": name, "paper": value} for name, value in others.items()]
    body = [
        "Mean PSNR in dB of the final images, clipped to [0, 1], after the best shift; the final step is that of [26] for all "
        "(λ_tv = 0.001, λ_l0 = 0.0002), but for the column with the step that the package takes where nobody names one. "
        "Kernels are estimated from the grey channel rounded to 8 bits, once with the true kernel size and once with the next "
        f"odd number from 1.2 times that. Failed are cases below {_FAILED_BELOW:g} dB, and those whose kernel collapsed, which "
        "are in no mean. Methods are compared by their means over the same cases: their number is in the table.",
        markdown_table(rows, dict.fromkeys((*ROOMS, "paper", _OWN_STEP), ".2f") | {"SSIM": ".3f", "similarity": ".3f"}),
        *missing_kernels(request, protocols),
    ]
    return [
        write_csv(request.out / "table1.csv", [result.row() for result in finished]),
        write_markdown(request, "table1", "Table 1: text images", body, finished, differences),
        write_figure(request.out / "table1.png", _plot(pyplot, groups)),
    ]


def measure(request: Request, task: Task) -> dict:
    """Figures of one case."""
    if "stored_kernel" in task.options:
        return case_figures(request, task, _protocol(method_of(request, task), None), with_own_step=True)
    name, _, size = task.method.rpartition(", ")
    protocol = _protocol(method_of(request, replace(task, method=name)), ROOMS[size])
    return case_figures(request, task, protocol, with_own_step=True)


def _protocols(methods: dict[str, Method | StoredMethod]) -> dict[str, Protocol]:
    """What is run, by the names of the tasks: both sizes of every method; stored kernels have but one."""
    return {
        own: _protocol(method, ROOMS.get(own.rpartition(", ")[2]))
        for name, method in methods.items()
        for own in _names(method, name)
    }


def _names(method: Method | StoredMethod, name: str) -> list[str]:
    """Of a method's tasks."""
    return [name] if isinstance(method, StoredMethod) else [f"{name}, {size}" for size in ROOMS]


def _protocol(method: Method | StoredMethod, room: float | None) -> Protocol:
    own = {} if isinstance(method, StoredMethod) else {"kernel_room": room, "eight_bit_grey": True}
    return method.protocol("text", **own)


def _row(name: str, method: Method | StoredMethod, groups: dict[str, list[Finished]]) -> dict:
    """Means with the true size first; a stored kernel's size is its own."""
    found = {own.rpartition(", ")[2]: groups[own] for own in _names(method, name) if own in groups}
    first, *rest = found.values()
    sizes = {size: mean_of(found[size], "psnr") for size in ROOMS if size in found}
    return {
        "method": f"{name} ({method.label})",
        **dict.fromkeys(ROOMS),
        **(sizes or {"true size": mean_of(first, "psnr")}),
        "paper": None if method.paper is None else PAPER.get(method.paper),
        "paper's name": method.paper if method.paper in PAPER else None,
        _OWN_STEP: mean_of(first, OWN_STEP_PSNR),
        "SSIM": mean_of(first, "ssim"),
        "similarity": mean_of(first, "kernel_similarity"),
        "cases": len(first),
        "failed": " / ".join(str(sum(_has_failed(result) for result in results)) for results in (first, *rest)),
    }


def _has_failed(result: Finished) -> bool:
    return result.figures["psnr"] is None or result.figures["psnr"] < _FAILED_BELOW


def _plot(pyplot, groups):
    """How the cases of each method are spread, and their means."""
    figure, axes = pyplot.subplots(figsize=(9, 0.32 * len(groups) + 1.3))
    for number, results in enumerate(groups.values()):
        values = [result.figures["psnr"] for result in results if result.figures["psnr"] is not None]
        axes.plot(values, np.full(len(values), -number), "o", markersize=3, alpha=0.5, color="tab:blue")
        if values:
            axes.plot(np.mean(values), -number, "|", markersize=14, markeredgewidth=2, color="black")
    axes.axvline(PAPER["Ours"], color="grey", linestyle="--", label=f"the paper's mean, {PAPER['Ours']} dB")
    axes.set_yticks(range(0, -len(groups), -1), list(groups), fontsize=8)
    axes.set(xlabel="PSNR in dB: cases and their mean")
    axes.grid(alpha=0.3, axis="x")
    axes.legend(fontsize=8)
    figure.tight_layout()
    return figure
