"""``pydeblur batch``: every image of some folders deblurred, one failing image stopping none of the others."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

from pydeblur.cli import deblur, progress
from pydeblur.cli.argument_types import count
from pydeblur.cli.outputs import check_outputs
from pydeblur.cli.solver_arguments import (
    add_nonblind_arguments,
    add_solver_arguments,
    nonblind_options,
    prior_choice,
    solver_options,
)
from pydeblur.errors import FileFormatError, InvalidInputError

SOME_FAILED = 1


class Outcome(NamedTuple):
    """An image, the one sentence why it failed (or None), and the warnings on the way."""

    image: str
    failure: str | None
    warnings: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument(
        "inputs", nargs="+", metavar="FOLDER", help="folders of blurred images (without their subfolders), or images"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="folder for the sharp images, which keep their names; made if missing",
    )
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes, an image each (default: 1)")
    parser.add_argument("--kernels", action="store_true", help="also write each kernel, as NAME_kernel.tif")
    parser.add_argument("--overwrite", action="store_true", help="do images again whose result is there already")
    add_solver_arguments(parser)
    add_nonblind_arguments(parser, detects=True)
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deblur them all; 1 if any failed, else 0."""
    from pydeblur.estimators.presets import resolve
    from pydeblur.priors.classifier.weights_file import resolve_weights

    # What does not go together is refused before the first image.
    preset = resolve(**prior_choice(arguments), solver=solver_options(arguments))
    for options in (preset.prior.options, preset.ranking if preset.variants else None):
        if options is not None:
            resolve_weights(options.weights)
    nonblind_options(arguments)
    jobs = _jobs(arguments, _images(arguments.inputs))
    waiting = [job for job in jobs if arguments.overwrite or not _is_finished(job)]
    failed = _run_all(waiting, arguments)
    print(f"{len(waiting) - failed} deblurred, {failed} failed, {len(jobs) - len(waiting)} were there already")
    return SOME_FAILED if failed else 0


def _images(inputs) -> list[Path]:
    """The folders' images, by name, and the images that are named themselves."""
    from pydeblur.files import IMAGE_SUFFIXES

    found = []
    for path in map(Path, inputs):
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise FileFormatError(f"{path} should be a folder or an image, but there is nothing of that name")
    if not found:
        raise InvalidInputError(
            f"{', '.join(inputs)} should hold images ({', '.join(IMAGE_SUFFIXES)}), but there are none"
        )
    return list({os.path.realpath(path): path for path in found}.values())  # each once


def _jobs(arguments, images) -> list[argparse.Namespace]:
    """The arguments of ``pydeblur deblur`` for each image.

    Every output can be written, and none is another's or an input.
    """
    from pydeblur.files import make_folder

    folder = make_folder(arguments.output)
    jobs = [_deblur_arguments(arguments, image, folder) for image in images]
    makers = {}
    for job in jobs:
        check_outputs([job.image], image=job.output, kernel=job.kernel_out)
        for output in filter(None, (job.output, job.kernel_out)):
            other = makers.setdefault(os.path.realpath(output), job.image)
            if other != job.image:
                raise FileFormatError(f"{other} and {job.image} would both be written to {output}: rename one of them")
    overwritten = set(makers) & {os.path.realpath(image) for image in images}
    if overwritten:
        raise FileFormatError(f"the output folder should be another one: {min(overwritten)} is an input")
    return jobs


def _deblur_arguments(arguments, image, folder) -> argparse.Namespace:
    kernel = str(folder / f"{image.stem}_kernel.tif") if arguments.kernels else None
    paths = {"image": str(image), "output": str(folder / image.name), "kernel_out": kernel, "history": None}
    return argparse.Namespace(**{**vars(arguments), **paths, "quiet": True})


def _is_finished(job) -> bool:
    return all(os.path.exists(path) for path in (job.output, job.kernel_out) if path)


def _run_all(jobs, arguments) -> int:
    """How many failed; each says why as soon as it has."""
    from tqdm import tqdm

    from pydeblur.parallel.processes import map_unordered

    failed = 0
    hidden = not progress.wants_bar(arguments)
    with tqdm(total=len(jobs), unit="image", smoothing=0, disable=hidden, file=sys.stderr) as bar:
        for outcome in map_unordered(_run_job, jobs, arguments.jobs):
            for text in outcome.warnings:
                bar.write(f"pydeblur batch: warning: {outcome.image}: {text}", file=sys.stderr)
            if outcome.failure is not None:
                failed += 1
                bar.write(f"pydeblur batch: error: {outcome.image}: {outcome.failure}", file=sys.stderr)
            bar.update()
    return failed


def _run_job(job: argparse.Namespace) -> Outcome:
    """``pydeblur deblur`` on one image, with whatever goes wrong turned into a sentence."""
    failure = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            deblur.run(job)
        except InvalidInputError as error:
            failure = str(error)
        except MemoryError as error:
            failure = f"not enough memory ({error})"
        except Exception as error:  # the other images are not to suffer for a mistake of ours
            failure = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
    return Outcome(job.image, failure, tuple(str(warning.message) for warning in caught))
