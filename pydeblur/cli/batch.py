"""``pydeblur batch``: every image of some folders deblurred, one failing image stopping none of the others."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydeblur.cli import deblur, progress
from pydeblur.cli.argument_types import processes
from pydeblur.cli.batch_workers import CarriedFiles
from pydeblur.cli.messages import one_line
from pydeblur.cli.nonuniform_arguments import add_nonuniform_arguments, is_nonuniform
from pydeblur.cli.outputs import check_outputs, files_read, place_of
from pydeblur.cli.scheduler_argument import add_scheduler_argument
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    check_estimation,
    nonblind_options,
)
from pydeblur.cli.summary import add_json_argument, record_text, write_record
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.parallel.schedulers import check_jobs
from pydeblur.version import __version__

SOME_FAILED = 1


class Outcome(NamedTuple):
    """What has become of an image.

    That is its name, the one sentence why it failed (or None), the warnings on the way, what the image has decided, and what was
    done as JSON (None where it failed).
    """

    image: str
    failure: str | None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    record: str | None = None


class FoundImages(NamedTuple):
    """The images of the folders, and how many other files there are: of other kinds, and hidden ones."""

    images: list[Path]
    others: int
    hidden: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="FOLDER",
        help="folders of blurred images (without their subfolders and hidden files), or images",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="folder for the sharp images, which keep their names; made if missing",
    )
    parser.add_argument("--jobs", type=processes, default=1, metavar="N", help="processes, an image each (default: 1)")
    add_scheduler_argument(parser)
    parser.add_argument(
        "--kernels",
        action="store_true",
        help="also write each kernel, as NAME_kernel.tif, with --nonuniform as NAME_blur.npz",
    )
    parser.add_argument("--reports", action="store_true", help="also write a page about each, as NAME_report.html")
    parser.add_argument("--overwrite", action="store_true", help="do images again whose result is there already")
    add_solver_arguments(parser)
    add_nonblind_arguments(parser, detects=True)
    add_nonuniform_arguments(parser, draws=False)
    add_json_argument(parser)
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deblur them all; 1 if any failed, else 0."""
    # What does not go together is refused before the first image.
    check_estimation(arguments)
    nonblind_options(arguments)
    check_jobs(arguments.scheduler, arguments.jobs)
    found = _find_images(arguments.inputs)
    jobs = _jobs(arguments, found.images)
    waiting = [job for job in jobs if arguments.overwrite or not _is_finished(job)]
    ends: Counter[str] = Counter()
    outcomes: list[Outcome] = []
    try:
        _run_all(waiting, arguments, ends, outcomes)
    finally:
        # Also after an interrupt, which leaves some for the next time.
        ends["not begun or not finished"] = len(waiting) - ends.total()
        ends["were there already"] = len(jobs) - len(waiting)
        if arguments.json:
            _write_record(arguments, jobs, ends, outcomes)
        print(_summary(ends, found), flush=True)
    return SOME_FAILED if ends["failed"] else 0


def _summary(ends: Counter[str], found: FoundImages) -> str:
    """One line; what there may be none of without surprise is named only where there is some."""
    always = [f"{ends[name]} {name}" for name in ("deblurred", "failed", "were there already")]
    left = {
        "not begun or not finished": ends["not begun or not finished"],
        "left out (no images)": found.others,
        "left out (hidden)": found.hidden,
    }
    return ", ".join(always + [f"{number} {name}" for name, number in left.items() if number])


def _write_record(arguments, jobs, ends: Counter[str], outcomes: list[Outcome]) -> None:
    """``--json``: how many images ended how, and of each what ``deblur --json`` tells, in the order of the inputs."""
    finished = {outcome.image: outcome for outcome in outcomes}
    record = {
        "pydeblur": __version__,
        "command": arguments.command,
        "output": arguments.output,
        "deblurred": ends["deblurred"],
        "failed": ends["failed"],
        "were_there_already": ends["were there already"],
        "not_finished": ends["not begun or not finished"],
        "images": [_of_image(finished[job.image]) for job in jobs if job.image in finished],
    }
    write_record(arguments.json, record)


def _of_image(outcome: Outcome) -> dict:
    if outcome.record is None:
        return {"input": outcome.image, "error": outcome.failure, "warnings": list(outcome.warnings)}
    return {**json.loads(outcome.record), "warnings": list(outcome.warnings)}


def _find_images(inputs: Sequence[str]) -> FoundImages:
    """The folders' images, by name, and the images that are named themselves."""
    from pydeblur.files import IMAGE_SUFFIXES

    found, others, hidden = [], 0, 0
    for path in map(Path, inputs):
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.is_file())
            # Such as "._photo.jpg", which macOS writes beside photo.jpg on foreign file systems.
            shown = [file for file in files if not file.name.startswith(".")]
            images = [file for file in shown if file.suffix.lower() in IMAGE_SUFFIXES]
            found += images
            others += len(shown) - len(images)
            hidden += len(files) - len(shown)
        elif path.exists():
            found.append(path)
        else:
            raise FileFormatError(f"{path} should be a folder or an image, but there is nothing of that name")
    if not found:
        raise InvalidInputError(
            f"{', '.join(inputs)} should hold images ({', '.join(IMAGE_SUFFIXES)}), but there are none"
        )
    images = list({os.path.realpath(path): path for path in found}.values())  # each once
    return FoundImages(images, others, hidden)


def _jobs(arguments, images) -> list[argparse.Namespace]:
    """The arguments of ``pydeblur deblur`` for each image.

    Every output can be written, and none is another's or a file that is read.
    """
    from pydeblur.files import make_folder

    read = files_read("batch", argparse.Namespace(**{**vars(arguments), "inputs": images}))
    folder = make_folder(arguments.output)
    jobs = [_deblur_arguments(arguments, image, folder) for image in images]
    makers: dict[str, str] = {}
    for job in jobs:
        for output in filter(None, (job.output, job.kernel_out, job.report)):
            other = makers.setdefault(place_of(output), job.image)
            if other != job.image:
                raise FileFormatError(f"{other} and {job.image} would both be written to {output}: rename one of them")
    overwritten = set(makers) & {place_of(image) for image in images}
    if overwritten:
        raise FileFormatError(f"the output folder should be another one: {min(overwritten)} is an input")
    for job in jobs:
        check_outputs(
            read, image=job.output, kernel=job.kernel_out, nonuniform=is_nonuniform(arguments), page=job.report
        )
    return jobs


def _deblur_arguments(arguments, image, folder) -> argparse.Namespace:
    end = "_blur.npz" if is_nonuniform(arguments) else "_kernel.tif"
    kernel = str(folder / f"{image.stem}{end}") if arguments.kernels else None
    report = str(folder / f"{image.stem}_report.html") if arguments.reports else None
    paths = {"image": str(image), "output": str(folder / image.name), "kernel_out": kernel, "history": None}
    paths |= {"report": report, "json": None}
    drawings = {"kernel_grid_out": None, "poses_out": None}
    return argparse.Namespace(**{**vars(arguments), **paths, **drawings, "quiet": True})


def _is_finished(job) -> bool:
    return all(os.path.exists(path) for path in (job.output, job.kernel_out, job.report) if path)


def _run_all(jobs, arguments, ends: Counter[str], finished: list[Outcome]) -> None:
    """Count how they end, and collect what has become of them; each that fails says why as soon as it has."""
    from contextlib import closing

    from tqdm import tqdm

    from pydeblur.parallel.processes import map_unordered

    hidden = not progress.wants_bar(arguments)
    outcomes = map_unordered(
        _run_job, jobs, arguments.jobs, _lost_job, arguments.scheduler, files=_shared_files(jobs, arguments), apart=True
    )
    with (
        tqdm(total=len(jobs), unit="image", smoothing=0, disable=hidden, file=sys.stderr) as bar,
        closing(outcomes),
    ):
        for outcome in outcomes:
            finished.append(outcome)
            for text in () if arguments.quiet else outcome.notes:
                bar.write(one_line("pydeblur batch: ", f"{outcome.image}: {text}"), file=sys.stderr)
            for text in outcome.warnings:
                _write_above(bar, "warning", f"{outcome.image}: {text}")
            if outcome.failure is not None:
                _write_above(bar, "error", f"{outcome.image}: {outcome.failure}")
            ends["deblurred" if outcome.failure is None else "failed"] += 1
            bar.update()


def _shared_files(jobs, arguments) -> SharedFiles:
    folders = {os.path.dirname(job.image) or os.curdir for job in jobs}
    named = arguments.weights, arguments.ranking_weights, arguments.restoration_weights
    weights = [path for path in named if path and os.path.exists(path)]
    return SharedFiles.at([*sorted(folders), *weights], arguments.output, CarriedFiles(_run_job))


def _write_above(bar, kind: str, text: str) -> None:
    bar.write(one_line(f"pydeblur batch: {kind}: ", text), file=sys.stderr)


def _lost_job(job: argparse.Namespace, reason: str) -> Outcome:
    return Outcome(job.image, reason)


def _run_job(job: argparse.Namespace) -> Outcome:
    """``pydeblur deblur`` on one image, with whatever goes wrong turned into a sentence."""
    failure, notes, record = None, [], None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            done = deblur.deblur_file(job)
            notes, record = done.notes, record_text(done.record)
        except InvalidInputError as error:
            failure = str(error)
        except MemoryError as error:
            failure = f"not enough memory ({error})"
        except Exception as error:  # the other images are not to suffer for a mistake of ours
            failure = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
    return Outcome(job.image, failure, tuple(str(warning.message) for warning in caught), tuple(notes), record)
