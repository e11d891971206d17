"""Training of the network that ranks kernels: how wrong is an image that was restored with one of them?

The network has the classifier's architecture and starts from the classifier's weights, with another question: its map should be
the logarithm of the mean square error in each square of 8 × 8 pixels, of an image that total variation has deblurred with a
right or a wrong kernel. That asks for every square, where "blurred or clear" asks once for the whole image, so that some hundred
cases are enough. What counts is which of a case's restorations is the best: errors are compared within the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from pydeblur.errors import InvalidInputError
from pydeblur.estimators.ranking import ANSWERS
from pydeblur.priors.classifier.weights_file import ClassifierWeights, read_weights
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.ranking.cases import CELL, TRUE, RankingCase
from pydeblur.training.ranking.loss import ranking_loss, regret
from pydeblur.training.ranking.options import RankingTrainingOptions
from pydeblur.training.run import TrainingRun
from pydeblur.training.torch_run import (
    MovingAverage,
    TorchCheckpoints,
    network_checkpoint,
    resume_networks,
    training_settings,
    warmed_up_cosine,
)

LOG_COLUMNS = ("step", "learning_rate", "loss", "regret", "first")
#: Squares along a crop, squares along the border that it leaves out, and kernels of a case that are compared at a time.
_CROP, _BORDER, _COMPARED = 16, 2, 8
#: How often the true kernel is one of them.
_TRUE_SHARE = 0.85
#: Shares of the crops that are inverted, flipped along an axis, and transposed; the least contrast that they are reduced to.
_INVERTED, _FLIPPED, _TRANSPOSED, _LEAST_CONTRAST = 0.3, 0.5, 0.5, 0.5
_LEARNING_RATE, _LEAST_RATE, _WARM_UP, _AVERAGE, _LARGEST_GRADIENT = 6e-4, 1e-6, 100, 0.998, 1.0
#: The last layer starts near the logarithm of a usual error.
_START_SCALE, _START_BIAS = 0.05, -6.0


def train_ranking(
    training: Sequence[Path],
    validation: Sequence[Path],
    out,
    options: RankingTrainingOptions = RankingTrainingOptions(),
    *,
    init_from="classifier-compact",
    resume: bool = False,
    progress: bool = True,
) -> Path:
    """Train a network to tell which of several restorations is the best.

    Parameters
    ----------
    training, validation : sequence of path
        Cases, as :func:`pydeblur.training.ranking.cases.make_ranking_cases` writes them. Those to train on are held in memory,
        some 10 MB each at most.
    out : path
        Folder of the run: ``last.pt``, ``log.csv``.
    options : RankingTrainingOptions
    init_from : str or path
        Classifier to start from, or ranking network to train on, as :func:`pydeblur.load_prior` takes its weights; its
        architecture is kept, but for the planes that it is shown. Of a ranking network that was shown as many the result is
        half-way between what it was and what training makes of it, which is better than either (docs/studies/choosing_kernels).
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
        If there are no cases.
    InvalidOptionError
        If the run in `out` that is to be resumed had other options, weights or numbers of cases.
    FileFormatError
        If a case, the weights or a checkpoint can't be read.

    Examples
    --------
    The cases and the training take hours:

    >>> from pydeblur.training import make_ranking_cases  # doctest: +SKIP
    >>> training = make_ranking_cases("photographs", "run/train", 1000)  # doctest: +SKIP
    >>> validation = make_ranking_cases("photographs", "run/validation", 80, "validation")  # doctest: +SKIP
    >>> last = train_ranking(training, validation, "run")  # doctest: +SKIP
    """
    if not training or not validation:
        raise InvalidInputError("training and validation should be cases, but one of them has none")
    with training_settings():
        counts = {"cases": len(training), "validation_cases": len(validation)}
        state = _Training(read_weights(init_from), options, out, counts)
        if resume:
            state.resume()
        else:
            state.run.start()
        inputs = state.network.architecture.inputs
        state.loop([_CroppedCase(path, inputs) for path in training], validation, progress)
        return state.run.last


class _CroppedCase:
    """What training sees of a :class:`RankingCase`."""

    def __init__(self, path: Path, inputs: int = 1):
        case = RankingCase.load(path)
        # Half precision: all cases lie in memory.
        self.planes = torch.from_numpy(case.planes(inputs)).half()
        self.errors, self.true = torch.from_numpy(case.errors), case.runs.index(TRUE)

    def sample(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """What is shown (n, inputs, c, c) of some kernels, and the errors (n, c / 8, c / 8).

        At a random place, turned and re-exposed.
        """
        chosen = self._compared(rng)
        cells = self.errors.shape[1]
        crop = min(_CROP, cells)
        border = min(_BORDER, (cells - crop) // 2)
        top, left = (int(corner) for corner in rng.integers(border, cells - crop - border + 1, 2))
        errors = self.errors[chosen, top : top + crop, left : left + crop]
        rows, columns = (slice(CELL * corner, CELL * (corner + crop)) for corner in (top, left))
        planes = self.planes[chosen, :, rows, columns].float()
        contrast = float(rng.uniform(_LEAST_CONTRAST, 1))
        if rng.random() < _INVERTED:
            planes = -planes
            planes[:, 0] += 1
        planes, errors = contrast * planes, contrast**2 * errors
        planes[:, 0] += float(rng.uniform(0, 1 - contrast))
        for axis in (1, 2):
            if rng.random() < _FLIPPED:
                planes, errors = planes.flip(axis + 1), errors.flip(axis)
        if rng.random() < _TRANSPOSED:
            planes, errors = planes.transpose(2, 3), errors.transpose(1, 2)
        return planes.contiguous(), errors

    def _compared(self, rng: np.random.Generator) -> torch.Tensor:
        """Which kernels are compared: most often the true one and some others."""
        others = rng.permutation([number for number in range(len(self.planes)) if number != self.true])
        first = [self.true] if rng.random() < _TRUE_SHARE else []
        return torch.from_numpy(np.sort([*first, *others[: _COMPARED - 1]]).astype(np.int64))


def _with_inputs(weight: torch.Tensor, inputs: int) -> torch.Tensor:
    """Weights of a first convolution that takes so many planes, and looks at none of those that are new."""
    missing = inputs - weight.shape[1]
    return torch.nn.functional.pad(weight, (0, 0, 0, 0, 0, missing))


class _Training:
    """One run's state: what a checkpoint holds, and how it advances."""

    def __init__(self, weights: ClassifierWeights, options: RankingTrainingOptions, out, counts: dict[str, int]):
        self.options = options
        architecture = replace(weights.architecture, inputs=max(options.inputs, weights.architecture.inputs))
        self.network, self.published = TrainableNetwork(architecture), TrainableNetwork(architecture)
        start = {name: torch.from_numpy(value.copy()) for name, value in weights.parameters.items()}
        is_ranking = weights.metadata.get("answers") == ANSWERS
        self._former = start if is_ranking and architecture == weights.architecture else None
        start["conv1.weight"] = _with_inputs(start["conv1.weight"], architecture.inputs)
        # A ranking network is trained on from its weights as they are.
        if not is_ranking:
            last = f"conv{len(architecture.channels) + 1}"
            start[f"{last}.weight"] *= _START_SCALE
            start[f"{last}.bias"][:] = _START_BIAS
        self.network.load_state_dict(start)
        self.average = MovingAverage(self.network, _AVERAGE)
        self.optimizer = torch.optim.Adam(self.network.parameters(), _LEARNING_RATE)
        self.step = 0
        settings = {"recipe": "ranking", "answers": ANSWERS, "seed": options.seed, "steps": options.steps}
        settings |= {"shown": options.shown}
        settings |= {"started_from": weights.sha256, **counts}
        self.run = TrainingRun(out, settings, LOG_COLUMNS, TorchCheckpoints())

    def resume(self) -> None:
        """Go on from the last checkpoint."""
        self.step = resume_networks(self.run, self.network, self.average, self.optimizer, "average_state_dict")

    def loop(self, cases: Sequence[_CroppedCase], validation: Sequence[Path], show: bool) -> None:
        """Go on to the end, with a checkpoint after each validation."""
        seed, steps, losses = self.options.seed, self.options.steps, []
        for step in tqdm(range(self.step + 1, steps + 1), initial=self.step, total=steps, disable=not show):
            self.step = step
            # Each step has a random generator of its own, so that resuming needs no state. Every case comes up once in a round.
            round_, place = divmod(step - 1, len(cases))
            order = np.random.default_rng((seed, round_)).permutation(len(cases))
            rng = np.random.default_rng((seed, round_, 1 + place))
            losses.append(self.update(*cases[order[place]].sample(rng)))
            if step % self.options.save_every == 0 or step == steps:
                self.publish()
                self.save(float(np.mean(losses)), regret(self.published, validation))
                losses = []

    def learning_rate(self) -> float:
        """The learning rate of the step: a linear warm-up times half a cosine."""
        return warmed_up_cosine(_LEARNING_RATE, self.step, self.options.steps, _WARM_UP) + _LEAST_RATE

    def update(self, images: torch.Tensor, errors: torch.Tensor) -> float:
        """One step of the optimiser: its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        loss = ranking_loss(self.network.activation_map(images)[:, 0], errors)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        self.average.update(self.network, self.step)
        return loss.item()

    def publish(self) -> None:
        """Set :attr:`published`: the average over the steps, or, of a network that is trained on, half-way from that to it."""
        state = self.average.state
        if self._former is not None:
            state = {name: 0.5 * (value + self._former[name]) for name, value in state.items()}
        self.published.load_state_dict(state)

    def save(self, loss: float, regrets: tuple[float, float]) -> None:
        """Write a checkpoint, and a line of the log."""
        found = {"regret": regrets[0], "regret_of_the_first": regrets[1]}
        state = {
            **network_checkpoint(self.network, self.published.state_dict(), {**self.run.settings, "validation": found}),
            "average_state_dict": self.average.state,
            "raw_state_dict": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        self.run.save(self.step, state, (self.learning_rate(), loss, *regrets))
