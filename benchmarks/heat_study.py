"""Many candidates down to a coarse scale, the best of them to the end: for the preset "best".

    python benchmarks/heat_study.py dev --data TRAINING_IMAGES --out heat.jsonl [--noise 0.01] [--split test] [--every 1]
    python benchmarks/heat_study.py wide --data TRAINING_IMAGES --out heat-wide.jsonl [--per-folder 3]

Every candidate goes to the end, and the judge looks at it at each of the last scales, so that any choice among them, after
a heat at any scale, can be told from the file afterwards. "dev" takes the cases of development_set.py, "wide" those of
default_elsewhere.py, of either split; every finished case is a line of the file and is not run again. Error ratios are with
the final step TV, and without the laps that the preset has its best go on for.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from development_set import NOISE, STREAMS, WORST_RATIO
from finished_cases import add_rows, read_rows
from kernel_cases import ROWS, chosen_cases, is_among, rows_of

from pydeblur.errors import KernelCollapseError
from pydeblur.estimation import Run
from pydeblur.fourier import fft_fixed
from pydeblur.judge import Judge, Verdict
from pydeblur.presets import preset_named
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.solver.options import solver_options
from pydeblur.solver.pyramid import kernel_sizes

BEST = preset_named("best")
#: Scales at which the judge looks.
SCALES = (0, 1, 2, 3)
COLUMN = {"initial_kernel": "column"}
TWENTY = {"iterations": 20, "finest_iterations": 10}
CANDIDATES = {
    "adaptive": {},
    "10 iterations": {"iterations": 10},
    "20 iterations": TWENTY,
    "20 iterations, column": {**TWENTY, **COLUMN},
    "column": COLUMN,
    "mu 8e-3": {"lambda_grad": 8e-3},
    "mu 2e-3": {"lambda_grad": 2e-3},
    "intensity": {"prior": "intensity", "beta_growth": 8.0, "alpha_growth": 4.0},
    "prefilter 1.4": {"prefilter": 1.4},
}
OTHERS = ("column", "mu 8e-3", "mu 2e-3", "intensity")
POOLS = {
    "six": ("adaptive", "10 iterations", *OTHERS),
    "six with 20": ("adaptive", "20 iterations", *OTHERS),
    "six and prefilter 1.4": ("adaptive", "10 iterations", *OTHERS, "prefilter 1.4"),
    "seven": ("adaptive", "20 iterations", *OTHERS, "prefilter 1.4"),
    "eight": ("adaptive", "20 iterations", "20 iterations, column", *OTHERS, "prefilter 1.4"),
}
#: Scale and places of a heat; None: all go on.
HEATS = (None, (1, 3), (2, 3), (2, 4))


@fft_fixed("scipy")
def measure(blurred, kernel_size, error_ratio):
    """Error ratio, seconds per scale and verdicts per scale of each candidate; None for one that collapses."""
    levels = [level_at(scale, blurred, kernel_size) for scale in SCALES if scale < len(kernel_sizes(kernel_size))]
    judges = {level.scale: Judge(level.image, level.kernel_size, threads=1, **BEST.judge) for level in levels}
    return {name: _of(fields, blurred, kernel_size, judges, error_ratio) for name, fields in CANDIDATES.items()}


def _of(fields, blurred, kernel_size, judges, error_ratio):
    fields = {**BEST.solver, **fields, "kernel_size": kernel_size}
    prior = fields.pop("prior", "gradient")
    search = Run(solver_options(fields), prior, {}).search(blurred, None, None)
    seconds, verdicts = {}, {}
    try:
        for scale in sorted(judges, reverse=True):
            started = time.process_time()
            search.advance_to(scale)
            seconds[scale] = time.process_time() - started
            result = search.result()
            verdicts[scale] = asdict(judges[scale](result))
    except KernelCollapseError:
        return None
    return {"error_ratio": error_ratio(result.kernel), "seconds": seconds, "verdicts": verdicts}


def choice(row, pool, heat):
    """Error ratio of what the judge chooses, and the seconds of all runs by those of "adaptive"."""
    runs = {name: row["runs"][name] for name in pool if row["runs"][name] is not None}
    if not runs or row["runs"]["adaptive"] is None:
        return WORST_RATIO, np.nan
    scales = sorted(map(int, next(iter(runs.values()))["seconds"]))
    names, last = list(runs), 0
    if heat is not None:
        last, places = min(heat[0], scales[-1]), heat[1]
        names = sorted(names, key=lambda name: _cost(runs[name], last))[: places if last else None]
    best = min(names, key=lambda name: _cost(runs[name], 0))
    seconds = sum(_seconds(run, range(last, scales[-1] + 1)) for run in runs.values())
    seconds += sum(_seconds(runs[name], range(last)) for name in names)
    own = _seconds(row["runs"]["adaptive"], scales)
    return min(runs[best]["error_ratio"], WORST_RATIO), seconds / own


def _cost(run, scale):
    return Verdict(**run["verdicts"][str(scale)]).cost


def _seconds(run, scales):
    return sum(run["seconds"][str(scale)] for scale in scales)


def table(rows):
    """Markdown: pools and heats, and what a perfect choice of each pool would have."""
    yield "| candidates | go on | mean ratio | log ratio to the first¹ | ≤ 2 | time² |"
    yield "|---|---|---|---|---|---|"
    first = None
    for pool, names in POOLS.items():
        for heat in HEATS:
            found = np.array([choice(row, names, heat) for row in rows])
            first = found[:, 0] if first is None else first
            label = "all" if heat is None else f"{heat[1]} from scale {heat[0]}"
            yield _line(pool, label, found[:, 0], first, f"{np.nanmean(found[:, 1]):.1f}")
        perfect = [
            min((row["runs"][name]["error_ratio"] for name in names if row["runs"][name]), default=WORST_RATIO)
            for row in rows
        ]
        yield _line(pool, "the best, if it were known", np.minimum(perfect, WORST_RATIO), first, "")


def _line(pool, heat, ratios, first, seconds):
    logs = 100 * np.log(ratios / first)
    difference = f"{logs.mean():+.1f} ± {logs.std() / np.sqrt(len(logs)):.1f} %"
    return f"| {pool} | {heat} | {ratios.mean():.2f} | {difference} | {np.mean(ratios <= 2):.0%} | {seconds} |"


def main():
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=ROWS)
    parser.add_argument("--data", required=True, type=Path, help="folder of training images")
    parser.add_argument("--out", required=True, type=Path, help="file of finished cases")
    parser.add_argument("--noise", type=float, default=NOISE, help="standard deviation (default: %(default)s)")
    parser.add_argument("--split", choices=STREAMS, default="test")
    parser.add_argument("--speed-variation", type=float, default=0.0, help="of the kernels (default: %(default)s)")
    parser.add_argument("--per-folder", type=int, help="images of each kind (default: 12, wide: 3)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    arguments = parser.parse_args()
    which = chosen_cases(arguments)
    rows = [row for row in read_rows(arguments.out) if is_among(row, which)]
    done = {row["case"] for row in rows}
    for name, *case in rows_of(which, arguments.data, arguments.per_folder, arguments.every):
        if name in done:
            continue
        runs = json.loads(json.dumps(measure(*case)))
        rows.append({"case": name, **which, "runs": runs})
        add_rows(arguments.out, rows[-1])
        print(name, {run: found and round(found["error_ratio"], 2) for run, found in runs.items()}, flush=True)
    print(*table(rows), sep="\n")
    print("\n¹ mean over the cases, with its standard error; ² of all runs, by that of “adaptive”")


if __name__ == "__main__":
    main()
