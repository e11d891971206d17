"""Normalised sparsity: its two steps against their definition, and its pyramid."""

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from pydeblur.estimators.normalized_sparsity import (
    NormalizedSparsity,
    NormalizedSparsityOptions,
    _centred,
    _Scale,
    scale_sizes,
)
from pydeblur.solver.gradients import valid_gradients


@pytest.fixture
def scale():
    image = np.random.default_rng(0).random((16, 19))
    return _Scale(image, 5, 0, NormalizedSparsityOptions(data_weight=40.0, kernel_weight=0.2))


@pytest.fixture
def kernel():
    kernel = np.random.default_rng(1).random((5, 5))
    return kernel / kernel.sum()


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (3, [3]),
        (5, [3, 5]),
        (17, [3, 5, 9, 13, 17]),
        (25, [3, 5, 9, 13, 19, 25]),
        (41, [5, 9, 13, 19, 27, 39, 41]),
    ],
)
def test_the_kernels_sizes(size, sizes):
    assert scale_sizes(size) == sizes


def test_the_gradients_of_each_direction_have_the_norm_6(scale):
    np.testing.assert_allclose(np.sqrt((scale._y**2).sum((1, 2))), [6, 6])


def test_the_image_of_the_blurred_gradients_is_the_blurred_one(blurred):
    scale = _Scale(blurred, 5, 0, NormalizedSparsityOptions())
    picture = scale.picture(scale._y)
    # The two directions' differences leave out the first row and the first column, so that they lie half a pixel apart.
    assert np.corrcoef(picture.ravel(), blurred.ravel())[0, 1] > 0.98
    assert picture[:-1, :-1].mean() == pytest.approx(blurred.mean())


def test_the_image_step_by_definition(scale, kernel):
    """Two times two steps of iterative shrinkage, with MATLAB's conv2(., ., 'same')."""
    y, step = scale._y, 1e-3
    expected = []
    for each in y:
        x = each.copy()
        for _ in range(2):
            weight = 40.0 * np.linalg.norm(x)
            for _ in range(2):
                residual = each - convolve2d(x, kernel, "same")
                moved = x + weight * step * correlate2d(residual, kernel, "same")
                x = np.sign(moved) * np.maximum(np.abs(moved) - step, 0)
        expected.append(x)
    found = scale._shrunk(y, scale._convolution.spectrum(kernel), step)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    data, sparsity = scale._cost(found, scale._convolution.spectrum(kernel))
    residuals = [convolve2d(x, kernel, "same") - each for x, each in zip(expected, y)]
    assert data == pytest.approx(20.0 * sum((residual**2).sum() for residual in residuals))
    assert sparsity == pytest.approx(sum(np.abs(x).sum() / np.linalg.norm(x) for x in expected))


def test_a_step_that_raises_the_cost_is_halved_and_taken_back(scale, kernel, monkeypatch):
    """Every step is bad: nothing changes, and the step ends below its smallest."""
    costs = iter([(1.0, 1.0)] + [(100.0, 100.0)] * 20)
    monkeypatch.setattr(scale, "_cost", lambda x, spectrum: next(costs))
    x, step, terms = scale._sharpened(scale._y, kernel, 1e-3)
    assert np.array_equal(x, scale._y)
    assert step == 1e-3 / 16
    assert terms == (100.0, 100.0)


def test_a_step_is_halved_until_the_cost_is_below_three_times_the_old(scale, kernel, monkeypatch):
    costs = iter([(1.0, 1.0), (5.0, 1.5), (4.0, 1.9)])
    monkeypatch.setattr(scale, "_cost", lambda x, spectrum: next(costs))
    x, step, terms = scale._sharpened(scale._y, kernel, 1e-3)
    assert step == 5e-4
    assert terms == (4.0, 1.9)
    np.testing.assert_allclose(x, scale._shrunk(scale._y, scale._convolution.spectrum(kernel), 5e-4))


def test_the_kernel_step_is_one_of_conjugate_gradients(scale, kernel):
    """From the old kernel along the residual, by the length that is best, on the part without borders."""
    x = np.random.default_rng(2).standard_normal(scale._y.shape)
    inner = scale._y[:, 2:-2, 2:-2]
    design = np.vstack(
        [np.array([convolve2d(part, unit.reshape(5, 5), "valid").ravel() for unit in np.eye(25)]).T for part in x]
    )
    weights = 0.2 / np.maximum(kernel.ravel(), 1e-4)
    matrix = design.T @ design + np.diag(weights)
    residual = design.T @ inner.ravel() - matrix @ kernel.ravel()
    moved = kernel.ravel() + (residual @ residual) / (residual @ matrix @ residual) * residual
    expected = np.maximum(moved, 0).reshape(5, 5)
    np.testing.assert_allclose(scale._next_kernel(x, kernel), expected / expected.sum(), atol=1e-10)


def test_a_kernel_is_centred_and_the_gradients_go_the_other_way():
    kernel, x = np.zeros((5, 5)), np.zeros((2, 9, 9))
    kernel[1, 4], x[:, 4, 4] = 1, (1, 2)
    moved_kernel, moved = _centred(kernel, x)
    assert np.argwhere(moved_kernel).tolist() == [[2, 2]]
    assert np.argwhere(moved).tolist() == [[0, 3, 6], [1, 3, 6]]
    assert moved[1, 3, 6] == 2


def test_the_records_are_of_the_cost(blurred):
    for record in NormalizedSparsity(alternations=2).estimate(blurred, 5).history:
        assert record.energy == pytest.approx(record.data_term + record.prior_term)
        assert record.prior_term > 0


def test_gradients_are_scaled_by_their_own_contrast():
    """A darker image of the same scene has the same kernel."""
    image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    one, other = (NormalizedSparsity(alternations=3).estimate(gain * image, 5).kernel for gain in (1.0, 0.25))
    np.testing.assert_allclose(one, other, atol=1e-9)
    assert np.ptp(valid_gradients(image)[0]) > 0
