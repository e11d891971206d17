"""PSNR and CPU seconds of the final steps with the true kernel, and of EPLL's denoising.

    python benchmarks/nonblind_quality.py levin --data DATA
    python benchmarks/nonblind_quality.py development --data DATA [--sweep hyper-laplacian lambda_hl 5e-4 1e-3 2e-3]
    python benchmarks/nonblind_quality.py epll-paper --data DATA [--count 30]
    python benchmarks/nonblind_quality.py denoising --data DATA [--count 30]

`levin` is Levin et al.'s set, measured after alignment as `pydeblur evaluate` does; never choose an option on it.
Options are chosen on `development`: natural and manmade scenes of the test split, 1 % noise, kernels of our own;
`--sweep` tries values of one option there. `epll-paper` is the EPLL paper's deblurring experiment on natural images of
the test split: a kernel of 17x17 and one of 19x19 pixels (Levin's), 1 % noise. `denoising` is its denoising experiment,
σ = 25/255, for which it reports 28.7 dB on 68 BSDS images. Images of both are crops of at most 320x320 pixels. Prints
Markdown tables; CPU seconds make sense with OMP_NUM_THREADS=1.
"""

import argparse
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from development_set import development_cases

from pydeblur.datasets import load
from pydeblur.fourier import fft_fixed
from pydeblur.metrics import align, psnr
from pydeblur.nonblind import METHODS, deconvolve
from pydeblur.nonblind.epll import denoise_epll
from pydeblur.training.images import find_images, load_grey, split_images
from pydeblur.training.synthesis import blur, valid_part

NATURAL = ("natural", "manmade")
STEPS = ("tv", "ringing", "hyper-laplacian", "epll")
DENOISING_SIGMA = 25 / 255
CROP = 320
#: Pixels on each side that do not count, as in the alignment of Levin's set.
BORDER = 15


def levin_figures(case, restored):
    """PSNR and SSD after alignment."""
    aligned = align(restored, case.sharp)
    return psnr(aligned.image, aligned.reference), aligned.ssd


def development_figures(case, restored):
    """PSNR and SSD inside the border; the kernels are centred as they should be."""
    inner = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    return psnr(restored[inner], case.sharp[inner]), np.sum((restored[inner] - case.sharp[inner]) ** 2)


@fft_fixed("scipy")
def measure(cases, figures, method, **options):
    """Mean PSNR, its median, mean SSD and CPU seconds per image."""
    found, seconds = [], 0.0
    for case in cases:
        started = time.process_time()
        restored = deconvolve(case.blurred, case.kernel, method, **options) if method else case.blurred
        seconds += time.process_time() - started
        found.append(figures(case, restored))
    values, errors = np.transpose(found)
    return values.mean(), np.median(values), errors.mean(), seconds / len(cases)


def print_methods(cases, figures, methods):
    """One row for the blurred images and for each method."""
    print(f"| final step, true kernel, {len(cases)} images | PSNR mean, dB | median | SSD mean | CPU s per image |")
    print("|---|---|---|---|---|")
    for method in (None, *methods):
        average, middle, error, seconds = measure(cases, figures, method)
        print(f"| {method or '(blurred)'} | {average:.2f} | {middle:.2f} | {error:.1f} | {seconds:.2f} |", flush=True)


def print_sweep(cases, figures, method, option, values):
    """One row for each value of an option."""
    print(f"| {method}, {option}, {len(cases)} images | PSNR mean, dB | median | SSD mean | CPU s per image |")
    print("|---|---|---|---|---|")
    for value in values:
        average, middle, error, seconds = measure(cases, figures, method, **{option: float(value)})
        print(f"| {value} | {average:.2f} | {middle:.2f} | {error:.1f} | {seconds:.2f} |", flush=True)


def natural_images(data, count):
    """Crops of natural images of the test split."""
    paths = split_images(find_images(Path(data) / "train" / "natural"))["test"][:count]
    return [load_grey(path)[:CROP, :CROP].astype(float) for path in paths]


def paper_cases(data, count, size):
    """The natural images under Levin's kernel of that size, (17, 17) or (19, 19), with 1 % noise."""
    kernel = next(case.kernel for case in load("levin", data) if case.kernel.shape == (size, size))
    images = natural_images(data, count)
    return [
        SimpleNamespace(
            sharp=valid_part(image, kernel.shape),
            blurred=blur(image, kernel, 0.01, number, quantize=False, boundary="valid").astype(float),
            kernel=kernel,
        )
        for number, image in enumerate(images)
    ]


def print_denoising(data, count):
    """One row for the noisy images and one for EPLL."""
    images = natural_images(data, count)
    rng = np.random.default_rng(0)
    noisy = [image + DENOISING_SIGMA * rng.standard_normal(image.shape) for image in images]
    started = time.process_time()
    clean = [denoise_epll(image, DENOISING_SIGMA) for image in noisy]
    seconds = (time.process_time() - started) / len(images)
    print(f"| σ = 25/255, {len(images)} images, up to {CROP}² | PSNR mean, dB | standard error | CPU s per image |")
    print("|---|---|---|---|")
    for name, results, cost in (("(noisy)", noisy, 0.0), ("EPLL", clean, seconds)):
        values = [psnr(np.clip(result, 0, 1) if cost else result, image) for result, image in zip(results, images)]
        error = np.std(values) / len(values) ** 0.5
        print(f"| {name} | {np.mean(values):.2f} | {error:.2f} | {cost:.1f} |")


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=("levin", "development", "epll-paper", "denoising"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=STEPS)
    parser.add_argument("--sweep", nargs="+", metavar=("METHOD OPTION", "VALUE"))
    parser.add_argument("--count", type=int, default=30, help="natural images")
    arguments = parser.parse_args()
    if arguments.sweep and arguments.set != "development":
        parser.error("options are chosen on the development set: --sweep goes with it only")
    if arguments.set == "denoising":
        print_denoising(arguments.data, arguments.count)
        return
    if arguments.set == "epll-paper":
        for size in (17, 19):
            print(f"\nKernel {size}x{size}\n")
            print_methods(paper_cases(arguments.data, arguments.count, size), development_figures, arguments.methods)
        return
    if arguments.set == "levin":
        cases, figures = load("levin", arguments.data), levin_figures
    else:
        cases = development_cases(Path(arguments.data) / "train")
        cases, figures = [case for case in cases if case.folder in NATURAL], development_figures
    if arguments.sweep:
        method, option, *values = arguments.sweep
        print_sweep(cases, figures, method, option, values)
    else:
        print_methods(cases, figures, arguments.methods)


if __name__ == "__main__":
    main()
