"""The classifier under ONNX Runtime: the file's own graph gives the logit and its gradient."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.device import choose_device
from pydeblur.backend.device_arrays import (
    array_device,
    contiguous,
    device_number,
    empty_beside,
    pointer,
    wait_for,
)
from pydeblur.backend.kept import kept
from pydeblur.backend.onnx_session import OnnxSession, cuda_works
from pydeblur.backend.onnx_wire import keep_outputs


class OnnxRuntimeBackend:
    """Forward pass and vector-Jacobian product by ONNX Runtime, in float32.

    Parameters
    ----------
    weights : ClassifierWeights
    device : {"cpu", "cuda", "auto"}
        The device that computes, see :func:`pydeblur.backend.device.choose_device`.
    threads : int
        Threads of the CPU execution provider.

    Raises
    ------
    InvalidInputError
        If "cuda" is asked for and does not work.
    FileFormatError
        If ONNX Runtime refuses the file.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.priors.classifier.weights_file import read_weights
    >>> backend = OnnxRuntimeBackend(read_weights("classifier-compact"))
    >>> logit, gradient = backend.logit_and_gradient(np.zeros((16, 24)))
    >>> gradient.shape
    (16, 24)
    """

    def __init__(self, weights, device="cpu", threads=1):
        self.device = choose_device(
            device,
            "onnxruntime",
            device != "cpu" and cuda_works(weights.model, str(weights.path)),
            "it takes an NVIDIA GPU and pip install 'pydeblur[gpu]'",
        )
        self._weights, self._threads = weights, threads
        self._session = self._kept_session("all outputs", lambda: weights.model)
        self._forward_session: OnnxSession | None = None

    def logit(self, image) -> float:
        """Return the log-odds of an image (H, W) being blurred."""
        return float(self._run_forward("logit", image))

    def activation_map(self, image) -> np.ndarray:
        """Return the last convolution's map, (h, w) float32."""
        return self._run_forward("activation", image)[0, 0]

    def logit_and_gradient(self, image):
        """Return the logit and its derivative by an image (H, W) or planes (C, H, W), of that shape in float32."""
        # Outputs are allocated by ONNX Runtime: binding them to buffers of ours saves nothing measurable, as they are
        # one map of one channel beside dozens of up to 64 (docs/algorithm, section 8).
        logit, gradient = self._session.run(["logit", "dlogit"], {"image": _as_input(image)})
        return float(logit), gradient.reshape(image.shape)

    def takes(self, array) -> bool:
        """Tell whether an array that is not NumPy's lies where this backend computes.

        Then nothing need be copied.
        """
        return array_device(array) == self.device

    def logit_and_device_gradient(self, image):
        """Return the logit and its derivative for an array (H, W) of PyTorch or CuPy that :meth:`takes` accepts.

        The array is bound in place; the derivative is a float32 array of the same library.
        """
        image = contiguous(image)
        gradient = empty_beside(image)
        place = (self.device, device_number(image), np.float32, (1, 1, *image.shape))

        def bind(binding):
            binding.bind_input("image", *place, pointer(image))
            binding.bind_output("dlogit", *place, pointer(gradient))
            binding.bind_output("logit", "cpu")

        # ONNX Runtime has a stream of its own on a GPU: what makes the image has to be done first.
        wait_for(image)
        # Outputs come in the order in which they were bound.
        return float(self._session.run_bound(bind).get_outputs()[1].numpy()), gradient

    def _run_forward(self, output, image):
        """Run a second session without the backward pass, which ONNX Runtime would compute whether asked for or not."""
        if self._forward_session is None:
            outputs = ("logit", "activation")
            self._forward_session = self._kept_session(outputs, lambda: keep_outputs(self._weights.model, outputs))
        return self._forward_session.run([output], {"image": _as_input(image)})[0]

    def _kept_session(self, outputs, model) -> OnnxSession:
        """A session of ``model()``, which is kept for later pictures where the process keeps such things."""
        path, device, threads = str(self._weights.path), self.device, self._threads
        key = ("session", outputs, self._weights.sha256, path, device, threads)
        return kept(key, lambda: OnnxSession(model(), path, device, threads))


def _as_input(image):
    return np.ascontiguousarray(image, np.float32).reshape(1, -1, *image.shape[-2:])
