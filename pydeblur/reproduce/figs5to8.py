"""Figures 5 to 8: real photographs, natural, text, in low light and of a face, by each method.

There is no truth: one sheet for each figure, to look at. The photographs are research data, so the sheets
(fig5_sheet.png to fig8_sheet.png) must not be published; the kernels and the numbers may.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pydeblur.datasets import load
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import METHODS, SPECIAL_METHODS, chosen_methods
from pydeblur.evaluation.photograph_sheets import kernel_plot, restored_arrays, result_sheet
from pydeblur.evaluation.protocols import all_options, estimate_case, restore_case
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.evaluation.subsets import stratified
from pydeblur.files import markdown_table, write_csv
from pydeblur.preprocess.grey import grey_image
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.weights_file import read_weights

#: What a photograph's name starts with, to its figure.
_FIGURES = {"natural": "fig5", "text": "fig6", "lowlight": "fig7", "face": "fig8"}
_CLASSIFIER = "classifier-compact"
_METHODS = {**METHODS, **SPECIAL_METHODS}
#: Where the dataset's settings do not suit: the strokes of text_8_patch are smeared over some 75 pixels, and those of
#: text_7_patch add up as light does only in linear light (docs/results/figs5to8.md).
_OTHER_SETTINGS = {"text_8_patch": {"kernel_size": 95}, "text_7_patch": {"gamma": 2.2}}


def reproduce(request: Request) -> list:
    """Write figs5to8.csv, .md and .png (the kernels), and fig5_sheet.png to fig8_sheet.png; returns their paths."""
    pyplot = pyplot_without_display()
    cases = [case for case in _cases(request.data) if _figure_of(case.name)]
    cases = stratified(cases, request.subset)
    names = tuple(METHODS) if request.methods is None else chosen_methods(request.methods, tuple(_METHODS))
    options = {(name, case.saturated): _options(name, case.saturated) for name in names for case in cases}
    tasks = [
        Task(name, case.name, {**options[name, case.saturated], "kernel_size": case.kernel_size, "gamma": case.gamma})
        for case in cases
        for name in names
    ]
    finished = run_tasks("figs5to8", tasks, measure, request)
    rows = [_row(result) for result in finished]
    body = [
        "Real photographs by every method; there is no truth to measure against, and the paper shows other crops of "
        "some of them, without numbers. f is the probability that the compact classifier gives an image to be blurred; "
        "saturated photographs have Whyte et al.'s final step, the others that of [26]. The picture shows the kernels "
        "alone. The sheets fig5_sheet.png to fig8_sheet.png, written beside this file, show research data and are "
        "not for publication.",
        markdown_table(rows, {"f before": ".4f", "f after": ".4f", "kernel CPU s": ".1f"}),
    ]
    written = [
        write_csv(request.out / "figs5to8.csv", [result.row() for result in finished]),
        write_markdown(request, "figs5to8", "Figures 5 to 8: real photographs", body, finished),
        write_figure(request.out / "figs5to8.png", kernel_plot(pyplot, finished, names)),
    ]
    for figure in dict.fromkeys(_figure_of(case.name) for case in cases):
        members = [case for case in cases if _figure_of(case.name) == figure]
        sheet = result_sheet(pyplot, members, finished, names)
        written.append(write_figure(request.out / f"{figure}_sheet.png", sheet))
    return written


def measure(request: Request, task: Task) -> dict:
    """f before and after, the result in 8 bits, and the kernel; the pictures are zero where the kernel collapsed."""
    (case,) = _cases(request.data, [task.case])
    protocol = _protocol(task.method, case.saturated)
    kernel, seconds = estimate_case(protocol, case)
    classifier = load_prior("classifier", weights=_CLASSIFIER, threads=1)
    figures = {"f_before": classifier.score(grey_image(case.blurred)), "f_after": None, "kernel_cpu_seconds": seconds}
    restored = None if kernel is None else np.clip(restore_case(protocol, case, kernel), 0, 1)
    if restored is not None:
        figures["f_after"] = classifier.score(grey_image(restored))
    return {**figures, **restored_arrays(restored, kernel, case.blurred.shape, case.kernel_size)}


def _cases(data, names=None):
    return [replace(case, **_OTHER_SETTINGS.get(case.name, {})) for case in load("real", data, names)]


def _figure_of(name: str) -> str | None:
    return _FIGURES.get(name.split("_")[0])


def _protocol(name: str, saturated: bool):
    return _METHODS[name].protocol("real", nonblind="whyte" if saturated else "ringing")


def _options(name: str, saturated: bool) -> dict:
    score = {"weights": _CLASSIFIER, "weights_hash": read_weights(_CLASSIFIER).sha256}
    protocol = _protocol(name, saturated)
    options = {**all_options(protocol), "score": score}
    if saturated and protocol.handles_clipping:
        options |= {"clipped_pixels": "lower bounds", "ranked_by": "log-odds after whyte"}
    return options


def _row(result: Finished) -> dict:
    return {
        "figure": _figure_of(result.task.case),
        "photograph": result.task.case,
        "method": result.task.method,
        "f before": result.figures["f_before"],
        "f after": result.figures["f_after"],
        "kernel CPU s": result.figures["kernel_cpu_seconds"],
    }
