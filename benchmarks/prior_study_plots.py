"""Plots of docs/prior-study.md from what prior_study.py and judge_study.py have written. Needs matplotlib.

    python benchmarks/prior_study_plots.py --study study.jsonl --judge FOLDER --out docs/figures

Writes prior-study-kernel-step.png, -best.png, -classifier.png, -w.png and -odds.png; numbers only, no image.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from development_set import WORST_RATIO
from judge_study import SIX, TRUE
from judge_tables import JUDGES, PRESENT, chosen_row, measured, oracle_row
from prior_study import TABLES

from pydeblur.reproduce.tables import pyplot_without_display, write_figure

NOISES = {0.01: "1 % noise", 0.0: "no noise"}
#: w of the configurations of the table "w"; "pixels" is that of the finest scale. No prior is w = 0, drawn as a line.
W = {"nll, w 1": 1, "nll, w 2000": 2000, "nll": 255**2}


def cumulative(axes, ratios, label, **style):
    """Share of the cases with an error ratio of at most x."""
    ratios = np.sort(np.minimum(ratios, WORST_RATIO))
    if not ratios.size:
        return
    shares = 100 * np.arange(1, ratios.size + 1) / ratios.size
    axes.step(np.r_[ratios, WORST_RATIO], np.r_[shares, 100], where="post", label=label, **style)


def finish(axes, title):
    """Axes of a cumulative plot."""
    axes.set(xscale="log", xlim=(0.6, WORST_RATIO), ylim=(0, 100), xlabel="error ratio", title=title)
    axes.set_xticks([0.7, 1, 1.5, 2, 3, 5, 10, 20], ["0.7", "1", "1.5", "2", "3", "5", "10", "20"])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")


def kernel_step_plot(study):
    """What prefilter and γ do."""
    plt = pyplot_without_display()
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    names = TABLES["adaptation"]
    for panel, (noise, title) in zip(axes, NOISES.items()):
        found, shared = shared_cases(study, noise, names)
        for name, ratios in found.items():
            cumulative(panel, ratios, name)
        finish(panel, f"{title}, {len(shared)} cases")
    axes[0].set_ylabel("cases (%)")
    return figure


def classifier_plot(study):
    """Forms, and w, of the learned prior on the cases that all have."""
    plt = pyplot_without_display()
    reference = TABLES["form"][0]
    found, shared = shared_cases(study, 0.01, dict.fromkeys(TABLES["form"] + TABLES["w"]))
    figure, axes = plt.subplots(figsize=(6.5, 4.2))
    for name, ratios in found.items():
        cumulative(axes, ratios, name, **({"color": "black", "linewidth": 2} if name == reference else {}))
    finish(axes, f"learned prior, 1 % noise, {len(shared)} cases")
    axes.set_ylabel("cases (%)")
    return figure


def weight_plot(study):
    """w against the mean error ratio, with standard errors of the difference to no prior."""
    plt = pyplot_without_display()
    found, shared = shared_cases(study, 0.01, ["gradient, robust", *W])
    base = found.pop("gradient, robust")
    figure, axes = plt.subplots(figsize=(6.5, 3.8))
    errors = [(ratios - base).std(ddof=1) / np.sqrt(len(shared)) for ratios in found.values()]
    means = [ratios.mean() for ratios in found.values()]
    axes.errorbar([W[name] for name in found], means, errors, marker="o", capsize=3, label="−log(1−f)")
    axes.axhline(base.mean(), color="black", linestyle="--", label="no prior (gradient, robust)")
    axes.set(xscale="log", xlabel="w at the finest scale", ylabel="mean error ratio")
    axes.set_title(f"1 % noise, {len(shared)} cases")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def best_plot(judged):
    """The candidates of the preset "best", what its judge takes of them, and what a perfect one would."""
    plt = pyplot_without_display()
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    for panel, (noise, title) in zip(axes, NOISES.items()):
        cases = judged[noise]
        for run in SIX:
            ratios = [row["error_ratio"] for rows in cases.values() for row in rows if row["run"] == run]
            cumulative(panel, ratios, run, alpha=0.5, linewidth=1)
        choices = [chosen_row(rows, SIX, JUDGES[PRESENT])["error_ratio"] for rows in cases.values()]
        cumulative(panel, choices, "best: chosen by the judge", color="black", linewidth=2)
        oracle = [oracle_row(rows, SIX)["error_ratio"] for rows in cases.values()]
        cumulative(panel, oracle, "chosen by the true ratio", color="black", linestyle="--")
        finish(panel, f"{title}, {len(cases)} cases")
    axes[0].set_ylabel("cases (%)")
    return figure


def odds_plot(judged):
    """Log-odds against the error ratio: all kernels at 1 % noise, relative to the true one's; a colour is a case."""
    plt = pyplot_without_display()
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    measures = {"odds": "image deblurred by TV", "latent odds 0.001": "L0 latent image, μ = 1e-3"}
    for panel, (measure, title) in zip(axes, measures.items()):
        for rows in judged[0.01].values():
            true = next(row for row in rows if row["run"] == TRUE)
            others = [row for row in rows if row is not true]
            differences = [row[measure] - true[measure] for row in others]
            ratios = [min(row["error_ratio"], WORST_RATIO) for row in others]
            panel.plot(differences, ratios, ".", markersize=4, alpha=0.7)
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set(yscale="log", xlabel="log-odds of “blurred”, minus the true kernel's", title=title)
        panel.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("error ratio")
    return figure


def shared_cases(rows, noise, names):
    """Of these configurations: a dict of name to ratios on the cases that all have, and those cases."""
    found = {name: {} for name in names}
    for row in rows:
        if row["noise"] == noise and row["configuration"] in found:
            found[row["configuration"]][row["case"]] = min(row["error_ratio"], WORST_RATIO)
    found = {name: ratios for name, ratios in found.items() if ratios}
    shared = sorted(set.intersection(*map(set, found.values()))) if found else []
    return {name: np.array([ratios[case] for case in shared]) for name, ratios in found.items()}, shared


def main():
    """Draw all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", required=True, type=Path, help="file that prior_study.py wrote")
    parser.add_argument("--judge", required=True, type=Path, help="folder that judge_study.py wrote")
    parser.add_argument("--out", required=True, type=Path, help="folder for the plots")
    arguments = parser.parse_args()
    study = [json.loads(line) for line in arguments.study.read_text().splitlines()]
    judged = measured(arguments.judge)
    arguments.out.mkdir(parents=True, exist_ok=True)
    figures = {
        "kernel-step": kernel_step_plot(study),
        "classifier": classifier_plot(study),
        "w": weight_plot(study),
        "best": best_plot(judged),
        "odds": odds_plot(judged),
    }
    for name, figure in figures.items():
        print(write_figure(arguments.out / f"prior-study-{name}.png", figure))


if __name__ == "__main__":
    main()
