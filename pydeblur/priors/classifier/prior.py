"""The learned discriminative prior: the probability that an image is blurred, and its gradient."""

from __future__ import annotations

import operator
import os
from importlib import import_module

import numpy as np

from pydeblur.aside import aside
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.priors.classifier.weights_file import read_weights

#: Module, class, and what to install where the module is missing.
_BACKENDS = {
    "onnxruntime": ("onnxruntime_backend", "OnnxRuntimeBackend", "pydeblur"),
    "torch": ("torch_backend", "TorchBackend", "pydeblur[train]"),
    "numpy": ("numpy_backend", "NumpyBackend", "pydeblur"),
}
BACKENDS = tuple(_BACKENDS)
FORMS = ("probability", "nll", "logit")
#: What a classifier answers; a judge's weights say something else of themselves.
BLURRED = "blurred"

#: Leaves the layers' activations room in float32, times the 2^80 of onnx_graph.
_GREATEST = 1e9


class ClassifierPrior:
    """p(I) of eq. (2), learned: low for clear images, high for blurred ones (section 3 of the paper).

    Parameters
    ----------
    weights : {"classifier-paper", "classifier-compact"} or path
        Weights that come with the package, or an ONNX file from ``pydeblur export``.
    backend : {"onnxruntime", "torch", "numpy"}
        What computes it. All give the same numbers: numpy in float64, the others to about 1e-6.
    device : {"cpu", "cuda", "auto"}
        "auto" takes a GPU where the backend finds one, else says so once and takes the CPU.
    threads : int, optional
        On the CPU; by default as many as there are CPUs to run on.
    form : {"probability", "nll", "logit"}
        What ``value_and_grad`` is about: the probability f of being blurred, eq. (4)'s; -log(1 - f), the negative
        log-likelihood of being clear; or log(f / (1 - f)). The last two have a gradient where f is close to 0 or 1.

    Attributes
    ----------
    name : str
        "classifier".
    architecture : Architecture
    smallest_side : int
        Shortest image side that it takes.
    answers : str
        What the network was trained to say: "blurred"; "log error" of a judge's, whose :meth:`activation_map` alone means
        something.
    metadata : dict of str to str
        The weights file's: ``training``, ``date``, ``accuracies``, ``licence``, ...
    weights_hash : str
        SHA-256 of the weights file.
    settings : dict
        The arguments above and the weights' hash, in plain values.

    Raises
    ------
    InvalidInputError
        If an argument is unknown, the backend is not installed or the device does not work.
    FileFormatError
        If there are no such weights, or their file is damaged.

    Notes
    -----
    ONNX Runtime makes the calling thread flush denormal numbers to zero, without which vanishing gradients cost several
    times as long. Not safe to use from several threads at once. Can be pickled: the copy opens the weights file anew.
    """

    name = "classifier"

    def __init__(self, weights="classifier-paper", backend="onnxruntime", device="cpu", threads=None, form="probability"):
        if form not in FORMS:
            raise InvalidOptionError(f"form should be one of {', '.join(FORMS)}, but is {form!r}.")
        if backend not in _BACKENDS:
            raise InvalidOptionError(f"backend should be one of {', '.join(BACKENDS)}, but is {backend!r}.")
        self.backend, self.form, self.threads = backend, form, _thread_count(threads)
        loaded = read_weights(weights)
        self.architecture, self.metadata, self.weights_hash = loaded.architecture, loaded.metadata, loaded.sha256
        self.smallest_side = self.architecture.smallest_side
        self._network = _backend_class(backend)(loaded, device, self.threads)
        self.device = self._network.device
        self.answers = self.metadata.get("answers", BLURRED)
        self._settings = {"weights": weights, "backend": backend, "device": device, "threads": threads, "form": form}

    def __getstate__(self):
        return self._settings

    def __setstate__(self, settings):
        self.__init__(**settings)

    @property
    def settings(self):
        """What it was made with, and the weights' hash, in plain values."""
        made_with = {**self._settings, "weights": str(self._settings["weights"]), "threads": self.threads}
        return {**made_with, "device": self.device, "weights_hash": self.weights_hash}

    def __repr__(self):
        settings = ", ".join(f"{name}={value!r}" for name, value in self._settings.items())
        return f"ClassifierPrior({settings})"

    def score(self, u) -> float:
        """Probability f in [0, 1] that an image is blurred.

        Parameters
        ----------
        u : (H, W) ndarray
            float32 or float64, both sides at least `smallest_side`. The network was trained on values in [0, 1], but
            any within ±1e9 are taken.

        Raises
        ------
        InvalidInputError
            If the image is something else.
        InvalidOptionError
            If the weights do not answer that question.
        """
        return _sigmoid(self.logit(u))

    def logit(self, u) -> float:
        """log(f / (1 - f)); parameters and errors as :meth:`score`."""
        self._check_answers()
        return _finite(self._network.logit(self._checked(u)))

    def value_and_grad(self, u):
        """The prior and its gradient, in the chosen form.

        Parameters
        ----------
        u : (H, W) ndarray
            As :meth:`score` takes it; or an array of PyTorch or CuPy that :meth:`takes` accepts.

        Returns
        -------
        value : float
            f, -log(1 - f) or log(f / (1 - f)).
        gradient : (H, W) ndarray
            Its derivative by each pixel, in the dtype of `u`; of PyTorch or CuPy in float32, as `u` is one.

        Raises
        ------
        InvalidInputError, InvalidOptionError
            As :meth:`score`.
        """
        self._check_answers()
        on_device = not isinstance(u, np.ndarray) and self.takes(u)
        logit, dlogit = (self._device_gradient if on_device else self._host_gradient)(u)
        if self.form == "logit":
            value, slope = logit, 1.0
        elif self.form == "nll":
            value, slope = float(np.logaddexp(0.0, logit)), _sigmoid(logit)
        else:
            value, slope = _sigmoid(logit), _sigmoid(logit) * _sigmoid(-logit)
        if on_device:
            return value, dlogit * slope
        return value, np.multiply(dlogit, slope, dtype=np.float64).astype(u.dtype, copy=False)

    def takes(self, array) -> bool:
        """Whether `value_and_grad` takes this array as it is: NumPy's always, PyTorch's or CuPy's where they lie on the
        backend's own device."""
        return isinstance(array, np.ndarray) or (hasattr(self._network, "takes") and self._network.takes(array))

    def _host_gradient(self, u):
        logit, gradient = self._network.logit_and_gradient(self._checked(u))
        _finite(logit)
        return logit, _finite(gradient)

    def _device_gradient(self, u):
        """The same for an array on the backend's device, which is checked by the result only."""
        logit, gradient = self._network.logit_and_device_gradient(u)
        _finite(np.array([logit, float(gradient.min()), float(gradient.max())]))
        return logit, gradient

    def activation_map(self, u) -> np.ndarray:
        """The last convolution's map (the paper's C9), whose mean is the logit.

        Parameters
        ----------
        u : (H, W) ndarray
            As :meth:`score` takes it.

        Returns
        -------
        (h, w) ndarray
            For three poolings h = H // 8, w = W // 8; high where the image looks blurred (Fig. 11).

        Raises
        ------
        InvalidInputError
            As :meth:`score`.
        """
        return _finite(self._network.activation_map(self._checked(u)))

    def _check_answers(self):
        if self.answers != BLURRED:
            raise InvalidOptionError(
                f"weights should be a classifier's, but {str(self._settings['weights'])!r} answers another question "
                f"({self.answers}): no prior, and no probability of being blurred."
            )

    def _checked(self, u):
        if not isinstance(u, np.ndarray) or u.dtype not in (np.float32, np.float64):
            kind = f"an array of {u.dtype}" if isinstance(u, np.ndarray) else type(u).__name__
            raise InvalidInputError(f"u should be an array of float32 or float64, but is {kind}.")
        if u.ndim != 2 or min(u.shape) < self.smallest_side:
            least = f"{self.smallest_side}x{self.smallest_side}"
            raise InvalidInputError(f"u should be a grey image of at least {least} pixels, but has the shape {u.shape}.")
        extremes = _extremes(u)
        if not np.all(np.isfinite(extremes)):
            raise InvalidInputError("u should be finite, but holds NaN or infinity.")
        if np.max(np.abs(extremes)) > _GREATEST:
            raise InvalidInputError(f"u should lie within ±{_GREATEST:g}; the network was trained on values in [0, 1].")
        return u


def _backend_class(backend):
    module, class_name, requirement = _BACKENDS[backend]
    try:
        return getattr(aside(import_module, f"pydeblur.priors.classifier.{module}"), class_name)
    except ImportError as error:
        raise InvalidInputError(
            f"the backend '{backend}' is not installed ({error}): pip install '{requirement}', or choose another backend."
        ) from error


def _thread_count(threads):
    if threads is None:
        # What this process may run on: less than the machine has in a container or under taskset.
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        count = operator.index(threads)
    except TypeError:
        count = 0
    if count < 1:
        raise InvalidOptionError(f"threads should be a positive integer, but is {threads!r}.")
    return count


def _sigmoid(x):
    """1 / (1 + exp(-x)) without overflow."""
    return float(np.exp(-np.logaddexp(0.0, -x)))


def _extremes(values):
    """Minimum and maximum, NaN if there is any: finite where all values are, and found without a temporary array."""
    return np.min(values), np.max(values)


def _finite(values):
    if not np.all(np.isfinite(_extremes(values))):
        raise InvalidInputError("u should have smaller values: the network overflows.")
    return values
