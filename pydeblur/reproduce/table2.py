"""Table 2: run times at 255², 600² and 800², next to the paper's and to matlab_ref in GNU Octave on the same machine.

One image at a time, one thread: processor seconds of the kernel estimation, the median of several runs. The images are
scikit-image's camera man under our own kernels with 1 % noise. The paper says neither its images nor its kernel sizes.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.io import loadmat, savemat

from pydeblur.datasets.packaged_images import packaged_image
from pydeblur.errors import InvalidInputError, KernelCollapseError
from pydeblur.evaluation.benchmark_tasks import by_method
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import METHODS, chosen_methods
from pydeblur.evaluation.protocols import all_options
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.synthesis.blur import blur
from pydeblur.synthesis.kernels import random_kernel
from pydeblur.synthesis.resize import resize

#: Side of the image to kernel size.
SIZES = {255: 25, 600: 31, 800: 41}
REPEATS = 3
PAPER = {
    "Xu et al. [38] (C++)": (1.11, 3.56, 4.31),
    "Krishnan et al. [16] (MATLAB)": (24.23, 111.09, 226.58),
    "Levin et al. [20] (MATLAB)": (117.06, 481.48, 917.84),
    "Pan et al. [27] (MATLAB)": (134.31, 691.71, 964.90),
    "Yan et al. [40] (MATLAB)": (264.78, 996.03, 1150.48),
    "Ours (MATLAB)": (109.27, 379.52, 654.65),
}
_COUNTERPARTS = {
    "gradient": "Xu et al. [38] (C++)",
    "normalized_sparsity": "Krishnan et al. [16] (MATLAB)",
    "marginal": "Levin et al. [20] (MATLAB)",
    "dark_channel": "Pan et al. [27] (MATLAB)",
    "extreme_channels": "Yan et al. [40] (MATLAB)",
    "faithful": "Ours (MATLAB)",
}
_OCTAVE = "matlab_ref, "
#: Prior to lambda_pixel of what matlab_ref runs. Its classifier is interpreted: hours for one image.
_OCTAVE_PRIORS = {"gradient": 0.0, "intensity": 4e-3}
_MATLAB_REF = Path(__file__).resolve().parents[2] / "matlab_ref"


def reproduce(request: Request) -> list:
    """Write table2.csv, .md and .png; returns their paths."""
    pyplot = pyplot_without_display()
    repeats = min(request.subset or REPEATS, REPEATS)
    names = chosen_methods(request.methods)
    # Timings disturb each other: never two at once, whatever was asked for.
    finished = run_tasks("table2", _tasks(names, repeats), measure, replace(request, jobs=1))
    groups = by_method(finished)
    body = [
        f"Processor seconds of the kernel estimation on one thread, median of {repeats} run(s); grey images, kernel "
        "sizes "
        + ", ".join(f"{kernel} at {side}²" for side, kernel in SIZES.items())
        + ". The paper's are seconds on an Intel Core i7-3770 of whole methods, kernel sizes unknown.",
        markdown_table([_row(name, groups) for name in names]),
        "The paper's table: ",
        markdown_table([{"method": name, **_by_side(f"{t:.2f}" for t in times)} for name, times in PAPER.items()]),
        _octave_note(),
    ]
    return [
        write_csv(request.out / "table2.csv", [result.row() for result in finished]),
        write_markdown(request, "table2", "Table 2: run times", body, finished),
        write_figure(request.out / "table2.png", _plot(pyplot, groups)),
    ]


def measure(request: Request, task: Task) -> dict:
    """Processor seconds of one run."""
    side = int(task.case.split("²")[0])
    image = timing_image(side)
    if task.method.startswith(_OCTAVE):
        return {"seconds": octave_seconds(image, SIZES[side], task.method.removeprefix(_OCTAVE))}
    estimator = _protocol(task.method).estimator()
    _compile_loops(estimator, image)
    started = time.process_time()
    estimator.estimate(image, SIZES[side])
    return {"seconds": time.process_time() - started}


def _compile_loops(estimator, image: np.ndarray) -> None:
    """Run an estimator on a small part of an image: loops that are compiled on their first use should not be timed."""
    first = max(image.shape[0] // 2 - 32, 0)
    part = image[first : first + 64, first : first + 64]
    # Whether so small a part has a kernel does not matter.
    with suppress(KernelCollapseError):
        estimator.estimate(part, 5)


def timing_image(side: int) -> np.ndarray:
    """A blurred image (side, side), not rounded to 8 bits, whose ties let an FFT's last bit change the kernel."""
    sharp = packaged_image("camera")[:304, :304]
    sharp = np.clip(resize(sharp, side / 304), 0, 1)
    size = int(SIZES.get(side, 25) * 0.8) // 2 * 2 + 1
    kernel = random_kernel(size, np.random.default_rng(1))
    return blur(sharp, kernel, rng=2, quantize=False).astype(np.float64)


def octave_seconds(image: np.ndarray, kernel_size: int, prior: str) -> float:
    """Processor seconds of matlab_ref's blind_deconv in GNU Octave, without its start-up.

    Raises
    ------
    InvalidInputError
        If Octave fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        savemat(f"{folder}/in.mat", {"y": image, "n": float(kernel_size)})
        code = (
            f"addpath('{_MATLAB_REF}'); setup_path(); load('{folder}/in.mat');"
            f"opts = struct('kernel_size', n, 'xk_iter', 5, 'gamma_correct', 1, 'k_thresh', 20, 'prior', '{prior}');"
            f"t = cputime(); k = blind_deconv(y, {_OCTAVE_PRIORS[prior]}, 4e-3, opts); s = cputime() - t;"
            f"save('-v7', '{folder}/out.mat', 's');"
        )
        words = ["octave", "--no-gui", "--norc", "--quiet", "--eval", code]
        run = subprocess.run(words, capture_output=True, text=True)
        if run.returncode != 0:
            message = (run.stderr.strip().splitlines() or ["no message"])[-1]
            raise InvalidInputError(f"Octave failed on matlab_ref: {message}")
        return float(loadmat(f"{folder}/out.mat")["s"].item())


def octave_available() -> bool:
    """Whether GNU Octave and matlab_ref are here."""
    return shutil.which("octave") is not None and _MATLAB_REF.is_dir()


def _tasks(names, repeats: int) -> list[Task]:
    options = {name: all_options(_protocol(name)) for name in names}
    if octave_available():
        options |= {
            _OCTAVE + prior: {"program": "octave", "prior": prior, "lambda_pixel": weight}
            for prior, weight in _OCTAVE_PRIORS.items()
            if prior in names
        }
    # From small to large, so that a first look comes early.
    return [
        Task(name, f"{side}² run {run}", {**options[name], "kernel_size": kernel, "image": f"camera, {side}²"})
        for side, kernel in SIZES.items()
        for run in range(1, repeats + 1)
        for name in options
    ]


def _protocol(name: str):
    return METHODS[name].protocol("timing")


def _by_side(values) -> dict:
    return dict(zip([f"{side}²" for side in SIZES], values))


def _medians(results: list[Finished]) -> dict:
    """Side to median."""
    seconds = {side: [r.figures["seconds"] for r in results if r.task.case.startswith(f"{side}²")] for side in SIZES}
    return _by_side(float(np.median(values)) for values in seconds.values())


def _row(name: str, groups) -> dict:
    paper = PAPER.get(_COUNTERPARTS.get(name), (None,) * len(SIZES))
    octave = _medians(groups[_OCTAVE + name]) if _OCTAVE + name in groups else {}
    row = {"method": f"{name} ({METHODS[name].label})"}
    for (side, ours), theirs in zip(_medians(groups[name]).items(), paper):
        row[f"{side} here"] = f"{ours:.2f}"
        row[f"{side} Octave"] = f"{octave[side]:.2f}" if side in octave else None
        row[f"{side} paper"] = None if theirs is None else f"{theirs:.2f}"
    return {**row, "paper's name": _COUNTERPARTS.get(name)}


def _octave_note() -> str:
    if not octave_available():
        return "GNU Octave is not installed here, or matlab_ref is not beside the package: its columns are empty."
    return (
        "Octave runs matlab_ref's gradient and intensity priors. Its classifier and its priors on patches are interpreted "
        "loops over pixels, minutes to hours for one image; methods with loops of their own and the presets that make several "
        "runs are not in it: they have no column."
    )


def _plot(pyplot, groups):
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    colours = pyplot.get_cmap("tab20").colors
    axes.set_prop_cycle(color=(*colours[::2], *colours[1::2]))
    for name, results in groups.items():
        axes.loglog(list(SIZES), list(_medians(results).values()), "o-", label=name)
    axes.loglog(list(SIZES), PAPER["Ours (MATLAB)"], "k--", label="the paper's")
    axes.set_xticks(list(SIZES), [f"{side}²" for side in SIZES])
    axes.minorticks_off()
    axes.set(ylabel="processor seconds")
    axes.grid(alpha=0.3)
    # Beside the axes, where it hides no line.
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure
