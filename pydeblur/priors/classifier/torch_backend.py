"""The classifier under PyTorch with its automatic differentiation; imported only when it is asked for."""

from __future__ import annotations

import os
from contextlib import contextmanager

import numpy as np
import torch
from torch.nn import functional

from pydeblur.backend.device import choose_device
from pydeblur.errors import InvalidInputError

_forked = False


def _note_fork():
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=_note_fork)


class TorchBackend:
    """Forward pass and gradient by PyTorch, in float32.

    Parameters
    ----------
    weights : ClassifierWeights
    device : {"cpu", "cuda", "auto"}
        The device that computes, see :func:`pydeblur.backend.device.choose_device`.
    threads : int
        Threads on the CPU; PyTorch's own setting is put back after each call. In a process that was forked from one with this
        module it is 1: OpenMP's threads, for which PyTorch would wait without end, stay behind in the parent.

    Raises
    ------
    InvalidInputError
        If "cuda" is asked for and does not work, or is to be used in a forked process.
    """

    def __init__(self, weights, device="cpu", threads=1):
        remedy = "it takes an NVIDIA GPU and a PyTorch built for CUDA"
        self.device = choose_device(device, "torch", torch.cuda.is_available(), remedy)
        _refuse_gpu_after_fork(self.device)
        self.threads, self.pool_after = threads, weights.architecture.pool_after
        # channels_last is the faster layout, but at odd widths PyTorch computes in it by matrix products whose rounding
        # depends on the place in the image: equal values would not stay equal, and other maxima be chosen among them.
        even = all(width % 16 == 0 for width in weights.architecture.channels)
        self.layout = torch.channels_last if even else torch.contiguous_format
        self.layers = [
            (self._tensor(weights.parameters[f"conv{n}.weight"]), self._tensor(weights.parameters[f"conv{n}.bias"]))
            for n in range(1, len(weights.architecture.channels) + 2)
        ]

    def logit(self, image) -> float:
        """Return the log-odds of an image (H, W) being blurred."""
        return float(self.activation_map(image).mean())

    def activation_map(self, image) -> np.ndarray:
        """Return the last convolution's map, (h, w) float32."""
        with _settings(self.threads), torch.no_grad():
            return self._forward(self._input(image))[0, 0].cpu().numpy()

    def logit_and_gradient(self, image):
        """Return the logit and its derivative by an image (H, W) or planes (C, H, W), of that shape in float32."""
        logit, gradient = self._differentiated(self._input(image))
        return logit, gradient.cpu().numpy().reshape(image.shape)

    def takes(self, array) -> bool:
        """Tell whether an array that is not NumPy's is a tensor on the device where this backend computes."""
        return isinstance(array, torch.Tensor) and array.device.type == self.device

    def logit_and_device_gradient(self, image):
        """Return the logit and its derivative for a tensor (H, W) that :meth:`takes` accepts.

        The derivative is a float32 tensor on the same device.
        """
        x = image.detach().to(torch.float32, copy=True)[None, None]
        logit, gradient = self._differentiated(x.to(memory_format=self.layout))
        return logit, gradient[0]

    def _differentiated(self, x):
        with _settings(self.threads), torch.enable_grad():
            logit = self._forward(x.requires_grad_(True)).mean()
            (gradient,) = torch.autograd.grad(logit, x)
            return logit.item(), gradient[0]

    def _forward(self, x):
        for index, (weight, bias) in enumerate(self.layers[:-1]):
            x = functional.conv2d(x, weight, bias, padding=1).relu_()
            if index in self.pool_after:
                x = functional.max_pool2d(x, 2)
        return functional.conv2d(x, *self.layers[-1], padding=1)

    def _input(self, image):
        return self._tensor(np.ascontiguousarray(image, np.float32).reshape(1, -1, *image.shape[-2:]))

    def _tensor(self, values):
        _refuse_gpu_after_fork(self.device)
        tensor = torch.tensor(values, device=self.device)
        return tensor.to(memory_format=self.layout) if tensor.ndim == 4 else tensor


def _refuse_gpu_after_fork(device):
    if _forked and device != "cpu":
        raise InvalidInputError(
            "a forked process can't use its parent's GPU; start processes by multiprocessing's method 'spawn'."
        )


@contextmanager
def _settings(threads):
    """Set the threads, and full float32 on a GPU, for the length of a call; others' settings are put back."""
    before, tf32 = torch.get_num_threads(), torch.backends.cudnn.allow_tf32
    torch.set_num_threads(1 if _forked else threads)
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.backends.cudnn.allow_tf32 = tf32
