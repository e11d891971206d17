"""What the default loses by what makes it faster: single precision, fewer steps of α, and more successive halving.

    python docs/studies/faster_default/study.py --data PHOTOS --out RESULTS [--split validation] [--cases wide]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. Each case is run by the
preset "best" as it is and in its former form. Finished cases are kept in RESULTS/runs, so that a study that was stopped goes
on; the table is printed, and written to RESULTS as CSV. Restored images are those of the final step "tv".
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace

import numpy as np

from pydeblur.backend.fft import fft_fixed
from pydeblur.estimators import PRESETS, Preset, RankingOptions, SuccessiveHalving
from pydeblur.evaluation.benchmark_tasks import by_method
from pydeblur.evaluation.development import CaseMeasure
from pydeblur.evaluation.paired import mean_with_error
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import (
    add_selection,
    estimated_kernel,
    publish,
    request_from,
    run_selection,
    run_study,
    selected_case,
    selection_from,
    study_parser,
)

#: A kernel whose image is this many dB below that of the true kernel has failed.
FAILED = 3.0
#: What stands for the PSNR of an image without a kernel, in dB.
_NO_KERNEL = 10.0
RANKING = RankingOptions(threads=1)


def _former(preset: Preset, halving: SuccessiveHalving | None) -> Preset:
    """A preset in double precision, with all steps of α, and with the given halving."""
    solver = {**preset.solver, "dtype": "float64", "alpha_max": 1e5}
    return replace(preset, solver=solver, halving=halving, result_dtype=None)


def presets() -> dict[str, Preset]:
    """What is compared, by the names of the table; the first is what the second is compared with."""
    best = PRESETS["best"]
    assert best.for_wide_kernels is not None
    wide = replace(best.for_wide_kernels, ranking=RANKING)
    former = _former(best, None)
    return {
        "the former default": replace(
            former, ranking=RANKING, for_wide_kernels=_former(wide, SuccessiveHalving(2, keep=4))
        ),
        "best": replace(best, ranking=RANKING, for_wide_kernels=wide),
    }


def _options(preset: Preset) -> dict:
    """All that decides on a preset's kernels, in plain values."""
    found = {}
    for name, each in (("narrow", preset), ("wide", preset.for_wide_kernels)):
        assert each is not None
        found[name] = {
            "solver": dict(each.solver),
            "variants": [variant.described() for variant in each.variants],
            "halving": None if each.halving is None else asdict(each.halving),
            "refinements": [asdict(step) for step in each.refinements],
        }
    return found


def measure(request: Request, task: Task) -> dict:
    """One method on one case: figures of its kernel, the PSNR of the true kernel, and the processor seconds."""
    selection, case = selected_case(request, task)
    preset = presets()[task.method]
    # The time is that of the transforms that users have.
    with fft_fixed("auto"):
        measured = CaseMeasure(case, selection.case_set)
        kernel, seconds = estimated_kernel(preset, case)
        true_psnr = measured.figures(case.kernel)["psnr"]
        return {**measured.figures(kernel), "true_psnr": true_psnr, "kernel_cpu_seconds": seconds}


def _qualities(results: list[Finished]) -> np.ndarray:
    return np.array([_NO_KERNEL if each.figures["psnr"] is None else each.figures["psnr"] for each in results])


def table(groups: dict[str, list[Finished]]) -> list[dict]:
    """A row for each method, compared with the first."""
    base = next(iter(groups.values()))
    rows = []
    for name, results in groups.items():
        psnr, seconds = _qualities(results), [each.figures["kernel_cpu_seconds"] for each in results]
        true = np.array([each.figures["true_psnr"] for each in results])
        difference = mean_with_error(psnr - _qualities(base))
        relative = [own / former.figures["kernel_cpu_seconds"] for own, former in zip(seconds, base)]
        rows.append(
            {
                "method": name,
                "cases": len(results),
                "psnr": float(psnr.mean()),
                "difference": difference.mean,
                "difference_error": difference.error,
                "failed": int(np.sum(psnr < true - FAILED)),
                "kernel_cpu_seconds": float(np.median(seconds)),
                "relative_seconds": float(np.median(relative)),
            }
        )
    return rows


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    add_selection(parser, "development", "test", 0.0)
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    selection = selection_from(arguments)
    options = {name: _options(preset) for name, preset in presets().items()}
    groups = by_method(run_selection(request, "faster_default", selection, options, measure))
    formats = {
        "psnr": ".2f",
        "difference": "+.3f",
        "difference_error": ".3f",
        "kernel_cpu_seconds": ".2f",
        "relative_seconds": ".2f",
    }
    publish(request, f"faster_default_{selection.label}", table(groups), formats)


if __name__ == "__main__":
    sys.exit(run_study(main))
