"""``pydeblur evaluate``: a benchmark's figures, case by case."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli.argument_types import count
from pydeblur.cli.outputs import check_outputs
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    nonblind_method,
    nonblind_options,
    prior_choice,
    solver_options,
)
from pydeblur.nonblind.options import DEFAULT as DEFAULT_NONBLIND
from pydeblur.nonblind.options import OPTIONS as FINAL_STEPS
from pydeblur.options import option_infos


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("benchmark", choices=("levin", "text", "sun"))
    parser.add_argument("--data", metavar="D", help="data folder (default: the environment's PYDEBLUR_DATA)")
    parser.add_argument("--cases", metavar="A,B,…", help="names of the cases to run (default: all)")
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--json", metavar="OUT.json", help="write the report here")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    add_solver_arguments(parser, needs_kernel_size=False)
    add_nonblind_arguments(parser, lambda_l0=2e-4)


def run(arguments: argparse.Namespace) -> None:
    """Run a benchmark and print it as a table."""
    from pydeblur.evaluation.protocols import BENCHMARKS, Protocol, evaluate, write_report

    check_outputs(table=arguments.json)
    method = nonblind_method(arguments) or DEFAULT_NONBLIND
    usual = {
        name: value
        for name, value in BENCHMARKS[arguments.benchmark].items()
        if name in option_infos(FINAL_STEPS[method])
    }
    protocol = Protocol(
        benchmark=arguments.benchmark,
        **prior_choice(arguments),
        solver=solver_options(arguments),
        nonblind=method,
        nonblind_options={**usual, **nonblind_options(arguments)},
        median=arguments.median,
    )
    show = None if arguments.quiet else _print_case
    report = evaluate(protocol, arguments.data, arguments.cases, arguments.jobs, show)
    # Hours of work first: printing fails where nobody reads any more.
    if arguments.json:
        write_report(arguments.json, report)
    _print_summary(report["summary"])


def _print_case(figures: dict) -> None:
    formats = {"error_ratio": "7.3f", "psnr": "6.2f", "kernel_similarity": ".3f"}
    known = [name for name in formats if figures[name] is not None]
    texts = [f"{name.replace('_', ' ')} {figures[name]:{formats[name]}}" for name in known]
    texts = texts or ["failed: the kernel estimate collapsed"]
    print(f"{figures['name']:<16}", *texts, f"{figures['cpu_seconds']:7.2f} s", sep="  ", file=sys.stderr, flush=True)


def _print_summary(summary: dict) -> None:
    for name in ("mean", "median"):
        figures = ", ".join(f"{key} {value:.4g}" for key, value in summary[name].items() if value is not None)
        print(f"{name}: {figures}")
    print("success: " + ", ".join(f"{share:.1%} at {limit}" for limit, share in summary["success"].items()))
