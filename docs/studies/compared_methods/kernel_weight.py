"""Which weight the kernel's norm should have in Xu and Jia's method, whose paper has a fixed one.

    python docs/studies/compared_methods/kernel_weight.py --data PHOTOS --out RESULTS [--noise 0] [--split validation]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. Finished runs are kept in
RESULTS/runs; the table is printed, and written to RESULTS as CSV. Error ratios are those of the final step "tv".
"""

from __future__ import annotations

import sys

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.xu_jia import XuJia
from pydeblur.evaluation.benchmark_tasks import by_method
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.paired import FORMATS, comparison_columns, ratio_columns
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import publish, request_from, run_selection, run_study, selected_case, study_parser

PAPER = "γ = 10, the paper's"
#: Of useful pixels and edges, the paper's.
NUMBERS = {"useful_pixels": 0.5, "edge_pixels": 2.0}
#: Name to options of the method; the first is what the others are compared with.
WEIGHTS = {
    PAPER: {"kernel_weight": 10.0, "relative_kernel_weight": 0.0, "noise_kernel_weight": 0.0},
    "0.01 of the energy": {"relative_kernel_weight": 0.01, "noise_kernel_weight": 0.0},
    "0.3 of the energy": {"relative_kernel_weight": 0.3, "noise_kernel_weight": 0.0},
    "0.01, and 0.3 by the noise": {"relative_kernel_weight": 0.01, "noise_kernel_weight": 0.3},
}


def measure(request: Request, task: Task) -> dict:
    """The error ratio of a case, None where the kernel collapses."""
    selection, case = selected_case(request, task)
    try:
        kernel = XuJia(**NUMBERS, **task.options["weights"]).estimate(case.blurred, case.kernel_size).kernel
    except KernelCollapseError:
        kernel = None
    return CaseMeasure(case, selection.case_set).figures(kernel)


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each weight, compared with the paper's."""
    ratios = {name: [result.figures["error_ratio"] for result in results] for name, results in groups.items()}
    return [
        {"weight": name, **ratio_columns(own), **comparison_columns(own, ratios[PAPER])} for name, own in ratios.items()
    ]


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs")
    parser.add_argument("--split", choices=("test", "train", "validation"), default="test")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    arguments = parser.parse_args(argv)
    request, selection = request_from(arguments), Selection(split=arguments.split, noise=arguments.noise)
    options = {name: {"method": "xu_jia", "numbers": NUMBERS, "weights": own} for name, own in WEIGHTS.items()}
    finished = run_selection(request, "kernel_weight", selection, options, measure)
    publish(request, f"kernel_weight_{selection.label}", table(by_method(finished)), FORMATS)


if __name__ == "__main__":
    sys.exit(run_study(main))
