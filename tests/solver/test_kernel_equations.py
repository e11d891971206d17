"""The kernel's normal equations against convolutions written out as matrices."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from pydeblur.solver.kernel import conjugate_gradients
from pydeblur.solver.kernel_equations import KernelEquations


def along(array, axis):
    """The difference of each element and the one before it, with zeros around the array."""
    return np.diff(np.pad(array, 1), axis=axis)[(np.s_[:], np.s_[1:])[:: 1 if axis == 0 else -1]]


def derivatives(x, y, weights):
    """Weight and array of each derivative, all on an area one line larger at the end."""
    wide_x, wide_y = (np.pad(part, ((0, 1), (0, 1))) for part in (x, y))
    mixed = (along(x, 0) + along(y, 1)) / 2
    return [
        (weights[0], wide_x),
        (weights[0], wide_y),
        (weights[1], along(x, 1)),
        (weights[1], along(y, 0)),
        (weights[1], mixed),
    ]


def design(latent, size):
    """The map from a kernel to its full convolution with an array, as a matrix."""
    return np.array([convolve2d(latent, unit.reshape(size, size)).ravel() for unit in np.eye(size * size)]).T


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.5, 0.25)])
def test_they_are_those_of_the_convolution_with_zero_borders(weights):
    rng = np.random.default_rng(0)
    size, latent, blurred = 3, rng.standard_normal((2, 8, 9)), rng.standard_normal((2, 8, 9))
    matrix, right_side = 0.3 * np.eye(size * size), 0.0
    for (weight, each), (_, other) in zip(derivatives(*latent, weights), derivatives(*blurred, weights)):
        own = design(each, size)
        matrix = matrix + weight * own.T @ own
        # The kernel's centre is its middle, so that the blurred array has its place in the middle of the full convolution.
        right_side = right_side + weight * own.T @ np.pad(other, size // 2).ravel()
    operator, found = KernelEquations(*blurred, size, weights).equations(*latent, weight=0.3)
    kernel = rng.standard_normal((size, size))
    np.testing.assert_allclose(found.ravel(), right_side, atol=1e-10)
    np.testing.assert_allclose(operator(kernel).ravel(), matrix @ kernel.ravel(), atol=1e-10)


def test_a_kernel_is_found_back():
    rng = np.random.default_rng(1)
    x, y = np.zeros((2, 30, 31))
    x[5:25, 5:26], y[5:25, 5:26] = rng.standard_normal((2, 20, 21))
    kernel = rng.random((5, 5))
    blurred = [convolve2d(part, kernel, "same") for part in (x, y)]
    operator, right_side = KernelEquations(*blurred, 5, (1.0, 0.5)).equations(x, y)
    np.testing.assert_allclose(conjugate_gradients(operator, right_side, np.zeros((5, 5)), 40), kernel, atol=1e-6)


def test_conjugate_gradients_make_as_many_steps_as_are_asked_for():
    calls = []

    def operator(x):
        calls.append(x)
        return np.arange(1, 10).reshape(3, 3) * x

    conjugate_gradients(operator, np.ones((3, 3)), np.zeros((3, 3)), 4)
    assert len(calls) == 5  # one for the first residual
