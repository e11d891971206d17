"""Which of the choices of Xu and Jia's method matter for its kernels: those that their paper leaves open, and two of its numbers.

    python docs/studies/compared_methods/open_choices.py --data PHOTOS --out RESULTS [--noise 0] [--split validation]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. Each variant differs from
the paper's numbers of useful pixels and edges, or in one other choice. Finished runs are kept in RESULTS/runs; the table is
printed, and written to RESULTS as CSV. Error ratios are those of the final step "tv".
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from unittest.mock import patch

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators import xu_jia
from pydeblur.estimators.edge_prediction import edges_above
from pydeblur.evaluation.benchmark_tasks import by_method
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.paired import FORMATS, comparison_columns, ratio_columns
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import publish, request_from, run_selection, run_study, selected_case, study_parser
from pydeblur.solver.edge_selection import edge_usefulness

_BORDER = 2


def edges_inside(image, threshold, usable=True):
    """The predicted edges without those of the outermost pixels."""
    x, y, threshold = edges_above(image, threshold, usable)
    inner = np.zeros(x.shape, bool)
    inner[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    return x * inner, y * inner, threshold


@dataclass(frozen=True)
class Variant:
    """Options of the method, and what takes the place of names of its module."""

    options: dict = field(default_factory=dict)
    replaced: dict = field(default_factory=dict)

    def kernel(self, case) -> np.ndarray | None:
        """The kernel of a case, None where it collapses."""
        with ExitStack() as stack:
            for name, value in self.replaced.items():
                stack.enter_context(patch.object(xu_jia, name, value))
            try:
                return xu_jia.XuJia(**self.options).estimate(case.blurred, case.kernel_size).kernel
            except KernelCollapseError:
                return None


PAPER = "the paper's numbers"
#: Of useful pixels and edges, which the paper names.
_NUMBERS = {"useful_pixels": 0.5, "edge_pixels": 2.0}


def _variant(replaced=None, **options) -> Variant:
    return Variant({**_NUMBERS, **options}, replaced or {})


#: The first is what the others are compared with, the second the package's default.
VARIANTS = {
    PAPER: _variant(),
    "twice as many useful pixels, half as many edges": _variant(useful_pixels=1.0, edge_pixels=1.0),
    "twice as many useful pixels": _variant(useful_pixels=1.0),
    "half as many useful pixels": _variant(useful_pixels=0.25),
    "half as many edges": _variant(edge_pixels=1.0),
    "twice as many edges": _variant(edge_pixels=4.0),
    "thresholds by 1.05 a pass": _variant({"_DECAY": 1.05}),
    "thresholds by 1.2 a pass": _variant({"_DECAY": 1.2}),
    "usefulness with a constant of 0.05": _variant({"edge_usefulness": partial(edge_usefulness, constant=0.05)}),
    "no edges in the outer 2 pixels": _variant({"edges_above": edges_inside}),
    "λ = 1e-3": _variant(edge_weight=1e-3),
    "λ = 5e-3": _variant(edge_weight=5e-3),
    "λ = 2e-2": _variant(edge_weight=2e-2),
    "4 shock steps of 0.25": _variant({"_SHOCK_STEP": 0.25, "_SHOCK_STEPS": 4}),
    "3 shock steps of 1": _variant({"_SHOCK_STEPS": 3}),
    "all parts of a kernel are kept": _variant({"drop_small_components": np.asarray}),
    "phase 2 without a weight": _variant(sparsity_weight=0.0),
}


def measure(request: Request, task: Task) -> dict:
    """The error ratio of a case, None where the kernel collapses."""
    selection, case = selected_case(request, task)
    return CaseMeasure(case, selection.case_set).figures(VARIANTS[task.method].kernel(case))


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each variant, compared with the paper's numbers."""
    ratios = {name: [result.figures["error_ratio"] for result in results] for name, results in groups.items()}
    return [
        {"variant": name, **ratio_columns(own), **comparison_columns(own, ratios[PAPER])}
        for name, own in ratios.items()
    ]


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs")
    parser.add_argument("--split", choices=("test", "train", "validation"), default="validation")
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation (default: %(default)s)")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS)[1:], metavar="NAME", help="default: all")
    arguments = parser.parse_args(argv)
    request, selection = request_from(arguments), Selection(split=arguments.split, noise=arguments.noise)
    names = list(VARIANTS) if arguments.variants is None else [PAPER, *arguments.variants]
    options = {name: {"method": "xu_jia", "variant": name} for name in names}
    finished = run_selection(request, "open_choices", selection, options, measure)
    publish(request, f"open_choices_{selection.label}", table(by_method(finished)), FORMATS)


if __name__ == "__main__":
    sys.exit(run_study(main))
