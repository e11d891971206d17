"""The training loop: batches, schedule, checkpoints, exact resume, log."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from importlib.util import find_spec
from itertools import compress, count
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.priors.classifier.architecture import ARCHITECTURES, Architecture
from pydeblur.training.evaluation import evaluate, write_report
from pydeblur.training.images import equal_folder_shares, find_images, load_compact, split_images
from pydeblur.training.kernels import random_kernels
from pydeblur.training.log_plot import plot_log
from pydeblur.training.network import Classifier, initialise, widen
from pydeblur.training.recipes import recipe_named
from pydeblur.training.synthesis import sample_block

# First members of the seeds of training's random streams; evaluation.KERNEL_STREAM holds the others.
KERNELS, BATCHES = 0, 1
BATCHES_AHEAD = 3
LOG_COLUMNS = ("step", "progress", "learning_rate", "loss", "accuracy", "validation", "validation_half",
               "validation_quarter", "seconds")
VALIDATION_SCALES = (1.0, 1 / 2, 1 / 4)
VALIDATION_BINS = ((7, 23), (25, 51))
REPLAN_EVERY = 50
BAR_FORMAT = "{l_bar}{bar}| {elapsed} left {remaining}{postfix}"


def train(
    data,
    recipe,
    out,
    *,
    architecture=None,
    scales=None,
    init_from=None,
    widening_noise=0.05,
    resume=False,
    steps=None,
    minutes=None,
    learning_rate=None,
    validation_every=None,
    seed=0,
    device="cpu",
    threads=None,
    precision="float32",
    validation_images=40,
    validation_side=256,
    stop_at=None,
    progress=True,
):
    """Train a classifier and report its accuracy on the test split.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images, searched recursively and split by image.
    recipe : str or Recipe
        ``"paper"``, ``"cpu"``, or a recipe of your own.
    out : path
        Folder of the run: ``last.pt``, ``best.pt``, ``log.csv``, ``log.png``, ``report.json``, ``report.md``.
    architecture : str, optional
        Instead of the recipe's.
    scales : (float, float), optional
        Range of down-sampling in training, instead of the recipe's; (1, 1) trains the single-scale network of
        Fig. 10(a).
    init_from : path, optional
        Checkpoint to start from; a narrower network is widened without changing its function.
    widening_noise : float
        Relative perturbation of widened weights.
    resume : bool
        Go on from ``out/last.pt``; the result is the same as without the interruption. All other arguments should
        be those of the interrupted run.
    steps : int, optional
        Number of batches, instead of the recipe's.
    minutes : float, optional
        Wall-clock length of the run, instead of a number of batches: the schedule is fitted to it as it goes, by
        the speed measured (so two such runs are not the same).
    learning_rate : float, optional
        Peak learning rate, instead of the recipe's.
    validation_every : int, optional
        Batches between two validations (and checkpoints), instead of the recipe's.
    seed : int
        Seed of everything.
    device : str
        ``"cpu"``, ``"cuda"``...
    threads : int, optional
        PyTorch threads.
    precision : {"float32", "bf16", "auto"}
        bf16 is autocast, only worth it where the processor computes in it; "auto" measures which one is faster.
    validation_images, validation_side : int
        How many validation images are looked at each time, and how much of each.
    stop_at : int, optional
        Stop after that many batches in all, without finishing the schedule, as an interruption would.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        The best checkpoint.

    Raises
    ------
    InvalidInputError
        If an argument or a checkpoint does not fit.
    """
    recipe = recipe_named(recipe) if isinstance(recipe, str) else recipe
    recipe = _adjusted(recipe, architecture, scales, steps, learning_rate, validation_every)
    if threads:
        torch.set_num_threads(threads)
    # Denormals from tiny activations and Adam's moments slow CPU arithmetic many times.
    torch.set_flush_denormal(True)
    try:
        images, shares = _load_splits(data, recipe)
        run = _Run(recipe, Path(out), seed, device, minutes)
        if resume:
            run.restore()
        else:
            run.start(init_from, widening_noise, {split: len(members) for split, members in images.items()})
        run.choose_precision(precision)
        shown = images["validation"][:: max(1, len(images["validation"]) // validation_images)]

        def validate(network):
            return evaluate(
                network, shown, "validation", 0, VALIDATION_SCALES, VALIDATION_BINS, largest_side=validation_side
            )

        run.loop(images["train"], shares, validate, stop_at, progress)
        if run.finished:
            _report(run, images["test"])
        return run.out / "best.pt"
    finally:
        torch.set_flush_denormal(False)


def load_network(path):
    """Read a checkpoint's network.

    Parameters
    ----------
    path : path

    Returns
    -------
    network : Classifier
        In evaluation mode, on the CPU.
    training : dict
        How it was trained.

    Raises
    ------
    FileFormatError
        If the file is missing or no checkpoint.
    """
    checkpoint = read_checkpoint(path)
    network = Classifier(_architecture_of(checkpoint))
    network.load_state_dict(checkpoint["state_dict"])
    return network.eval(), checkpoint["training"]


def read_checkpoint(path):
    """Read a checkpoint file: a dict with at least ``architecture``, ``state_dict`` and ``training``.

    Raises
    ------
    FileFormatError
        If the file is missing or no checkpoint.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever unpickling does
        raise FileFormatError(f"'{path}' should be a checkpoint of pydeblur train: {error}") from error
    if not isinstance(checkpoint, dict) or not {"architecture", "state_dict", "training"} <= set(checkpoint):
        raise FileFormatError(f"'{path}' should be a checkpoint of pydeblur train, but lacks what one holds.")
    return checkpoint


def learning_rate_at(recipe, progress, step):
    """Learning rate of a batch.

    Parameters
    ----------
    recipe : Recipe
    progress : float
        Share of the run that is done, in [0, 1].
    step : int
        Number of batches done.

    Returns
    -------
    float
    """
    if recipe.schedule == "steps":
        return recipe.learning_rate / 5 ** (step // recipe.steps_per_epoch // 50)
    if progress < recipe.warm_up:
        return recipe.learning_rate * (0.05 + 0.95 * progress / recipe.warm_up)
    left = 1 - min(1.0, (progress - recipe.warm_up) / (1 - recipe.warm_up))
    return recipe.learning_rate * 0.5 * (1 - math.cos(math.pi * left))


class _Run:
    """One run's state: what a checkpoint holds, and how it advances."""

    def __init__(self, recipe, out, seed, device, minutes):
        self.recipe, self.out, self.seed, self.device, self.minutes = recipe, out, seed, device, minutes
        architecture = ARCHITECTURES[recipe.architecture]
        self.memory_format = _memory_format(architecture, device)
        self.network = Classifier(architecture).to(device, memory_format=self.memory_format)
        self.optimizer = _optimizer(recipe, self.network)
        self.average = None
        self.step, self.progress, self.rate, self.seconds = 0, 0.0, 1.0 / recipe.steps, 0.0
        self.best, self.training, self.autocast = -1.0, {}, False

    @property
    def finished(self):
        return self.progress >= 1 - 0.5 * self.rate

    def start(self, init_from, widening_noise, images):
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "log.csv").unlink(missing_ok=True)
        generator = torch.Generator().manual_seed(self.seed)
        if init_from is None:
            initialise(self.network, self.recipe.initialisation, generator)
        else:
            narrow = read_checkpoint(init_from)
            state = widen(
                narrow["state_dict"], _architecture_of(narrow), self.network.architecture, widening_noise, generator
            )
            self.network.load_state_dict(state)
        self.training = {
            "recipe": _plain(self.recipe),
            "images": images,
            "seed": self.seed,
            "minutes": self.minutes,
            "started_from": None if init_from is None else Path(init_from).name,
        }
        self._start_average()

    def restore(self):
        checkpoint = read_checkpoint(self.out / "last.pt")
        if checkpoint["training"]["recipe"] != _plain(self.recipe) or checkpoint["training"]["seed"] != self.seed:
            raise InvalidInputError(f"recipe and seed should be those of the run in '{self.out}' to resume it.")
        self.network.load_state_dict(checkpoint["raw_state_dict"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.average = {name: value.to(self.device) for name, value in checkpoint["state_dict"].items()}
        for name in ("step", "progress", "rate", "seconds", "best"):
            setattr(self, name, checkpoint["position"][name])
        self.training = checkpoint["training"]
        _cut_log(self.out / "log.csv", self.step)

    def save(self, name):
        """Write to a temporary name first, so that an interruption never leaves half a checkpoint."""
        self.training |= {"steps": self.step, "date": datetime.now(timezone.utc).strftime("%Y-%m-%d")}
        checkpoint = {
            "architecture": dataclasses.asdict(self.network.architecture),
            "state_dict": self.average,
            "raw_state_dict": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "position": {name: getattr(self, name) for name in ("step", "progress", "rate", "seconds", "best")},
            "training": self.training,
        }
        temporary = self.out / f"{name}.tmp"
        torch.save(checkpoint, temporary)
        os.replace(temporary, self.out / name)

    def choose_precision(self, precision):
        if precision not in ("float32", "bf16", "auto"):
            raise InvalidInputError(f"precision should be 'float32', 'bf16' or 'auto', but is {precision!r}.")
        self.autocast = precision == "bf16" or (precision == "auto" and _bf16_is_faster(self))

    def loop(self, images, shares, validate, stop_at, show):
        kernels = random_kernels(self.recipe.kernels, (KERNELS, self.seed), self.recipe.kernel_sizes)
        bar = tqdm(total=100, disable=not show, mininterval=2, bar_format=BAR_FORMAT)
        losses, rights, clock = [], [], time.monotonic()
        for pairs in _batches(images, shares, kernels, self.recipe, self.seed, self.step):
            if self.finished or (stop_at is not None and self.step >= stop_at):
                break
            loss, right = self.update(pairs)
            losses.append(loss)
            rights.append(right)
            now = time.monotonic()
            self.seconds, clock = self.seconds + now - clock, now
            self.replan()
            bar.update(100 * min(1, self.progress) - bar.n)
            if self.step % REPLAN_EVERY == 0:
                recent = {"loss": np.mean(losses[-200:]), "accuracy": np.mean(rights[-200:])} if losses else {}
                bar.set_postfix(step=self.step, **recent)
            if self.step % self.recipe.validation_every == 0 or self.finished:
                self.checkpoint(validate, np.mean(losses), np.mean(rights))
                losses, rights = [], []
        if not self.finished:
            self.save("last.pt")
        bar.close()

    def update(self, pairs):
        """One step of the optimiser: (loss, accuracy) of the batch."""
        rate = learning_rate_at(self.recipe, self.progress, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, right = _loss(self, pairs)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.largest_gradient)
        self.optimizer.step()
        self.step += 1
        self.progress += self.rate
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)
        return loss.item(), right

    def replan(self):
        """Fit what is left of the schedule to what is left of the time."""
        if self.minutes is None or self.step % REPLAN_EVERY:
            return
        left = max(0.0, 60 * self.minutes - self.seconds) / (self.seconds / self.step)
        self.rate = max(0.0, 1 - self.progress) / max(1.0, left)

    def checkpoint(self, validate, loss, accuracy):
        network = Classifier(self.network.architecture).to(self.device)
        network.load_state_dict(self.average)
        rows = validate(network.eval())
        values = [float(row["accuracy"]) for row in rows]
        self.training["validation"] = {str(row["scale"]): row["accuracy"] for row in rows}
        score = sum(values) / len(values)
        # Of equals the later one: it has seen more, at a smaller learning rate.
        improved, self.best = score >= self.best, max(score, self.best)
        if improved:
            self.save("best.pt")
        self.save("last.pt")
        rate = learning_rate_at(self.recipe, self.progress, self.step)
        _log(self.out / "log.csv", (self.step, round(self.progress, 5), rate, loss, accuracy, *values, self.seconds))
        self.plot()

    def plot(self):
        """Draw the log, where matplotlib is installed."""
        if find_spec("matplotlib"):
            plot_log(self.out / "log.csv", self.out / "log.png")

    def _start_average(self):
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}


def _load_splits(data, recipe):
    """The images of each split, (H, W) uint8, and the shares of the training images.

    Training images that are too small for the recipe's crops are left out.
    """
    paths = split_images(find_images(data))
    images = {split: load_compact(members) for split, members in paths.items()}
    smallest = recipe.crops.largest_side + recipe.kernel_sizes[1]
    large = [min(image.shape) >= smallest for image in images["train"]]
    images["train"] = list(compress(images["train"], large))
    for split, members in images.items():
        if not members:
            raise InvalidInputError(
                f"data should hold images of the {split} split (by the hash of the file name)"
                + (f" with sides of at least {smallest}" if split == "train" else "")
                + ", but none is."
            )
    return images, equal_folder_shares(list(compress(paths["train"], large))) if recipe.equal_folders else None


def _batches(images, shares, kernels, recipe, seed, step):
    """Batches from number `step` on; the next ones are made in a second thread while one is used."""

    def batch(number):
        rng = np.random.default_rng((BATCHES, seed, number))
        side, size, scales = recipe.crops.draw(rng, recipe.synthesis.scales)
        synthesis = dataclasses.replace(recipe.synthesis, scales=scales)
        crops_per_sheet = max(1, math.ceil(size // 2 / recipe.images_per_batch))
        return sample_block(images, kernels, size // 2, side, rng, synthesis, crops_per_sheet, shares)

    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(batch, number) for number in range(step, step + BATCHES_AHEAD))
        for number in count(step + BATCHES_AHEAD):
            yield waiting.popleft().result()
            waiting.append(pool.submit(batch, number))


def _loss(run, pairs):
    """Binary cross entropy (3) of (B/2, 2, c, c) pairs, clear ones first, and the accuracy."""
    x = torch.from_numpy(np.ascontiguousarray(pairs)).to(run.device).flatten(0, 1)[:, None]
    x = x.contiguous(memory_format=run.memory_format)
    label = torch.tensor([0.0, 1.0], device=run.device).repeat(len(pairs))
    with torch.autocast(torch.device(run.device).type, torch.bfloat16, enabled=run.autocast):
        logit = run.network(x)
    logit = logit.float()
    right = ((logit > 0) == (label > 0.5)).float().mean().item()
    return torch.nn.functional.binary_cross_entropy_with_logits(logit, label), right


def _memory_format(architecture, device):
    """Layout of images in memory: a fixed rule, since a measured choice would make resumed runs differ in rounding."""
    # On CPUs with AVX2, channels_last trains 16 channels 1.2 times faster, but 64 channels 1.4 times slower.
    wide = architecture.channels[0] >= 32
    return torch.contiguous_format if wide and torch.device(device).type == "cpu" else torch.channels_last


def _bf16_is_faster(run):
    """Time one forward and backward pass in each precision, after one to warm up."""
    pairs = np.random.default_rng(0).uniform(size=(8, 2, 96, 96)).astype(np.float32)
    seconds = {}
    for autocast in (False, True):
        run.autocast = autocast
        for _ in range(2):
            began = time.monotonic()
            loss, _ = _loss(run, pairs)
            loss.backward()
            seconds[autocast] = time.monotonic() - began
    run.network.zero_grad(set_to_none=True)
    return seconds[True] < seconds[False]


def _optimizer(recipe, network):
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(), lr=recipe.learning_rate, momentum=0.9, weight_decay=recipe.weight_decay
        )
    if recipe.optimizer == "adam":
        return torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    raise InvalidInputError(f"optimizer should be 'sgd' or 'adam', but is {recipe.optimizer!r}.")


def _adjusted(recipe, architecture, scales, steps, learning_rate, validation_every):
    changes = {}
    if architecture is not None:
        if architecture not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise InvalidInputError(f"architecture should be one of {known}, but is {architecture!r}.")
        changes["architecture"] = architecture
    if scales is not None:
        changes["synthesis"] = dataclasses.replace(recipe.synthesis, scales=tuple(scales))
    if steps is not None:
        changes["steps"] = int(steps)
    if learning_rate is not None:
        changes["learning_rate"] = float(learning_rate)
    if validation_every is not None:
        changes["validation_every"] = int(validation_every)
    return dataclasses.replace(recipe, **changes)


def _architecture_of(checkpoint):
    fields = checkpoint["architecture"]
    return Architecture(fields["name"], tuple(fields["channels"]), tuple(fields["pool_after"]))


def _plain(recipe):
    """A recipe as a dict of lists and numbers, which compares equal after a round trip through a file."""

    def plain(value):
        if isinstance(value, dict):
            return {name: plain(member) for name, member in value.items()}
        return [plain(member) for member in value] if isinstance(value, (tuple, list)) else value

    return plain(dataclasses.asdict(recipe))


def _log(path, row):
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(LOG_COLUMNS)
        writer.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in row])


def _cut_log(path, step):
    """Drop rows after a step, which the resumed run will write again."""
    if path.exists():
        head, *rows = path.read_text().splitlines()
        path.write_text("\n".join([head, *(row for row in rows if int(row.split(",")[0]) <= step)]) + "\n")


def _report(run, images):
    network, training = load_network(run.out / "best.pt")
    results = evaluate(network, images, "test")  # the same kernels whatever the run's seed: runs compare
    notes = [f"{len(images)} test images, kernels never used in training, noise 0.01, whole images up to 400 px."]
    write_report(run.out / "report", results, f"Accuracy of the {network.architecture.name} network", notes)
    checkpoint = read_checkpoint(run.out / "best.pt")
    checkpoint["training"]["test"] = {str(row["scale"]): row["accuracy"] for row in results}
    temporary = run.out / "best.pt.tmp"
    torch.save(checkpoint, temporary)
    os.replace(temporary, run.out / "best.pt")
