"""``pydeblur evaluate``: a benchmark's figures, case by case."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli.outputs import check_outputs
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    nonblind_method,
    nonblind_options,
    solver_options,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("benchmark", choices=("levin", "text"))
    parser.add_argument("--data", metavar="D", help="data folder (default: the environment's PYDEBLUR_DATA)")
    parser.add_argument("--cases", metavar="A,B,…", help="names of the cases to run (default: all)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--json", metavar="OUT.json", help="write the report here")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    add_solver_arguments(parser, needs_kernel_size=False)
    add_nonblind_arguments(parser, lambda_l0="0.0002")


def run(arguments: argparse.Namespace) -> None:
    """Run a benchmark and print it as a table."""
    from pydeblur.reproduce.evaluation import BENCHMARKS, Protocol, evaluate, write_report

    check_outputs(table=arguments.json)
    method = nonblind_method(arguments)
    usual = BENCHMARKS[arguments.benchmark] if method == "ringing" else {}
    protocol = Protocol(
        benchmark=arguments.benchmark,
        prior=arguments.prior,
        solver=solver_options(arguments),
        nonblind=method,
        nonblind_options={**usual, **nonblind_options(arguments)},
    )
    cases = None if arguments.cases is None else [name for name in arguments.cases.split(",") if name]
    show = None if arguments.quiet else _print_case
    report = evaluate(protocol, arguments.data, cases, arguments.jobs, show)
    _print_summary(report["summary"])
    if arguments.json:
        write_report(arguments.json, report)


def _print_case(figures: dict) -> None:
    print(
        f"{figures['name']:<16} error ratio {figures['error_ratio']:7.3f}  psnr {figures['psnr']:6.2f}  "
        f"kernel similarity {figures['kernel_similarity']:.3f}  {figures['cpu_seconds']:7.2f} s",
        file=sys.stderr,
        flush=True,
    )


def _print_summary(summary: dict) -> None:
    for name in ("mean", "median"):
        figures = ", ".join(f"{key} {value:.4g}" for key, value in summary[name].items() if value is not None)
        print(f"{name}: {figures}")
    print("success: " + ", ".join(f"{share:.1%} at {limit}" for limit, share in summary["success"].items()))
