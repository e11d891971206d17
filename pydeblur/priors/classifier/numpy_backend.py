"""The classifier in float64 NumPy, written from its definition: the reference for the other backends."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.device import choose_device


class NumpyBackend:
    """Forward pass and vector-Jacobian product with an explicit loop over the nine taps of each convolution.

    Parameters
    ----------
    weights : ClassifierWeights
    device : {"cpu", "auto"}
        It computes on the CPU.
    threads : int
        Not used: NumPy's BLAS takes its number from the environment.

    Raises
    ------
    InvalidInputError
        If the device is another.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.priors.classifier.weights_file import read_weights
    >>> backend = NumpyBackend(read_weights("classifier-compact"))
    >>> logit, gradient = backend.logit_and_gradient(np.zeros((16, 24)))
    >>> gradient.shape
    (16, 24)
    """

    def __init__(self, weights, device="cpu", threads=1):
        self.device = choose_device(device, "numpy", False, "use another backend") if device != "auto" else "cpu"
        self.architecture = weights.architecture
        parameters = {name: value.astype(np.float64) for name, value in weights.parameters.items()}
        count = len(self.architecture.channels) + 1
        self.layers = [(parameters[f"conv{n}.weight"], parameters[f"conv{n}.bias"]) for n in range(1, count + 1)]

    def logit(self, image) -> float:
        """Return the log-odds of an image (H, W) being blurred."""
        return float(self.activation_map(image).mean())

    def activation_map(self, image) -> np.ndarray:
        """Return the last convolution's map, (h, w) float64."""
        return self._forward(image)[0]

    def logit_and_gradient(self, image):
        """Return the logit and its derivative by an image (H, W) or planes (C, H, W), of that shape in float64."""
        activation, kept = self._forward(image)
        gradient = np.full((1, *activation.shape), 1 / activation.size)
        gradient = correlate_adjoint(gradient, self.layers[-1][0])
        for (weight, _), (positive, winners) in zip(reversed(self.layers[:-1]), reversed(kept)):
            if winners is not None:
                gradient = max_unpool(gradient, winners, positive.shape[1:])
            gradient = correlate_adjoint(gradient * positive, weight)
        return float(activation.mean()), gradient.reshape(np.shape(image))

    def _forward(self, image):
        """Return the last map, and per ReLU where it passes and which elements the pooling behind it took (or None)."""
        x, kept = np.asarray(image, np.float64).reshape(-1, *np.shape(image)[-2:]), []
        for index, (weight, bias) in enumerate(self.layers[:-1]):
            x = correlate(x, weight, bias)
            positive, winners = x > 0, None
            x = np.where(positive, x, 0.0)
            if index in self.architecture.pool_after:
                x, winners = max_pool(x)
            kept.append((positive, winners))
        return correlate(x, *self.layers[-1])[0], kept


def correlate(x, weight, bias):
    """Compute a 3x3 cross-correlation of stride 1 with zero padding 1.

    Parameters
    ----------
    x : (I, H, W) ndarray
    weight : (O, I, 3, 3) ndarray
    bias : (O,) ndarray

    Returns
    -------
    (O, H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> correlate(np.ones((1, 2, 3)), np.ones((1, 1, 3, 3)), np.array([0.5])).tolist()
    [[[4.5, 6.5, 4.5], [4.5, 6.5, 4.5]]]
    """
    _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    result = np.tile(bias[:, None, None], (1, height, width))
    for row in range(3):
        for column in range(3):
            shifted = padded[:, row : row + height, column : column + width]
            result += np.tensordot(weight[:, :, row, column], shifted, axes=1)
    return result


def correlate_adjoint(gradient, weight):
    """Compute the adjoint of :func:`correlate` in x.

    Parameters
    ----------
    gradient : (O, H, W) ndarray
    weight : (O, I, 3, 3) ndarray

    Returns
    -------
    (I, H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> x, weight = np.random.default_rng(0).random((2, 5, 6)), np.random.default_rng(1).random((3, 2, 3, 3))
    >>> y = np.random.default_rng(2).random((3, 5, 6))
    >>> bool(np.isclose(np.vdot(correlate(x, weight, np.zeros(3)), y), np.vdot(x, correlate_adjoint(y, weight))))
    True
    """
    _, height, width = gradient.shape
    padded = np.zeros((weight.shape[1], height + 2, width + 2))
    for row in range(3):
        for column in range(3):
            padded[:, row : row + height, column : column + width] += np.tensordot(
                weight[:, :, row, column].T, gradient, axes=1
            )
    return padded[:, 1:-1, 1:-1]


def max_pool(x):
    """Take 2x2 maxima with stride 2; an odd last row or column is dropped.

    Parameters
    ----------
    x : (C, H, W) ndarray

    Returns
    -------
    maxima : (C, H // 2, W // 2) ndarray
    winners : (C, H // 2, W // 2) int ndarray
        Which of its window's four elements the maximum is, counted in row-major order; the first of equal ones.

    Examples
    --------
    >>> import numpy as np
    >>> maxima, winners = max_pool(np.array([[[1.0, 4.0, 9.0], [4.0, 2.0, 9.0]]]))
    >>> maxima.tolist(), winners.tolist()
    ([[[4.0]]], [[[1]]])
    """
    channels, rows, columns = x.shape[0], x.shape[1] // 2, x.shape[2] // 2
    windows = x[:, : 2 * rows, : 2 * columns].reshape(channels, rows, 2, columns, 2)
    windows = windows.transpose(0, 1, 3, 2, 4).reshape(channels, rows, columns, 4)
    winners = windows.argmax(axis=-1)
    return np.take_along_axis(windows, winners[..., None], axis=-1)[..., 0], winners


def max_unpool(gradient, winners, shape):
    """Compute the adjoint of :func:`max_pool` at its input: each value goes to its window's winner, zero elsewhere.

    Parameters
    ----------
    gradient, winners : (C, h, w) ndarray
    shape : (int, int)
        H, W of the result.

    Returns
    -------
    (C, H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool(np.array([[[7.0]]]), np.array([[[1]]]), (2, 3)).tolist()
    [[[0.0, 7.0, 0.0], [0.0, 0.0, 0.0]]]
    """
    channels, rows, columns = gradient.shape
    result = np.zeros((channels, *shape))
    for row in range(2):
        for column in range(2):
            result[:, row : 2 * rows : 2, column : 2 * columns : 2] = gradient * (winners == 2 * row + column)
    return result
