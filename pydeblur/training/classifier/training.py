"""Training of the classifier: batches, optimiser, validation, and the best checkpoint."""

from __future__ import annotations

import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from pydeblur.backend.device import choose_device
from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.synthesis.kernels import random_kernels
from pydeblur.training.classifier.accuracy import evaluate, write_report
from pydeblur.training.classifier.batches import TrainingImages, batches, load_training_images
from pydeblur.training.classifier.log_plot import plot_log
from pydeblur.training.classifier.options import ClassifierTrainingOptions
from pydeblur.training.classifier.random_streams import KERNELS
from pydeblur.training.classifier.recipes import Recipe, adjusted_recipe, recipe_named
from pydeblur.training.classifier.schedule import Schedule
from pydeblur.training.network import TrainableNetwork, initialise, widen
from pydeblur.training.run import TrainingRun, require_keys, require_numbers
from pydeblur.training.torch_run import (
    MovingAverage,
    TorchCheckpoints,
    load_network,
    load_optimizer,
    network_checkpoint,
    read_network_checkpoint,
    require_tensors,
    training_settings,
)

LOG_COLUMNS = (
    "step",
    "progress",
    "learning_rate",
    "loss",
    "accuracy",
    "validation",
    "validation_half",
    "validation_quarter",
)
VALIDATION_SCALES = (1.0, 1 / 2, 1 / 4)
VALIDATION_BINS = ((7, 23), (25, 51))
_BAR_FORMAT = "{l_bar}{bar}| {elapsed} left {remaining}{postfix}"
#: Batches from one line beside the progress bar to the next, and over how many its means go.
_SHOW_EVERY, _SHOWN = 50, 200
_GPU_REMEDY = "it takes an NVIDIA GPU and a PyTorch built for CUDA"


def train_classifier(
    data,
    out,
    recipe: str | Recipe = "cpu",
    options: ClassifierTrainingOptions = ClassifierTrainingOptions(),
    *,
    init_from=None,
    resume: bool = False,
    progress: bool = True,
) -> Path:
    """Train a classifier and report its accuracy on the test split.

    Parameters
    ----------
    data : path or sequence of path
        Folders of sharp images, searched recursively and split by image.
    out : path
        Folder of the run: ``last.pt``, ``best.pt``, ``log.csv``, ``log.png``, ``report.json``, ``report.md``.
    recipe : str or Recipe
        ``"paper"``, ``"cpu"``, ``"robust"``, or a recipe of your own.
    options : ClassifierTrainingOptions
    init_from : path, optional
        Checkpoint to start from; a narrower network is widened without changing its function.
    resume : bool
        Go on from ``out/last.pt``, to the same result as without the interruption: to the last bit on the same machine,
        unless ``options.minutes`` is given. All that decides the result should be as in the interrupted run.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The best checkpoint, which ``pydeblur export`` takes.

    Raises
    ------
    InvalidOptionError
        If the run in `out` that is to be resumed had another recipe, seed or number of images.
    InvalidInputError
        If the recipe or the device is unknown, or a split has no image.
    FileFormatError
        If a checkpoint or an image can't be read.

    Examples
    --------
    The compact network takes about an hour:

    >>> best = train_classifier("photographs", "run", "cpu", ClassifierTrainingOptions(minutes=60))  # doctest: +SKIP
    """
    recipe = adjusted_recipe(recipe_named(recipe) if isinstance(recipe, str) else recipe, options)
    with training_settings(options.threads):
        images = load_training_images(data, recipe)
        training = _Training(recipe, options, out, images, init_from)
        if resume:
            training.resume()
        else:
            training.start(init_from)
        training.loop(progress)
        return training.report()


class _Training:
    """One run's state: what a checkpoint holds, and how it advances."""

    def __init__(self, recipe: Recipe, options: ClassifierTrainingOptions, out, images: TrainingImages, init_from):
        self.recipe, self.options, self.images = recipe, options, images
        self.device = choose_device(options.device, "torch", torch.cuda.is_available(), _GPU_REMEDY)
        self.memory_format = _memory_format(recipe.architecture, self.device)
        self.network = TrainableNetwork(recipe.architecture).to(self.device, memory_format=self.memory_format)
        self.optimizer = _optimizer(recipe, self.network)
        self.average = MovingAverage(self.network, recipe.average)
        self.schedule = Schedule(recipe, options.minutes)
        self.step, self.best, self.validation = 0, -1.0, {}
        settings = {
            "recipe": recipe,
            "images": images.counts,
            "seed": options.seed,
            "minutes": options.minutes,
            "started_from": None if init_from is None else Path(init_from).name,
        }
        self.run = TrainingRun(out, settings, LOG_COLUMNS, TorchCheckpoints())
        self.autocast = options.precision == "bf16" or (options.precision == "auto" and self._bf16_is_faster())

    def start(self, init_from) -> None:
        """Begin with drawn weights, or with a checkpoint's."""
        generator = torch.Generator().manual_seed(self.options.seed)
        if init_from is None:
            initialise(self.network, self.recipe.initialisation, generator)
        else:
            narrow = read_network_checkpoint(init_from)
            wide = self.network.architecture
            self.network.load_state_dict(
                widen(narrow.state, narrow.architecture, wide, self.options.widening_noise, generator)
            )
        self.average = MovingAverage(self.network, self.recipe.average)
        self.run.start()

    def resume(self) -> None:
        """Go on from the last checkpoint."""
        state = self.run.resume(("state_dict", "raw_state_dict", "optimizer", "schedule", "best"))
        path, shapes = self.run.last, {name: value.shape for name, value in self.network.state_dict().items()}
        for name in ("state_dict", "raw_state_dict"):
            require_tensors(path, state[name], shapes)
        require_numbers(path, state, ("best",))
        require_keys(path, state["schedule"], self.schedule.state())
        require_numbers(path, state["schedule"], self.schedule.state())
        load_optimizer(path, self.optimizer, state["optimizer"])
        self.network.load_state_dict(state["raw_state_dict"])
        self.average.load(state["state_dict"])
        self.schedule.load(state["schedule"])
        self.step, self.best = self.run.step, state["best"]

    def loop(self, show: bool) -> None:
        """Go on to the end, with a checkpoint after each validation."""
        recipe, options = self.recipe, self.options
        kernels = random_kernels(recipe.kernels, (KERNELS["train"], options.seed), recipe.kernel_sizes)
        losses, rights = [], []
        with (
            closing(batches(self.images, kernels, recipe, options.seed, self.step)) as coming,
            tqdm(total=100, disable=not show, mininterval=2, bar_format=_BAR_FORMAT) as bar,
        ):
            while not self.schedule.is_finished:
                loss, right = self.update(next(coming))
                losses.append(loss)
                rights.append(right)
                bar.update(100 * min(1, self.schedule.progress) - bar.n)
                if self.step % _SHOW_EVERY == 0:
                    bar.set_postfix(step=self.step, loss=np.mean(losses[-_SHOWN:]), accuracy=np.mean(rights[-_SHOWN:]))
                if self.step % recipe.validation_every == 0 or self.schedule.is_finished:
                    self.validate(float(np.mean(losses)), float(np.mean(rights)))
                    losses, rights = [], []

    def update(self, pairs: np.ndarray) -> tuple[float, float]:
        """One step of the optimiser: loss and accuracy of the batch."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate(self.step)
        loss, right = self._loss(pairs)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.largest_gradient)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.network, self.step)
        self.schedule.advance(self.step, self.run.seconds)
        return loss.item(), right

    def validate(self, loss: float, accuracy: float) -> None:
        """Measure the averaged network, write the checkpoints and the log."""
        network = TrainableNetwork(self.network.architecture).to(self.device)
        network.load_state_dict(self.average.state)
        images = self.images.by_split["validation"]
        shown = images[:: max(1, len(images) // self.options.validation_images)]
        side = self.options.validation_side
        rows = evaluate(network.eval(), shown, "validation", 0, VALIDATION_SCALES, VALIDATION_BINS, largest_side=side)
        values = [row["accuracy"] for row in rows]
        self.validation = {str(row["scale"]): row["accuracy"] for row in rows}
        score = sum(values) / len(values)
        # Of equals the later one: it has seen more, at a smaller learning rate.
        improved, self.best = score >= self.best, max(score, self.best)
        if improved:
            self.run.keep("best", self.step, self._state())
        rate = self.schedule.learning_rate(self.step)
        self.run.save(self.step, self._state(), (self.schedule.progress, rate, loss, accuracy, *values))
        if find_spec("matplotlib"):
            plot_log(self.run.log.path, self.run.folder / "log.png")

    def report(self) -> Path:
        """Test the best checkpoint, and write down what comes of it, in the checkpoint too; its path."""
        path, images = self.run.folder / f"best{TorchCheckpoints.suffix}", self.images.by_split["test"]
        network, _ = load_network(path)
        # The kernels are the same whatever the run's seed, so that runs can be compared.
        results = evaluate(network, images, "test")
        notes = [f"{len(images)} test images, kernels never used in training, noise 0.01, whole images up to 400 px."]
        write_report(self.run.folder / "report", results, f"Accuracy of the {network.architecture.name} network", notes)
        checkpoint = TorchCheckpoints().read(path)
        checkpoint["training"]["test"] = {str(row["scale"]): row["accuracy"] for row in results}
        TorchCheckpoints().write(path, checkpoint)
        return path

    def _state(self) -> dict:
        training = {**self.run.settings, "steps": self.step, "validation": self.validation}
        return {
            **network_checkpoint(self.network, self.average.state, training),
            "raw_state_dict": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state(),
            "best": self.best,
        }

    def _loss(self, pairs: np.ndarray) -> tuple[torch.Tensor, float]:
        """Binary cross entropy (3) of (B/2, 2, c, c) pairs, clear ones first, and the accuracy."""
        x = torch.from_numpy(np.ascontiguousarray(pairs)).to(self.device).flatten(0, 1)[:, None]
        x = x.contiguous(memory_format=self.memory_format)
        label = torch.tensor([0.0, 1.0], device=self.device).repeat(len(pairs))
        with torch.autocast(self.device, torch.bfloat16, enabled=self.autocast):
            logit = self.network(x)
        logit = logit.float()
        right = ((logit > 0) == (label > 0.5)).float().mean().item()
        return torch.nn.functional.binary_cross_entropy_with_logits(logit, label), right

    def _bf16_is_faster(self) -> bool:
        """Time one forward and backward pass in each precision, after one to warm up."""
        pairs = np.random.default_rng(0).uniform(size=(8, 2, 96, 96)).astype(np.float32)
        seconds = {}
        for autocast in (False, True):
            self.autocast = autocast
            for _ in range(2):
                began = time.monotonic()
                loss, _ = self._loss(pairs)
                loss.backward()
                seconds[autocast] = time.monotonic() - began
        self.network.zero_grad(set_to_none=True)
        return seconds[True] < seconds[False]


def _memory_format(architecture: Architecture, device: str) -> torch.memory_format:
    """Layout of images in memory: a fixed rule, since a measured choice would make resumed runs differ in rounding."""
    # On CPUs with AVX2, channels_last trains 16 channels 1.2 times faster, but 64 channels 1.4 times slower.
    wide = architecture.channels[0] >= 32
    return torch.contiguous_format if wide and device == "cpu" else torch.channels_last


def _optimizer(recipe: Recipe, network: TrainableNetwork) -> torch.optim.Optimizer:
    words = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=0.9, **words)
    if recipe.optimizer == "adam":
        return torch.optim.AdamW(network.parameters(), **words)
    raise InvalidInputError(f"optimizer should be 'sgd' or 'adam', but is {recipe.optimizer!r}")
