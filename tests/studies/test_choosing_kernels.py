"""The study of choosing kernels: its rules, told from finished runs, choose what the estimator chooses."""

import json

import numpy as np
import pytest

import pydeblur
from pydeblur.estimators import Multistart, Refinement, SuccessiveHalving
from pydeblur.evaluation.development import CaseMeasure, Selection


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("choosing_kernels")


def finished_runs(path):
    """Case to candidate to figures, of a store's file."""
    found = {}
    for line in map(json.loads, path.read_text().splitlines()):
        found.setdefault(line["case"], {})[line["method"]] = line["figures"]
    return found


def test_the_preset_s_rule_chooses_what_the_preset_chooses(study, photographs, tmp_path, read_table, count_runs):
    arguments = ["--speed-variation", "0.8", "--data", str(photographs), "--out", str(tmp_path / "out")]
    measured = count_runs(study)
    study.main(arguments)
    assert len(measured) == 2 * len(study.CANDIDATES) == 16
    name = "choosing_kernels_development_test_0.01_speed_0.8"
    rule = "best: six, 10 × 3, 20 × 1"
    table = read_table(tmp_path / "out" / f"{name}.csv")
    assert list(table) == list(study.RULES)
    selection = Selection(speed_variation=0.8)
    ratios, runs = [], finished_runs(tmp_path / "out" / "runs" / f"{name}.jsonl")
    for case in selection.cases(photographs):
        case = case.blurred(0.01)
        kernel = pydeblur.estimate_kernel(case.blurred, case.kernel_size).kernel
        ratios.append(CaseMeasure(case, selection.case_set).error_ratio(kernel))
        assert study.RULES[rule].choice(runs[case.name]).error_ratio == pytest.approx(ratios[-1], rel=1e-9)
    assert float(table[rule]["mean_ratio"]) == pytest.approx(np.mean(ratios), rel=1e-9)
    assert float(table["first run alone"]["cost"]) == 1
    assert float(table["six"]["cost"]) < float(table[rule]["cost"])
    for pool in ("six", "seven", "eight"):
        best = min(float(row["mean_ratio"]) for own, row in table.items() if own.startswith(pool))
        assert float(table[f"{pool}, perfect choice"]["mean_ratio"]) == best
    study.main(arguments)
    assert len(measured) == 16


def test_halving_chooses_what_the_estimator_chooses(study, photographs, tmp_path):
    """With the runs that were those for wide kernels."""
    out = tmp_path / "out"
    study.main(["--cases", "wide", "--subset", "1", "--data", str(photographs), "--out", str(out)])
    selection = Selection("wide")
    case = selection.cases(photographs)[0].blurred(0.01)
    kernel = Multistart(study.WIDE).estimate(case.blurred, case.kernel_size).kernel
    runs = finished_runs(out / "runs" / "choosing_kernels_wide_test_0.01.jsonl")[case.name]
    rule = study.RULES["best for wide kernels: seven, 4 from scale 2, 10 × 3, 20 × 1"]
    expected = CaseMeasure(case, selection.case_set).error_ratio(kernel)
    assert rule.choice(runs).error_ratio == pytest.approx(expected, rel=1e-9)


def run(scores, ratio, refined=(), coarsest=2):
    """Figures of a run by hand: one second at each scale, two for each refinement; `refined` has pairs of score and
    ratio."""
    refined = [*refined, *[(None, None)] * (3 - len(refined))]
    return {
        "iterations": 5,
        "coarsest_scale": coarsest,
        "error_ratio": ratio,
        "scores": [*scores, *[None] * (4 - len(scores))],
        "seconds": [None if score is None else 1.0 for score in (*scores, *[None] * (4 - len(scores)))],
        "refined_scores": [score for score, _ in refined],
        "refined_ratios": [own for _, own in refined],
        "refined_seconds": [None if score is None else 2.0 for score, _ in refined],
    }


RUNS = {
    "first": run([-1.0, -3.0, -2.0], 4.0, [(-1.5, 3.0), (-9.0, 1.0), (-1.0, 5.0)]),
    "b": run([-2.0, -2.0, -1.0], 3.0, [(-1.0, 2.0), (-3.0, 1.8)]),
    "c": run([-3.0, -1.0, -3.0], 2.0, [(-2.5, 1.5), (-2.0, 1.4)]),
    "collapsed": run([None, -4.0, -4.0], None),
}
NAMES = tuple(RUNS)


@pytest.mark.parametrize(
    "halving, refinements, ratio, seconds",
    [
        # The finest scale's least score; all scales of all, of which one run does not come to the finest.
        (None, (), 2.0, 11),
        # At scale 2 the collapsing one and c are first; what is left at the end is c.
        (SuccessiveHalving(2, keep=2), (), 2.0, 7),
        # A pyramid without the scale 3 is halved at its coarsest.
        (SuccessiveHalving(3, keep=2), (), 2.0, 7),
        # At scale 1 the collapsing one and the first.
        (SuccessiveHalving(1, keep=2), (), 4.0, 9),
        # No kernel of those that go on comes to the end: the others follow.
        (SuccessiveHalving(1, keep=1), (), 2.0, 11),
        # Ten iterations of the two best bring nothing better; c stays.
        (None, (Refinement(10, keep=2),), 2.0, 15),
        # Of all three the first is best after twenty, which costs ten for each and twenty for all.
        (None, (Refinement(10, keep=3), Refinement(20, keep=3)), 1.0, 23),
        # The second step brings nothing better, and so the third, which would, is not made.
        (None, (Refinement(10, keep=1), Refinement(20, keep=1), Refinement(40, keep=3)), 2.0, 15),
        # From five to twenty iterations at once.
        (None, (Refinement(20, keep=3),), 1.0, 23),
    ],
)
def test_rules_by_hand(study, halving, refinements, ratio, seconds):
    choice = study.Rule(NAMES, halving, refinements).choice(RUNS)
    assert choice.error_ratio == ratio
    assert choice.cost == pytest.approx(seconds / 3)


def test_choices_of_nothing(study):
    alone = {"first": RUNS["collapsed"]}
    assert study.Rule(("first",)).choice(alone).error_ratio is None
    assert study.PerfectChoice(("first",)).choice(alone).error_ratio is None
    assert study.PerfectChoice(NAMES).choice(RUNS).error_ratio == 1.0


def test_a_candidate_that_collapses_has_no_ratio_and_keeps_its_scores(study, photographs, monkeypatch):
    from pydeblur.errors import KernelCollapseError
    from pydeblur.evaluation.store import Request, Task

    advance = study.CoarseToFine.advance_to

    def collapse(self, scale):
        if scale == 0:
            raise KernelCollapseError("nothing is left of the kernel")
        advance(self, scale)

    monkeypatch.setattr(study.CoarseToFine, "advance_to", collapse)
    selection = Selection("wide")
    case = selection.cases(photographs)[0]
    options = {"cases": {"set_name": "wide", "split": "test", "noise": 0.01, "speed_variation": 0.0}}
    figures = study.measure(Request("unused", photographs), Task("first", case.name, options))
    assert figures["collapsed"] and figures["error_ratio"] is None and figures["scores"][0] is None
    assert figures["scores"][1] is not None
