"""Figure 14: salt-and-pepper noise, the limit of the learned prior, and a median filter as the remedy.

The image may be shown: the one of Fig. 12, 8 bits, with 1 % of its pixels set to black or white.
"""

from __future__ import annotations

import numpy as np

from pydeblur.datasets.packaged_images import blurred_camera
from pydeblur.errors import KernelCollapseError
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import METHODS, chosen_methods
from pydeblur.evaluation.protocols import all_options
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.metrics import aligned_psnr, kernel_similarity
from pydeblur.nonblind import deconvolve
from pydeblur.preprocess.median import median_filtered
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.synthesis.blur import salt_and_pepper

SHARE = 0.01
MEDIAN = 3
KERNEL_SIZE = 25
_WEIGHTS = ("classifier-paper", "classifier-compact")
#: Case to whether there are outliers, and the median filter's window.
_CASES = {"clean": (False, 0), "salt and pepper": (True, 0), f"then median {MEDIAN}": (True, MEDIAN)}
_USUAL = ("fast",)


def reproduce(request: Request) -> list:
    """Write fig14.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    names = _USUAL if request.methods is None else chosen_methods(request.methods)
    known = {"share": SHARE, "kernel_size": KERNEL_SIZE, "classifiers": {name: _hash(name) for name in _WEIGHTS}}
    options = {name: {**all_options(METHODS[name].protocol("")), **known} for name in names}
    tasks = [Task(name, case, {**options[name], "median": _CASES[case][1]}) for name in names for case in _CASES]
    finished = run_tasks("fig14", tasks, measure, request)
    formats = {"PSNR before": ".2f", "PSNR": ".2f", "kernel similarity": ".3f"}
    formats |= {f"f(B), {name}": ".4f" for name in _WEIGHTS}
    body = [
        f"scikit-image's camera man, blurred with 1 % Gaussian noise as in Fig. 12; {SHARE:.0%} of the pixels set to "
        f"black or white; then the median filter of {MEDIAN}×{MEDIAN} (`pydeblur deblur --median {MEDIAN}`) before "
        "everything else. f(B) is the probability that a network gives the image, as it goes into the solver, to be "
        "blurred. PSNR in dB after the best shift. The paper: f(B) ≈ 0 with salt and pepper, no numbers else.",
        markdown_table([_row(result) for result in finished], formats),
    ]
    return [
        write_csv(request.out / "fig14.csv", [result.row() for result in finished]),
        write_markdown(request, "fig14", "Figure 14: salt-and-pepper noise", body, finished),
        write_figure(request.out / "fig14.png", _plot(pyplot, finished)),
    ]


def measure(request: Request, task: Task) -> dict:
    """f(B), PSNR and kernel similarity of one case, with the pictures."""
    sharp, blurred, true_kernel = blurred_camera()
    outliers, median = _CASES[task.case]
    noisy = salt_and_pepper(blurred, SHARE, rng=14) if outliers else blurred
    seen = median_filtered(noisy, median)
    figures = {f"f {name}": load_prior("classifier", weights=name, threads=1).score(seen) for name in _WEIGHTS}
    figures |= {"psnr_before": aligned_psnr(noisy, sharp), "psnr": None, "kernel_similarity": None}
    try:
        kernel = METHODS[task.method].protocol("").estimator().estimate(seen, KERNEL_SIZE).kernel
    except KernelCollapseError:
        return {**figures, "seen": seen, "restored": seen, "kernel": np.zeros((KERNEL_SIZE, KERNEL_SIZE))}
    restored = deconvolve(seen, kernel, "ringing")
    figures |= {"psnr": aligned_psnr(restored, sharp), "kernel_similarity": kernel_similarity(kernel, true_kernel)}
    return {**figures, "seen": seen, "restored": restored, "kernel": kernel}


def _hash(weights: str) -> dict:
    return {"weights": weights, "weights_hash": read_weights(weights).sha256}


def _row(result: Finished) -> dict:
    figures = result.figures
    return {
        "method": result.task.method,
        "image": result.task.case,
        **{f"f(B), {name}": figures[f"f {name}"] for name in _WEIGHTS},
        "PSNR before": figures["psnr_before"],
        "PSNR": figures["psnr"],
        "kernel similarity": figures["kernel_similarity"],
    }


def _plot(pyplot, finished):
    figure, axes = pyplot.subplots(2, len(finished), squeeze=False, figsize=(3 * len(finished), 6))
    for column, result in zip(axes.T, finished):
        f = result.figures[f"f {_WEIGHTS[0]}"]
        column[0].set_title(f"{result.task.method}, {result.task.case}\nf(B) = {f:.3f}", fontsize=9)
        psnr = result.figures["psnr"]
        column[1].set_title("collapsed" if psnr is None else f"deblurred, {psnr:.2f} dB", fontsize=9)
        for axis, name in zip(column, ("seen", "restored")):
            axis.imshow(result.arrays[name], cmap="gray", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        inset = column[1].inset_axes((0.0, 0.75, 0.25, 0.25))
        inset.imshow(result.arrays["kernel"], cmap="gray", interpolation="nearest")
        inset.set(xticks=[], yticks=[])
    figure.tight_layout(pad=0.5)
    return figure
