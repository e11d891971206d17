"""A network that proposes kernels at half the size: its training, and what its kernels add to those of the default's runs.

    python docs/studies/right_kernel/kernel_proposal.py --data PHOTOS --out RESULTS train [--rounds 3]
    python docs/studies/right_kernel/kernel_proposal.py --data PHOTOS --out RESULTS evaluate

The findings are in index.md. PHOTOS is a folder of sharp photographs with a subfolder for each kind. A round of training makes
cases, that is parts of photographs blurred at the full size by kernels of uneven speed, reduced to half, with the kernels that
runs of the preset "best" pass through there; adds the kernels that the network's own alternations lead to; and trains the
network through two alternations of latent image and kernel. RESULTS/cases and RESULTS/network.pt are kept, so that a training
goes on from the last round that was finished. At its end stands RESULTS/kernel-proposal.onnx. `evaluate` takes the cases
"wide" of study.py, from the split "validation". It needs PyTorch.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from study import ScaleMeasure
from unrolled import (
    KernelLoss,
    ProposalNetwork,
    estimated_kernel,
    gradients,
    proposed_gradients,
    quadratic_latents,
)

from pydeblur.datasets.photographs import find_images, load_grey, split_images
from pydeblur.errors import KernelCollapseError
from pydeblur.estimators import PRESETS, KernelRanker
from pydeblur.estimators.kernel_proposal import LAMBDA_GRAD, KernelProposer
from pydeblur.estimators.kernel_proposal import ProposalNetwork as NetworkAtWork
from pydeblur.estimators.kernel_size import scaled_size
from pydeblur.estimators.plan import make_plan
from pydeblur.estimators.proposal_network import ProposalArchitecture, encode_network
from pydeblur.evaluation.development import Selection
from pydeblur.evaluation.studies import run_study
from pydeblur.files import write_bytes
from pydeblur.solver import CoarseToFine, SolverOptions
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.coarse_to_fine import level_at, prepared_image
from pydeblur.solver.kernel import drop_small_components
from pydeblur.solver.latent import LatentProblem
from pydeblur.solver.pyramid import finish_kernel, finish_scale_kernel
from pydeblur.solver.single_scale import splitting_of
from pydeblur.synthesis.blur import add_noise, blur
from pydeblur.synthesis.kernels import random_kernel

ARCHITECTURE = ProposalArchitecture((20, 32, 32))
PRESET = PRESETS["best"].for_wide_kernels
HALF = 2
#: At the full size: kernels, wide ones twice as often, and the parts of photographs that are blurred by narrow and wide ones.
KERNEL_SIZES, WIDE_FROM = (19, 27, 35, 43, 51, 61, 71, 81, 89), 43
PARTS = {False: (240, 320), True: (288, 416)}
NOISE = (0.0, 0.005, 0.01, 0.01, 0.015, 0.02)
#: So many runs give states of a case, after these iterations; so many alternations make further ones.
RUNS_PER_CASE, ITERATIONS_SEEN, OWN_ALTERNATIONS = 4, (1, 3, 5), 3
BATCH, LEARNING_RATE, BLIND_SHARE = 4, (2e-3, 1.5e-3, 8e-4), 0.25
#: The evaluation starts from so many of the kernels that are ranked first, and takes what comes after so many alternations.
STARTS, ALTERNATIONS = 2, (2, 4)


@dataclass
class Case:
    """A problem at half the size: B, the sharp image T and B without noise (H, W), all smoothed as the solver does it.

    ``kernels`` (K, n, n) are what the solver passes through, ``own_kernels`` what the network's alternations lead to.
    """

    path: Path
    blurred: np.ndarray
    sharp: np.ndarray
    clean: np.ndarray
    kernels: np.ndarray
    own_kernels: np.ndarray
    relative_weight: float
    weight: float

    @property
    def kernel_size(self) -> int:
        return self.kernels.shape[-1]

    @property
    def point(self) -> np.ndarray:
        kernel = np.zeros(self.kernels.shape[1:], np.float32)
        kernel[self.kernel_size // 2, self.kernel_size // 2] = 1
        return kernel

    def turned(self, code: int) -> Case:
        """Flipped and transposed: one of eight ways."""

        def turn(array):
            array = array[..., ::-1, :] if code & 1 else array
            array = array[..., ::-1] if code & 2 else array
            return np.ascontiguousarray(np.swapaxes(array, -1, -2) if code & 4 else array)

        names = ("blurred", "sharp", "clean", "kernels", "own_kernels")
        turned = {name: turn(getattr(self, name)) for name in names}
        return Case(self.path, **turned, relative_weight=self.relative_weight, weight=self.weight)

    def save(self) -> None:
        np.savez(self.path, **{name: value for name, value in vars(self).items() if name != "path"})

    @classmethod
    def load(cls, path: Path) -> Case:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        weights = {name: float(arrays.pop(name)) for name in ("relative_weight", "weight")}
        return cls(path, **arrays, **weights)


def make_case(photographs: list[Path], path: Path, rng: np.random.Generator) -> Case | None:
    """A case of a random photograph; None where that is too small, or every run collapses."""
    size = int(rng.choice(KERNEL_SIZES, p=np.array([1 + (each >= WIDE_FROM) for each in KERNEL_SIZES]) / 15))
    shape = PARTS[size > WIDE_FROM]
    scene = load_grey(photographs[rng.integers(len(photographs))])
    scene = scene.T if scene.shape[0] > scene.shape[1] else scene
    room = [side - wanted - size + 2 for side, wanted in zip(scene.shape, shape)]
    if min(room) < 1:
        return None
    top, left = (int(rng.integers(each)) for each in room)
    part = np.ascontiguousarray(scene[top : top + shape[0] + size - 1, left : left + shape[1] + size - 1])
    kernel = random_kernel(size, rng, float(rng.uniform(0.6, 1.4)))
    clean = blur(part, kernel, 0, quantize=False, boundary="valid")
    blurred = add_noise(clean, float(rng.choice(NOISE)), rng).astype(float)
    margin = size // 2
    asked = size if rng.random() < 0.6 else int(1.25 * size) // 2 * 2 + 1
    options, kernels = kernels_of_runs(blurred, asked, rng)
    if not kernels:
        return None
    images = [blurred, part[margin:-margin, margin:-margin], clean]
    halves = [
        level_at(HALF, prepared_image(each.astype(np.float32), options), asked).image.astype(np.float32)
        for each in images
    ]
    # Lengths that the Fourier transforms of the gradients like.
    rows, columns = (side - (side - 1) % 10 for side in halves[0].shape)
    halves = [np.ascontiguousarray(each[:rows, :columns]) for each in halves]
    stack = np.stack(kernels).astype(np.float32)
    return Case(path, *halves, stack, stack[:0], options.relative_kernel_weight, options.kernel_weight)


def kernels_of_runs(blurred: np.ndarray, asked: int, rng) -> tuple[SolverOptions, list[np.ndarray]]:
    """The options of the first run, and the kernels that some runs pass through at half the size."""
    plan = make_plan(PRESET, blurred, asked)
    runs = [run for run in plan.runs if run.options.kernel_size == asked]
    kernels: list[np.ndarray] = []

    def keep(state):
        if state.record.scale == HALF and state.record.iteration in ITERATIONS_SEEN:
            kernels.append(np.array(state.kernel))

    for number in rng.permutation(len(runs))[:RUNS_PER_CASE]:
        with suppress(KernelCollapseError):
            CoarseToFine(blurred, runs[number].options, runs[number].prior.load(), keep).advance_to(HALF)
    return plan.runs[0].options, kernels


class Batch:
    """Cases of one shape and kernel size, ready for the alternations."""

    def __init__(self, cases: list[Case]):
        self.kernel_size = cases[0].kernel_size
        self._blurred = _tensor([case.blurred for case in cases])
        padding = padded_shape(cases[0].blurred.shape, (self.kernel_size, self.kernel_size))
        padded = [wrap_boundary(case.blurred, padding).astype(np.float32) for case in cases]
        splitting = splitting_of(SolverOptions(self.kernel_size, **PRESET.solver))
        self._latents = [LatentProblem(each, case.blurred.shape, splitting) for each, case in zip(padded, cases)]
        self._padded_spectrum, self._padding = torch.fft.rfft2(_tensor(padded)), padding
        self._mean = self._blurred.mean((-2, -1), keepdim=True)
        self._deviation = self._blurred.std((-2, -1), keepdim=True)
        self._spectra = [torch.fft.rfft2(each) for each in gradients(self._blurred / self._deviation)]
        self._relative = _tensor([[[case.relative_weight]] for case in cases])
        self._weight = _tensor([[[case.weight]] for case in cases]) / self._deviation**2
        sharp, clean = (_tensor([getattr(case, name) for case in cases]) for name in ("sharp", "clean"))
        self.loss = KernelLoss(sharp, clean, self.kernel_size // 2 + 2)

    def next_kernels(self, network, kernels: torch.Tensor, sign: float = 1.0) -> torch.Tensor:
        """One alternation: latent images of the kernels, gradients, kernels."""
        shape = self._blurred.shape[-2:]
        sparse = self._sparse_latents(kernels.detach().numpy())
        quadratic = quadratic_latents(self._padded_spectrum, self._padding, shape, kernels)
        found = proposed_gradients(network, self._blurred, sparse, quadratic, self._mean, self._deviation, sign)
        factor = 1.0 if network is None else network.log_factor.exp()
        weights = factor * self._relative, factor * self._weight
        return estimated_kernel(*found, self._spectra, self.kernel_size, *weights)

    def _sparse_latents(self, kernels: np.ndarray) -> torch.Tensor:
        rows, columns = self._blurred.shape[-2:]
        images = []
        for problem, kernel in zip(self._latents, kernels):
            problem.set_kernel(kernel)
            images.append(problem.solve(LAMBDA_GRAD).image[:rows, :columns])
        return _tensor(images)


def _tensor(arrays) -> torch.Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))


def batches(cases: list[Case]):
    """All cases in a random order, in groups that fit together."""
    groups: dict[tuple, list[Case]] = {}
    for case in random.sample(cases, len(cases)):
        groups.setdefault((case.blurred.shape, case.kernel_size), []).append(case)
    found = [own[first : first + BATCH] for own in groups.values() for first in range(0, len(own), BATCH)]
    return random.sample(found, len(found))


def first_kernel(case: Case) -> np.ndarray:
    """What an alternation of the training starts from."""
    if random.random() < BLIND_SHARE:
        return case.point
    own = len(case.own_kernels) and random.random() < 0.5
    return random.choice(case.own_kernels if own else case.kernels)


def train(network: ProposalNetwork, cases: list[Case], seconds: float, rate: float) -> None:
    """Train through two alternations, the learning rate falling along half a cosine."""
    optimizer = torch.optim.Adam(network.parameters(), betas=(0.9, 0.99))
    started, step, losses = time.monotonic(), 0, []
    while True:
        for chosen in batches(cases):
            share = (time.monotonic() - started) / seconds
            if share >= 1:
                return
            optimizer.param_groups[0]["lr"] = rate * min(1, (step + 1) / 50) * (0.525 + 0.475 * np.cos(np.pi * share))
            code, sign = random.randrange(8), random.choice((1.0, -1.0))
            turned = [case.turned(code) for case in chosen]
            batch = Batch(turned)
            first = batch.next_kernels(network, _tensor([first_kernel(case) for case in turned]), sign)
            loss = (batch.loss(first) + batch.loss(batch.next_kernels(network, first, sign))).mean() / 2
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses, step = [*losses[-99:], loss.item()], step + 1
            if step % 100 == 0:
                print(f"{step} steps, {time.monotonic() - started:.0f} s, loss {np.mean(losses):.3f}", flush=True)


@torch.no_grad()
def add_own_kernels(network: ProposalNetwork, cases: list[Case]) -> None:
    """Give each case the kernels that the network's alternations lead to, from a point and from two of the solver's kernels."""
    for chosen in batches(cases):
        batch, found = Batch(chosen), []
        for start in ("point", "solver", "solver"):
            kernels = np.stack([case.point if start == "point" else random.choice(case.kernels) for case in chosen])
            for number in range(OWN_ALTERNATIONS):
                kernels = batch.next_kernels(network, _tensor(kernels)).numpy()
                kernels = np.stack([_finished(kernel, case) for kernel, case in zip(kernels, chosen)])
                if number:
                    found.append(kernels)
        for case, own in zip(chosen, np.stack(found, 1)):
            case.own_kernels = own.astype(np.float32)
            case.save()


def _finished(kernel: np.ndarray, case: Case) -> np.ndarray:
    try:
        return finish_scale_kernel(drop_small_components(kernel))
    except KernelCollapseError:
        return case.point


def train_rounds(arguments) -> None:
    """All rounds that are left, and the weights file."""
    checkpoint, folder = arguments.out / "network.pt", arguments.out / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    network, done = ProposalNetwork(ARCHITECTURE), 0
    if checkpoint.exists():
        stored = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(stored["network"])
        done = stored["rounds"]
    photographs = split_images(find_images(arguments.data))["train"]
    for number in range(done, arguments.rounds):
        random.seed(number)
        _make_cases(photographs, folder, number, 60 * arguments.case_minutes)
        cases = [Case.load(path) for path in sorted(folder.glob("*.npz"))]
        print(f"round {number + 1}: {len(cases)} cases", flush=True)
        if number:
            add_own_kernels(network, cases)
        train(network, cases, 60 * arguments.train_minutes, LEARNING_RATE[min(number, 2)])
        torch.save({"network": network.state_dict(), "rounds": number + 1}, checkpoint)
    parameters = {name: network.state_dict()[name].numpy() for name in ARCHITECTURE.parameter_shapes()}
    training = {
        "training": f"{arguments.rounds} rounds of docs/studies/right_kernel/kernel_proposal.py",
        "licence": "MIT",
    }
    factor = float(network.log_factor.detach().exp())
    write_bytes(arguments.out / "kernel-proposal.onnx", encode_network(ARCHITECTURE, parameters, factor, training))


def _make_cases(photographs, folder: Path, number: int, seconds: float) -> None:
    started, place = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        path, place = folder / f"{number}-{place:05d}.npz", place + 1
        if not path.exists():
            case = make_case(photographs, path, np.random.default_rng((960, number, place)))
            if case is not None:
                case.save()


def evaluate(arguments) -> None:
    """What the network's kernels add to those of the default's runs at half the size.

    A perfect choice of all kernels is told, in dB and as the change of the mean square error, and what the default's score
    would choose; with standard errors.
    """
    network = NetworkAtWork(arguments.out / "kernel-proposal.onnx")
    names = ("perfect choice, dB", "perfect choice, error", "choice, dB")
    selection, gains = Selection("wide", "validation", 0.01, 1.2), []
    for chosen in selection.cases(arguments.data)[: arguments.cases]:
        case = selection.case(arguments.data, chosen.name)
        own, proposed = _scored_kernels(case, network)
        best, better = (max(quality for _, quality in each) for each in (own, own + proposed))
        before, after = (min(each)[1] for each in (own, own + proposed))
        gains.append((better - best, 10 ** ((best - better) / 10) - 1, after - before))
        print(case.name, *(f"{name} {gain:+.3f}" for name, gain in zip(names, gains[-1])), flush=True)
    errors = np.std(gains, axis=0, ddof=1) / len(gains) ** 0.5
    for name, mean, error in zip(names, np.mean(gains, axis=0), errors):
        print(f"{name}: {mean:+.3f} ± {error:.3f}")


def _scored_kernels(case, network: NetworkAtWork) -> tuple[list, list]:
    """Scores and PSNR of the kernels of all runs of the default at half the size, and of the network's."""
    measured = ScaleMeasure(case, HALF)
    image, size = measured.level.image, measured.level.kernel_size
    ranker = KernelRanker(image, size, options=replace(PRESET.ranking, threads=1), weights=PRESET.coarse_weights)

    def judged(kernel) -> tuple[float, float]:
        return ranker.score(kernel).value, measured.of(kernel)["psnr"]

    plan, runs = make_plan(PRESET, case.blurred, case.kernel_size), []

    def add(run, begin) -> None:
        search = CoarseToFine(case.blurred, run.options, run.prior.load())
        with suppress(KernelCollapseError):
            begin(search)
            runs.append((*judged(search.result().kernel), run.options.kernel_size, search.kernel))

    for run in plan.runs:
        add(run, lambda search: search.advance_to(HALF))
    best = sorted(runs, key=lambda run: run[0])[:STARTS]
    for _, _, own_size, kernel in best:
        for run in plan.restarts.runs:
            same_square = replace(run, options=replace(run.options, kernel_size=own_size))
            add(same_square, lambda search, begun=kernel: search.begin_at(HALF, begun))
    options, proposed = plan.runs[0].options, []
    prepared = prepared_image(case.blurred, options)
    for own_size, start in [*((run[2], run[3]) for run in best), (scaled_size(case.kernel_size, 1.25), None)]:
        level = level_at(HALF, prepared, own_size)
        proposer = KernelProposer(level.image, level.kernel_size, options, network)
        kernels = list(proposer.kernels_from(proposer.point if start is None else start, max(ALTERNATIONS)))
        seen = [kernels[number - 1] for number in ALTERNATIONS if number <= len(kernels)]
        proposed += [judged(finish_kernel(kernel, options.kernel_threshold)) for kernel in seen]
    return [run[:2] for run in runs], proposed


def main(argv=None) -> None:
    """Train, or evaluate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, metavar="FOLDER", help="of photographs")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="cases, checkpoint and weights")
    actions = parser.add_subparsers(required=True)
    training = actions.add_parser("train", help="make cases and train")
    training.add_argument("--rounds", type=int, default=3, help="in all (default: %(default)s)")
    training.add_argument("--case-minutes", type=float, default=6, help="of each round (default: %(default)s)")
    training.add_argument("--train-minutes", type=float, default=16, help="of each round (default: %(default)s)")
    training.set_defaults(act=train_rounds)
    evaluation = actions.add_parser("evaluate", help="tell what the network's kernels add")
    evaluation.add_argument("--cases", type=int, default=14, help="at most (default: %(default)s)")
    evaluation.set_defaults(act=evaluate)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    arguments.act(arguments)


if __name__ == "__main__":
    sys.exit(run_study(main))
