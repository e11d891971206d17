"""Seconds per score and gradient of the classifier: ONNX Runtime on one and two threads next to PyTorch, in one run.

    python benchmarks/prior_speed.py [--repeat 9] [--keep-memory] [--clock wall] [--sides 255 800] [--threads 1 2]

Networks with random weights: the time does not depend on them. PyTorch computes in float32 by autograd, in channels_last
and in contiguous layout, of which the faster one counts. All backends take turns, so that whatever else the machine
does meets all of them; the median counts. Prints a Markdown table.

As it comes, PyTorch gives large blocks back to the system after every call and faults them in again, which costs it much
of its time on virtual machines. ``--keep-memory`` has glibc keep them, PyTorch's best case; ONNX Runtime keeps its memory
anyway. ``--clock cpu`` counts CPU seconds, which others' load disturbs less; it makes sense on one thread.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**33), "MALLOC_TRIM_THRESHOLD_": str(2**34)}
if "--keep-memory" in sys.argv and not KEEP_MEMORY.keys() <= os.environ.keys():  # glibc reads them at start-up
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEEP_MEMORY})

import numpy as np  # noqa: E402
import torch  # noqa: E402

from pydeblur.priors.classifier.architecture import ARCHITECTURES  # noqa: E402
from pydeblur.priors.classifier.prior import ClassifierPrior  # noqa: E402
from pydeblur.training.export import export_onnx  # noqa: E402

#: Seconds between two calls: threads that wait for work spin for a while, on CPUs that the next backend needs.
PAUSE = 0.1
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
LAYOUTS = {"torch channels_last": torch.channels_last, "torch contiguous": torch.contiguous_format}


def random_weights(architecture, path):
    """An exported network with random weights."""
    rng = np.random.default_rng(0)
    shapes = architecture.parameter_shapes()
    export_onnx({name: 0.1 * rng.standard_normal(shape) for name, shape in shapes.items()}, architecture, path)


def torch_prior(path, threads, layout):
    """The torch backend in a given layout."""
    prior = ClassifierPrior(path, backend="torch", threads=threads)
    backend = prior.network._backend
    backend.layout = layout
    backend.layers = [(weight.contiguous(memory_format=layout), bias) for weight, bias in backend.layers]
    return prior


def medians(backends, image, repeat, clock):
    """{name: median of the seconds of one call}; the backends take turns."""
    seconds = {name: [] for name in backends}
    for turn in range(repeat + 1):
        for name, prior in backends.items():
            time.sleep(PAUSE)
            started = clock()
            prior.value_and_grad(image)
            if turn:  # the first call reserves memory
                seconds[name].append(clock() - started)
    return {name: median(values) for name, values in seconds.items()}


def main():
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--keep-memory", action="store_true")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    parser.add_argument("--sides", type=int, nargs="+", default=[255, 800])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--networks", nargs="+", choices=list(ARCHITECTURES), default=list(ARCHITECTURES))
    arguments = parser.parse_args()
    print(f"| network | image | threads | onnxruntime, s | {', s | '.join(LAYOUTS)}, s | best torch / onnxruntime |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for network in arguments.networks:
            path = Path(folder) / f"{network}.onnx"
            random_weights(ARCHITECTURES[network], path)
            for threads in arguments.threads:
                backends = {"onnxruntime": ClassifierPrior(path, threads=threads)}
                backends |= {name: torch_prior(path, threads, layout) for name, layout in LAYOUTS.items()}
                for side in arguments.sides:
                    image = np.random.default_rng(1).random((side, side), np.float32)
                    seconds = medians(backends, image, arguments.repeat, CLOCKS[arguments.clock])
                    ratio = min(seconds[name] for name in LAYOUTS) / seconds["onnxruntime"]
                    cells = " | ".join(f"{value:.3f}" for value in seconds.values())
                    print(f"| {network} | {side}² | {threads} | {cells} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
