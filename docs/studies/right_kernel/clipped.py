"""The final step of pictures with clipped highlights: linear light or stored values, and Whyte's step or "ringing".

    python docs/studies/right_kernel/clipped.py --data PHOTOS --out RESULTS [--split validation] [--kernels default]

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind; their brightest parts are
made brighter, and they are blurred in stored values (the cases "clipped") and in linear light ("clipped_in_light"). Told are
means of PSNR, over the cases in which the default would take Whyte's step: of the blurred image; of "ringing" and of Whyte's
step in linear light and in stored values; of what is chosen; and of the best of the three. The kernels are the true ones, or what
the default finds. Finished cases are kept in RESULTS/runs.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from pydeblur.datasets.photographs import SPLITS
from pydeblur.estimators import PRESETS
from pydeblur.estimators.light import step_for_highlights
from pydeblur.estimators.multistart import Multistart
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.evaluation.studies import publish, request_from, run_selection, run_study, selected_case, study_parser
from pydeblur.nonblind import deconvolve
from pydeblur.preprocess.clipping import clipped_pixels, has_clipped_highlights

#: Of the tables: the sets, by the light of their blur.
LIGHTS = {"stored values": "clipped", "linear light": "clipped_in_light"}
#: Name to the method of the final step and its options.
STEPS = {
    "ringing": ("ringing", {}),
    "whyte": ("whyte", {}),
    "whyte, stored": ("whyte", {"light_gamma": 1.0}),
}


def measure(request: Request, task: Task) -> dict:
    """PSNR in dB of every final step, which of them is chosen, and whether the default would come to that choice."""
    selection, case = selected_case(request, task)
    started = time.process_time()
    kernel = case.kernel
    if task.method == "default":
        preset = PRESETS["best"].for_size(case.kernel_size)
        kernel = (
            Multistart(preset).estimate(case.blurred, case.kernel_size, clipped=clipped_pixels(case.blurred)).kernel
        )
    measured = CaseMeasure(case, selection.case_set)
    restored = {
        name: deconvolve(case.blurred, kernel, None if name == "ringing" else method, **options)
        for name, (method, options) in STEPS.items()
    }
    step = step_for_highlights(case.blurred, kernel, case.blurred)
    chosen = "whyte, stored" if step.options else "whyte" if step.method == "whyte" else "ringing"
    return {
        "applies": float(has_clipped_highlights(case.blurred, case.kernel_size) and step.method == "whyte"),
        "blurred": measured.psnr(case.blurred),
        **{name: measured.psnr(image) for name, image in restored.items()},
        "choice": chosen,
        "seconds": time.process_time() - started,
    }


def table(finished: dict[str, list[Finished]]) -> list[dict]:
    """A row for each light."""
    rows = []
    for light, results in finished.items():
        figures = [each.figures for each in results if each.figures["applies"]]
        columns = {name: [each[name] for each in figures] for name in ("blurred", *STEPS)}
        columns["chosen"] = [each[each["choice"]] for each in figures]
        columns["oracle"] = [max(each[name] for name in STEPS) for each in figures]
        columns["gain"] = [each[each["choice"]] - each["whyte"] for each in figures]
        columns["told_stored"] = [float(each["choice"] == "whyte, stored") for each in figures]
        means = {name: float(np.mean(values)) if values else None for name, values in columns.items()}
        error = float(np.std(columns["gain"], ddof=1) / len(figures) ** 0.5) if len(figures) > 1 else None
        rows.append({"light": light, "cases": len(figures), **means, "gain_error": error})
    return rows


def main(argv=None) -> None:
    """Run what is missing, and give the table."""
    parser = study_parser(__doc__, "folder of sharp photographs, with a subfolder for each kind")
    parser.add_argument("--split", choices=SPLITS, default="train", help="of the photographs (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.005, help="standard deviation (default: %(default)s)")
    parser.add_argument("--kernels", choices=("true", "default"), default="true", help="default: %(default)s")
    arguments = parser.parse_args(argv)
    request = request_from(arguments)
    finished = {}
    for light, name in LIGHTS.items():
        selection = Selection(name, arguments.split, arguments.noise, 1.0)
        finished[light] = run_selection(
            request, "clipped_light", selection, {arguments.kernels: {"steps": list(STEPS)}}, measure
        )
    publish(
        request,
        f"clipped_light_{arguments.split}_{arguments.kernels}",
        table(finished),
        dict.fromkeys(("blurred", *STEPS, "chosen", "oracle", "gain", "told_stored", "gain_error"), ".2f"),
    )


if __name__ == "__main__":
    sys.exit(run_study(main))
