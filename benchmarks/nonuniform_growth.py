"""How time and memory of non-uniform deblurring grow with the picture, the kernels and the number of poses.

    python benchmarks/nonuniform_growth.py                       # all rows: some ten minutes of processor time
    python benchmarks/nonuniform_growth.py --stages estimate --sizes 480x640
    python benchmarks/nonuniform_growth.py --stages command-tv --sizes 480x640 3000x4000 --kernels --steps
    python benchmarks/nonuniform_growth.py --seams 480x640

A photograph of scikit-image, mirrored on and on, is shaken by a camera that turns, with 1 % noise. Three rows of
measurements: pictures of several sizes with kernels of 25 pixels; one of 320x426 with kernels of several sizes; and the same
with several pose steps, which multiply the poses. Stages: ``estimate``, the poses of a grey picture; ``tv``, the final step by
patches from the true poses; ``whyte``, Richardson-Lucy; ``command-ringing`` and ``command-tv``, all of
``pydeblur deblur --nonuniform on`` with that final step for a JPEG in colour, reading and writing included (under Linux). Each is
measured in a process of its own, on one thread, which reports its processor seconds and the process's peak memory: also what
Python and the packages take, about 0.1 GB. Prints a Markdown table.

``--seams`` compares the patches of the final step with the whole picture at once, where the blur is uniform, so that both should
give the same.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
STAGES = ("estimate", "tv", "whyte")
#: All of the shell's command, by the name of the final step.
COMMANDS = {"command-ringing": "ringing", "command-tv": "tv"}
#: What is measured where nothing else is asked for; the first of each is what the others are combined with.
KERNEL, SHAPE, STEP = 25, "320x426", 0.7


def scene(shape: tuple[int, int]):
    """A sharp picture of a shape: a photograph, mirrored on and on."""
    import numpy as np

    from pydeblur.datasets.packaged_images import packaged_image

    sharp = packaged_image("astronaut")
    missing = [(0, max(n - m, 0)) for n, m in zip(shape, sharp.shape)]
    return np.pad(sharp, missing, mode="symmetric")[: shape[0], : shape[1]]


def shaken(shape: tuple[int, int], kernel_size: int):
    """A blurred picture of a shape, and its true blur, whose kernels have at most so many pixels."""
    import numpy as np

    from pydeblur.nonuniform import CameraPoses, PoseBlur, PoseOperator
    from pydeblur.nonuniform.poses import corners
    from pydeblur.synthesis.blur import add_noise

    path = np.linspace(-1, 1, 80)
    parameters = np.column_stack([0.3 * path, 0.2 * np.sin(3 * path), 0.7 * path / np.hypot(*corners(shape)[3] / 2)])
    largest = CameraPoses(parameters, shape).largest_offset()
    parameters *= (kernel_size // 2 - 2) / largest
    blur = PoseBlur(CameraPoses(parameters, shape), np.ones(len(path)))
    return add_noise(PoseOperator(blur.poses).blur(scene(shape), blur.weights), 0.01, 0), blur


def measure(stage: str, shape: tuple[int, int], kernel_size: int, step: float) -> dict[str, float]:
    """One measurement in this process."""
    import numpy as np

    from pydeblur.nonuniform import NonuniformOptions, blind_deconv_nonuniform, deconvolve_nonuniform
    from pydeblur.nonuniform.options import nonuniform_solver_options

    image, blur = shaken(shape, kernel_size)
    poses = []
    # The compiled loops are made, or read, before the clock starts.
    blind_deconv_nonuniform(np.asarray(image)[:64, :64], nonuniform_solver_options(5, iterations=1))
    started = time.process_time()
    if stage == "estimate":
        blind_deconv_nonuniform(
            image,
            nonuniform_solver_options(kernel_size),
            NonuniformOptions(pose_step=step),
            callback=lambda state: poses.append(len(state.poses)),
        )
    else:
        deconvolve_nonuniform(image, blur, stage)
    seconds = time.process_time() - started
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    return {"seconds": seconds, "peak": peak, "poses": max(poses, default=len(blur.poses))}


def measured_apart(stage: str, shape: str, kernel_size: int, step: float) -> dict[str, float]:
    """The same in a process of its own."""
    words = [sys.executable, __file__, "--one", stage, shape, str(kernel_size), str(step)]
    return json.loads(subprocess.run(words, env=environment(), check=True, stdout=subprocess.PIPE, text=True).stdout)


def environment() -> dict[str, str]:
    """That of a measurement: one thread, and this repository's package."""
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": path}


#: The command, and its own peak in kB: what the system says of a child's counts its parent's memory before the start, too.
_COMMAND = """
import sys
from pydeblur.cli.main import main
status = main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(status)
"""


def measured_command(step: str, shape: str, kernel_size: int, pose_step: float) -> dict:
    """All of ``pydeblur deblur`` for a JPEG in colour, in a process of its own."""
    import numpy as np

    from pydeblur.files import write_image

    with tempfile.TemporaryDirectory() as folder:
        image, _ = shaken(sides(shape), kernel_size)
        photo = Path(folder, "photo.jpg")
        write_image(photo, np.clip(image[..., None] * np.array([1.0, 0.9, 0.8]), 0, 1))
        words = ["deblur", str(photo), "-o", str(Path(folder, "sharp.jpg")), "--nonuniform", "on", "--nonblind", step]
        words += ["--kernel-size", str(kernel_size), "--pose-step", str(pose_step), "--quiet"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, *words], env=environment(), check=True, stdout=subprocess.PIPE, text=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "peak": int(done.stdout.split()[-1]) * 1024 / 1e9, "poses": "–"}


def print_seams(shape: tuple[int, int]) -> None:
    """The table of the differences between patches and the whole picture, for a uniform blur of 25 pixels."""
    import numpy as np

    from pydeblur.nonblind import deconvolve
    from pydeblur.nonuniform import deconvolve_nonuniform
    from pydeblur.nonuniform.single_kernel import poses_of_kernel
    from pydeblur.synthesis import blur, random_kernel

    kernel = random_kernel(KERNEL, 2)
    image = blur(scene(shape), kernel, noise=0.01, rng=0)
    poses = poses_of_kernel(kernel, shape)
    border = np.s_[KERNEL:-KERNEL, KERNEL:-KERNEL]
    print("| final step | root mean square of the difference | largest |\n|---|---:|---:|")
    for step in ("tv", "ringing", "hyper-laplacian"):
        difference = (deconvolve_nonuniform(image, poses, step) - deconvolve(image, kernel, step))[border]
        print(f"| {step} | {np.sqrt(np.mean(difference**2)):.4f} | {np.abs(difference).max():.4f} |", flush=True)


def sides(shape: str) -> tuple[int, int]:
    """Rows and columns of a text such as 480x640."""
    rows, columns = shape.split("x")
    return int(rows), int(columns)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", default=[SHAPE, "240x320", "480x640", "960x1280"])
    parser.add_argument("--kernels", nargs="*", type=int, default=[15, 41, 61])
    parser.add_argument("--steps", nargs="*", type=float, default=[1.4, 0.5])
    parser.add_argument("--stages", nargs="+", choices=(*STAGES, *COMMANDS), default=list(STAGES))
    parser.add_argument("--seams", metavar="ROWSxCOLUMNS", help="compare patches with the whole picture instead")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        stage, shape, kernel_size, step = arguments.one
        print(json.dumps(measure(stage, sides(shape), int(kernel_size), float(step))))
        return
    if arguments.seams:
        print_seams(sides(arguments.seams))
        return
    cases = [(stage, shape, KERNEL, STEP) for stage in arguments.stages for shape in arguments.sizes]
    cases += [(stage, SHAPE, size, STEP) for stage in arguments.stages for size in arguments.kernels]
    cases += [("estimate", SHAPE, KERNEL, step) for step in arguments.steps if "estimate" in arguments.stages]
    print("| stage | picture | kernel size | pose step | poses | CPU seconds | peak memory, GB |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for case in cases:
        stage, *rest = case
        found = measured_command(COMMANDS[stage], *rest) if stage in COMMANDS else measured_apart(*case)
        figures = f"{found['poses']} | {found['seconds']:.1f} | {found['peak']:.2f}"
        print("| " + " | ".join(map(str, case)) + f" | {figures} |", flush=True)


if __name__ == "__main__":
    main()
