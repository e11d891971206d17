"""Several runs, and how one of their kernels is chosen: successive halving, refinement, and a perfect choice.

    python docs/studies/choosing_kernels/study.py --data PHOTOS --out RESULTS [--cases wide] [--split validation]
    python docs/studies/choosing_kernels/study.py --data PHOTOS --out RESULTS [--noise 0] [--speed-variation 1.2]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. Every candidate
of the preset "best" is run to the end and on to 10, 20 and 40 iterations at the finest scale; its kernel is scored on
the way, at the last scales and after each of these. So what any rule would have chosen, and what it would have cost,
is told from the finished runs afterwards. These are kept in RESULTS/runs, so that a study that was stopped goes on;
the table is printed, and written to RESULTS as CSV. Error ratios are those of the final step "tv".
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, replace

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators import PRESETS, KernelRanker, Preset, RankingOptions, Refinement, SuccessiveHalving, Variant
from pydeblur.evaluation.development import CaseMeasure
from pydeblur.evaluation.paired import FORMATS, comparison_columns, ratio_columns
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import (
    add_selection,
    publish,
    request_from,
    run_selection,
    run_study,
    selected_case,
    selection_from,
    study_parser,
)
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.solver import CoarseToFine
from pydeblur.solver.coarse_to_fine import describe_prior, level_at
from pydeblur.solver.options import solver_options
from pydeblur.solver.pyramid import kernel_sizes

BEST = PRESETS["best"]
#: What the preset had for wide kernels when the findings were made; docs/studies/right_kernel is about what it has.
WIDE = replace(
    BEST,
    variants=(
        Variant(),
        Variant({"iterations": 20, "finest_iterations": 10}),
        *BEST.variants[2:],
        Variant({"prefilter": 1.4}),
    ),
    halving=SuccessiveHalving(scale=2, keep=4),
)
RANKING = RankingOptions(threads=1)
#: How many scales kernels are scored at, from the finest on, which is scale 0.
SCALES = 4
#: Iterations at the finest scale that every candidate goes on to.
ITERATIONS = (10, 20, 40)
FIRST = "first"


def _runs_of(preset: Preset) -> dict:
    """Name to the prior and the fields of SolverOptions of each run of a preset."""
    names = [", ".join(f"{field} {value}" for field, value in each.described().items()) for each in preset.variants]
    return dict(zip([name or FIRST for name in names], preset.runs()))


_SIX, _SEVEN = (tuple(_runs_of(preset)) for preset in (BEST, WIDE))
#: The candidates of the preset "best", for narrow and for wide kernels.
CANDIDATES = {**_runs_of(BEST), **_runs_of(WIDE)}


@dataclass(frozen=True)
class Choice:
    """What a rule chooses among the runs of a case.

    ``error_ratio`` is None where all kernels collapse; ``cost`` is the processor time by that of the first run, None
    where that is not known.
    """

    error_ratio: float | None
    cost: float | None


@dataclass(frozen=True)
class Rule:
    """How one of several kernels is chosen: as :class:`pydeblur.estimators.Multistart` does, with any candidates and
    rounds."""

    candidates: tuple[str, ...]
    halving: SuccessiveHalving | None = None
    refinements: tuple[Refinement, ...] = ()

    def choice(self, runs: dict[str, dict]) -> Choice:
        """What comes of the runs of a case: candidate to the figures of :func:`measure`."""
        chosen, seconds = self._after_halving({name: runs[name] for name in self.candidates})
        if not chosen:
            return Choice(None, None)
        ratio, more_seconds = self._after_refinement(chosen)
        own_seconds = _seconds(runs[FIRST], range(SCALES))
        return Choice(ratio, (seconds + more_seconds) / own_seconds if own_seconds > 0 else None)

    def _after_halving(self, runs: dict[str, dict]) -> tuple[dict[str, dict], float]:
        """The runs that come to the finest scale, and what all of them have cost until then."""
        scale = 0
        if self.halving is not None:
            scale = min(self.halving.scale, next(iter(runs.values()))["coarsest_scale"])
        seconds = sum(_seconds(run, range(scale, SCALES)) for run in runs.values())
        ranking = sorted((run["scores"][scale], name) for name, run in runs.items() if run["scores"][scale] is not None)
        names = [name for _, name in ranking]
        keep = len(names) if scale == 0 else self.halving.keep
        # Where no kernel of those that go on comes to the end, the others are run after all.
        for group in (names[:keep], names[keep:]):
            seconds += sum(_seconds(runs[name], range(scale)) for name in group)
            arrived = {name: runs[name] for name in group if runs[name]["error_ratio"] is not None}
            if arrived:
                return arrived, seconds
        return {}, seconds

    def _after_refinement(self, runs: dict[str, dict]) -> tuple[float, float]:
        """The error ratio of the kernel that is ranked first on the way, and what the refinement has cost."""
        best = {name: (run["scores"][0], run["error_ratio"]) for name, run in runs.items()}
        made = {name: run["iterations"] for name, run in runs.items()}
        seconds = 0.0
        for step in self.refinements:
            before = min(best.values())
            for name in sorted(best, key=best.get)[: step.keep]:
                places = [place for place, count in enumerate(ITERATIONS) if made[name] < count <= step.iterations]
                if not places or runs[name]["refined_scores"][places[-1]] is None:
                    continue
                seconds += sum(runs[name]["refined_seconds"][place] for place in places)
                made[name] = step.iterations
                refined = (runs[name]["refined_scores"][places[-1]], runs[name]["refined_ratios"][places[-1]])
                best[name] = min(best[name], refined)
            if step is not self.refinements[0] and min(best.values()) >= before:
                break
        return min(best.values())[1], seconds


@dataclass(frozen=True)
class PerfectChoice:
    """The least error ratio of all kernels on the way, which nobody knows without the sharp image."""

    candidates: tuple[str, ...]

    def choice(self, runs: dict[str, dict]) -> Choice:
        """As :meth:`Rule.choice`; it has no cost."""
        kernels = [(runs[name]["error_ratio"], *runs[name]["refined_ratios"]) for name in self.candidates]
        return Choice(min((ratio for ratios in kernels for ratio in ratios if ratio is not None), default=None), None)


def _seconds(run: dict, scales) -> float:
    """Processor time at some scales; those that the pyramid does not have take none."""
    return sum(run["seconds"][scale] or 0.0 for scale in scales)


_TEN, _TWENTY, _FORTY = Refinement(10, keep=3), Refinement(20, keep=1), Refinement(40, keep=1)
#: Rules by the names that the table gives them; the first is the one that the others are compared with.
RULES = {
    "first run alone": Rule((FIRST,)),
    "six": Rule(_SIX),
    "six, 10 × 3": Rule(_SIX, None, (_TEN,)),
    "best: six, 10 × 3, 20 × 1": Rule(_SIX, BEST.halving, BEST.refinements),
    "six, 10 × 3, 20 × 1, 40 × 1": Rule(_SIX, None, (_TEN, _TWENTY, _FORTY)),
    "six, 4 from scale 2, 10 × 3, 20 × 1": Rule(_SIX, SuccessiveHalving(2, keep=4), BEST.refinements),
    "six, perfect choice": PerfectChoice(_SIX),
    "seven, 10 × 3, 20 × 1": Rule(_SEVEN, None, BEST.refinements),
    "best for wide kernels: seven, 4 from scale 2, 10 × 3, 20 × 1": Rule(_SEVEN, WIDE.halving, WIDE.refinements),
    "seven, 3 from scale 1, 10 × 3, 20 × 1": Rule(_SEVEN, SuccessiveHalving(1, keep=3), BEST.refinements),
    "seven, perfect choice": PerfectChoice(_SEVEN),
    "eight, 10 × 3, 20 × 1": Rule(tuple(CANDIDATES), None, BEST.refinements),
    "eight, perfect choice": PerfectChoice(tuple(CANDIDATES)),
}


def measure(request: Request, task: Task) -> dict:
    """One candidate on one case: its scores and seconds by scale, and scores, ratios and seconds of its refinement.

    Lists have a value for each scale and for each of `ITERATIONS`; it is None where the pyramid has no such scale,
    where the run has made as many iterations already, and from where the kernel collapses.
    """
    selection, case = selected_case(request, task)
    prior, fields = CANDIDATES[task.method]
    options = solver_options({**fields, "kernel_size": case.kernel_size})
    coarsest = min(len(kernel_sizes(case.kernel_size)) - 1, SCALES - 1)
    figures = {"iterations": options.iterations_at(0), "coarsest_scale": coarsest, "error_ratio": None}
    figures |= {name: [None] * SCALES for name in ("scores", "seconds")}
    figures |= {f"refined_{name}": [None] * len(ITERATIONS) for name in ("scores", "ratios", "seconds")}
    try:
        _run_and_score(
            case, CaseMeasure(case, selection.case_set), CoarseToFine(case.blurred, options, prior.load()), figures
        )
        figures["collapsed"] = False
    except KernelCollapseError:
        figures["collapsed"] = True
    return figures


def _run_and_score(case, measured: CaseMeasure, search: CoarseToFine, figures: dict) -> None:
    """Run a candidate to the end and on, and put what is found into its figures."""
    for scale in range(figures["coarsest_scale"], -1, -1):
        started = time.process_time()
        search.advance_to(scale)
        figures["seconds"][scale] = time.process_time() - started
        level = level_at(scale, case.blurred, case.kernel_size)
        ranker = KernelRanker(level.image, level.kernel_size, options=RANKING)
        kernel = search.result().kernel
        figures["scores"][scale] = ranker.score(kernel, search.options.gamma_correct).value
    figures["error_ratio"] = measured.error_ratio(kernel)
    for place, iterations in enumerate(ITERATIONS):
        if iterations > search.options.iterations_at(0):
            started = time.process_time()
            search.extend(iterations, workers=1)
            seconds, kernel = time.process_time() - started, search.result().kernel
            figures["refined_scores"][place] = ranker.score(kernel, search.options.gamma_correct).value
            figures["refined_ratios"][place] = measured.error_ratio(kernel)
            figures["refined_seconds"][place] = seconds


def candidate_options() -> dict[str, dict]:
    """All that decides on each candidate's figures, in plain values."""
    ranking = ClassifierNetwork(RANKING).settings
    found = {}
    for name, (prior, fields) in CANDIDATES.items():
        solver = asdict(solver_options({**fields, "kernel_size": 3}))
        del solver["kernel_size"]  # each case has its own
        found[name] = {"prior": describe_prior(prior.load()), "solver": solver, "ranking_options": ranking}
    return found


def table(finished: list[Finished]) -> list[dict]:
    """A row for each rule."""
    by_case: dict[str, dict] = {}
    for result in finished:
        by_case.setdefault(result.task.case, {})[result.task.method] = result.figures
    rows, base = [], None
    for name, rule in RULES.items():
        choices = [rule.choice(runs) for runs in by_case.values()]
        ratios = [choice.error_ratio for choice in choices]
        base = ratios if base is None else base
        costs = [choice.cost for choice in choices if choice.cost is not None]
        cost = float(np.mean(costs)) if costs else None
        rows.append({"rule": name, **ratio_columns(ratios), **comparison_columns(ratios, base), "cost": cost})
    return rows


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    add_selection(parser, "development", "test", 0.0)
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    selection = selection_from(arguments)
    finished = run_selection(request, "choosing_kernels", selection, candidate_options(), measure)
    publish(request, f"choosing_kernels_{selection.label}", table(finished), {**FORMATS, "cost": ".1f"})


if __name__ == "__main__":
    sys.exit(run_study(main))
