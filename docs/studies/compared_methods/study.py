"""Whether a method of the literature helps the default as one more candidate.

    python docs/studies/compared_methods/study.py --data PHOTOS --out RESULTS [--subset 15] [--noise 0] [--split validation]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. The preset "best" and
every method are run once on each case of the development set, and the preset's ranking network scores the kernel of each.
With one more candidate the kernel of the lower score would be taken. Finished runs are kept in RESULTS/runs; the table is
printed, and written to RESULTS as CSV. Error ratios are those of the final step "tv".
"""

from __future__ import annotations

import sys
import time

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.ranking import KernelRanker
from pydeblur.evaluation.benchmark_tasks import by_method
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.methods import METHODS
from pydeblur.evaluation.paired import FORMATS, capped, comparison_columns, ratio_columns
from pydeblur.evaluation.protocols import all_options
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import publish, request_from, run_selection, run_study, selected_case, study_parser

DEFAULT = "best"
#: From quick to slow.
CANDIDATES = (
    *("cho_lee", "xu_jia", "pmp", "normalized_sparsity"),
    *("dark_channel", "extreme_channels", "marginal"),
)


def measure(request: Request, task: Task) -> dict:
    """Error ratio and score of a method's kernel, None where it collapses, and the processor time that it takes."""
    selection, case = selected_case(request, task)
    started = time.process_time()
    try:
        kernel = METHODS[task.method].protocol("").estimator().estimate(case.blurred, case.kernel_size).kernel
    except KernelCollapseError:
        kernel = None
    seconds = time.process_time() - started
    score = None if kernel is None else KernelRanker(case.blurred, case.kernel_size).score(kernel).value
    return {**CaseMeasure(case, selection.case_set).figures(kernel), "score": score, "kernel_cpu_seconds": seconds}


def with_candidate(base: Finished, other: Finished) -> float | None:
    """The error ratio of the one of two kernels that the network prefers."""
    known = [each.figures for each in (base, other) if each.figures["score"] is not None]
    return min(known, key=lambda figures: figures["score"])["error_ratio"] if known else None


def perfect_choice(base: Finished, other: Finished) -> float:
    """The lower error ratio of two kernels."""
    return float(capped([base.figures["error_ratio"], other.figures["error_ratio"]]).min())


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each method: alone, and beside the default."""
    base = groups[DEFAULT]
    own_ratios = [result.figures["error_ratio"] for result in base]
    seconds = sum(result.figures["kernel_cpu_seconds"] for result in base)
    rows = []
    for name, results in groups.items():
        pairs = list(zip(base, results))
        chosen = [with_candidate(*pair) for pair in pairs]
        rows.append(
            {
                "method": name,
                "alone_mean_ratio": float(capped([result.figures["error_ratio"] for result in results]).mean()),
                **ratio_columns(chosen),
                **comparison_columns(chosen, own_ratios),
                "perfect_choice": float(capped([perfect_choice(*pair) for pair in pairs]).mean()),
                "taken": sum(_prefers(*pair) for pair in pairs),
                "time_share": sum(result.figures["kernel_cpu_seconds"] for result in results) / seconds,
            }
        )
    return rows


def _prefers(base: Finished, other: Finished) -> bool:
    """Whether the network takes the second kernel."""
    scores = base.figures["score"], other.figures["score"]
    return scores[1] is not None and (scores[0] is None or scores[1] < scores[0])


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs")
    parser.add_argument("--split", choices=("test", "train", "validation"), default="test")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation (default: %(default)s)")
    parser.add_argument("--methods", nargs="+", choices=CANDIDATES, default=CANDIDATES, help="default: all")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    selection = Selection(split=arguments.split, noise=arguments.noise)
    names = (DEFAULT, *(name for name in CANDIDATES if name in arguments.methods))
    options = {name: _options(name) for name in names}
    finished = run_selection(request, "compared_methods", selection, options, measure)
    formats = {**FORMATS, "alone_mean_ratio": ".2f", "perfect_choice": ".2f", "time_share": ".2f"}
    publish(request, f"compared_methods_{selection.label}", table(by_method(finished)), formats)


def _options(name: str) -> dict:
    """All that decides on a method's kernel, in plain values."""
    return all_options(METHODS[name].protocol("development"))


if __name__ == "__main__":
    sys.exit(run_study(main))
