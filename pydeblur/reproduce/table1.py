"""Table 1: mean PSNR on the text images of Pan et al. 2014, 15 images × 8 kernels."""

from __future__ import annotations

from pydeblur.evaluation.benchmark_tasks import benchmark_tasks, by_method, case_figures, mean_of, missing_kernels
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import Method, StoredMethod, method_of, requested_methods
from pydeblur.evaluation.protocols import BENCHMARKS, Protocol
from pydeblur.evaluation.report import far_from_the_paper, write_markdown
from pydeblur.evaluation.store import Finished, Request, run_tasks
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


def reproduce(request: Request) -> list:
    """Write table1.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    methods = requested_methods(request, "text")
    protocols = {name: _protocol(method) for name, method in methods.items()}
    finished = run_tasks("table1", benchmark_tasks(request, protocols), measure, request)
    groups = by_method(finished)
    rows = [_row(name, methods[name], results) for name, results in groups.items()]
    differences = [far_from_the_paper(row["method"], row["mean PSNR"], row["paper"], "dB") for row in rows]
    others = {name: value for name, value in PAPER.items() if name not in {methods[name].paper for name in groups}}
    rows += [{**dict.fromkeys(rows[0]), "method": name, "paper": value} for name, value in others.items()]
    body = [
        "Mean PSNR in dB of the final images after the best shift; the final step is that of [26] for all "
        "(λ_tv = 0.001, λ_l0 = 0.0002). Cases whose kernel collapsed are counted as failed and are in no mean.",
        markdown_table(rows, {"mean PSNR": ".2f", "paper": ".2f", "SSIM": ".3f", "kernel similarity": ".3f"}),
        *missing_kernels(request, protocols),
    ]
    return [
        write_csv(request.out / "table1.csv", [result.row() for result in finished]),
        write_markdown(request, "table1", "Table 1: text images", body, finished, differences),
        write_figure(request.out / "table1.png", _plot(pyplot, groups)),
    ]


def measure(request: Request, task) -> dict:
    """Figures of one case."""
    return case_figures(request, task, _protocol(method_of(request, task)))


def _protocol(method: Method | StoredMethod) -> Protocol:
    return method.protocol("text", nonblind_options=BENCHMARKS["text"])


def _row(name: str, method: Method | StoredMethod, results: list[Finished]) -> dict:
    failed = sum(result.figures["psnr"] is None for result in results)
    return {
        "method": f"{name} ({method.label})",
        "mean PSNR": mean_of(results, "psnr"),
        "paper": None if method.paper is None else PAPER.get(method.paper),
        "paper's name": method.paper if method.paper in PAPER else None,
        "SSIM": mean_of(results, "ssim"),
        "kernel similarity": mean_of(results, "kernel_similarity"),
        "cases": len(results),
        "failed": failed,
    }


def _plot(pyplot, groups):
    """Mean PSNR of every image."""
    figure, axes = pyplot.subplots(figsize=(11, 4))
    width = 0.8 / len(groups)
    for number, (name, results) in enumerate(groups.items()):
        images = sorted({result.task.case[:4] for result in results})
        means = [mean_of([r for r in results if r.task.case.startswith(image)], "psnr") or 0 for image in images]
        positions = [position + width * (number - (len(groups) - 1) / 2) for position in range(len(images))]
        axes.bar(positions, means, width, label=f"{name}, mean {mean_of(results, 'psnr') or 0:.2f} dB")
    axes.axhline(PAPER["Ours"], color="grey", linestyle="--", label=f"the paper's mean, {PAPER['Ours']} dB")
    axes.set_xticks(range(len(images)), images)
    axes.set(ylabel="PSNR in dB", ylim=(10, None))
    axes.legend(fontsize=8, ncols=2)
    return figure
