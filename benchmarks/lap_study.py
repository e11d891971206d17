"""How long the best candidates should go on at the finest scale: for the preset "best".

    python benchmarks/lap_study.py dev --data TRAINING_IMAGES --out laps.jsonl [--noise 0.01] [--split test]
    python benchmarks/lap_study.py wide --data TRAINING_IMAGES --out laps-wide.jsonl
    python benchmarks/lap_study.py table --out laps.jsonl

Every candidate goes to the end, "wide" those that pass the heat; the judge's first three go on to 10, 20 and 40 iterations at
the finest scale, and are judged each time, so that any sequence of laps can be told from the file afterwards. "dev" takes the
cases of development_set.py, "wide" those of default_elsewhere.py; every finished case is a line of the file and is not run
again. Error ratios are with the final step TV.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from development_set import NOISE, STREAMS, WORST_RATIO
from finished_cases import add_rows, read_rows
from kernel_cases import ROWS, chosen_cases, is_among, rows_of

from pydeblur.errors import KernelCollapseError
from pydeblur.estimation import runs_of
from pydeblur.fourier import fft_fixed
from pydeblur.judge import Judge
from pydeblur.presets import Lap, preset_named
from pydeblur.solver.coarse_to_fine import level_at

BEST = preset_named("best")
ITERATIONS, PLACES = (10, 20, 40), 3
#: What the preset did before it had laps: ten iterations, whatever the judge thinks of them.
FORMER = "10 iterations, unjudged"
SEQUENCES = (
    (),
    ((10, 1),),
    ((10, 3),),
    ((10, 1), (20, 1)),
    ((10, 1), (20, 1), (40, 1)),
    ((10, 2), (20, 1), (40, 1)),
    ((10, 3), (20, 1)),
    ((10, 3), (20, 1), (40, 1)),
    ((10, 3), (20, 2), (40, 1)),
    ((10, 3), (20, 2), (40, 2)),
    ((10, 3), (20, 3), (40, 3)),
)


@fft_fixed("scipy")
def measure(blurred, kernel_size, error_ratio):
    """For each candidate that came to the end, iterations at the finest scale to error ratio and the judge's log error."""
    preset = BEST.for_kernel(kernel_size)
    judge = Judge(blurred, kernel_size, threads=1, **preset.judge)
    searches = [run.search(blurred, None, None) for run in runs_of(preset, kernel_size)]
    entrants = dict(zip((json.dumps(fields) for fields in preset.candidates), searches))
    if preset.heat is not None:
        entrants = _after_heat(entrants, preset, blurred, kernel_size)
    found = {}
    for name, search in entrants.items():
        if _collapses(search.advance_to, 0):
            continue
        found[name] = {search.options.iterations_at(0): _figures(search, judge, error_ratio)}
    for name in sorted(found, key=lambda name: _last(found[name])["log_error"])[:PLACES]:
        search = entrants[name]
        for iterations in ITERATIONS:
            if iterations <= search.options.iterations_at(0):
                continue
            if _collapses(search.extend, iterations, 1):
                break
            found[name][iterations] = _figures(search, judge, error_ratio)
    return found


def _after_heat(entrants, preset, blurred, kernel_size):
    level = level_at(preset.heat.scale, blurred, kernel_size)
    judge = Judge(level.image, level.kernel_size, threads=1, **preset.judge)
    costs = {}
    for name, search in entrants.items():
        if not _collapses(search.advance_to, preset.heat.scale):
            costs[name] = judge(search.result()).cost
    return {name: entrants[name] for name in sorted(costs, key=costs.get)[: preset.heat.places]}


def _collapses(step, *arguments):
    try:
        step(*arguments)
    except KernelCollapseError:
        return True
    return False


def _figures(search, judge, error_ratio):
    result = search.result()
    return {"error_ratio": error_ratio(result.kernel), "log_error": judge(result).log_error}


def _last(figures):
    return figures[max(figures, key=int)]


def choice(candidates, laps):
    """What comes of laps, as :func:`pydeblur.estimation.estimate` runs them: error ratio, and iterations that they took."""
    made = {name: min(figures, key=int) for name, figures in candidates.items()}
    best = {name: candidates[name][made[name]] for name in candidates}
    taken = 0
    for number, lap in enumerate(laps):
        before = min(figures["log_error"] for figures in best.values())
        for name in sorted(best, key=lambda name: best[name]["log_error"])[: lap.places]:
            if lap.iterations <= int(made[name]) or str(lap.iterations) not in candidates[name]:
                continue
            taken += lap.iterations - int(made[name])
            made[name] = str(lap.iterations)
            best[name] = min(best[name], candidates[name][made[name]], key=lambda figures: figures["log_error"])
        if number and min(figures["log_error"] for figures in best.values()) >= before:
            break
    return min(best.values(), key=lambda figures: figures["log_error"])["error_ratio"], taken


def former_choice(candidates):
    """The same before there were laps: ten iterations at least for the candidate chosen first."""
    first = {name: figures[min(figures, key=int)] for name, figures in candidates.items()}
    name = min(first, key=lambda name: first[name]["log_error"])
    made = int(min(candidates[name], key=int))
    ten = candidates[name].get("10", first[name])
    return ten["error_ratio"], max(10 - made, 0)


def perfect_choice(candidates):
    """The least error ratio of all that is in the file."""
    return min(figures["error_ratio"] for each in candidates.values() for figures in each.values()), np.nan


def table(rows):
    """Markdown."""
    yield "| laps: iterations × places | mean ratio | median | ≤ 1.5 | ≤ 2 | log ratio to the first¹ | worse / better² | iterations³ |"
    yield "|---|---|---|---|---|---|---|---|"
    choices = {FORMER: former_choice}
    for sequence in SEQUENCES:
        laps = tuple(Lap(*lap) for lap in sequence)
        name = ", ".join(f"{lap.iterations} × {lap.places}" for lap in laps) or "none"
        choices[name] = lambda candidates, laps=laps: choice(candidates, laps)
    choices["the best, if it were known"] = perfect_choice
    first = None
    for name, choose in choices.items():
        ratios, taken = np.array([choose(row["candidates"]) for row in rows]).T
        logs = np.log(np.minimum(ratios, WORST_RATIO))
        first = logs if first is None else first
        gain = logs - first
        difference = f"{100 * gain.mean():+.1f} ± {100 * gain.std() / np.sqrt(len(gain)):.1f} %"
        counts = f"{np.sum(gain > np.log(1.15))} / {np.sum(gain < -np.log(1.15))}"
        mean, median = np.minimum(ratios, WORST_RATIO).mean(), np.median(ratios)
        shares = " | ".join(f"{np.mean(ratios <= limit):.0%}" for limit in (1.5, 2))
        yield f"| {name} | {mean:.2f} | {median:.2f} | {shares} | {difference} | {counts} | {taken.mean():.0f} |"


def main():
    """Run what is missing, and print the table of all that is in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=(*ROWS, "table"), help="whose cases to run; none")
    parser.add_argument("--data", type=Path, help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, nargs="+", help="file of finished cases; the table takes several")
    parser.add_argument("--noise", type=float, default=NOISE, help="standard deviation (default: %(default)s)")
    parser.add_argument("--split", choices=STREAMS, default="test")
    parser.add_argument("--speed-variation", type=float, default=0.0, help="of the kernels (default: %(default)s)")
    parser.add_argument("--per-folder", type=int, help="images of each kind (default: 12, wide: 3)")
    arguments = parser.parse_args()
    rows = [row for path in arguments.out for row in read_rows(path)]
    if arguments.set != "table":
        which = chosen_cases(arguments)
        done = {row["case"] for row in rows if is_among(row, which)}
        for name, *case in rows_of(which, arguments.data, arguments.per_folder):
            if name in done:
                continue
            candidates = json.loads(json.dumps(measure(*case)))
            if not candidates:
                continue
            rows.append({"case": name, **which, "candidates": candidates})
            add_rows(arguments.out[0], rows[-1])
            print(name, f"{choice(candidates, BEST.laps)[0]:.2f}", flush=True)
    print(f"{len(rows)} cases\n")
    print(*table(rows), sep="\n")
    print("\n¹ mean over the cases, with its standard error; ² by more than 15 %; ³ at the finest scale, in the mean")


if __name__ == "__main__":
    main()
