"""The convolutional network of section 3, whatever it was trained to tell.

The classifier's prior and the ranking of kernels both stand on it.
"""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module

import numpy as np

from pydeblur.backend.extras import missing_extra
from pydeblur.backend.own_thread import in_own_thread
from pydeblur.backend.threads import thread_count
from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.options import NetworkOptions
from pydeblur.priors.classifier.weights_file import BLURRED, read_weights

#: Name to module, class, the package that it needs, its name in messages, and the extra that brings it.
_BACKENDS = {
    "onnxruntime": ("onnxruntime_backend", "OnnxRuntimeBackend", "onnxruntime", "ONNX Runtime", ""),
    "torch": ("torch_backend", "TorchBackend", "torch", "PyTorch", "train"),
    "numpy": ("numpy_backend", "NumpyBackend", "numpy", "NumPy", ""),
}
#: Larger values would leave the layers' activations no room in float32, times the 2^80 of the exported graph.
_GREATEST = 1e9


class ClassifierNetwork:
    """The network of one weights file under one backend.

    Parameters
    ----------
    options : NetworkOptions
        Or one of its subclasses.

    Attributes
    ----------
    architecture : Architecture
    smallest_side : int
        Shortest image side that it takes.
    answers : str
        What it was trained to say: "blurred", the log-odds that an image is blurred; or "log error", the logarithm of
        the mean square error of a restored image in each square of its map.
    metadata : dict of str to str
        The weights file's: ``training``, ``date``, ``accuracies``, ``licence``, ...
    weights_hash : str
        SHA-256 of the weights file.
    device : {"cpu", "cuda"}
    threads : int

    Raises
    ------
    InvalidInputError
        If the backend is not installed or the device does not work.
    FileFormatError
        If there are no such weights, or their file is damaged.

    Notes
    -----
    A network must not be used by several threads at once. A forked child may go on using it: ONNX Runtime's session is then
    opened anew, and PyTorch computes on one thread; on a GPU only processes that multiprocessing has spawned can use it.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.priors.classifier.options import NetworkOptions
    >>> network = ClassifierNetwork(NetworkOptions("classifier-compact", threads=1))
    >>> network.answers, network.activation_map(np.zeros((40, 56))).shape
    ('blurred', (5, 7))
    """

    def __init__(self, options: NetworkOptions = NetworkOptions()):
        self.options = options
        self.threads = thread_count(options.threads)
        loaded = read_weights(options.weights)
        self.architecture, self.metadata, self.weights_hash = loaded.architecture, loaded.metadata, loaded.sha256
        self.smallest_side = self.architecture.smallest_side
        self.answers = self.metadata.get("answers", BLURRED)
        self._backend = _backend_class(options.backend)(loaded, options.device, self.threads)
        self.device = self._backend.device

    @property
    def settings(self) -> dict:
        """What the network was made with, and the weights' hash, in plain values."""
        made_with = {**asdict(self.options), "weights": str(self.options.weights), "threads": self.threads}
        return {**made_with, "device": self.device, "weights_hash": self.weights_hash}

    def logit(self, u: np.ndarray) -> float:
        """Return the mean of the last map.

        Parameters
        ----------
        u : (H, W) or (C, H, W) ndarray
            float32 or float64, both sides at least `smallest_side`, within ±1e9; planes of a network of C > 1 inputs.

        Returns
        -------
        float

        Raises
        ------
        InvalidInputError
            If the image is something else.
        """
        return _checked_answer(self._backend.logit(self._checked(u)), ())

    def activation_map(self, u: np.ndarray) -> np.ndarray:
        """Return the last convolution's map (the paper's C9).

        Parameters
        ----------
        u : (H, W) or (C, H, W) ndarray
            As :meth:`logit` takes it.

        Returns
        -------
        (h, w) ndarray
            For three poolings h = H // 8, w = W // 8.

        Raises
        ------
        InvalidInputError
            If the image is something else.
        """
        activation = self._backend.activation_map(self._checked(u))
        return _checked_answer(activation, tuple(side // self.smallest_side for side in u.shape[-2:]))

    def logit_and_gradient(self, u):
        """Return the logit and its derivative by each pixel.

        Parameters
        ----------
        u : (H, W) or (C, H, W) ndarray
            As :meth:`logit` takes it, or an array that :meth:`takes` accepts.

        Returns
        -------
        logit : float
        gradient : array
            Of the same shape.

        Raises
        ------
        InvalidInputError
            If the image is something else.
        """
        if not isinstance(u, np.ndarray) and self.takes(u):
            # The array lies on a GPU, so only the result is checked.
            logit, gradient = self._backend.logit_and_device_gradient(u)
            _checked_answer(np.array([logit, float(gradient.min()), float(gradient.max())]), (3,))
            return logit, gradient
        logit, gradient = self._backend.logit_and_gradient(self._checked(u))
        return _checked_answer(logit, ()), _checked_answer(gradient, u.shape)

    def takes(self, array) -> bool:
        """Tell whether :meth:`logit_and_gradient` takes this array as it is.

        It always takes NumPy's; it takes PyTorch's or CuPy's where they lie on the backend's own device.
        """
        return isinstance(array, np.ndarray) or (hasattr(self._backend, "takes") and self._backend.takes(array))

    def _checked(self, u):
        if not isinstance(u, np.ndarray) or u.dtype not in (np.float32, np.float64):
            kind = f"an array of {u.dtype}" if isinstance(u, np.ndarray) else type(u).__name__
            raise InvalidInputError(f"u should be an array of float32 or float64, but is {kind}.")
        inputs = self.architecture.inputs
        if u.shape[:-2] != (() if inputs == 1 else (inputs,)) or u.ndim < 2 or min(u.shape[-2:]) < self.smallest_side:
            wanted = "a grey image" if inputs == 1 else f"{inputs} planes"
            raise InvalidInputError(
                f"u should be {wanted} of at least {self.smallest_side}x{self.smallest_side} pixels, but has the shape {u.shape}."
            )
        extremes = _extremes(u)
        if not np.all(np.isfinite(extremes)):
            raise InvalidInputError("u should be finite, but holds NaN or infinity.")
        if np.max(np.abs(extremes)) > _GREATEST:
            raise InvalidInputError(f"u should lie within ±{_GREATEST:g}; the network was trained on values in [0, 1].")
        return u


def _backend_class(backend: str):
    module, class_name, package, shown, extra = _BACKENDS[backend]
    try:
        return getattr(in_own_thread(import_module, f"pydeblur.priors.classifier.{module}"), class_name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise InvalidInputError(missing_extra(f"the backend '{backend}'", shown, extra)) from None
    except (ImportError, OSError) as error:  # installed, but not for this system, or without its libraries
        reason = " ".join(str(error).split())[:150]
        raise InvalidInputError(f"the backend '{backend}' can't be loaded: {reason}") from error


def _extremes(values):
    """Return minimum and maximum, NaN if there is any.

    They are finite where all values are, and need no temporary array.
    """
    return np.min(values), np.max(values)


def _checked_answer(values, shape):
    if np.shape(values) != shape:
        raise InvalidInputError(f"the network's answer should have the shape {shape}, but has {np.shape(values)}.")
    if not np.all(np.isfinite(_extremes(values))):
        raise InvalidInputError("u should have smaller values: the network overflows.")
    return values
