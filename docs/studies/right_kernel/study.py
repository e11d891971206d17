"""What speaks for the right kernel under wide blur, and what a linear rank of it would choose.

    python docs/studies/right_kernel/study.py --data PHOTOS --out RESULTS [--split validation] [--cases wide] [--noise 0.01]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. Every run of the preset
"best" goes to half the size and on to the finest scale; at both there are the evidence of its kernel, and what the image
restored with it is worth. Told from that, for several sets of numbers: the weights that lose least, what the choice by them
loses on scenes that were not in the fit, and how often a clearly worse kernel is preferred to the true one. Finished cases are
kept in RESULTS/runs.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import asdict, fields

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators import PRESETS, KernelEvidence, KernelRanker, RankingOptions
from pydeblur.estimators.plan import make_plan
from pydeblur.estimators.ranking import restored_by_tv
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
from pydeblur.matlab import imresize
from pydeblur.metrics import align, psnr
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.solver import CoarseToFine
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.solver.pyramid import kernel_sizes, scale_ratios
from pydeblur.training.ranking.linear_choice import (
    ScoredCase,
    fit_weights,
    held_out_loss,
    mean_loss,
    share_preferred_to_truth,
)

#: The scales that kernels are ranked at: half the size, and the finest.
SCALES = (2, 0)
#: Numbers that are tried beside the log error.
SETS_OF_NUMBERS = (
    (),
    ("log_odds",),
    ("half_log_odds",),
    ("extent",),
    ("entropy",),
    ("residual",),
    ("change",),
    ("change", "log_odds"),
    ("change", "extent"),
    ("change", "border"),
)
_NUMBERS = tuple(each.name for each in fields(KernelEvidence))
_LARGEST_SHIFT, _BORDER = 12, 15


class ScaleMeasure:
    """The evidence of kernels at one scale of a case, and the PSNR of what TV makes with them.

    An estimate is centred by its centroid, a true kernel by its box: the sharp image is moved by the difference.
    """

    def __init__(self, case, scale: int):
        ratio = scale_ratios(case.kernel_size)[scale]
        self.level, self._sharp = (level_at(scale, image, case.kernel_size) for image in (case.blurred, case.sharp))
        self.true_kernel = case.kernel if scale == 0 else _scaled(case.kernel, ratio)
        places = np.arange(len(case.kernel)) - len(case.kernel) // 2
        centroid = case.kernel.sum(axis=1) @ places, case.kernel.sum(axis=0) @ places
        self._offset = tuple(round(float(each) * ratio) for each in centroid)
        self._ranker = KernelRanker(self.level.image, self.level.kernel_size, options=RankingOptions(threads=1))

    def of(self, kernel: np.ndarray, is_true: bool = False) -> dict:
        """The fields of the evidence, and ``psnr`` in dB."""
        offset = (0, 0) if is_true else self._offset
        sharp = np.roll(self._sharp.image, offset, axis=(0, 1))
        restored = np.clip(restored_by_tv(self.level.image, kernel), 0, 1)
        found = align(restored, sharp, _LARGEST_SHIFT, _BORDER + max(map(abs, offset)))
        return {**asdict(self._ranker.evidence(kernel)), "psnr": psnr(found.image, found.reference)}


def _scaled(kernel: np.ndarray, ratio: float) -> np.ndarray:
    """A kernel at a coarser scale, of odd sides."""
    small = np.maximum(imresize(kernel, ratio), 0)
    small = np.pad(small, [(0, 1 - side % 2) for side in small.shape])
    return small / small.sum()


def measure(request: Request, task: Task) -> dict:
    """Of one case, for both scales: a list for each number of the evidence and for ``psnr``, the true kernel's first."""
    _, case = selected_case(request, task)
    measures = {scale: ScaleMeasure(case, scale) for scale in SCALES}
    rows = {scale: [own.of(own.true_kernel, is_true=True)] for scale, own in measures.items()}
    started = time.process_time()
    for run in make_plan(PRESETS["best"].for_wide_kernels, case.blurred, case.kernel_size).runs:
        search = CoarseToFine(case.blurred, run.options, run.prior.load())
        # What was found before a collapse counts.
        with suppress(KernelCollapseError):
            for scale in SCALES:
                if scale >= len(kernel_sizes(run.options.kernel_size)):
                    continue
                search.advance_to(scale)
                rows[scale].append(measures[scale].of(search.result().kernel))
    figures = {f"{name} at {scale}": [row[name] for row in own] for scale, own in rows.items() for name in own[0]}
    return {**figures, "seconds": time.process_time() - started}


def all_runs() -> dict:
    """All that decides on a case's figures, in plain values."""
    preset = PRESETS["best"].for_wide_kernels
    network = ClassifierNetwork(RankingOptions(threads=1)).settings
    return {
        "runs": [variant.described() for variant in preset.variants],
        "solver": dict(preset.solver),
        "network": network,
    }


def scored_case(finished: Finished, scale: int) -> ScoredCase:
    """A finished case as the fit takes it."""
    columns = [finished.figures[f"{name} at {scale}"] for name in _NUMBERS]
    true, *others = (KernelEvidence(*row) for row in zip(*columns))
    qualities = finished.figures[f"psnr at {scale}"]
    return ScoredCase(finished.task.case, tuple(others), np.array(qualities[1:]), true, qualities[0])


def table(finished: list[Finished]) -> list[dict]:
    """A row for each scale and set of numbers."""
    rows = []
    for scale in SCALES:
        cases = [each for each in (scored_case(own, scale) for own in finished) if len(each.psnr) > 1]
        for names in SETS_OF_NUMBERS:
            weights = fit_weights(cases, names) if names else {}
            rows.append(
                {
                    "scale": scale,
                    "numbers beside the log error": ", ".join(names) or "none",
                    "weights": ", ".join(f"{weight:.3f}" for weight in weights.values()),
                    "loss": mean_loss(cases, weights),
                    "held_out_loss": held_out_loss(cases, names) if names else mean_loss(cases, {}),
                    "preferred_to_truth": share_preferred_to_truth(cases, weights),
                }
            )
    return rows


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    add_selection(parser, "wide", "train", 1.2)
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    selection = selection_from(arguments)
    finished = run_selection(request, "right_kernel", selection, {"all runs": all_runs()}, measure)
    formats = {"loss": ".3f", "held_out_loss": ".3f", "preferred_to_truth": ".2f"}
    publish(request, f"right_kernel_{selection.label}", table(finished), formats)


if __name__ == "__main__":
    sys.exit(run_study(main))
