"""What the trainings of networks share beside the run's folder: PyTorch's checkpoints, its settings, the weights' average."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from pydeblur.files import write_bytes
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.run import not_a_checkpoint, plain_values, require_keys, today

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
            return torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise not_a_checkpoint(path, error) from error
        except Exception as error:  # torch raises whatever unpickling does
            raise not_a_checkpoint(path, "PyTorch can't read it") from error


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
    try:
        fields = checkpoint["architecture"]
        architecture = Architecture(str(fields["name"]), tuple(fields["channels"]), tuple(fields["pool_after"]))
        state, training = dict(checkpoint["state_dict"]), dict(checkpoint["training"])
    except (KeyError, TypeError, ValueError) as error:
        raise not_a_checkpoint(path, f"its architecture, weights or training are incomplete ({error})") from error
    if not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise not_a_checkpoint(path, "its weights are no tensors")
    return NetworkCheckpoint(architecture, state, training)


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
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise not_a_checkpoint(path, "its weights are not those of its architecture") from error
    return network.eval(), training


class MovingAverage:
    """The exponential moving average of a network's weights over the steps.

    Parameters
    ----------
    network : TrainableNetwork
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

    def __init__(self, network: TrainableNetwork, decay: float):
        self.decay = decay
        self.state = {name: value.clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: TrainableNetwork, step: int) -> None:
        """Take in the weights after a step, the first of which is 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            self.state[name].lerp_(value, 1 - decay)

    def load(self, state: dict) -> None:
        """Go on from an average that a checkpoint has held."""
        for name, value in state.items():
            self.state[name].copy_(value)


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
