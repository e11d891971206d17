"""Differences and their threshold, eq. (10), against np.roll, the adjoint identity and brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

from pydeblur.solver.gradients import (
    SparseGradients,
    forward_difference,
    gradient_power,
    negative_backward_difference,
    sparse_gradients,
    valid_gradients,
)

shapes = st.tuples(st.integers(1, 3), st.integers(2, 9), st.integers(2, 9))
seeds = st.integers(0, 2**32 - 1)


@given(shapes, seeds, st.sampled_from([-1, -2]))
def test_negative_backward_difference_is_the_adjoint(shape, seed, axis):
    image, field = np.random.default_rng(seed).standard_normal((2, *shape))
    left = np.vdot(forward_difference(image, axis), field)
    right = np.vdot(image, negative_backward_difference(field, axis))
    assert left == pytest.approx(right, abs=1e-12)


@given(shapes, seeds, st.sampled_from([-1, -2]))
def test_differences_are_periodic(shape, seed, axis):
    image = np.random.default_rng(seed).standard_normal(shape)
    assert np.array_equal(forward_difference(image, axis), np.roll(image, -1, axis) - image)
    assert np.array_equal(negative_backward_difference(image, axis), np.roll(image, 1, axis) - image)


@given(st.tuples(st.integers(2, 9), st.integers(2, 9)))
def test_gradient_power_is_the_spectrum_of_both_differences(shape):
    dot = np.zeros(shape)
    dot[0, 0] = 1
    expected = sum(np.abs(np.fft.rfft2(np.roll(dot, -1, axis) - dot)) ** 2 for axis in (0, 1))
    assert np.allclose(gradient_power(shape), expected, rtol=0, atol=1e-12)


def test_valid_gradients_are_those_of_conv2():
    image = np.random.default_rng(1).random((7, 9))
    horizontal, vertical = valid_gradients(image)
    assert np.allclose(horizontal, convolve2d(image, [[-1, 1], [0, 0]], "valid"), rtol=0, atol=1e-15)
    assert np.allclose(vertical, convolve2d(image, [[-1, 0], [1, 0]], "valid"), rtol=0, atol=1e-15)


@settings(deadline=None)
@given(st.sampled_from([(6, 8), (3, 5, 7)]), seeds, st.floats(0, 3))
def test_the_threshold_minimises_eq_10_by_brute_force(shape, seed, threshold):
    """Per pixel, over h, v and all channels together: |g - ∇I|² + threshold [g ≠ 0] for g = 0 and for g = ∇I."""
    image = np.random.default_rng(seed).random(shape)
    differences = [np.roll(image, -1, axis) - image for axis in (-1, -2)]
    power = sum(difference**2 for difference in differences)
    power = power.sum(axis=0) if power.ndim == 3 else power
    kept = threshold * (power > 0) <= power  # the cost of keeping, and that of dropping
    expected = sum(
        np.roll(difference * kept, 1, axis) - difference * kept for difference, axis in zip(differences, (-1, -2))
    )
    inside = kept[:4, :5]
    for sparse in (SparseGradients(image), sparse_gradients(image)):
        actual = sparse.divergence(image, threshold)
        assert np.allclose(0 if actual is None else actual, expected, rtol=0, atol=1e-12)
        assert sparse.count_in((4, 5)) == np.count_nonzero(inside)
