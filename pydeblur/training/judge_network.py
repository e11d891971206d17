"""Training of the judge's network: how wrong is a restored image?

The classifier's own architecture, from the classifier's weights, with another question: its map should be the logarithm of
the mean square error in each square of 8 × 8 pixels, of an image that total variation has deblurred with a right or a wrong
kernel. That asks for every square, where "blurred or clear" asks once for the whole image, so that some hundred cases
are enough. What counts is which of a case's restorations is the best: errors are compared within the case.
"""

from __future__ import annotations

import csv
import math
import os
import time
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from pydeblur.errors import InvalidInputError
from pydeblur.judge import ANSWERS, MARGIN, RANGE
from pydeblur.priors.classifier.architecture import ARCHITECTURES
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.training.loop import read_checkpoint
from pydeblur.training.network import Classifier
from pydeblur.training.restorations import CELL, CELLS, Restorations

LOG_COLUMNS = ("step", "learning_rate", "loss", "regret", "first", "seconds")
#: Squares along a crop, and kernels of a case that are compared at a time.
_CROP, _COMPARED = 16, 7
_LEARNING_RATE, _WARM_UP, _AVERAGE, _LARGEST_GRADIENT = 6e-4, 100, 0.998, 1.0
#: Smaller mean squares are no worse than this.
_FLOOR = 1e-5
#: Weights of the errors as such, beside their differences within the case, and of the choice; how sharply it is made.
_ABSOLUTE, _CHOICE, _SHARPNESS = 0.2, 0.5, 4.0
#: The last layer starts near the logarithm of a usual error.
_START_SCALE, _START_BIAS = 0.05, -6.0
_WORST_RATIO = 20.0


def train_judge(
    training, validation, out, *, init_from="classifier-compact", steps=20_000, save_every=1000, seed=0, resume=False, progress=True
):
    """Train a network to tell which of several restorations is the best.

    Parameters
    ----------
    training, validation : sequence of path
        Cases, as :func:`pydeblur.training.restorations.make_restorations` writes them. They are held in memory, 2 MB each.
    out : path
        Folder of the run: ``last.pt``, ``log.csv``.
    init_from : str or path
        Classifier to start from, or a judge to go on with, as :func:`pydeblur.load_prior` takes its weights; its architecture
        is kept. Of a judge the result is half-way between what it was and what training makes of it, which is better than either
        (docs/prior-study.md).
    steps : int
        Batches, of one case each.
    save_every : int
        Steps from one checkpoint and validation to the next.
    seed : int
    resume : bool
        Go on from ``out/last.pt``, to the same result as without the interruption.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The checkpoint, which ``pydeblur export`` takes.

    Raises
    ------
    InvalidInputError
        If there are no cases, or the run in `out` is another one.
    FileFormatError
        If a case or a checkpoint can't be read.
    """
    if not training or not validation:
        raise InvalidInputError("training and validation should be cases, but one of them has none.")
    torch.set_flush_denormal(True)
    try:
        run = _Run(Path(out), read_weights(init_from), steps, seed)
        run.training |= {"cases": len(training), "validation_cases": len(validation)}
        if resume:
            run.restore()
        run.loop([_Case(path) for path in training], validation, save_every, progress)
        return run.out / "last.pt"
    finally:
        torch.set_flush_denormal(False)


class _Case:
    """What training sees of :class:`Restorations`."""

    def __init__(self, path):
        case = Restorations.load(path)
        self.images, self.errors = torch.from_numpy(case.images), torch.from_numpy(case.errors)

    def sample(self, rng):
        """Images (n, 1, c, c) of some kernels, and their errors (n, c / 8, c / 8), at a random place, turned and re-exposed."""
        chosen = torch.from_numpy(np.sort(rng.permutation(len(self.images))[:_COMPARED]))
        top, left = (int(corner) for corner in rng.integers(2, CELLS - _CROP - 1, 2))
        errors = self.errors[chosen, top : top + _CROP, left : left + _CROP]
        pixels = [slice(CELL * corner, CELL * (corner + _CROP)) for corner in (top, left)]
        images = self.images[chosen, pixels[0], pixels[1]].float().clamp(*RANGE)
        contrast = float(rng.uniform(0.5, 1))
        if rng.random() < 0.3:
            images = 1 - images
        images, errors = contrast * images + float(rng.uniform(0, 1 - contrast)), contrast**2 * errors
        for axis in (1, 2):
            if rng.random() < 0.5:
                images, errors = images.flip(axis), errors.flip(axis)
        if rng.random() < 0.5:
            images, errors = images.transpose(1, 2), errors.transpose(1, 2)
        return images[:, None].contiguous(), errors


class _Run:
    """One run's state: what a checkpoint holds, and how it advances."""

    def __init__(self, out, weights, steps, seed):
        self.out, self.steps, self.seed = out, steps, seed
        architecture = ARCHITECTURES.get(weights.architecture.name, weights.architecture)
        self.network, self.average = Classifier(architecture), Classifier(architecture)
        start = {name: torch.from_numpy(value.copy()) for name, value in weights.parameters.items()}
        self._former = start if weights.metadata.get("answers") == ANSWERS else None
        # A judge's own weights are gone on with as they are.
        if self._former is None:
            last = f"conv{len(architecture.channels) + 1}"
            start[f"{last}.weight"] *= _START_SCALE
            start[f"{last}.bias"][:] = _START_BIAS
        for network in (self.network, self.average):
            network.load_state_dict(start)
        #: What is published: the average over the steps or, of a judge that was gone on with, half-way from that to it.
        self.published = Classifier(architecture)
        self.optimizer = torch.optim.Adam(self.network.parameters(), _LEARNING_RATE)
        self.step, self.seconds = 0, 0.0
        self.training = {"recipe": "judge", "answers": ANSWERS, "seed": seed, "steps": steps, "started_from": weights.sha256}

    def restore(self):
        checkpoint = read_checkpoint(self.out / "last.pt")
        if any(checkpoint["training"].get(name) != value for name, value in self.training.items()):
            raise InvalidInputError(f"steps, seed, cases and weights should be those of the run in '{self.out}' to resume it.")
        self.network.load_state_dict(checkpoint["raw_state_dict"])
        self.average.load_state_dict(checkpoint["average_state_dict"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.step, self.seconds = checkpoint["position"]["step"], checkpoint["position"]["seconds"]
        self.training = checkpoint["training"]
        rows = [row for row in _rows(self.out / "log.csv") if row and int(row[0]) <= self.step]
        _write(self.out / "log.csv", rows)

    def loop(self, cases, validation, save_every, show):
        self.out.mkdir(parents=True, exist_ok=True)
        if self.step == 0:
            _write(self.out / "log.csv", [])
        losses, started = [], time.monotonic() - self.seconds
        for self.step in tqdm(range(self.step + 1, self.steps + 1), initial=self.step, total=self.steps, disable=not show):
            # A step's own: resuming needs no state. Every case comes up once in each round.
            round_, place = divmod(self.step - 1, len(cases))
            order = np.random.default_rng((self.seed, round_)).permutation(len(cases))
            losses.append(self.update(cases[order[place]], np.random.default_rng((self.seed, round_, place))))
            if self.step % save_every == 0 or self.step == self.steps:
                self.seconds = time.monotonic() - started
                self.publish()
                self.save(np.mean(losses), regret(self.published, validation))
                losses = []

    def update(self, case, rng):
        """One step of the optimiser: its loss."""
        rate = _LEARNING_RATE * min(1, self.step / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * self.step / self.steps)) + 1e-6
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        images, errors = case.sample(rng)
        loss = judge_loss(self.network.activation_map(images)[:, 0], errors)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        decay = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, value in zip(self.average.parameters(), self.network.parameters()):
                kept.lerp_(value, 1 - decay)
        return loss.item()

    def publish(self):
        """Set :attr:`published`."""
        state = self.average.state_dict()
        if self._former is not None:
            state = {name: 0.5 * (value + self._former[name]) for name, value in state.items()}
        self.published.load_state_dict(state)

    def save(self, loss, regrets):
        """Checkpoint, under a temporary name first, and a line of the log."""
        self.training |= {
            "validation": {"regret": regrets[0], "regret_of_the_first": regrets[1]},
            "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        }
        checkpoint = {
            "architecture": asdict(self.network.architecture),
            "state_dict": self.published.state_dict(),
            "average_state_dict": self.average.state_dict(),
            "raw_state_dict": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "position": {"step": self.step, "seconds": self.seconds},
            "training": self.training,
        }
        torch.save(checkpoint, self.out / "last.pt.tmp")
        os.replace(self.out / "last.pt.tmp", self.out / "last.pt")
        rate = self.optimizer.param_groups[0]["lr"]
        row = [f"{value:.6g}" for value in (rate, loss, *regrets, self.seconds)]
        _write(self.out / "log.csv", [*_rows(self.out / "log.csv"), [str(self.step), *row]])


def judge_loss(maps, errors):
    """Loss of one case.

    Parameters
    ----------
    maps : (n, h, w) tensor
        The network's, for n kernels.
    errors : (n, h, w) tensor
        Mean squares; squares where one is NaN do not count.

    Returns
    -------
    () tensor
        How far the logarithms are off, compared within the case and as such, and what is lost if a kernel is drawn with
        the probability softmax(-4 log of the mean predicted error).
    """
    known = ~torch.isnan(errors).any(0)
    wanted, found = torch.log(errors[:, known] + _FLOOR), maps[:, known]
    within = functional.smooth_l1_loss(found - found.mean(0), wanted - wanted.mean(0))
    absolute = functional.smooth_l1_loss(found, wanted)
    total = torch.logsumexp(wanted, 1)
    share = torch.softmax(-_SHARPNESS * torch.logsumexp(found.clamp(max=3), 1), 0)
    return within + _ABSOLUTE * absolute + _CHOICE * (share * (total - total.min())).sum()


@torch.no_grad()
def regret(network, paths):
    """What the choice of a network costs: the mean log error ratio above that of the best candidate.

    Parameters
    ----------
    network : Classifier
    paths : sequence of path
        Cases; ratios above 20 count as 20.

    Returns
    -------
    chosen, first : float
        Of the network's choice, and of the preset's first candidate.
    """
    lost = []
    for path in paths:
        case = Restorations.load(path)
        images = torch.from_numpy(case.images[case.is_candidate]).float().clamp(*RANGE)[:, None]
        maps = network.activation_map(images)[:, 0, MARGIN:-MARGIN, MARGIN:-MARGIN]
        ratios = np.log(np.minimum(case.ratios[case.is_candidate], _WORST_RATIO))
        lost.append([ratios[int(maps.mean((1, 2)).argmin())] - ratios.min(), ratios[0] - ratios.min()])
    return tuple(float(mean) for mean in np.mean(lost, axis=0))


def _rows(path):
    """Of a log, without its head."""
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def _write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([LOG_COLUMNS, *rows])
