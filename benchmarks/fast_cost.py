"""What the preset "fast" costs against "faithful", in dB, on Levin et al.'s images and on the text set.

    python benchmarks/fast_cost.py levin --data DATA --out runs [--subset 8] [--jobs 2]

Prints the figures of both presets, and of "faithful" with the network of "fast", and the mean differences, each with its
standard error, as Markdown. A faithful run takes minutes;
each finished case is a line of runs/fast_cost_BENCHMARK.jsonl under `--out`: started again, the script goes on where it stopped.
"""

import argparse
import math
from pathlib import Path

import numpy as np

from pydeblur.metrics import success_rate
from pydeblur.reproduce.benchmark_runs import benchmark_tasks, by_method, case_figures, mean_of, ratios_of
from pydeblur.reproduce.evaluation import BENCHMARKS
from pydeblur.reproduce.named_methods import METHODS
from pydeblur.reproduce.runs import Request, run_tasks

LIMITS = (1.5, 2.0, 3.0)
COMPACT = {"weights": "classifier-compact"}


def protocols(benchmark: str) -> dict:
    """What is compared, by the name that the table gives it."""
    fields = {"nonblind_options": BENCHMARKS[benchmark]}
    return {
        "faithful": METHODS["faithful"].protocol(benchmark, **fields),
        "faithful, compact network": METHODS["faithful"].protocol(benchmark, prior_options=COMPACT, **fields),
        "fast": METHODS["fast"].protocol(benchmark, **fields),
    }


def measure(request: Request, task) -> dict:
    """Figures of one case."""
    benchmark = task.options["benchmark"]
    return case_figures(request, task, protocols(benchmark)[task.method])


def table(groups: dict):
    """Markdown lines: the methods, then what "fast" gains over each other on the same cases."""
    yield "| | cases | mean error ratio | median | ≤ 1.5 | ≤ 2 | ≤ 3 | PSNR | fast − this, dB | CPU s per kernel |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    fast = {result.task.case: result.figures["psnr"] for result in groups["fast"]}
    for name, results in groups.items():
        ratios = ratios_of(results)
        shares = " | ".join(f"{share:.1%}" for share in success_rate(ratios, LIMITS))
        pairs = [(fast[result.task.case], result.figures["psnr"]) for result in results]
        differences = np.array([ours - theirs for ours, theirs in pairs if ours is not None and theirs is not None])
        error = differences.std(ddof=1) / math.sqrt(differences.size) if differences.size > 1 else math.nan
        gain = "" if name == "fast" else f"{differences.mean():+.2f} ± {error:.2f}"
        seconds = np.median([result.figures["kernel_cpu_seconds"] for result in results])
        yield (
            f"| {name} | {len(results)} | {np.mean(ratios):.3f} | {np.median(ratios):.3f} | {shares} | "
            f"{mean_of(results, 'psnr'):.2f} | {gain} | {seconds:.1f} |"
        )


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=("levin", "text"))
    parser.add_argument("--data", required=True, help="folder of the benchmarks")
    parser.add_argument("--out", required=True, type=Path, help="folder of the finished cases")
    parser.add_argument("--subset", type=int, help="so many cases, evenly over images and kernels (default: all)")
    parser.add_argument("--methods", nargs="+", help="names of the table's lines, beside fast (default: all)")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    chosen = protocols(arguments.benchmark)
    if arguments.methods is not None:
        unknown = set(arguments.methods) - set(chosen)
        if unknown:
            parser.error(f"the methods should be some of {', '.join(chosen)}, but are {', '.join(arguments.methods)}")
        chosen = {name: value for name, value in chosen.items() if name in {*arguments.methods, "fast"}}
    request = Request(arguments.out, arguments.data, jobs=arguments.jobs, subset=arguments.subset, progress=True)
    tasks = benchmark_tasks(request, chosen)
    finished = run_tasks(f"fast_cost_{arguments.benchmark}", tasks, measure, request)
    print("\n".join(table(by_method(finished))))


if __name__ == "__main__":
    main()
