"""Figure 9: blur that changes over the picture, with one kernel and with a camera that turned.

The first half may be shown: photographs that come with scikit-image, shaken by our own camera. The second half are Köhler
et al.'s photographs with the kernels 8 to 11, in which the camera moved most; without their data it is left out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from pydeblur.api import DeblurResult, deblur
from pydeblur.datasets import load
from pydeblur.datasets.packaged_images import packaged_image
from pydeblur.errors import InvalidInputError, KernelCollapseError
from pydeblur.evaluation.figures import pyplot_without_display, write_figure
from pydeblur.evaluation.methods import chosen_methods
from pydeblur.evaluation.protocols import Protocol, all_options
from pydeblur.evaluation.report import write_markdown
from pydeblur.evaluation.store import Finished, Request, Task, run_tasks
from pydeblur.files import markdown_table, write_csv
from pydeblur.matlab import imresize
from pydeblur.metrics.kohler import surrogate_psnr
from pydeblur.metrics.rigid_alignment import rigidly_aligned_psnr
from pydeblur.nonuniform import NonuniformOptions, PoseBlur, choose_model
from pydeblur.nonuniform.drawing import draw_kernels
from pydeblur.nonuniform.options import nonuniform_solver_options
from pydeblur.nonuniform.plan import AUTO
from pydeblur.nonuniform.shake import ShakenCase, shaken_case
from pydeblur.nonuniform.single_kernel import poses_of_kernel
from pydeblur.preprocess.grey import grey_image

#: What is run where no methods are named, the choice between the two, and the pictures as they are.
DEFAULT_METHODS, BLURRED = ("uniform", "nonuniform"), "blurred"
METHODS = (*DEFAULT_METHODS, AUTO)
#: The photographs of the first half, and the seeds of their shakes.
SCENES, SEEDS = ("camera", "astronaut", "coffee", "chelsea", "rocket", "coins"), (901,)
_LONGEST_ROWS = 470
KOHLER_CASES = tuple(f"im{scene:02d}_ker{shake:02d}" for scene in range(1, 5) for shake in range(8, 12))
_HALVES = {
    "own": "photographs with shakes of our own",
    "kohler": "Köhler et al.'s photographs, kernels 8 to 11",
}
#: Pictures of the sheets have at most so many pixels on their longer side.
_SHOWN_SIDE = 420


@dataclass(frozen=True)
class Fig9Case:
    """A blurred picture with what it is measured by.

    Attributes
    ----------
    blurred, sharp : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel_size : int
    truth : PoseBlur or None

    Examples
    --------
    >>> Fig9Case(np.zeros((8, 8)), np.zeros((8, 8)), 5).truth is None
    True
    """

    blurred: np.ndarray
    sharp: np.ndarray
    kernel_size: int
    truth: PoseBlur | None = None


def reproduce(request: Request) -> list:
    """Write fig9.csv, .md and .png, and of Köhler et al.'s photographs fig9_sheet.png; returns their paths."""
    pyplot = pyplot_without_display()
    methods = DEFAULT_METHODS if request.methods is None else chosen_methods(request.methods, METHODS)
    halves, missing = _cases_of_halves(request)
    tasks = [Task(name, case, _options(name)) for cases in halves.values() for case in cases for name in methods]
    finished = run_tasks("fig9", tasks, measure, request)
    groups = {half: [each for each in finished if each.task.case in cases] for half, cases in halves.items()}
    body = [
        "One kernel for the whole picture against the poses of a camera that turns (section 5 of the paper), both with the "
        "default options and the default final step of `pydeblur deblur`. The paper shows pictures without numbers.",
        *missing,
    ]
    for half, results in groups.items():
        body += [f"## {_HALVES[half][0].upper()}{_HALVES[half][1:]}", _measure_in_words(half)]
        body.append(markdown_table(_rows(results, methods), dict.fromkeys((BLURRED, *methods), ".2f")))
    written = [
        write_csv(request.out / "fig9.csv", [result.row() for result in finished]),
        write_markdown(request, "fig9", "Figure 9: blur that changes over the picture", body, finished),
        write_figure(request.out / "fig9.png", _sheet(pyplot, groups["own"], methods, len(SCENES))),
    ]
    if "kohler" in groups:
        written.append(
            write_figure(request.out / "fig9_sheet.png", _sheet(pyplot, groups["kohler"], methods, len(KOHLER_CASES)))
        )
    return written


def measure(request: Request, task: Task) -> dict:
    """PSNR before and after, what was taken and why, and the pictures of the sheet in 8 bits."""
    case = _case(task.case, request.data)
    score = rigidly_aligned_psnr if case.truth is not None else surrogate_psnr
    figures = {"blurred_psnr": score(case.blurred, case.sharp), "psnr": None, "taken": None, "reason": None}
    shown = {"blurred": _shown(case.blurred), "sharp": _shown(case.sharp)}
    if case.truth is not None:
        shown["true_kernels"] = _shown(draw_kernels(case.truth, case.blurred, enlargement=2))
    if task.method == AUTO:
        result, figures["reason"] = _chosen(task.case, request.data)
    else:
        result = _restored(task.case, request.data, task.method)
    if result is None:
        return {**figures, **shown}
    image = np.clip(result.unclipped, 0, 1)
    blur = poses_of_kernel(result.kernel, image.shape) if result.nonuniform is None else result.nonuniform.blur
    figures["psnr"] = score(image, case.sharp)
    figures["taken"] = "uniform" if result.nonuniform is None else "nonuniform"
    return {
        **figures,
        **shown,
        "restored": _shown(image),
        "kernels": _shown(draw_kernels(blur, case.blurred, enlargement=2)),
    }


@lru_cache(maxsize=2)
def _restored(name: str, data, method: str) -> DeblurResult | None:
    """What a method makes of a picture; None where its blur collapsed.

    The choice between the two comes right after them, and takes them from here: it need not estimate either again.
    """
    case = _case(name, data)
    try:
        return deblur(case.blurred, case.kernel_size, nonuniform=method == "nonuniform")
    except KernelCollapseError:
        return None


def _chosen(name: str, data) -> tuple[DeblurResult | None, str]:
    """What ``nonuniform="auto"`` takes of the two, and why."""
    uniform, nonuniform = (_restored(name, data, method) for method in DEFAULT_METHODS)
    if uniform is None or nonuniform is None:
        return uniform if nonuniform is None else nonuniform, "the other collapsed"
    choice = choose_model(grey_image(_case(name, data).blurred), uniform.kernel, nonuniform.nonuniform.blur)
    return nonuniform if choice.nonuniform else uniform, choice.reason


def own_case(name: str) -> ShakenCase:
    """Return one of the pictures with shakes of our own.

    Parameters
    ----------
    name : str
        A photograph of `SCENES` and a seed, such as "camera_901".

    Returns
    -------
    ShakenCase

    Examples
    --------
    >>> own_case("coins_901").blurred.ndim  # doctest: +SKIP
    2
    """
    scene, _, seed = name.rpartition("_")
    image = packaged_image(scene)
    # The camera's photographs are square: of the others the whole width is taken.
    width = _LONGEST_ROWS if image.shape[0] >= 500 else image.shape[1]
    return shaken_case(image[:_LONGEST_ROWS, :width], 100 * int(seed) + SCENES.index(scene))


def _case(name: str, data) -> Fig9Case:
    if name in KOHLER_CASES:
        (case,) = load("kohler", data, [name])
        return Fig9Case(case.blurred, case.sharp, case.kernel_size)
    own = own_case(name)
    return Fig9Case(own.blurred, own.sharp, own.kernel_size, PoseBlur(own.poses, own.weights))


def _cases_of_halves(request: Request) -> tuple[dict[str, list[str]], list[str]]:
    """The cases' names by half, and a sentence where Köhler et al.'s photographs are not there."""
    own = [f"{scene}_{seed}" for seed in SEEDS for scene in SCENES]
    halves, missing = {"own": _evenly(own, request.subset)}, []
    try:
        there = {case.name for case in load("kohler", request.data)}
    except InvalidInputError:
        there = set()
    kohler = [name for name in KOHLER_CASES if name in there]
    if kohler:
        halves["kohler"] = _evenly(kohler, request.subset)
    else:
        missing.append("Köhler et al.'s photographs are left out: their data were not there.")
    return halves, missing


def _evenly(names: list[str], count: int | None) -> list[str]:
    """So many of some names, evenly along the list."""
    if count is None or count >= len(names):
        return names
    return [names[position * len(names) // count] for position in range(count)]


def _options(name: str) -> dict:
    """All that decides on the outcome, in plain values."""
    options = {} if name == "nonuniform" else {"uniform": all_options(Protocol("kohler"))}
    if name != "uniform":
        solver = asdict(nonuniform_solver_options(3))
        del solver["kernel_size"]  # each case has its own
        options |= {"solver": solver, "nonuniform": asdict(NonuniformOptions())}
    return {**options, "final_step": "ringing, by the noise"}


def _measure_in_words(half: str) -> str:
    if half == "own":
        return (
            "PSNR in dB after the best shift and rotation, without a border of 28 pixels. Rolls of ±1 to 2.5 degrees with yaw "
            "and pitch, 9 to 30 pixels at the corners, 1 % noise, 8 bits. `fig9.png` shows them: blurred, by each "
            "method with its kernels, and sharp with the true ones."
        )
    return (
        "Surrogate PSNR in dB, after alignment by a homography with one sharp frame of each scene (fig3a says how far that is "
        "from the official figure). The sheet `fig9_sheet.png`, written beside this file, shows research data and is not for "
        "publication."
    )


def _rows(results: list[Finished], methods) -> list[dict]:
    """A row for each picture, and their means."""
    figures = {(result.task.case, result.task.method): result.figures for result in results}
    rows = []
    for case in dict.fromkeys(result.task.case for result in results):
        own = {name: figures[case, name] for name in methods}
        rows.append({"picture": case, BLURRED: own[methods[0]]["blurred_psnr"]})
        rows[-1] |= {name: each["psnr"] for name, each in own.items()}
    means = {name: _mean([row[name] for row in rows]) for name in (BLURRED, *methods)}
    return [*rows, {"picture": "mean", **means}]


def _mean(values) -> float | None:
    """None where a picture has no value: the mean of the others would compare other pictures."""
    return None if None in values or not values else float(np.mean(values))


def _shown(image: np.ndarray) -> np.ndarray:
    """A picture in 8 bits, no larger than the sheets show it."""
    ratio = min(1.0, _SHOWN_SIDE / max(image.shape[:2]))
    small = np.clip(imresize(image, ratio) if ratio < 1 else image, 0, 1)
    return np.round(255 * small).astype(np.uint8)


def _sheet(pyplot, results: list[Finished], methods, most: int):
    """Two rows for each picture: blurred, restored, and sharp where that is known; below them the kernels."""
    arrays = {(result.task.case, result.task.method): result for result in results}
    cases = list(dict.fromkeys(case for case, _ in arrays))[:most]
    size = (2.1 * (len(methods) + 2), 3.8 * len(cases))
    figure, axes = pyplot.subplots(2 * len(cases), len(methods) + 2, squeeze=False, figsize=size)
    for number, case in enumerate(cases):
        upper, lower = axes[2 * number], axes[2 * number + 1]
        first = arrays[case, methods[0]]
        _show(upper[0], first.arrays["blurred"], f"{case}: blurred, {first.figures['blurred_psnr']:.2f} dB")
        _show(upper[-1], first.arrays["sharp"], "sharp")
        _show(lower[-1], first.arrays.get("true_kernels"), "true local kernels")
        for axis, below, name in zip(upper[1:], lower[1:], methods):
            result = arrays[case, name]
            psnr = result.figures["psnr"]
            _show(
                axis, result.arrays.get("restored"), f"{name}, " + ("collapsed" if psnr is None else f"{psnr:.2f} dB")
            )
            _show(below, result.arrays.get("kernels"), "its kernels")
    for axis in axes.ravel():
        axis.set_axis_off()
    figure.tight_layout(pad=0.4)
    return figure


def _show(axis, picture, title: str) -> None:
    if picture is not None:
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=8)
