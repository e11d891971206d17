"""The learned discriminative prior: the probability that an image is blurred, and its gradient."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidOptionError
from pydeblur.priors.classifier.network import BLURRED, ClassifierNetwork
from pydeblur.priors.classifier.options import ClassifierOptions


class ClassifierPrior:
    """The prior p(I) of eq. (2), learned: low for clear images, high for blurred ones (section 3 of the paper).

    Parameters
    ----------
    weights : {"classifier-paper", "classifier-compact"} or path
        Weights that come with the package, or an ONNX file from ``pydeblur export``.
    backend : {"onnxruntime", "torch", "numpy"}
        What computes it. All give the same numbers: numpy in float64, the others to about 1e-6.
    device : {"cpu", "cuda", "auto"}
        "auto" takes a GPU where the backend finds one, else says so once and takes the CPU.
    threads : int, optional
        Threads on the CPU; by default as many as there are CPUs to run on.
    form : {"probability", "nll", "logit"}
        What ``value_and_grad`` is about: the probability f of being blurred, eq. (4)'s; -log(1 - f), the negative
        log-likelihood of being clear; or log(f / (1 - f)). The last two have a gradient where f is close to 0 or 1.

    Attributes
    ----------
    name : str
        "classifier".
    network : ClassifierNetwork
    architecture, metadata, weights_hash, device, threads
        The network's.
    smallest_side : int
        Shortest image side that it takes.
    settings : dict
        The arguments above and the weights' hash, in plain values.

    Raises
    ------
    InvalidInputError
        If an argument is unknown, the backend is not installed or the device does not work.
    InvalidOptionError
        If the weights were trained to answer another question.
    FileFormatError
        If there are no such weights, or their file is damaged.

    Notes
    -----
    A prior must not be used by several threads at once. It can be pickled: the copy opens the weights file anew.

    Examples
    --------
    >>> import numpy as np
    >>> prior = ClassifierPrior("classifier-compact", threads=1)
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((8, 8)))
    >>> value, gradient = prior.value_and_grad(image)
    >>> 0 <= value <= 1, gradient.shape
    (True, (64, 64))
    """

    name = "classifier"

    def __init__(
        self, weights="classifier-paper", backend="onnxruntime", device="cpu", threads=None, form="probability"
    ):
        self._options = ClassifierOptions(weights, backend, device, threads, form)
        self.network = ClassifierNetwork(self._options)
        self.backend, self.form = backend, form
        for name in ("architecture", "metadata", "weights_hash", "device", "threads", "smallest_side"):
            setattr(self, name, getattr(self.network, name))
        if self.network.answers != BLURRED:
            raise InvalidOptionError(
                f"weights should be a classifier's, but {str(weights)!r} answers another question ({self.network.answers}): "
                "no prior, and no probability of being blurred."
            )

    def __getstate__(self):
        return self._options

    def __setstate__(self, options):
        self.__init__(**vars(options))

    @property
    def settings(self) -> dict:
        """What the prior was made with, and the weights' hash, in plain values."""
        return self.network.settings

    def __repr__(self):
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self._options).items())
        return f"ClassifierPrior({settings})"

    def score(self, u: np.ndarray) -> float:
        """Return the probability f in [0, 1] that an image is blurred.

        Parameters
        ----------
        u : (H, W) ndarray
            float32 or float64, both sides at least `smallest_side`. The network was trained on values in [0, 1], but
            any within ±1e9 are taken.

        Returns
        -------
        float

        Raises
        ------
        InvalidInputError
            If the image is something else.
        """
        return _sigmoid(self.network.logit(u))

    def logit(self, u: np.ndarray) -> float:
        """Return log(f / (1 - f)); parameters and errors are those of :meth:`score`."""
        return self.network.logit(u)

    def activation_map(self, u: np.ndarray) -> np.ndarray:
        """Return the last convolution's map (the paper's C9), whose mean is the logit.

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
            If the image is something else.
        """
        return self.network.activation_map(u)

    def value_and_grad(self, u):
        """Return the prior and its gradient, in the chosen form.

        Parameters
        ----------
        u : (H, W) ndarray
            As :meth:`score` takes it; or an array of PyTorch or CuPy that :meth:`takes` accepts.

        Returns
        -------
        value : float
            f, -log(1 - f) or log(f / (1 - f)).
        gradient : (H, W) ndarray
            Its derivative by each pixel, in the dtype of `u`; for an array of PyTorch or CuPy, a float32 array of that
            library.

        Raises
        ------
        InvalidInputError
            If the image is something else.
        """
        logit, dlogit = self.network.logit_and_gradient(u)
        if self.form == "logit":
            value, slope = logit, 1.0
        elif self.form == "nll":
            value, slope = float(np.logaddexp(0.0, logit)), _sigmoid(logit)
        else:
            value, slope = _sigmoid(logit), _sigmoid(logit) * _sigmoid(-logit)
        if not isinstance(u, np.ndarray):
            return value, dlogit * slope
        return value, np.multiply(dlogit, slope, dtype=np.float64).astype(u.dtype, copy=False)

    def takes(self, array) -> bool:
        """Tell whether :meth:`value_and_grad` takes this array as it is, see :meth:`ClassifierNetwork.takes`."""
        return self.network.takes(array)


def _sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return float(np.exp(-np.logaddexp(0.0, -x)))
