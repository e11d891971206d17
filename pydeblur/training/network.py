"""The network of Fig. 2 of the paper in PyTorch, to be trained: as the classifier, or to rank kernels."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.architecture import Architecture


class TrainableNetwork(nn.Module):
    """Convolutions, max pooling, and a mean over the last map (docs/algorithm, section 8).

    Parameters
    ----------
    architecture : Architecture
        Widths and pooling. The state dict's keys are exactly its parameter names.

    Examples
    --------
    >>> network = TrainableNetwork(Architecture("small", (4, 4, 6, 8, 8)))
    >>> network(torch.zeros(2, 1, 24, 40)).shape, network.activation_map(torch.zeros(2, 1, 24, 40)).shape
    (torch.Size([2]), torch.Size([2, 1, 3, 5]))
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        widths = (architecture.inputs, *architecture.channels, 1)
        for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            setattr(self, f"conv{number}", nn.Conv2d(inputs, outputs, 3, padding=1))

    def activation_map(self, x: torch.Tensor) -> torch.Tensor:
        """Output of the last convolution (the paper's C9), before the mean.

        Parameters
        ----------
        x : (N, C, H, W) tensor
            With the architecture's C inputs, of a classifier one in [0, 1].

        Returns
        -------
        (N, 1, H // 8, W // 8) tensor
            For three poolings.
        """
        last = len(self.architecture.channels)
        for index in range(last):
            # In place: the gradient needs only the result, and memory traffic is a third of the time on a CPU.
            x = getattr(self, f"conv{index + 1}")(x).relu_()
            if index in self.architecture.pool_after:
                x = nn.functional.max_pool2d(x, 2)
        return getattr(self, f"conv{last + 1}")(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The mean of the last map: of the classifier the logit of being blurred.

        Parameters
        ----------
        x : (N, 1, H, W) tensor in [0, 1]

        Returns
        -------
        (N,) tensor
            Of the classifier positive for blurred; the sigmoid of it is the paper's f.
        """
        return self.activation_map(x).mean(dim=(1, 2, 3))


def initialise(network: TrainableNetwork, method: str, generator: torch.Generator | None = None) -> None:
    """Draw new weights; biases become 0.

    Parameters
    ----------
    network : TrainableNetwork
    method : {"xavier", "he"}
        Xavier (Glorot) is the paper's; He suits ReLU.
    generator : torch.Generator, optional

    Raises
    ------
    InvalidInputError
        If the method is unknown.

    Examples
    --------
    >>> network = TrainableNetwork(Architecture("small", (4, 4, 6, 8, 8)))
    >>> initialise(network, "he", torch.Generator().manual_seed(0))
    >>> bool(network.conv1.weight.any()), bool(network.conv1.bias.any())
    (True, False)
    """
    draw = {"xavier": nn.init.xavier_uniform_, "he": nn.init.kaiming_normal_}.get(method)
    if draw is None:
        raise InvalidInputError(f"initialisation should be 'xavier' or 'he', but is {method!r}.")
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            draw(parameter, generator=generator)


def widen(
    state: dict, narrow: Architecture, wide: Architecture, noise: float = 0.0, generator: torch.Generator | None = None
) -> dict:
    """Grow a trained network to more channels without changing what it computes (Net2WiderNet).

    T. Chen, I. Goodfellow and J. Shlens, "Net2Net: Accelerating learning via knowledge transfer", ICLR 2016,
    section 2.2: channels are copied, and the weights that leave a channel are divided among its copies.

    Parameters
    ----------
    state : dict of str to tensor
        Parameters of the narrow network.
    narrow, wide : Architecture
        Same depth and pooling; no layer of `wide` may be narrower.
    noise : float
        Standard deviation of the perturbation of copied weights, relative to each layer's own, which lets the
        copies part ways in training. 0 keeps the function exactly, but for rounding.
    generator : torch.Generator, optional
        Where the noise comes from.

    Returns
    -------
    dict of str to tensor
        Parameters of the wide network.

    Raises
    ------
    InvalidInputError
        If the architectures do not fit.

    Examples
    --------
    >>> narrow, wide = Architecture("narrow", (4, 4, 6, 8, 8)), Architecture("wide", (8, 4, 6, 8, 8))
    >>> widen(TrainableNetwork(narrow).state_dict(), narrow, wide)["conv1.weight"].shape
    torch.Size([8, 1, 3, 3])
    """
    if (len(narrow.channels), narrow.pool_after, narrow.inputs) != (len(wide.channels), wide.pool_after, wide.inputs):
        raise InvalidInputError(f"'{wide.name}' should have the depth, the pooling and the inputs of '{narrow.name}'.")
    if any(old > new for old, new in zip(narrow.channels, wide.channels)):
        raise InvalidInputError(f"'{wide.name}' should be at least as wide as '{narrow.name}' in every layer.")
    widened = {}
    # Which channel of the narrow network each input channel of the wide one copies.
    source = torch.arange(narrow.inputs)
    for number in range(1, len(wide.channels) + 2):
        weight, bias = state[f"conv{number}.weight"], state[f"conv{number}.bias"]
        copies = torch.bincount(source, minlength=weight.shape[1])
        weight = weight[:, source] / copies[source].to(weight.dtype)[None, :, None, None]
        old, new = weight.shape[0], (*wide.channels, 1)[number - 1]
        source = torch.arange(new) % old
        weight = weight[source]
        if noise and weight.shape != state[f"conv{number}.weight"].shape:
            weight = weight + noise * weight.std() * torch.randn(weight.shape, generator=generator)
        widened[f"conv{number}.weight"], widened[f"conv{number}.bias"] = weight.clone(), bias[source].clone()
    return widened
