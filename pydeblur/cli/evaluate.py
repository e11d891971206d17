"""``pydeblur evaluate``: a benchmark's figures, case by case."""

from __future__ import annotations

import argparse
import sys

from pydeblur.cli.argument_types import count
from pydeblur.cli.messages import say
from pydeblur.cli.scheduler_argument import add_scheduler_argument
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    nonblind_method,
    nonblind_options,
    prior_choice,
    solver_options,
)
from pydeblur.errors import InvalidOptionError
from pydeblur.nonblind.options import DEFAULT as DEFAULT_NONBLIND

SOME_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("benchmark", choices=("levin", "text", "sun"))
    parser.add_argument("--data", metavar="D", help="data folder (default: the environment's PYDEBLUR_DATA)")
    parser.add_argument("--cases", metavar="A,B,…", help="names of the cases to run (default: all)")
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes (default: 1)")
    add_scheduler_argument(parser)
    parser.add_argument("--json", metavar="OUT.json", help="write the report here")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    parser.add_argument(
        "--kernels",
        metavar="FOLDER",
        help="score the kernels stored here, such as im01_ker02.tif or k_2_im_1.png, and estimate none",
    )
    parser.add_argument(
        "--kernels-are",
        choices=("convolution", "correlation"),
        help="blurred = sharp convolved or correlated with them (default: what the true kernels say)",
    )
    parser.add_argument(
        "--kernel-room",
        type=float,
        metavar="X",
        help="ask for so many times the true kernel's size; 1 is the true size (default: the benchmark's rule; text: 1.2)",
    )
    parser.add_argument(
        "--eight-bit-grey",
        action="store_true",
        help="round the grey channel that kernels are estimated from to 8 bits, as MATLAB's rgb2gray does",
    )
    add_solver_arguments(parser, needs_kernel_size=False)
    add_nonblind_arguments(parser, lambda_l0=2e-4)


def run(arguments: argparse.Namespace) -> int:
    """Run a benchmark and print it as a table; 1 if the process of a case was killed, else 0."""
    from pydeblur.evaluation.protocols import Protocol, evaluate, write_report
    from pydeblur.evaluation.stored_kernels import sentence_on_missing

    protocol = Protocol(
        benchmark=arguments.benchmark,
        **_kernel_source(arguments),
        nonblind=nonblind_method(arguments) or DEFAULT_NONBLIND,
        nonblind_options=nonblind_options(arguments),
        median=arguments.median,
    )
    show = None if arguments.quiet else _print_case
    report = evaluate(protocol, arguments.data, arguments.cases, arguments.jobs, show, arguments.scheduler)
    # Hours of work first: printing fails where nobody reads any more.
    if arguments.json:
        write_report(arguments.json, report)
    _print_summary(report["summary"])
    if "without_kernel" in report:
        left_out = report["without_kernel"]
        say("pydeblur evaluate: ", sentence_on_missing(left_out, len(left_out) + len(report["cases"])))
    for name, reason in report.get("lost", {}).items():
        say("pydeblur evaluate: error: ", f"{name}: {reason}")
    return SOME_FAILED if "lost" in report else 0


def _kernel_source(arguments: argparse.Namespace) -> dict:
    """The fields of Protocol that say where kernels come from: an estimation, or files."""
    from pydeblur.evaluation.stored_kernels import AUTO, find_kernels

    if arguments.kernels is None:
        if arguments.kernels_are is not None:
            raise InvalidOptionError("--kernels-are belongs to --kernels")
        room = {"kernel_room": arguments.kernel_room, "eight_bit_grey": arguments.eight_bit_grey}
        return {**prior_choice(arguments), "solver": solver_options(arguments), **room}
    useless = _given_estimation_flags(arguments)
    if useless:
        raise InvalidOptionError(f"{useless[0]} belongs to a kernel estimation, and can't be given beside --kernels")
    convention = arguments.kernels_are or AUTO
    return {"kernels": find_kernels(arguments.kernels, arguments.benchmark, arguments.data, convention)}


def _given_estimation_flags(arguments: argparse.Namespace) -> list[str]:
    """The flags of a kernel estimation that are given; the median filter is the final step's as well."""
    parser = argparse.ArgumentParser()
    add_solver_arguments(parser, needs_kernel_size=False)
    usual = vars(parser.parse_args([]))
    given = [name for name, value in usual.items() if name != "median" and getattr(arguments, name) != value]
    given += ["kernel_room"] if arguments.kernel_room is not None else []
    given += ["eight_bit_grey"] if arguments.eight_bit_grey else []
    return [f"--{name.replace('_', '-')}" for name in given]


def _print_case(figures: dict) -> None:
    formats = {"error_ratio": "7.3f", "psnr": "6.2f", "kernel_similarity": ".3f"}
    known = [name for name in formats if figures[name] is not None]
    texts = [f"{name.replace('_', ' ')} {figures[name]:{formats[name]}}" for name in known]
    texts = texts or ["failed: the kernel estimate collapsed"]
    seconds = figures["cpu_seconds"]
    texts += [] if seconds is None else [f"{seconds:7.2f} s"]
    print(f"{figures['name']:<16}", *texts, sep="  ", file=sys.stderr, flush=True)


def _print_summary(summary: dict) -> None:
    for name in ("mean", "median"):
        figures = ", ".join(f"{key} {value:.4g}" for key, value in summary[name].items() if value is not None)
        print(f"{name}: {figures}")
    print("success: " + ", ".join(f"{share:.1%} at {limit}" for limit, share in summary["success"].items()))
