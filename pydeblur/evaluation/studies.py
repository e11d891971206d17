"""What the scripts of docs/studies share: what they are told on the command line, and how they give their tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from pydeblur.datasets.photographs import SPLITS
from pydeblur.errors import InvalidInputError, KernelCollapseError
from pydeblur.estimators.multistart import Multistart
from pydeblur.estimators.presets import Preset
from pydeblur.evaluation.development import SETS, Selection
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.subsets import stratified
from pydeblur.files import markdown_table, write_csv
from pydeblur.synthesis.cases import BlurredCase


def study_parser(description: str, data: str) -> argparse.ArgumentParser:
    """A parser with the arguments that every study has.

    Parameters
    ----------
    description : str
        Of the study; the first line counts.
    data : str
        What its data folder is.

    Examples
    --------
    >>> parser = study_parser("Whether it works.", "folder of sharp photographs")
    >>> parser.parse_args(["--data", "photos", "--out", "results"]).jobs
    1
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, metavar="FOLDER", help=data)
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FOLDER", help="where tables and finished cases are kept"
    )
    parser.add_argument("--subset", type=int, metavar="N", help="so many cases, spread evenly over all (default: all)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: %(default)s)")
    parser.add_argument("--restart", action="store_true", help="run again what was finished before")
    return parser


def add_selection(parser: argparse.ArgumentParser, cases: str, split: str, speed_variation: float) -> None:
    """Let a study's parser take which cases are looked at; what is given here are the defaults.

    Examples
    --------
    >>> parser = study_parser("Whether it works.", "folder of sharp photographs")
    >>> add_selection(parser, "wide", "train", 1.2)
    >>> selection_from(parser.parse_args(["--data", "photos", "--out", "results", "--noise", "0"]))
    Selection(set_name='wide', split='train', noise=0.0, speed_variation=1.2)
    """
    parser.add_argument("--cases", choices=SETS, default=cases, help="default: %(default)s")
    parser.add_argument("--split", choices=SPLITS, default=split, help="of the photographs (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    variation = "of the kernels (default: %(default)s)"
    parser.add_argument("--speed-variation", type=float, default=speed_variation, help=variation)


def selection_from(arguments: argparse.Namespace) -> Selection:
    """The cases that the arguments of :func:`add_selection` say."""
    return Selection(arguments.cases, arguments.split, arguments.noise, arguments.speed_variation)


def run_study(main: Callable[[], None]) -> int:
    """Run a script's main function; its exit code: 2, after one sentence on standard error, where its input is at fault.

    Parameters
    ----------
    main : callable
        Reads the shell's arguments.

    Examples
    --------
    >>> run_study(lambda: None)
    0
    """
    try:
        main()
    except InvalidInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def request_from(arguments: argparse.Namespace) -> Request:
    """What the arguments of :func:`study_parser` ask for; a finished case is not run again unless they say so."""
    return Request(
        arguments.out,
        arguments.data,
        jobs=arguments.jobs,
        subset=arguments.subset,
        restart=arguments.restart,
        progress=True,
    )


def run_selection(
    request: Request, study: str, selection: Selection, options: dict[str, dict], measure
) -> list[Finished]:
    """Run every method on every case of a selection, unless that was finished before.

    Parameters
    ----------
    request : Request
    study : str
        Its name; its finished cases are kept under that and the selection's label.
    selection : Selection
    options : dict
        Method to all options that decide on the outcome, in plain values. In a task the selection is beside them,
        under ``cases``.
    measure : callable
        ``measure(request, task)``, of the study's top level, see :func:`pydeblur.evaluation.store.run_tasks`; for the
        case see :func:`selected_case`.

    Returns
    -------
    list of Finished
        Case by case.
    """
    cases = stratified(selection.cases(request.data), request.subset)
    chosen = asdict(selection)
    tasks = [Task(method, case.name, {**own, "cases": chosen}) for case in cases for method, own in options.items()]
    return run_tasks(f"{study}_{selection.label}", tasks, measure, request)


def selected_case(request: Request, task: Task) -> tuple[Selection, BlurredCase]:
    """The selection of a task of :func:`run_selection`, and the case with its pixels."""
    selection = Selection(**task.options["cases"])
    return selection, selection.case(request.data, task.case)


def estimated_kernel(preset: Preset, case: BlurredCase) -> tuple[np.ndarray | None, float]:
    """The kernel (n, n) that a preset finds for a case, None where it collapses, and the processor time in seconds."""
    started = time.process_time()
    try:
        kernel = Multistart(preset).estimate(case.blurred, case.kernel_size).kernel
    except KernelCollapseError:
        kernel = None
    return kernel, time.process_time() - started


def publish(request: Request, name: str, rows: list[dict], formats: dict[str, str] | None = None) -> None:
    """Write the rows of a table as NAME.csv into the folder of the results, and print them as Markdown.

    Parameters
    ----------
    request : Request
    name : str
    rows : list of dict
        That share their keys.
    formats : dict, optional
        Of :func:`pydeblur.files.markdown_table`.
    """
    write_csv(request.out / f"{name}.csv", rows)
    print(markdown_table(rows, formats))
