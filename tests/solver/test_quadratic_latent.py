"""The latent image in closed form against the energy's normal equations, written out as matrices."""

import numpy as np
import pytest
from scipy.ndimage import convolve

from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.gradients import gradient_power, valid_gradients
from pydeblur.solver.quadratic_latent import QuadraticLatent, derivative_powers


def matrix_of(function, shape):
    """A linear map of images as a dense matrix."""
    columns = [function(unit.reshape(shape)).ravel() for unit in np.eye(np.prod(shape))]
    return np.array(columns).T


def differences(axis):
    return lambda image: np.roll(image, -1, axis) - image


@pytest.fixture
def small():
    rng = np.random.default_rng(0)
    return rng.random((5, 6)), rng.random((3, 3)), rng.standard_normal((2, 4, 5))


@pytest.mark.parametrize("weights", [(1.0, 0.0, 0.0), (2.0, 0.7, 0.3)])
@pytest.mark.parametrize("with_gradients", [False, True])
def test_the_closed_form_is_the_minimum_of_the_energy(small, weights, with_gradients):
    blurred, kernel, gradients = small
    padded = wrap_boundary(blurred, padded_shape(blurred.shape, kernel.shape))
    shape = padded.shape
    blur = matrix_of(lambda image: convolve(image, kernel, mode="wrap"), shape)
    dx, dy = matrix_of(differences(1), shape), matrix_of(differences(0), shape)
    operators = [(weights[0], np.eye(padded.size))]
    operators += [(weights[1], each) for each in (dx, dy)] + [
        (weights[2], each) for each in (dx @ dx, dx @ dy, dy @ dy)
    ]
    alpha = 0.05
    x, y = np.zeros((2, *shape))
    if with_gradients:
        # The valid differences are those of the left pixel minus the right one, in the lower of two rows.
        x[1:5, :5], y[:4, 1:6] = -gradients
    matrix = alpha * (dx.T @ dx + dy.T @ dy)
    right_side = alpha * (dx.T @ x.ravel() + dy.T @ y.ravel())
    for weight, each in operators:
        matrix = matrix + weight * (each @ blur).T @ (each @ blur)
        right_side = right_side + weight * (each @ blur).T @ (each @ padded.ravel())
    expected = np.linalg.solve(matrix, right_side).reshape(shape)

    problem = QuadraticLatent(blurred, 3, alpha, weights)
    found = problem.solve(kernel, tuple(gradients) if with_gradients else None)
    np.testing.assert_allclose(found, expected[:5, :6], atol=1e-10)
    residual = (blur @ expected.ravel()).reshape(shape)[:5, :6] - blurred
    assert problem.residual_energy() == pytest.approx((residual**2).sum(), rel=1e-8)


def test_an_images_own_gradients_change_nothing(small):
    image = np.random.default_rng(1).random((20, 24))
    delta = np.zeros((3, 3))
    delta[1, 1] = 1
    # The padding has gradients that are not given: it is the inside that stays.
    found = QuadraticLatent(image, 3, 1e-3).solve(delta, valid_gradients(image))
    np.testing.assert_allclose(found[2:-2, 2:-2], image[2:-2, 2:-2], atol=1e-3)


@pytest.mark.parametrize("shape", [(6, 8), (5, 7), (6, 7)])
def test_the_derivatives_powers_are_those_of_their_transfer_functions(shape):
    dx, dy = np.zeros((2, *shape))
    dx[0, 0] = dy[0, 0] = -1
    dx[0, -1] = dy[-1, 0] = 1
    fx, fy = np.fft.rfft2(dx), np.fft.rfft2(dy)
    first, second = derivative_powers(shape)
    np.testing.assert_allclose(first, gradient_power(shape), atol=1e-12)
    np.testing.assert_allclose(second, sum(abs(each) ** 2 for each in (fx * fx, fx * fy, fy * fy)), atol=1e-12)
