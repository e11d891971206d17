"""Figure 4: one of Köhler et al.'s photos by each method.

The paper does not say which photo it shows. This one was taken under one of the four large shakes. It is research data, so
the sheet (fig4_sheet.png) must not be published; the kernels and the numbers may.
"""

from __future__ import annotations

from pydeblur.datasets import load
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import METHODS, chosen_methods
from pydeblur.evaluation.photograph_sheets import kernel_plot, restored_arrays, result_sheet
from pydeblur.evaluation.protocols import BENCHMARKS, all_options, estimate_case, restore_case
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.metrics.kohler import surrogate_psnr

#: Scene 4 under shake 8, with kernels of 121 pixels.
CASE = "im04_ker08"
#: The paper's columns.
_COLUMNS = ("cho_lee", "extreme_channels", "dark_channel", "faithful")


def reproduce(request: Request) -> list:
    """Write fig4.csv, .md and .png (the kernels), and fig4_sheet.png; returns their paths."""
    pyplot = pyplot_without_display()
    names = _COLUMNS if request.methods is None else chosen_methods(request.methods)
    (case,) = load("kohler", request.data, [CASE])
    finished = run_tasks("fig4", [Task(name, CASE, all_options(_protocol(name))) for name in names], measure, request)
    body = [
        f"The photo {CASE}, with kernels of {case.kernel_size} pixels; the paper does not say which one it shows. Surrogate "
        "PSNR in dB, as in Figure 3 (a); the final step is that of [26] for all. The picture shows the kernels alone. The "
        "sheet fig4_sheet.png, written beside this file, shows research data and is not for publication.",
        markdown_table([_row(result) for result in finished], {"surrogate PSNR": ".2f", "kernel CPU s": ".1f"}),
    ]
    return [
        write_csv(request.out / "fig4.csv", [result.row() for result in finished]),
        write_markdown(request, "fig4", "Figure 4: a photo of Köhler et al.'s", body, finished),
        write_figure(request.out / "fig4.png", kernel_plot(pyplot, finished, names)),
        write_figure(request.out / "fig4_sheet.png", result_sheet(pyplot, [case], finished, names)),
    ]


def measure(request: Request, task: Task) -> dict:
    """The surrogate PSNR, None where the kernel collapsed, the result in 8 bits, and the kernel."""
    (case,) = load("kohler", request.data, [task.case])
    protocol = _protocol(task.method)
    kernel, seconds = estimate_case(protocol, case)
    restored = None if kernel is None else restore_case(protocol, case, kernel)
    return {
        "surrogate_psnr": None if restored is None else surrogate_psnr(restored, case.sharp),
        "kernel_cpu_seconds": seconds,
        **restored_arrays(restored, kernel, case.blurred.shape, case.kernel_size),
    }


def _protocol(name: str):
    return METHODS[name].protocol("kohler", nonblind_options=BENCHMARKS["text"])


def _row(result: Finished) -> dict:
    name = result.task.method
    return {
        "method": f"{name} ({METHODS[name].label})",
        "surrogate PSNR": result.figures["surrogate_psnr"],
        "kernel CPU s": result.figures["kernel_cpu_seconds"],
    }
