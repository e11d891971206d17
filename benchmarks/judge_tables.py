"""Judges of the preset "best": learned on the training split's images, tried on the development set.

    python benchmarks/judge_tables.py --learned-from FOLDER --tried-on FOLDER

Both folders are judge_study.py's. Prints the tables of docs/prior-study.md: the runs and what judges choose of them; judges
with the weights they learn; how each measure goes with the error ratio.

A judge takes the least weighted sum of measures; all but the log-odds enter by their logarithms. Its weights are those
with the least mean log error ratio, where each kernel of a case is taken with the probability softmax(-cost): smooth, and
nothing is asked of kernels that are equally good.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from development_set import NOISE, WORST_RATIO
from judge_study import FIVE, LEARNED_FROM, POINT, RUNS, SIX, TRUE, by_case, read
from scipy.optimize import minimize
from scipy.stats import spearmanr

NOISES = (NOISE, 0.0)
#: Before logarithms.
_SMALLEST = 1e-6
_FOLDS, _SHUFFLES, _PENALTY = 5, 3, 1e-3

#: Overshoot of less says little: a kernel that is too narrow has none at all.
_OVERSHOOT_FLOOR = 3e-5
#: Judges, the present one and those before it, by the weights of their measures; see `cost`.
PRESENT, SUM, FORMER = "the network", "log-odds + energy + overshoot", "log-odds + 60 log energy"
JUDGES = {
    PRESENT: {"network": 1.0},
    SUM: {"odds": 1.0, "energy 0.001": 36.0, "overshoot": 3.2},
    FORMER: {"odds": 1.0, "energy 0.001": 60.0},
}
#: Judges that are learned: the measures they look at.
_BASE = ("odds", "energy 0.001", "overshoot")
LEARNED = {
    "log-odds": ("odds",),
    "energy": ("energy 0.001",),
    "overshoot": ("overshoot",),
    "log-odds, energy": ("odds", "energy 0.001"),
    "energy, overshoot": ("energy 0.001", "overshoot"),
    "log-odds, overshoot": ("odds", "overshoot"),
    "log-odds, energy, overshoot": _BASE,
    "the same with the single-scale net": ("odds single-scale", *_BASE[1:]),
    "… and ringing": (*_BASE, "ringing"),
    "… and kernel roughness": (*_BASE, "kernel roughness"),
    "… and kernel entropy": (*_BASE, "kernel entropy"),
    "… and kernel support": (*_BASE, "kernel support"),
    "… and residual colour": (*_BASE, "residual colour"),
    "… and l1/l2": (*_BASE, "l1/l2"),
    "… and kurtosis": (*_BASE, "kurtosis"),
    "… and agreement": (*_BASE, "agreement"),
    "… and log-odds of the latent image": (*_BASE, "latent odds 0.001"),
}
#: Sets of runs that a judge chooses from.
POOLS = {"five": FIVE, "six": SIX, "eight": (*SIX, "10 iterations, column", "10 iterations, mu 2e-3")}


def comparable(name, value):
    """A measure as it enters a judge's sum."""
    if "odds" in name or name in ("agreement", "network"):
        return value
    return np.log(value + _OVERSHOOT_FLOOR) if name == "overshoot" else np.log(max(value, _SMALLEST))


def cost(row, weights):
    """What a judge minimises within a case."""
    return sum(weight * comparable(name, row[name]) for name, weight in weights.items())


def chosen_row(rows, runs, weights):
    """The row that a judge takes of a case's."""
    return min((row for row in rows if row["run"] in runs), key=lambda row: cost(row, weights))


def oracle_row(rows, runs):
    """The row of the least error ratio."""
    return min((row for row in rows if row["run"] in runs), key=lambda row: row["error_ratio"])


def learn(cases, measures):
    """Weights of measures, by :func:`cost`'s names.

    Parameters
    ----------
    cases : sequence of list of dict
        Rows of each case.
    measures : sequence of str

    Returns
    -------
    dict
        With the first measure's weight 1, if it is positive.
    """
    values = [np.array([[comparable(name, row[name]) for name in measures] for row in rows]) for rows in cases]
    values = [value - value.mean(0) for value in values]
    scale = np.sqrt(np.mean(np.concatenate(values) ** 2, axis=0))
    shape = len(cases), max(map(len, cases))
    padded, losses, present = np.zeros((*shape, len(measures))), np.zeros(shape), np.zeros(shape, bool)
    for number, (rows, value) in enumerate(zip(cases, values)):
        ratios = np.log([min(row["error_ratio"], WORST_RATIO) for row in rows])
        padded[number, : len(rows)], losses[number, : len(rows)] = value / scale, ratios - ratios.min()
        present[number, : len(rows)] = True

    def expected(weights):
        merit = np.where(present, -(padded @ weights), -np.inf)
        share = np.exp(merit - merit.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        mean = (share * losses).sum(1, keepdims=True)
        slope = -((share * (losses - mean))[..., None] * padded).sum((0, 1)) / len(cases)
        return mean.mean() + _PENALTY * weights @ weights, slope + 2 * _PENALTY * weights

    starts = [np.random.default_rng(seed).normal(0, 0.5 * (seed > 0), len(measures)) for seed in range(3)]
    weights = min((minimize(expected, start, jac=True) for start in starts), key=lambda found: found.fun).x / scale
    return dict(zip(measures, weights / weights[0] if weights[0] > 0 else weights))


def cross_validated(cases, measures, runs):
    """Log error ratios of what judges choose of `runs` on cases that they have not learned from; means of some shuffles."""
    ratios = np.zeros(len(cases))
    for seed in range(_SHUFFLES):
        folds = np.random.default_rng(seed).permutation(len(cases)) % _FOLDS
        for fold in range(_FOLDS):
            weights = learn([rows for rows, other in zip(cases, folds) if other != fold], measures)
            for number in np.flatnonzero(folds == fold):
                ratios[number] += _log_ratio(chosen_row(cases[number], runs, weights)) / _SHUFFLES
    return ratios


def _log_ratio(row):
    return np.log(min(row["error_ratio"], WORST_RATIO))


def tables(learned_from, tried_on):
    """Markdown.

    Parameters
    ----------
    learned_from, tried_on : dict
        Noise to the cases' measures, as :func:`judge_study.by_case` has them.
    """
    yield from _runs(tried_on)
    yield ""
    yield from _judges(learned_from, tried_on)
    yield ""
    yield from _correlations(tried_on)


def _runs(judged):
    yield "| | " + " | ".join(f"noise {noise:g}: cases | mean | median | ≤ 1.5 | ≤ 2 | ≤ 3" for noise in NOISES) + " |"
    yield "|---" * (1 + 6 * len(NOISES)) + "|"
    for run in RUNS:
        rows = [[_row(rows, run) for rows in judged[noise].values()] for noise in NOISES]
        yield _line(run, [[row["error_ratio"] for row in found if row is not None] for found in rows])
    for words, runs in POOLS.items():
        complete = [[rows for rows in judged[noise].values() if _row(rows, runs[-1])] for noise in NOISES]
        for name, choose in {
            "by the network": lambda rows: chosen_row(rows, runs, JUDGES[PRESENT]),
            "by the sum": lambda rows: chosen_row(rows, runs, JUDGES[SUM]),
            "by the former judge": lambda rows: chosen_row(rows, runs, JUDGES[FORMER]),
            "by their true ratios": lambda rows: oracle_row(rows, runs),
        }.items():
            ratios = [[choose(rows)["error_ratio"] for rows in cases] for cases in complete]
            yield _line(f"the best of {words} {name}", ratios)


def _row(rows, run):
    return next((row for row in rows if row["run"] == run), None)


def _line(title, all_ratios):
    cells = []
    for ratios in all_ratios:
        shares = [f"{100 * np.mean(np.array(ratios) <= limit):.0f} %" for limit in (1.5, 2, 3)] if ratios else []
        cells += [str(len(ratios)), f"{_mean(ratios):.2f}", f"{np.median(ratios):.2f}", *shares] if ratios else [""] * 6
    return f"| {title} | " + " | ".join(cells) + " |"


def _mean(ratios):
    return np.minimum(ratios, WORST_RATIO).mean()


def _judges(learned_from, tried_on):
    """Each judge's gain over the former one: cross-validated where it learns, and on the development set."""
    cases = [
        [row for row in rows if row["run"] in LEARNED_FROM] for noise in NOISES for rows in learned_from[noise].values()
    ]
    former = np.array([_log_ratio(chosen_row(rows, SIX, JUDGES[FORMER])) for rows in cases])
    heads = " | ".join(f"noise {noise:g}: mean | change¹" for noise in NOISES)
    yield f"| learned from {len(cases)} cases | change¹ there, cross-validated | {heads} | a point among them² | weights |"
    yield "|---" * (4 + 2 * len(NOISES)) + "|"
    oracle = np.array([_log_ratio(oracle_row(rows, SIX)) for rows in cases])
    yield _judge_line(FORMER, None, tried_on, JUDGES[FORMER])
    for name, measures in LEARNED.items():
        gain = cross_validated(cases, measures, SIX) - former
        yield _judge_line(name, gain, tried_on, learn(cases, measures))
    yield _judge_line("the sum that was shipped", None, tried_on, JUDGES[SUM])
    yield _judge_line(PRESENT, None, tried_on, JUDGES[PRESENT])
    yield _judge_line("the true ratios", oracle - former, tried_on, None)


def _judge_line(title, gain, tried_on, weights):
    """`weights` of a judge; None is one who knows the true ratios."""
    choose = oracle_row if weights is None else partial(chosen_row, weights=weights)
    text = ", ".join(f"{measure} {weight:.3g}" for measure, weight in (weights or {}).items())
    cells = ["" if gain is None else _change(gain)]
    points = 0
    for noise in NOISES:
        cases = list(tried_on[noise].values())
        ratios = np.array([_log_ratio(choose(rows, SIX)) for rows in cases])
        former = np.array([_log_ratio(chosen_row(rows, SIX, JUDGES[FORMER])) for rows in cases])
        cells += [f"{np.exp(ratios).mean():.2f}", _change(ratios - former)]
        points += sum(choose(rows, (*SIX, POINT))["run"] == POINT for rows in cases)
    return f"| {title} | " + " | ".join([*cells, str(points), text]) + " |"


def _change(gain):
    """A mean difference of logarithms, and its standard error, in percent."""
    return f"{100 * gain.mean():+.1f} ± {100 * gain.std(ddof=1) / np.sqrt(gain.size):.1f} %"


def _correlations(judged):
    heads = " | ".join(f"noise {noise:g}" for noise in NOISES)
    yield f"| Spearman correlation, within a case, of the error ratio and | {heads} |"
    yield "|---" * (1 + len(NOISES)) + "|"
    for measure in next(iter(judged[NOISES[0]].values()))[0]:
        if measure not in ("noise", "case", "run", "error_ratio"):
            found = " | ".join(f"{_correlation(judged[noise], measure):+.2f}" for noise in NOISES)
            yield f"| {measure} | {found} |"


def _correlation(cases, measure):
    """Spearman's, within each case over five kernels of the preset and the true one; the mean over the cases."""
    compared = [[row for row in rows if row["run"] in (*FIVE, TRUE)] for rows in cases.values()]
    pairs = [zip(*((row[measure], row["error_ratio"]) for row in rows)) for rows in compared]
    # Where a measure is the same for all kernels, it has no ranks.
    return np.mean([spearmanr(values, ratios).statistic for values, ratios in pairs if len(set(values)) > 1])


def measured(folder):
    """Noise to the cases' measures, of a folder of judge_study.py's."""
    return {noise: by_case(read(folder / "measures.jsonl", noise)) for noise in NOISES}


def main():
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learned-from", required=True, type=Path, help="judge_study.py's folder with --split train")
    parser.add_argument("--tried-on", required=True, type=Path, help="judge_study.py's folder of the development set")
    arguments = parser.parse_args()
    print("\n".join(tables(measured(arguments.learned_from), measured(arguments.tried_on))))


if __name__ == "__main__":
    main()
