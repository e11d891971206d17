"""The classifier under ONNX Runtime: the file's own graph gives the logit and its gradient."""

from __future__ import annotations

import re

import numpy as np
import onnxruntime

from pydeblur.errors import FileFormatError
from pydeblur.priors.classifier.device import choose_device
from pydeblur.priors.classifier.device_arrays import (
    array_device,
    contiguous,
    device_number,
    empty_beside,
    pointer,
    wait_for,
)
from pydeblur.priors.classifier.onnx_wire import keep_outputs

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"


class OnnxRuntimeBackend:
    """Forward pass and vector-Jacobian product by ONNX Runtime, in float32.

    Parameters
    ----------
    weights : ClassifierWeights
    device : {"cpu", "cuda", "auto"}
    threads : int
        Of the CPU execution provider.

    Raises
    ------
    InvalidInputError
        If "cuda" is asked for and does not work.
    FileFormatError
        If ONNX Runtime refuses the file.
    """

    def __init__(self, weights, device="cpu", threads=1):
        self.device = choose_device(
            device,
            "onnxruntime",
            device != "cpu" and _cuda_works(weights),
            "it takes an NVIDIA GPU and pip install 'pydeblur[gpu]'",
        )
        self._weights, self._threads = weights, threads
        self._session = _open(weights, weights.model, self.device, threads)
        self._forward_session = None

    def logit(self, image) -> float:
        """Log-odds of an image (H, W) being blurred."""
        return float(self._run_forward("logit", image))

    def activation_map(self, image) -> np.ndarray:
        """The last convolution's map, (h, w) float32."""
        return self._run_forward("activation", image)[0, 0]

    def logit_and_gradient(self, image):
        """The logit and its derivative (H, W) float32 by an image (H, W)."""
        # Outputs are allocated by ONNX Runtime: binding them to buffers of ours saves nothing measurable, as they are
        # one map of one channel beside dozens of up to 64 (docs/onnx-prior.md).
        logit, gradient = self._session.run(["logit", "dlogit"], {"image": _as_input(image)})
        return float(logit), gradient[0, 0]

    def takes(self, array) -> bool:
        """Whether an array that is not NumPy's lies where this backend computes, so that nothing need be copied."""
        return array_device(array) == self.device

    def logit_and_device_gradient(self, image):
        """The same for an array (H, W) float32 of PyTorch or CuPy that :meth:`takes` accepts, bound in place."""
        image = contiguous(image)
        gradient = empty_beside(image)
        binding = self._session.io_binding()
        place = (self.device, device_number(image), np.float32, (1, 1, *image.shape))
        binding.bind_input("image", *place, pointer(image))
        binding.bind_output("dlogit", *place, pointer(gradient))
        binding.bind_output("logit", "cpu")
        # ONNX Runtime has a stream of its own on a GPU: what makes the image has to be done first.
        wait_for(image)
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        # Outputs come in the order in which they were bound.
        return float(binding.get_outputs()[1].numpy()), gradient

    def _run_forward(self, output, image):
        """From a second session without the backward pass, which ONNX Runtime would compute whether asked for or not."""
        if self._forward_session is None:
            forward = keep_outputs(self._weights.model, ("logit", "activation"))
            self._forward_session = _open(self._weights, forward, self.device, self._threads)
        return self._forward_session.run([output], {"image": _as_input(image)})[0]


def _as_input(image):
    return np.ascontiguousarray(image, np.float32)[None, None]


def _open(weights, model, device, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # One plan per image size, all kept: doubles the memory and saves no time.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    # Between two calls the threads sleep instead of waiting busily: as fast, and others get the processors.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # Gradients fade towards denormals, with which the CPU is up to a hundred times slower.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    providers = [(_CUDA, _cuda_options()), _CPU] if device == "cuda" else [_CPU]
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # ONNX Runtime has no public base class for its errors
        raise FileFormatError(f"ONNX Runtime can't load '{weights.path}': {error}") from error


def _cuda_works(weights):
    """Whether a session gets the CUDA provider: it may be compiled in and find no driver, or no GPU."""
    if _CUDA not in onnxruntime.get_available_providers():
        return False
    return _CUDA in _open(weights, weights.model, "cuda", 1).get_providers()


def _cuda_options():
    """Full float32, and the same algorithm in every run."""
    options = {"cudnn_conv_algo_search": "HEURISTIC"}
    version = tuple(int(number) for number in re.findall(r"\d+", onnxruntime.__version__)[:2])
    if version >= (1, 18):
        options["use_tf32"] = "0"
    return options
