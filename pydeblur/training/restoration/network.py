"""The network that restores images, in PyTorch: a small U-Net at half the image's resolution."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pydeblur.nonblind.restoration_network import RestorationArchitecture

#: What is trained.
ARCHITECTURE = RestorationArchitecture((32, 56, 80))
#: Parameters of a block's second convolution start smaller by this factor, so that a block starts near the identity.
_BLOCK_SCALE = 0.5


class RestorationNetwork(nn.Module):
    """Residual blocks at three scales, between a rearrangement of pixels to channels and one back.

    Squares of 2 x 2 pixels become channels (W. Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network", CVPR 2016, section 3.2), which makes the first scale four times cheaper. Scales are
    joined as in O. Ronneberger, P. Fischer and T. Brox, "U-Net", MICCAI 2015, by sums.

    Parameters
    ----------
    architecture : RestorationArchitecture
        The state dict's keys are exactly its parameter names.

    Examples
    --------
    >>> network = RestorationNetwork(RestorationArchitecture((8, 8, 8)))
    >>> network(torch.zeros(2, 10, 16, 24)).shape
    torch.Size([2, 1, 16, 24])
    """

    def __init__(self, architecture: RestorationArchitecture = ARCHITECTURE):
        super().__init__()
        self.architecture = architecture
        for name, (outputs, inputs, side) in architecture.convolutions().items():
            setattr(self, name, nn.Conv2d(inputs, outputs, side, padding=side // 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The correction of the base, times 8.

        Parameters
        ----------
        x : (N, C, H, W) tensor
            Of :func:`pydeblur.nonblind.restoration_inputs.network_inputs`; H and W multiples of 8.

        Returns
        -------
        (N, 1, H, W) tensor
        """
        half = self._block("half_down", self.half_in(functional.pixel_unshuffle(x, 2)))
        quarter = self._block("quarter_down", self.quarter_in(functional.pixel_unshuffle(half, 2)))
        eighth = self.eighth_in(functional.pixel_unshuffle(quarter, 2))
        eighth = self._block("eighth_second", self._block("eighth_first", eighth))
        quarter = self._block("quarter_up", quarter + functional.pixel_shuffle(self.eighth_out(eighth), 2))
        half = self._block("half_up", half + functional.pixel_shuffle(self.quarter_out(quarter), 2))
        return functional.pixel_shuffle(self.half_out(half), 2)

    def _block(self, name: str, x: torch.Tensor) -> torch.Tensor:
        inner = functional.relu(getattr(self, f"{name}_1")(x))
        return x + getattr(self, f"{name}_2")(inner)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw new weights (He et al. 2015); the last layer's are 0, so that the network starts as its base."""
        for name, module in self.named_children():
            nn.init.kaiming_normal_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
            if name.endswith("_2"):
                module.weight.data *= _BLOCK_SCALE
        nn.init.zeros_(self.half_out.weight)
