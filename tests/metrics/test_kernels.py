"""Kernel similarity against brute force and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import correlate2d

from pydeblur.errors import InvalidInputError
from pydeblur.metrics import kernel_similarity

shapes = st.tuples(st.integers(1, 8), st.integers(1, 8))
kernels = shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1))).filter(
    lambda kernel: kernel.max() > 1e-3
)


def brute_force(a, b):
    return correlate2d(a, b, "full").max() / np.sqrt(np.sum(a**2) * np.sum(b**2))


def gaussian(size, row, column, sigma=2.0):
    i, j = np.mgrid[0:size, 0:size]
    return np.exp(-((i - row) ** 2 + (j - column) ** 2) / (2 * sigma**2))


@settings(max_examples=150, deadline=None)
@given(kernels, kernels)
def test_against_brute_force(a, b):
    expected = brute_force(a, b)
    assert kernel_similarity(a, b) == pytest.approx(expected, abs=1e-13)
    assert kernel_similarity(b, a) == pytest.approx(expected, abs=1e-13)
    assert expected - 1e-13 <= kernel_similarity(a, b, subpixel=True) <= 1


@settings(max_examples=60, deadline=None)
@given(kernels, st.floats(1e-150, 1e150), st.integers(0, 4), st.integers(0, 4))
def test_shift_size_and_scale_do_not_matter(kernel, scale, rows, columns):
    other = scale * np.pad(kernel, ((rows, 1), (columns, 2)))
    assert kernel_similarity(kernel, other) == pytest.approx(1, abs=1e-13)
    assert kernel_similarity(other, kernel, subpixel=True) == pytest.approx(1, abs=1e-13)


@pytest.mark.parametrize("shift", [(0.25, 0), (0.5, 0.5), (-0.25, 0.75), (3.5, -2.25)])
def test_quarter_pixels_are_found(shift):
    """Correlating two Gaussians gives exp(-d^2 / (4 sigma^2)) at a distance d from the best shift."""
    a, b = gaussian(41, 20, 20), gaussian(41, 20 + shift[0], 20 + shift[1])
    remaining = sum((part - np.round(part)) ** 2 for part in shift)
    assert kernel_similarity(a, b) == pytest.approx(np.exp(-remaining / 16), abs=1e-6)
    assert kernel_similarity(a, b, subpixel=True) == pytest.approx(1, abs=1e-6)


def test_disjoint_shapes():
    horizontal, vertical = np.ones((1, 9)), np.ones((9, 1))
    assert kernel_similarity(horizontal, vertical) == pytest.approx(1 / 9)


def test_negative_correlation_is_0():
    assert kernel_similarity(np.ones((1, 1)), -np.ones((3, 3))) == 0


@pytest.mark.parametrize(
    "kernel",
    [
        np.zeros((3, 3)),
        np.zeros((0, 3)),
        np.full((3, 3), np.nan),
        np.full((3, 3), np.inf),
        np.ones(3),
        np.ones((3, 3, 3)),
        np.eye(3) * 1j,
    ],
)
def test_wrong_input(kernel):
    with pytest.raises(InvalidInputError, match="kernel a"):
        kernel_similarity(kernel, np.ones((3, 3)))
    with pytest.raises(InvalidInputError, match="kernel b"):
        kernel_similarity(np.ones((3, 3)), kernel)
