"""Figure 3 (b): error ratios on the images of Sun et al. 2013, 80 × 8 with 1 % noise, with EPLL [43] as final step."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.datasets import load
from pydeblur.evaluation.benchmark_tasks import benchmark_tasks, by_method, missing_kernels, plot_cumulative
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import Method, StoredMethod, method_of, requested_methods
from pydeblur.evaluation.protocols import Protocol, estimate_case, restore_case
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.metrics import align, error_ratio, kernel_similarity, success_rate

NONBLIND = "epll"
#: The final step with the true kernel: what the others are measured by, once for each case.
TRUE_KERNEL = "true kernel"
_LIMITS = (1.5, 2.0, 3.0, 5.0)


def reproduce(request: Request) -> list:
    """Write fig3b.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    methods = requested_methods(request, "sun", (TRUE_KERNEL,))
    names = (TRUE_KERNEL, *methods)
    protocols = {TRUE_KERNEL: _protocol(), **{name: _protocol(method) for name, method in methods.items()}}
    tasks = [_task(task) for task in benchmark_tasks(request, protocols)]
    finished = run_tasks("fig3b", tasks, measure, request)
    rows = [result.row() for result in finished]
    least = {row["case"]: row["ssd"] for row in rows if row["method"] == TRUE_KERNEL}
    rows = [{**row, "error_ratio": _ratio(row["ssd"], least[row["case"]])} for row in rows]
    ratios = {name: [row["error_ratio"] for row in rows if row["method"] == name] for name in names[1:]}
    ratios = {name: values for name, values in ratios.items() if values}
    ratios = {name: [math.inf if ratio is None else ratio for ratio in values] for name, values in ratios.items()}
    psnrs = {name: [r.figures["psnr"] for r in results] for name, results in by_method(finished).items()}
    body = [
        f"Error ratios: SSD with the estimated kernel by SSD with the true one, final step {NONBLIND!r} for both, on "
        "the blurred images that `pydeblur.datasets` makes (valid part of the convolution, 1 % Gaussian noise, 8 "
        "bits). A collapsed kernel has an infinite ratio. The paper shows curves without numbers.",
        markdown_table([_row(name, ratios.get(name), values) for name, values in psnrs.items()], {"mean PSNR": ".2f"}),
        *missing_kernels(request, protocols),
    ]
    figure, axes = pyplot.subplots(figsize=(6, 4))
    plot_cumulative(axes, ratios, 6)
    return [
        write_csv(request.out / "fig3b.csv", rows),
        write_markdown(request, "fig3b", "Figure 3 (b): Sun et al.'s images", body, finished),
        write_figure(request.out / "fig3b.png", figure),
    ]


def measure(request: Request, task: Task) -> dict:
    """SSD and PSNR of one case, aligned; None where the kernel collapsed."""
    (case,) = load("sun", request.data, [task.case])
    protocol = _protocol() if task.method == TRUE_KERNEL else _protocol(method_of(request, task))
    kernel, seconds = (case.kernel, None) if task.method == TRUE_KERNEL else estimate_case(protocol, case)
    figures = dict.fromkeys(("ssd", "psnr", "kernel_similarity"))
    if kernel is not None:
        aligned = align(restore_case(protocol, case, kernel), case.sharp)
        psnr = 10 * math.log10(aligned.reference.size / aligned.ssd) if aligned.ssd > 0 else None
        figures = {"ssd": aligned.ssd, "psnr": psnr, "kernel_similarity": kernel_similarity(kernel, case.kernel)}
    return {**figures, "kernel_cpu_seconds": seconds}


def _protocol(method: Method | StoredMethod | None = None) -> Protocol:
    """That of a method; by default the true kernel's."""
    return Protocol("sun", nonblind=NONBLIND) if method is None else method.protocol("sun", nonblind=NONBLIND)


def _task(task: Task) -> Task:
    if task.method != TRUE_KERNEL:
        return task
    # No kernel is estimated: how it would be does not matter.
    kept = ("nonblind", "nonblind_options", "nonblind_weights", "median", "pydeblur")
    return Task(task.method, task.case, {name: task.options[name] for name in kept})


def _ratio(ssd, least) -> float | None:
    return None if ssd is None else float(error_ratio(ssd, least))


def _row(name: str, ratios, psnrs) -> dict:
    shares = [None] * len(_LIMITS) if ratios is None else [f"{share:.1%}" for share in success_rate(ratios, _LIMITS)]
    known = [psnr for psnr in psnrs if psnr is not None]
    return {
        "method": name,
        "cases": len(psnrs),
        **{f"≤ {limit:g}": share for limit, share in zip(_LIMITS, shares)},
        "median ratio": None if ratios is None else f"{np.median(ratios):.3f}",
        "mean PSNR": float(np.mean(known)) if known else None,
    }
