"""What the default is worth beyond the cases that it was chosen on: wide kernels, clipped highlights, large images.

    python docs/studies/default_beyond/study.py wide --data PHOTOS --out RESULTS [--split validation] [--noise 0.02]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. "wide" has
kernels of 41 to 75 pixels, "clipped" highlights that the sensor clips, "large" whole photographs of at least 420×560
pixels under kernels of varying speed. Finished cases are kept in RESULTS/runs, so that a study that was stopped goes
on; the table is printed, and written to RESULTS as CSV. Error ratios are those of the final step "tv", with clipped
highlights of "whyte"; PSNR is of what `pydeblur.deblur` gives.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np

import pydeblur
from pydeblur.datasets.photographs import SPLITS
from pydeblur.errors import KernelCollapseError
from pydeblur.evaluation.benchmark_tasks import by_method, mean_of, ratios_of
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.paired import FORMATS, comparison_columns, ratio_columns
from pydeblur.evaluation.protocols import Protocol, all_options
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import publish, request_from, run_selection, run_study, selected_case, study_parser


@dataclass(frozen=True)
class Method:
    """How :func:`pydeblur.deblur` is called: the preset or prior and the solver's options, and `saturated`."""

    protocol: Protocol
    saturated: bool | None = None

    def deblur(self, case) -> pydeblur.DeblurResult | None:
        """What it makes of a case; None where all kernels collapse."""
        own = self.protocol
        words = {"preset": own.preset, "prior": own.prior, "ranking_options": own.ranking_options, **own.solver}
        try:
            return pydeblur.deblur(case.blurred, case.kernel_size, saturated=self.saturated, **words)
        except KernelCollapseError:
            return None

    def options(self) -> dict:
        """All that decides on its results, in plain values."""
        return {**all_options(self.protocol), "saturated": self.saturated}


def _best(**solver) -> Protocol:
    return Protocol("development", preset="best", ranking_options={"threads": 1}, solver=solver)


_DEFAULT = {"best": Method(_best()), "the paper's values": Method(Protocol("development", prior="gradient"))}
_ALL_PIXELS = {**_DEFAULT, "best, all pixels counting": Method(_best(kernel_weight_pixels=None))}


@dataclass(frozen=True)
class Condition:
    """What is compared on a set of cases, of which the first method is what the others are compared with."""

    methods: dict[str, Method]
    final_step: str = "tv"
    speed_variation: float = 0.0


CONDITIONS = {
    "wide": Condition(_ALL_PIXELS),
    "clipped": Condition({**_DEFAULT, "best, saturated=False": Method(_best(), saturated=False)}, "whyte"),
    "large": Condition(_ALL_PIXELS, speed_variation=1.0),
}


def measure(request: Request, task: Task) -> dict:
    """Figures of one method on one case."""
    selection, case = selected_case(request, task)
    condition = CONDITIONS[selection.set_name]
    started = time.process_time()
    result = condition.methods[task.method].deblur(case)
    seconds = time.process_time() - started
    measured = CaseMeasure(case, selection.case_set, condition.final_step)
    figures = measured.figures(None if result is None else result.kernel)
    return {
        **figures,
        "psnr": None if result is None else measured.psnr(result.image),
        "taken_for_clipped": result is not None and result.saturated,
        "deblur_cpu_seconds": seconds,
    }


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each method, compared with the first one."""
    base = ratios_of(next(iter(groups.values())))
    return [
        {
            "method": name,
            **ratio_columns(ratios_of(results)),
            **comparison_columns(ratios_of(results), base),
            "psnr": mean_of(results, "psnr"),
            "kernel_similarity": mean_of(results, "kernel_similarity"),
            "taken_for_clipped": sum(result.figures["taken_for_clipped"] for result in results),
            "deblur_cpu_seconds": float(np.median([result.figures["deblur_cpu_seconds"] for result in results])),
        }
        for name, results in groups.items()
    ]


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    parser.add_argument("cases", choices=CONDITIONS, help="what lies beyond")
    parser.add_argument("--split", choices=SPLITS, default="test", help="of the photographs (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    condition = CONDITIONS[arguments.cases]
    selection = Selection(arguments.cases, arguments.split, arguments.noise, condition.speed_variation)
    options = {name: method.options() for name, method in condition.methods.items()}
    groups = by_method(run_selection(request, "default_beyond", selection, options, measure))
    formats = {**FORMATS, "psnr": ".2f", "kernel_similarity": ".3f", "deblur_cpu_seconds": ".1f"}
    publish(request, f"default_beyond_{selection.label}", table(groups), formats)


if __name__ == "__main__":
    sys.exit(run_study(main))
