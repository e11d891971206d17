"""What the trainings of networks share beside the run's folder: PyTorch's checkpoints, its settings, the weights' average."""

from __future__ import annotations

import io
import math
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import write_bytes
from pydeblur.files.zip_archive import read_archive
from pydeblur.options import is_integer
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.run import TrainingRun, is_plain, not_a_checkpoint, plain_values, require_keys, today
from pydeblur.training.torch_archive import read_tensors

#: Longer names are none of an architecture's.
_LONGEST_NAME = 100

#: The smallest subnormal number.
_SUBNORMAL = np.float64(5e-324)


class TorchCheckpoints:
    """Checkpoints of tensors, and of plain values, as .pt files: a :class:`~pydeblur.training.run.CheckpointFormat`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     TorchCheckpoints().write(Path(folder) / "last.pt", {"weights": torch.ones(2), "seed": 1})
    ...     TorchCheckpoints().read(Path(folder) / "last.pt")
    {'weights': tensor([1., 1.]), 'seed': 1}
    """

    suffix = ".pt"

    def write(self, path, checkpoint: dict) -> None:
        """Write a checkpoint: whole or not at all."""
        stream = io.BytesIO()
        torch.save(checkpoint, stream)
        write_bytes(path, stream.getbuffer())

    def read(self, path) -> dict:
        """Read a checkpoint to the CPU; FileFormatError if the file is missing or is none."""
        try:
            members = read_archive(path)
        except FileFormatError as error:
            raise not_a_checkpoint(path, error) from error
        try:
            return read_tensors(members)
        except ValueError as error:
            raise not_a_checkpoint(path, error) from error


class NetworkCheckpoint(NamedTuple):
    """What the checkpoints of all networks hold: the architecture, the weights by name, and how they were trained."""

    architecture: Architecture
    state: dict[str, torch.Tensor]
    training: dict


def network_checkpoint(network: TrainableNetwork, state: dict, training: dict) -> dict:
    """A checkpoint's part from which :func:`read_network_checkpoint` reads.

    Parameters
    ----------
    network : TrainableNetwork
    state : dict of str to tensor
        The weights that are to be used, which may be an average.
    training : dict
        How they were trained; today's date is added.

    Examples
    --------
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> sorted(network_checkpoint(network, network.state_dict(), {"seed": 0}))
    ['architecture', 'state_dict', 'training']
    """
    training = plain_values(training | {"date": today()})
    return {"architecture": plain_values(network.architecture), "state_dict": state, "training": training}


def read_network_checkpoint(path) -> NetworkCheckpoint:
    """Read a network from a checkpoint of ``pydeblur train`` or ``pydeblur train-ranking``.

    Parameters
    ----------
    path : path

    Returns
    -------
    NetworkCheckpoint
        On the CPU.

    Raises
    ------
    FileFormatError
        If the file is missing or is no such checkpoint.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> with TemporaryDirectory() as folder:
    ...     TorchCheckpoints().write(f"{folder}/best.pt", network_checkpoint(network, network.state_dict(), {"seed": 3}))
    ...     read_network_checkpoint(f"{folder}/best.pt").training["seed"]
    3
    """
    checkpoint = TorchCheckpoints().read(path)
    require_keys(path, checkpoint, ("architecture", "state_dict", "training"))
    architecture, training = _architecture(path, checkpoint["architecture"]), checkpoint["training"]
    if not (isinstance(training, dict) and is_plain(training)):
        raise not_a_checkpoint(path, "its training should be described by plain values")
    shapes = {name: torch.Size(shape) for name, shape in architecture.parameter_shapes().items()}
    require_tensors(path, checkpoint["state_dict"], shapes)
    return NetworkCheckpoint(architecture, checkpoint["state_dict"], training)


def _architecture(path, fields) -> Architecture:
    """The architecture of a checkpoint, whose size is checked before anything is made of it."""
    require_keys(path, fields, ("name", "channels", "pool_after"))
    name, channels, pool_after = fields["name"], fields["channels"], fields["pool_after"]
    if not (isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME):
        raise not_a_checkpoint(path, "the name of its architecture should be a short text")
    if not (isinstance(channels, list) and channels and all(is_integer(each) and each >= 1 for each in channels)):
        raise not_a_checkpoint(path, "its channels should be whole numbers of at least 1")
    places = range(len(channels))
    if not (isinstance(pool_after, list) and all(is_integer(each) and each in places for each in pool_after)):
        raise not_a_checkpoint(path, "its poolings should be numbers of its convolutions")
    if len(set(pool_after)) < len(pool_after):
        raise not_a_checkpoint(path, "its poolings should be different")
    # Checkpoints of networks with one input need not say so.
    inputs = fields.get("inputs", 1)
    if not (is_integer(inputs) and inputs >= 1):
        raise not_a_checkpoint(path, "its inputs should be a whole number of at least 1")
    architecture = Architecture(name, tuple(channels), tuple(pool_after), inputs)
    try:
        architecture.check_size()
    except InvalidInputError as error:
        raise not_a_checkpoint(path, error) from error
    return architecture


def require_tensors(path, state, shapes: dict[str, torch.Size]) -> None:
    """Check the weights of a checkpoint before they are used.

    Parameters
    ----------
    path : path
        Of the checkpoint.
    state : object
        What should be a dict of tensors.
    shapes : dict of str to torch.Size

    Raises
    ------
    FileFormatError
        If the tensors' names or shapes are others, or their values are not floating and finite.

    Examples
    --------
    >>> require_tensors("last.pt", {"conv1.bias": torch.zeros(4)}, {"conv1.bias": torch.Size([4])})
    """
    if not (isinstance(state, dict) and state.keys() == shapes.keys()):
        raise not_a_checkpoint(path, "its weights are not those of its architecture")
    for name, shape in shapes.items():
        _require_tensor(path, name, state[name], shape)


def _require_tensor(path, name: str, value, shape: torch.Size) -> None:
    if not (isinstance(value, torch.Tensor) and value.is_floating_point() and value.shape == shape):
        raise not_a_checkpoint(path, f"{name} should be a floating tensor of the shape {tuple(shape)}")
    if not torch.isfinite(value).all():
        raise not_a_checkpoint(path, f"{name} should be finite; did the training diverge?")


def load_optimizer(path, optimizer: torch.optim.Optimizer, state) -> None:
    """Give an optimiser the state that a checkpoint holds.

    Parameters
    ----------
    path : path
        Of the checkpoint.
    optimizer : torch.optim.Optimizer
        Of the network that is trained on.
    state : object
        What should be of such an optimiser's ``state_dict()``. Its values are used; the settings, such as the learning
        rate, stay the given optimiser's.

    Raises
    ------
    FileFormatError
        If it is not of such an optimiser for such a network, or its values are out of range.

    Examples
    --------
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> optimizer = torch.optim.Adam(network.parameters())
    >>> load_optimizer("last.pt", optimizer, optimizer.state_dict())
    """
    require_keys(path, state, ("state", "param_groups"))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    values, groups = state["state"], optimizer.state_dict()["param_groups"]
    if not (
        isinstance(values, dict) and _numbers_of_parameters(state["param_groups"]) == _numbers_of_parameters(groups)
    ):
        raise not_a_checkpoint(path, "its optimiser is that of another network")
    # Before the first step there are no values at all.
    if values and values.keys() != set(range(len(parameters))):
        raise not_a_checkpoint(path, "its optimiser is that of another network")
    is_adam = isinstance(optimizer, (torch.optim.Adam, torch.optim.AdamW))
    names = {"exp_avg", "exp_avg_sq", "step"} if is_adam else {"momentum_buffer"}
    for number, of_one in values.items():
        if not (isinstance(of_one, dict) and of_one.keys() == names):
            raise not_a_checkpoint(path, f"its optimiser should hold {', '.join(sorted(names))} of each parameter")
        for name, value in of_one.items():
            _require_tensor(path, name, value, torch.Size() if name == "step" else parameters[number].shape)
        if is_adam and (of_one["step"] < 1 or (of_one["exp_avg_sq"] < 0).any()):
            raise not_a_checkpoint(
                path, "its optimiser should have a step of at least 1, and mean squares of at least 0"
            )
    # The settings are the run's, which have to be the same.
    optimizer.load_state_dict({"state": values, "param_groups": groups})


def _numbers_of_parameters(groups) -> list:
    """The numbers of the parameters in each group of an optimiser's state, as a file may say them."""
    return (
        [group.get("params") if isinstance(group, dict) else None for group in groups]
        if isinstance(groups, list)
        else []
    )


def load_network(path) -> tuple[TrainableNetwork, dict]:
    """The network of a checkpoint.

    Parameters
    ----------
    path : path

    Returns
    -------
    network : TrainableNetwork
        In evaluation mode, on the CPU.
    training : dict
        How it was trained.

    Raises
    ------
    FileFormatError
        If the file is missing or is no checkpoint of a network.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> with TemporaryDirectory() as folder:
    ...     TorchCheckpoints().write(f"{folder}/best.pt", network_checkpoint(network, network.state_dict(), {"seed": 3}))
    ...     load_network(f"{folder}/best.pt")[0].architecture.name
    'small'
    """
    architecture, state, training = read_network_checkpoint(path)
    network = TrainableNetwork(architecture)
    network.load_state_dict(state)
    return network.eval(), training


class MovingAverage:
    """The exponential moving average of a network's weights over the steps.

    Parameters
    ----------
    network : torch.nn.Module
        Its weights are where the average starts.
    decay : float
        In [0, 1). It is less at the first steps, (1 + step) / (10 + step), lest the start count for long; 0 is no average.

    Attributes
    ----------
    state : dict of str to tensor
        The average, named as in the network's ``state_dict()``.

    Examples
    --------
    >>> network = TrainableNetwork(Architecture("small", (4, 4), (0,)))
    >>> average = MovingAverage(network, 0.0)
    >>> _ = torch.nn.init.ones_(network.conv3.bias)
    >>> average.update(network, step=1)
    >>> average.state["conv3.bias"]
    tensor([1.])
    """

    def __init__(self, network: torch.nn.Module, decay: float):
        self.decay = decay
        self.state = {name: value.clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: torch.nn.Module, step: int) -> None:
        """Take in the weights after a step, the first of which is 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            self.state[name].lerp_(value, 1 - decay)

    def load(self, state: dict) -> None:
        """Go on from an average that a checkpoint has held."""
        for name, value in state.items():
            self.state[name].copy_(value)


def warmed_up_cosine(largest: float, step: int, steps: int, warm_up: int) -> float:
    """The learning rate at a step: the largest one times a linear warm-up times half a cosine.

    Examples
    --------
    >>> [round(warmed_up_cosine(2.0, step, 1000, 10), 3) for step in (5, 500, 1000)]
    [1.0, 1.0, 0.0]
    """
    return largest * min(1, step / warm_up) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


def resume_networks(
    run: TrainingRun, network: torch.nn.Module, average: MovingAverage, optimizer: torch.optim.Optimizer, averaged: str
) -> int:
    """Load the last checkpoint of a run into what it is made of.

    Parameters
    ----------
    run : TrainingRun
        Its checkpoints hold "raw_state_dict", "optimizer" and the average.
    network : Module
    average : MovingAverage
        Of the network's weights.
    optimizer : Optimizer
    averaged : str
        What checkpoints call the average.

    Returns
    -------
    int
        The step of the checkpoint.

    Raises
    ------
    FileFormatError
        If there is no checkpoint, or it is not one of this run.
    """
    state = run.resume((averaged, "raw_state_dict", "optimizer"))
    path, shapes = run.last, {name: value.shape for name, value in network.state_dict().items()}
    for name in ("raw_state_dict", averaged):
        require_tensors(path, state[name], shapes)
    load_optimizer(path, optimizer, state["optimizer"])
    network.load_state_dict(state["raw_state_dict"])
    average.load(state[averaged])
    return run.step


@contextmanager
def training_settings(threads: int | None = None):
    """PyTorch's settings for the length of a training; what they were is put back.

    Subnormal numbers are flushed to zero, since those from vanishing activations and from Adam's moments make the arithmetic
    of CPUs many times slower.

    Parameters
    ----------
    threads : int, optional
        PyTorch's threads; None leaves them as they are.

    Examples
    --------
    >>> with training_settings(threads=1):
    ...     float(np.float64(5e-324) * 1.0)
    0.0
    """
    threads_before, flushed_before = torch.get_num_threads(), bool(_SUBNORMAL * 1.0 == 0)
    if threads is not None:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads_before)
        torch.set_flush_denormal(flushed_before)
