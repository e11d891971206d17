"""How near the solver is to what the machine's Fourier transforms and memory allow.

    python benchmarks/limit.py
    python benchmarks/limit.py --sizes 255:25 800:41 --dtype float32 --rounds 5

A run of the plain solver is made once to write down every transform, with its size, and the size of every step of the
half-quadratic splitting. Then three things are measured in turns, in processor seconds on one thread: the whole run; each of
its transforms alone, on arrays that stay the same, as often as the run makes it; and the traffic that a step can't do without,
at the speed of a copy between arrays of the step's size. That traffic is an image read and its divergence written, and a
spectrum, the numerator and two real denominators read and a spectrum written. The model is the sum of transforms and traffic;
the aim is a ratio of 1.3. What is compiled and imported is compiled and imported before.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
from scipy.ndimage import convolve, zoom
from skimage import data

from pydeblur.backend import fft
from pydeblur.backend.compiled import expect_saving
from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.latent import LatentProblem
from pydeblur.synthesis.kernels import random_kernel

#: The transforms that the solver is made of, by their names in pydeblur.backend.fft.
TRANSFORMS = ("rfft2", "ifft_columns", "irfft_rows", "dst2", "idst2")
#: Calls of a transform, or copies, that are measured together, and the seconds after which there are enough.
LEAST_CALLS, ENOUGH = 5, 0.05


class Sequence:
    """What a run consists of: transforms by their name, the array's shape and dtype and the width; steps by their shape.

    Attributes
    ----------
    transforms : Counter of (str, tuple, dtype, tuple)
    steps : Counter of (tuple, dtype)
        The shape and the dtype of the spectra of the half-quadratic splitting's steps.
    """

    def __init__(self):
        self.transforms: Counter = Counter()
        self.steps: Counter = Counter()

    def record(self, run: Callable[[], object]) -> None:
        """Make a run and write down what it does."""
        originals = {name: getattr(fft, name) for name in TRANSFORMS}
        quotient = LatentProblem._quotient
        sequence = self

        def recorded(name, function):
            def call(array, *arguments):
                width = arguments[:1] if name == "irfft_rows" else ()
                sequence.transforms[name, array.shape, array.dtype, width] += 1
                return function(array, *arguments)

            return call

        def recorded_quotient(problem, spectrum, numerator, denominator, alpha):
            sequence.steps[numerator.shape, numerator.dtype] += 1
            return quotient(problem, spectrum, numerator, denominator, alpha)

        for name, function in originals.items():
            setattr(fft, name, recorded(name, function))
        LatentProblem._quotient = recorded_quotient
        try:
            run()
        finally:
            LatentProblem._quotient = quotient
            for name, function in originals.items():
                setattr(fft, name, function)


def seconds_of(call: Callable[[], object]) -> float:
    """Processor seconds of a call, the median of several."""
    call()
    found: list[float] = []
    while len(found) < LEAST_CALLS or sum(found) < ENOUGH:
        begun = time.process_time()
        call()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def transform_seconds(name: str, shape: tuple, dtype: np.dtype, width: tuple) -> float:
    """Of one transform, into memory that stays the same."""
    rng = np.random.default_rng(0)
    array = rng.standard_normal(shape).astype(dtype)
    function = getattr(fft, name)
    if name == "rfft2":
        out = np.empty((*shape[:-1], shape[-1] // 2 + 1), np.result_type(dtype, np.complex64))
        return seconds_of(lambda: function(array, 1, out))
    if name == "irfft_rows":
        out = np.empty((*shape[:-1], *width), array.real.dtype)
        return seconds_of(lambda: function(array, *width, 1, out))
    if name == "ifft_columns":
        # The transform is made in place: what the last one left is taken for the next, so that nothing is copied.
        return seconds_of(lambda: function(array))
    return seconds_of(lambda: function(array))


def traffic_seconds(shape: tuple, dtype: np.dtype) -> float:
    """Of one step: spectra (H, W / 2 + 1) of complex numbers are as large as images (H, W)."""
    images = [np.ones(2 * int(np.prod(shape)), dtype.type(0).real.dtype) for _ in range(2)]
    copy = seconds_of(lambda: np.copyto(*images))
    # Read and written: the image and the divergence, two; the spectrum twice, the numerator, and two of half the size.
    return copy * (2 + 4) / 2


def blurred_image(side: int, kernel_size: int) -> np.ndarray:
    """A blurred photograph (side, side) with noise of 0.01."""
    photograph = zoom(data.camera() / 255.0, (side + kernel_size) / 512, order=1)
    blurred = convolve(photograph, random_kernel(kernel_size - 2, 3), mode="nearest")[:side, :side]
    return np.clip(blurred + 0.01 * np.random.default_rng(1).standard_normal(blurred.shape), 0, 1)


def measure(side: int, kernel_size: int, dtype: str, rounds: int) -> tuple[float, float, float]:
    """Medians of the run's, the transforms' and the traffic's seconds."""
    image, options = blurred_image(side, kernel_size), SolverOptions(kernel_size, dtype=dtype)
    sequence = Sequence()
    sequence.record(lambda: blind_deconv(image, options))
    found: list[tuple[float, float, float]] = []
    for _ in range(rounds):
        begun = time.process_time()
        blind_deconv(image, options)
        run = time.process_time() - begun
        transforms = sum(count * transform_seconds(*which) for which, count in sequence.transforms.items())
        traffic = sum(count * traffic_seconds(*which) for which, count in sequence.steps.items())
        found.append((run, transforms, traffic))
    run, transforms, traffic = (statistics.median(each) for each in zip(*found))
    return run, transforms, traffic


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["255:25", "800:41"], metavar="SIDE:KERNEL")
    parser.add_argument("--dtype", nargs="+", choices=("float64", "float32"), default=["float64", "float32"])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    expect_saving(60.0)
    print(f"Fourier transforms by {fft.fft_library()}, one thread, processor seconds\n")
    print("| image / kernel | precision | run | transforms | traffic | model | run / model |")
    print("|---|---|---|---|---|---|---|")
    for size in arguments.sizes:
        side, kernel_size = map(int, size.split(":"))
        for dtype in arguments.dtype:
            run, transforms, traffic = measure(side, kernel_size, dtype, arguments.rounds)
            model = transforms + traffic
            print(
                f"| {side}² / {kernel_size} | {dtype} | {run:.3f} | {transforms:.3f} | {traffic:.3f} | {model:.3f} "
                f"| {run / model:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
