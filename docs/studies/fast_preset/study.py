"""What the preset "fast" costs against "faithful" in dB, on Levin et al.'s images or on the text set.

    python docs/studies/fast_preset/study.py levin --data DATA --out RESULTS [--subset 8] [--jobs 2]

The findings are in index.md. DATA is the folder of the benchmarks. A faithful run takes minutes. Finished cases are
kept in RESULTS/runs, so that a study that was stopped goes on; the table is printed, and written to RESULTS as CSV.
Restored images are those of the benchmark's final step.
"""

from __future__ import annotations

import sys

import numpy as np

from pydeblur.evaluation.benchmark_tasks import benchmark_tasks, by_method, case_figures, mean_of, ratios_of
from pydeblur.evaluation.methods import METHODS
from pydeblur.evaluation.paired import FORMATS, comparison_columns, mean_with_error, ratio_columns
from pydeblur.evaluation.protocols import BENCHMARKS, Protocol
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.studies import publish, request_from, run_study, study_parser

FAST = "fast"
_COMPACT = {"weights": "classifier-compact"}


def protocols(benchmark: str) -> dict[str, Protocol]:
    """What is compared on a benchmark, by the name that the table gives it."""
    fields = {"nonblind_options": BENCHMARKS[benchmark]}
    return {
        FAST: METHODS["fast"].protocol(benchmark, **fields),
        "faithful, compact network": METHODS["faithful"].protocol(benchmark, prior_options=_COMPACT, **fields),
        "faithful": METHODS["faithful"].protocol(benchmark, **fields),
    }


def measure(request: Request, task: Task) -> dict:
    """Figures of one case."""
    return case_figures(request, task, protocols(task.options["benchmark"])[task.method])


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each method, compared with the preset "fast"."""
    base = groups[FAST]
    rows = []
    for name, results in groups.items():
        pairs = [(fast.figures["psnr"], own.figures["psnr"]) for fast, own in zip(base, results)]
        gain = mean_with_error([fast - own for fast, own in pairs if fast is not None and own is not None])
        seconds = [result.figures["kernel_cpu_seconds"] for result in results]
        rows.append(
            {
                "method": name,
                **ratio_columns(ratios_of(results)),
                **comparison_columns(ratios_of(results), ratios_of(base)),
                "psnr": mean_of(results, "psnr"),
                "fast_minus_this": gain.mean,
                "fast_minus_this_error": gain.error,
                "kernel_cpu_seconds": float(np.median(seconds)),
            }
        )
    return rows


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of the benchmarks")
    parser.add_argument("benchmark", choices=("levin", "text"))
    names = [name for name in protocols("levin") if name != FAST]
    parser.add_argument(
        "--methods", nargs="+", choices=names, default=names, help="what fast is compared with (default: all)"
    )
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    chosen = {name: own for name, own in protocols(arguments.benchmark).items() if name in (FAST, *arguments.methods)}
    tasks = benchmark_tasks(request, chosen)
    groups = by_method(run_tasks(f"fast_preset_{arguments.benchmark}", tasks, measure, request))
    formats = {**FORMATS, "psnr": ".2f", "fast_minus_this": "+.2f", "fast_minus_this_error": ".2f"}
    publish(request, f"fast_preset_{arguments.benchmark}", table(groups), {**formats, "kernel_cpu_seconds": ".1f"})


if __name__ == "__main__":
    sys.exit(run_study(main))
