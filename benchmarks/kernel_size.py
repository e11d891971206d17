"""What is lost, in dB and in time, where no kernel size is given.

    python benchmarks/kernel_size.py --data DATA --out RESULTS [--sets levin text] [--method gradient] [--subset 12] [--jobs 2]

DATA is the folder of the research data. Every case of a set is deblurred twice: with the kernel size that its benchmark uses,
and without one. The sets are "levin" (32 cases), "text" (120), "real" (8 photographs, of which only the time and the similarity
of the two kernels can be told), "train" and "validation" (40 cases each of the photographs' split: 10 under kernels of 5 to 13
pixels, 20 under 15 to 31, 10 under 41 to 75; "train" is for choosing, "validation" for proving), and "sharp" (16 photographs that
are not blurred at all).

Printed are, for each set, the mean of PSNR with the size less PSNR without, the share of cases that lose more than 0.5 dB, and
the processor time without the size over that with it. Finished cases are kept in RESULTS/runs, so that a benchmark that was
stopped goes on, as long as the package is the same.
"""

from __future__ import annotations

import sys
import time
import warnings
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import pydeblur
from pydeblur.datasets import load
from pydeblur.datasets.photographs import load_grey
from pydeblur.evaluation.development import SETS as DEVELOPMENT_SETS
from pydeblur.evaluation.development import DevelopmentSet, development_cases
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.studies import publish, request_from, run_study, study_parser
from pydeblur.metrics import align, kernel_similarity, psnr
from pydeblur.preprocess.grey import grey_image

BENCHMARKS = ("levin", "text", "real")
#: Name of the kernels' sizes to the photographs' set and how many of its cases, spread evenly, are taken.
PARTS = {
    "small": (DevelopmentSet((5, 13), side=255), 10),
    "medium": (DEVELOPMENT_SETS["development"], 20),
    "wide": (DEVELOPMENT_SETS["wide"], 10),
}
SHARP_CASES = 16
NAMES = (*BENCHMARKS, "train", "validation", "sharp")
#: In dB: what counts as a loss.
LOSS = 0.5
#: Of the search for the shift between a restored image and the sharp one, in pixels.
_LARGEST_SHIFT, _BORDER = 12, 25
_FORMATS = {"loss": ".3f", "worse": ".1%", "time": ".2f", "with_size": ".2f", "without": ".2f", "left_alone": ".0%"}


class _Case(NamedTuple):
    blurred: np.ndarray
    sharp: np.ndarray | None
    kernel_size: int | None
    options: dict


@lru_cache(maxsize=8)
def _photographs(data: Path, split: str, part: str) -> list:
    found = development_cases(data / "train", PARTS[part][0], split)
    return [found[place] for place in np.linspace(0, len(found) - 1, PARTS[part][1]).round().astype(int)]


def _tasks_of(data: Path, name: str, method: str) -> list[Task]:
    if name in BENCHMARKS:
        named = [(case.name, "") for case in load(name, data)]
    elif name == "sharp":
        named = [(case.name, "medium") for case in _photographs(data, "validation", "medium")[:SHARP_CASES]]
    else:
        named = [(case.name, part) for part in PARTS for case in _photographs(data, name, part)]
    return [Task(method, f"{part} {case}".strip(), {"set": name, "part": part, "case": case}) for case, part in named]


def _case_of(data: Path, options: dict) -> _Case:
    name, part = options["set"], options["part"]
    if name in BENCHMARKS:
        (case,) = load(name, data, options["case"])
        given = {"saturated": True} if case.saturated else {}
        return _Case(case.blurred, case.sharp, case.kernel_size, {"gamma_correct": case.gamma, **given})
    split = "validation" if name == "sharp" else name
    found = next(case for case in _photographs(data, split, part) if case.name == options["case"])
    if name == "sharp":
        return _Case(load_grey(found.path), None, None, {})
    case = found.blurred(0.01)
    return _Case(case.blurred, case.sharp, case.kernel_size, {})


def _quality(image: np.ndarray, sharp: np.ndarray | None) -> float:
    if sharp is None:
        return float("nan")
    aligned = align(np.clip(grey_image(image), 0, 1), grey_image(sharp), _LARGEST_SHIFT, _BORDER)
    return psnr(aligned.image, aligned.reference)


def measure(request: Request, task: Task) -> dict:
    """The figures of one case."""
    case = _case_of(Path(request.data), task.options)
    method = {} if task.method == "best" else {"method": task.method}
    own = {} if case.options.get("gamma_correct", 1) == 1 else {"gamma_correct": case.options["gamma_correct"]}
    if task.method == "best" and "saturated" in case.options:
        own["saturated"] = case.options["saturated"]
    found, seconds = {}, {}
    for name, size in (("with_size", case.kernel_size), ("without", None)):
        if name == "with_size" and size is None:
            continue
        started = time.process_time()
        with warnings.catch_warnings():
            # That a blur was not found is what is counted here.
            warnings.simplefilter("ignore", UserWarning)
            found[name] = pydeblur.deblur(case.blurred, size, workers=1, **method, **own)
        seconds[name] = time.process_time() - started
    quality = {name: _quality(result.image, case.sharp) for name, result in found.items()}
    search = found["without"].kernel_size_search
    similarity = kernel_similarity(found["with_size"].kernel, found["without"].kernel) if len(found) == 2 else 0.0
    return {
        "asked": case.kernel_size or 0,
        "found": search.size,
        "with_size": quality.get("with_size", float("nan")),
        "without": quality["without"],
        "similarity": float(similarity),
        "seconds_with_size": seconds.get("with_size", float("nan")),
        "seconds_without": seconds["without"],
        "left_alone": float(search.is_sharp),
        "reason": search.reason,
    }


def table(finished: list[Finished]) -> list[dict]:
    """A row for each set, and for each part of the photographs."""
    rows = []
    kinds = dict.fromkeys((each.task.options["set"], each.task.options["part"]) for each in finished)
    for name, part in kinds:
        own = [
            each.figures for each in finished if (each.task.options["set"], each.task.options["part"]) == (name, part)
        ]
        losses = np.array([figures["with_size"] - figures["without"] for figures in own])
        rows.append(
            {
                "set": f"{name} {part}".strip(),
                "cases": len(own),
                "with_size": float(np.mean([figures["with_size"] for figures in own])),
                "without": float(np.mean([figures["without"] for figures in own])),
                "loss": float(losses.mean()),
                "worse": float((losses > LOSS).mean()),
                "time": float(
                    np.sum([figures["seconds_without"] for figures in own])
                    / np.sum([figures["seconds_with_size"] for figures in own])
                ),
                "left_alone": float(np.mean([figures["left_alone"] for figures in own])),
            }
        )
    return rows


def main(argv=None) -> None:
    """Run what is missing, and give the tables."""
    parser = study_parser(__doc__, "folder of the research data")
    parser.add_argument("--sets", nargs="+", choices=NAMES, default=NAMES, help="(default: all)")
    parser.add_argument("--method", default="best", help="of pydeblur.deblur (default: %(default)s)")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    finished = []
    for name in arguments.sets:
        tasks = _tasks_of(Path(request.data), name, arguments.method)
        count = len(tasks) if request.subset is None else min(request.subset, len(tasks))
        chosen = [tasks[place] for place in np.linspace(0, len(tasks) - 1, count).round().astype(int)]
        finished += run_tasks(f"kernel_size_{name}", chosen, measure, request)
    rows = [{"case": each.task.case, "set": each.task.options["set"], **each.figures} for each in finished]
    publish(request, f"kernel_size_{arguments.method}_cases", rows, dict.fromkeys(("with_size", "without"), ".2f"))
    publish(request, f"kernel_size_{arguments.method}", table(finished), _FORMATS)


if __name__ == "__main__":
    sys.exit(run_study(main))
