"""What a whole command costs that estimates the kernel of a small picture, and what it imports for that.

    python benchmarks/start_up.py
    python benchmarks/start_up.py --repeat 9 --sizes 64:15 255:25 800:41

Each command is ``pydeblur kernel --prior gradient`` in a process of its own, with one thread, on a grey PNG file. Prints the
medians of processor seconds and wall clock, and how many modules are imported; and the same for a process that imports NumPy and
does nothing, below which no command can be. Where Python may not write compiled modules beside the package
(PYTHONDONTWRITEBYTECODE), each process would compile all of it: here they go to a temporary folder. Runs under Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.ndimage import convolve, zoom
from skimage import data

from pydeblur.files import write_image
from pydeblur.synthesis.kernels import random_kernel

_COMMAND = """
import sys
from pydeblur.cli.main import main
sys.exit(main())
"""
_MODULES = """
import json, sys
from pydeblur.cli.main import main
code = main()
print(json.dumps(len(sys.modules)))
sys.exit(code)
"""


def environment(folder: str) -> dict[str, str]:
    """One thread, and compiled modules in a folder."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**os.environ, **one_thread, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}


def write_picture(path: Path, side: int, kernel_size: int) -> None:
    """A blurred photograph (side, side) with noise of 0.005."""
    photograph = zoom(data.camera() / 255.0, (side + kernel_size) / 512, order=1)
    stroke = random_kernel(max(kernel_size * 3 // 5 | 1, 5), 3)
    blurred = convolve(photograph, stroke, mode="nearest")[:side, :side]
    write_image(path, np.clip(blurred + 0.005 * np.random.default_rng(1).standard_normal(blurred.shape), 0, 1))


def costs(words: list[str], folder: str) -> tuple[float, float]:
    """Processor seconds and wall clock of a process."""
    begun = time.perf_counter()
    process = subprocess.Popen(words, env=environment(folder), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} has ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall


def modules(words: list[str], folder: str) -> int:
    """How many modules a command imports."""
    process = [sys.executable, "-c", _MODULES, *words]
    done = subprocess.run(process, env=environment(folder), capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["64:15", "255:25"], metavar="SIDE:KERNEL")
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    print("| process | processor, s | wall clock, s | modules |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        rows: dict[str, list[str]] = {}
        for size in arguments.sizes:
            side, kernel_size = map(int, size.split(":"))
            picture = Path(folder, f"{side}.png")
            write_picture(picture, side, kernel_size)
            words = ["kernel", str(picture), "-o", f"{folder}/kernel.npy", "--prior", "gradient", "--quiet"]
            rows[f"kernel of {side}² / {kernel_size}"] = [*words, "--kernel-size", str(kernel_size), "--threads", "1"]
        empty = [sys.executable, "-c", "import numpy"]
        commands = {"import numpy": empty}
        commands |= {name: [sys.executable, "-c", _COMMAND, *words] for name, words in rows.items()}
        counts = {name: str(modules(words, folder)) for name, words in rows.items()}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(arguments.repeat):
            for name, words in commands.items():
                found[name].append(costs(words, folder))
        for name, each in found.items():
            processor, wall = (statistics.median(column) for column in zip(*each))
            print(f"| {name} | {processor:.2f} | {wall:.2f} | {counts.get(name, '')} |", flush=True)


if __name__ == "__main__":
    main()
