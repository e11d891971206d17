"""Marginal likelihood: its E and M steps against dense matrices, and that its kernels are those of a convolution."""

import math

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.signal import correlate2d

from pydeblur.estimators import marginal
from pydeblur.estimators.marginal import (
    PRECISIONS,
    WEIGHTS,
    Marginal,
    _expected_precision,
    _FilteredImage,
    _sparse_kernel,
)
from pydeblur.metrics import kernel_similarity
from pydeblur.synthesis import blur

NOISE = 0.02


@pytest.fixture
def kernel():
    kernel = np.random.default_rng(1).random((3, 3))
    return kernel / kernel.sum()


@pytest.fixture
def differences():
    return 0.05 * np.random.default_rng(0).standard_normal((6, 7))


def design(kernel, shape):
    """The map from x to its valid correlation with a kernel, as a matrix."""
    return np.array([correlate2d(unit.reshape(shape), kernel, "valid").ravel() for unit in np.eye(math.prod(shape))]).T


def test_the_expectation_is_that_of_independent_gaussians(differences, kernel, monkeypatch):
    """Three rounds of: the mean by the whole matrix, the variances by its diagonal, the prior's precision by both."""
    monkeypatch.setattr(marginal, "_CG_STEPS", 500)
    monkeypatch.setattr(marginal, "_CG_TOLERANCE", 1e-28)
    shape = (8, 9)
    matrix = design(kernel, shape)
    data_precision = matrix.T @ matrix / NOISE**2
    precision = np.full(shape, WEIGHTS @ PRECISIONS)
    for number in range(3):
        if number:
            precision = _expected_precision(mean**2 + variances)  # noqa: F821
        whole = data_precision + np.diag(precision.ravel())
        mean = np.linalg.solve(whole, matrix.T @ differences.ravel() / NOISE**2).reshape(shape)
        variances = 1 / np.diag(whole).reshape(shape)

    filtered = _FilteredImage(differences, 3)
    np.testing.assert_allclose(filtered.expect(kernel, NOISE), mean, atol=1e-9)
    np.testing.assert_allclose(filtered._variances, variances, rtol=1e-9)
    residual = (matrix @ mean.ravel()) - differences.ravel()
    assert filtered.residual_energy(kernel) == pytest.approx(residual @ residual, rel=1e-6)


def test_the_priors_precision_by_loops():
    squares = np.array([[0.0, 1e-5, 1e-3], [0.02, 0.5, 30.0]])
    for place, square in np.ndenumerate(squares):
        # The shares of the three Gaussians, up to a common factor that keeps the largest one in range.
        logs = [math.log(w) + 0.5 * math.log(p) - 0.5 * p * square for w, p in zip(WEIGHTS, PRECISIONS)]
        shares = [math.exp(log - max(logs)) for log in logs]
        expected = sum(share * p for share, p in zip(shares, PRECISIONS)) / sum(shares)
        assert _expected_precision(squares)[place] == pytest.approx(expected)


def test_the_kernels_equations_are_expectations(differences, kernel):
    """E[XᵀX] and E[X]ᵀy for independent elements: the mean's products, and the variances on the diagonal."""
    filtered = _FilteredImage(differences, 3)
    mean, variances = filtered.expect(kernel, NOISE), filtered._variances
    parts = [np.s_[row : row + 6, column : column + 7] for row in range(3) for column in range(3)]
    expected = np.array([[(mean[one] * mean[other]).sum() for other in parts] for one in parts])
    expected += np.diag([variances[part].sum() for part in parts])
    matrix, vector = filtered.equations()
    np.testing.assert_allclose(matrix, expected, atol=1e-12)
    np.testing.assert_allclose(vector, [(mean[part] * differences).sum() for part in parts], atol=1e-12)


def test_the_kernel_is_a_non_negative_minimum_with_weights_that_favour_sparsity():
    rng = np.random.default_rng(0)
    factor, true = rng.standard_normal((40, 9)), np.array([0, 0.5, 0, 0.3, 0.2, 0, 0, 0, 0])
    matrix, vector = factor.T @ factor, factor.T @ (factor @ true + 0.3 * rng.standard_normal(40))
    elements = None
    for _ in range(3):
        extra = 0.0 if elements is None else 0.01 * np.maximum(np.abs(elements), 1e-4) ** -1.5
        root = np.linalg.cholesky(matrix + np.diag(np.broadcast_to(extra, 9))).T
        elements, _ = nnls(root, np.linalg.solve(root.T, vector))
    np.testing.assert_allclose(_sparse_kernel(matrix, vector).ravel(), elements, atol=1e-9)


def test_the_kernel_is_that_of_a_convolution_and_not_turned():
    """The method correlates inside: an L-shaped kernel would come out turned by 180 degrees."""
    sharp = np.kron(np.random.default_rng(3).random((12, 12)), np.ones((6, 6)))
    true = np.zeros((5, 5))
    true[:, 1] = true[4, 1:4] = 1
    true /= true.sum()
    found = Marginal().estimate(blur(sharp, true, 0.0, 0).astype(np.float64), 7).kernel
    assert kernel_similarity(found, true) > 0.8 > kernel_similarity(found[::-1, ::-1], true)


def test_the_noise_falls_to_the_given_one(blurred, monkeypatch):
    seen = []
    original = _FilteredImage.expect

    def expect(self, kernel, noise):
        seen.append(noise)
        return original(self, kernel, noise)

    monkeypatch.setattr(_FilteredImage, "expect", expect)
    Marginal(noise=0.02, steps=3).estimate(blurred, 5)
    np.testing.assert_allclose(seen, np.repeat(0.02 * 1.15 ** np.array([2, 1, 0]), 2))
