"""Training of the network that makes the final image of the step "learned" (:mod:`pydeblur.nonblind.learned`).

It is shown an image that was deblurred in several cheap ways, with a right or a wrong kernel, and learns what to add to one
of them (:mod:`pydeblur.nonblind.restoration_inputs`, :mod:`pydeblur.training.restoration.pairs`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.restoration_inputs import INPUTS
from pydeblur.training.restoration.network import ARCHITECTURE, RestorationNetwork
from pydeblur.training.restoration.onnx_file import export_restoration
from pydeblur.training.restoration.options import RestorationTrainingOptions
from pydeblur.training.restoration.pairs import load_pair
from pydeblur.training.run import TrainingRun, today
from pydeblur.training.torch_run import (
    MovingAverage,
    TorchCheckpoints,
    resume_networks,
    training_settings,
    warmed_up_cosine,
)

LOG_COLUMNS = ("step", "learning_rate", "loss", "gain", "gain_of_the_best_input")
#: The file in the run's folder that the final step loads.
WEIGHTS_FILE = "restoration.onnx"
#: Side of the crops.
_CROP = 80
#: Shares of the crops that are flipped along an axis, transposed, and inverted.
_FLIPPED, _TRANSPOSED, _INVERTED = 0.5, 0.5, 0.2
_LEARNING_RATE, _LEAST_RATE, _WARM_UP, _AVERAGE, _LARGEST_GRADIENT = 1e-3, 1e-6, 200, 0.998, 1.0
#: Added to a crop's mean absolute error, on the scale of the network's output, before the logarithm is taken.
_LEAST_ERROR = 0.01
#: Pixels along the border of a validation pair that do not count.
_BORDER = 8
_NOISE, _BASE = INPUTS.index("noise"), INPUTS.index("hyper-laplacian")


def train_restoration(
    training: Sequence[Path],
    validation: Sequence[Path],
    out,
    options: RestorationTrainingOptions = RestorationTrainingOptions(),
    *,
    resume: bool = False,
    progress: bool = True,
) -> Path:
    """Train a network to restore images.

    Parameters
    ----------
    training, validation : sequence of path
        Pairs, as :func:`pydeblur.training.restoration.pairs.make_pairs` writes them.
    out : path
        Folder of the run: ``last.pt``, ``log.csv``, ``restoration.onnx``. The log has the gain over the base, in dB, that the
        network has on the validation pairs, and the one that the best of its inputs has, chosen for each pair.
    options : RestorationTrainingOptions
    resume : bool
        Go on from ``out/last.pt``, with the same steps and pairs to the same result as without the interruption. There may be
        more of both.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The ONNX file. It is written with each checkpoint.

    Raises
    ------
    InvalidInputError
        If there are no pairs, or a pair to train on is too small.
    InvalidOptionError
        If the run in `out` that is to be resumed had another seed, batch, precision or architecture.
    FileFormatError
        If a pair or a checkpoint can't be read.

    Examples
    --------
    >>> from pydeblur.training.restoration.pairs import make_pairs  # doctest: +SKIP
    >>> pairs = [make_pairs("photographs", [], f"run/{split}", 500, split) for split in ("train", "validation")]  # doctest: +SKIP
    >>> weights = train_restoration(*pairs, "run")  # doctest: +SKIP
    """
    if not training or not validation:
        raise InvalidInputError("training and validation should be pairs, but one of them has none")
    with training_settings(options.threads):
        state = _Training(options, out, {"pairs": len(training), "validation_pairs": len(validation)})
        if resume:
            state.resume()
        else:
            state.start()
        state.loop(training, validation, progress)
    return state.run.folder / WEIGHTS_FILE


def crop_of(pair: np.ndarray, rng: np.random.Generator, side: int = _CROP) -> np.ndarray:
    """Cut a random crop out of a pair, and turn, mirror or invert it.

    Inverted, a scene is as likely a scene as before, and its deconvolutions are the same but for their sign.

    Parameters
    ----------
    pair : (C + 1, H, W) ndarray
    rng : numpy.random.Generator
    side : int

    Returns
    -------
    (C + 1, side, side) float32 ndarray

    Raises
    ------
    InvalidInputError
        If the pair is smaller.

    Examples
    --------
    >>> crop_of(np.zeros((11, 96, 96), np.float16), np.random.default_rng(0)).shape
    (11, 80, 80)
    """
    if min(pair.shape[1:]) < side:
        raise InvalidInputError(f"a pair should have at least {side} rows and columns, but has {pair.shape[1:]}")
    rows, columns = (
        slice(first, first + side) for first in (rng.integers(length - side + 1) for length in pair.shape[1:])
    )
    crop = pair[:, rows, columns].astype(np.float32)
    for axis in (1, 2):
        if rng.random() < _FLIPPED:
            crop = np.flip(crop, axis)
    if rng.random() < _TRANSPOSED:
        crop = crop.transpose(0, 2, 1)
    if rng.random() < _INVERTED:
        crop = -crop
        crop[_NOISE] = -crop[_NOISE]
    return np.ascontiguousarray(crop)


def log_error(residual: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The mean over crops of the logarithm of the mean absolute error.

    A gain in dB counts the same on crops that are restored well and on those that are not.

    Parameters
    ----------
    residual, wanted : (N, 1, H, W) tensor

    Returns
    -------
    () tensor

    Examples
    --------
    >>> log_error(torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)).round(decimals=4)
    tensor(0.0100)
    """
    errors = (residual - wanted).abs().mean(dim=(1, 2, 3))
    return torch.log(errors + _LEAST_ERROR).mean()


@torch.no_grad()
def gains(network: RestorationNetwork, pairs: Sequence[Path]) -> tuple[float, float]:
    """Mean gains over the base in dB: of the network, and of the best of its inputs, chosen for each pair.

    Parameters
    ----------
    network : RestorationNetwork
    pairs : sequence of path

    Returns
    -------
    of_network, of_best_input : float
    """
    found = []
    for path in pairs:
        pair = load_pair(path).astype(np.float32)
        rows, columns = (length // ARCHITECTURE.multiple * ARCHITECTURE.multiple for length in pair.shape[1:])
        pair = torch.from_numpy(pair[:, :rows, :columns])
        wanted = pair[-1, _BORDER:-_BORDER, _BORDER:-_BORDER]
        residual = network(pair[None, :-1])[0, 0, _BORDER:-_BORDER, _BORDER:-_BORDER]
        base, error = (wanted**2).mean(), ((residual - wanted) ** 2).mean()
        inputs = [
            ((pair[number, _BORDER:-_BORDER, _BORDER:-_BORDER] - wanted) ** 2).mean()
            for number, name in enumerate(INPUTS)
            if name.startswith(("l2", "tv"))
        ]
        best = min([base, *inputs])
        found.append([10 * math.log10(float(base / max(other, 1e-12))) for other in (error, best)])
    of_network, of_best_input = np.mean(found, axis=0)
    return float(of_network), float(of_best_input)


class _Training:
    """One run's state: what a checkpoint holds, and how it advances."""

    def __init__(self, options: RestorationTrainingOptions, out, counts: dict[str, int]):
        self.options = options
        self.network = RestorationNetwork().to(memory_format=torch.channels_last)
        self.average = MovingAverage(self.network, _AVERAGE)
        self.optimizer = torch.optim.Adam(self.network.parameters(), _LEARNING_RATE)
        self.step = 0
        settings = {
            "recipe": "restoration",
            "widths": ARCHITECTURE.widths,
            "seed": options.seed,
            "batch": options.batch,
            "precision": options.precision,
        }
        self._counts = counts
        self.run = TrainingRun(out, settings, LOG_COLUMNS, TorchCheckpoints())

    def start(self) -> None:
        """Begin with drawn weights."""
        self.network.initialise(torch.Generator().manual_seed(self.options.seed))
        self.average = MovingAverage(self.network, _AVERAGE)
        self.run.start()

    def resume(self) -> None:
        """Go on from the last checkpoint."""
        self.step = resume_networks(self.run, self.network, self.average, self.optimizer, "state_dict")

    def loop(self, pairs: Sequence[Path], validation: Sequence[Path], show: bool) -> None:
        """Go on to the end, with a checkpoint after each validation."""
        steps, losses = self.options.steps, []
        for step in tqdm(range(self.step + 1, steps + 1), initial=self.step, total=steps, disable=not show):
            self.step = step
            # Each step has a random generator of its own, so that resuming needs no state.
            rng = np.random.default_rng((self.options.seed, step))
            chosen = rng.integers(len(pairs), size=self.options.batch)
            losses.append(self.update(np.stack([crop_of(load_pair(pairs[number]), rng) for number in chosen])))
            if step % self.options.save_every == 0 or step == steps:
                self.save(float(np.mean(losses)), validation)
                losses = []

    def learning_rate(self) -> float:
        """The learning rate of the step: a linear warm-up times half a cosine."""
        return warmed_up_cosine(_LEARNING_RATE, self.step, self.options.steps, _WARM_UP) + _LEAST_RATE

    def update(self, crops: np.ndarray) -> float:
        """One step of the optimiser: its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        crops = torch.from_numpy(crops).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bf16"):
            residual = self.network(crops[:, :-1])
        loss = log_error(residual.float(), crops[:, -1:])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        self.average.update(self.network, self.step)
        return loss.item()

    def save(self, loss: float, validation: Sequence[Path]) -> None:
        """Validate the average of the weights; write it as ONNX, a checkpoint, and a line of the log."""
        network = RestorationNetwork()
        network.load_state_dict(self.average.state)
        found = gains(network.eval(), validation)
        training = {
            **self.run.settings,
            **self._counts,
            "steps": self.step,
            "minutes": round(self.run.seconds / 60, 1),
            "validation": {"gain": found[0], "gain_of_the_best_input": found[1]},
            "date": today(),
        }
        state = {
            "state_dict": self.average.state,
            "raw_state_dict": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "training": training,
        }
        parameters = {name: value.numpy() for name, value in network.state_dict().items()}
        export_restoration(parameters, ARCHITECTURE, self.run.folder / WEIGHTS_FILE, training)
        self.run.save(self.step, state, (self.learning_rate(), loss, *found))
