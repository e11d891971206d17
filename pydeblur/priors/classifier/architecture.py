"""The shape of the blurred-or-clear classifier (Fig. 2 of the paper), free of any framework.

Every backend (ONNX Runtime, PyTorch, NumPy) and the ONNX exporter build the same network from an
:class:`Architecture` and a dict of parameters, so that none of them has to know another.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from pydeblur.errors import InvalidInputError

#: The largest networks that are exported and loaded; the paper's has 6 layers of 64 channels with 150,000 parameters, and
#: makes 90,000 multiplications per pixel. Time and memory that a weights file can ask for are bounded so.
MOST_LAYERS, MOST_CHANNELS, MOST_POOLINGS, MOST_INPUTS = 32, 512, 8, 8
MOST_PARAMETERS, MOST_MULTIPLICATIONS = 8_000_000, 1_000_000


@dataclass(frozen=True)
class Architecture:
    """Widths and pooling of the classifier: (conv3x3-ReLU [maxpool2])*, conv3x3 to 1 channel, mean, sigmoid.

    Parameters
    ----------
    name : str
        What the network is called in files and messages.
    channels : tuple of int
        Output channels of each 3x3 convolution that is followed by a ReLU, first to last.
    pool_after : tuple of int
        0-based indices of those convolutions whose ReLU is followed by a 2x2 max pooling of stride 2
        (odd sizes lose their last row or column).
    inputs : int
        Planes of what the network is shown: one, a grey image, of a classifier.

    Notes
    -----
    Parameters are named ``conv1.weight`` (out, in, 3, 3), ``conv1.bias`` (out,), ``conv2.weight`` ... and the
    last convolution, to one channel (the paper's C9), is ``conv{len(channels) + 1}``. All convolutions have
    stride 1 and zero padding 1.

    Examples
    --------
    >>> tiny = Architecture("tiny", (4, 8), pool_after=(0,))
    >>> tiny.smallest_side, tiny.parameter_shapes()["conv3.weight"]
    (2, (1, 8, 3, 3))
    """

    name: str
    channels: tuple[int, ...]
    pool_after: tuple[int, ...] = (1, 2, 3)
    inputs: int = 1

    @property
    def smallest_side(self) -> int:
        """The shortest image side that the network takes: every pooling must leave at least one row."""
        return 2 ** len(self.pool_after)

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of all parameters, in order."""
        shapes: dict[str, tuple[int, ...]] = {}
        widths = (self.inputs, *self.channels, 1)
        for number, (inputs, outputs) in enumerate(itertools.pairwise(widths), start=1):
            shapes[f"conv{number}.weight"] = (outputs, inputs, 3, 3)
            shapes[f"conv{number}.bias"] = (outputs,)
        return shapes

    def multiplications_per_pixel(self) -> float:
        """Return the number of multiply-accumulates of one forward pass, per input pixel."""
        widths = (self.inputs, *self.channels, 1)
        total, area = 0.0, 1.0
        for index, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
            total += 9 * inputs * outputs * area
            if index in self.pool_after:
                area /= 4
        return total

    def check_size(self) -> None:
        """Refuse a network that is too large to be used.

        Raises
        ------
        InvalidInputError
            If it has more layers, channels, poolings, parameters or multiplications per pixel than this module's bounds.

        Examples
        --------
        >>> Architecture("wide", (513,), ()).check_size()
        Traceback (most recent call last):
            ...
        pydeblur.errors.InvalidInputError: the network should have at most 512 channels in a layer, but has 513
        """
        # The sizes that are cheap to find come first: the others grow with them.
        self._check_at_most(MOST_LAYERS, len(self.channels) + 1, "layers")
        self._check_at_most(MOST_CHANNELS, max(self.channels), "channels in a layer")
        self._check_at_most(MOST_POOLINGS, len(self.pool_after), "poolings")
        self._check_at_most(MOST_INPUTS, self.inputs, "input planes")
        parameters = sum(math.prod(shape) for shape in self.parameter_shapes().values())
        self._check_at_most(MOST_PARAMETERS, parameters, "parameters")
        self._check_at_most(
            MOST_MULTIPLICATIONS, math.ceil(self.multiplications_per_pixel()), "multiplications per pixel"
        )

    @staticmethod
    def _check_at_most(most: int, number: int, of_what: str) -> None:
        if number > most:
            shown = number if number < 10**12 else "many more"
            raise InvalidInputError(f"the network should have at most {most} {of_what}, but has {shown}")


PAPER = Architecture("paper", (64, 64, 64, 64, 64))
COMPACT = Architecture("compact", (16, 16, 32, 64, 64))
ARCHITECTURES = {architecture.name: architecture for architecture in (PAPER, COMPACT)}
