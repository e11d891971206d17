"""Which edges are kept: directions against the angle, thresholds by counting, the usefulness by loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.solver.edge_selection import direction_groups, edge_usefulness, keeping_threshold

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_directions_are_those_of_the_angle(seed):
    x, y = np.random.default_rng(seed).standard_normal((2, 6, 7))
    expected = np.floor(np.arctan2(y, x) % np.pi / (np.pi / 4))
    assert np.array_equal(direction_groups(x, y), expected)
    assert np.array_equal(direction_groups(-x, -y), expected)


def test_each_range_begins_at_its_lower_angle():
    angles = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (0, 0)]
    x, y = np.array(angles, float).T[:, None]
    assert direction_groups(x, y).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, -1]]


@given(seeds, st.integers(1, 40))
def test_the_threshold_keeps_enough_of_each_direction_and_is_the_largest_such(seed, count):
    rng = np.random.default_rng(seed)
    # Rounded values are often equal to each other, and some are 0.
    values, groups = rng.integers(0, 12, (9, 11)) / 4.0, rng.integers(-1, 4, (9, 11))

    def keeps_enough(threshold):
        own = [values[(groups == group) & (values > 0)] for group in range(4)]
        return all((part >= threshold).sum() >= min(count, part.size) for part in own)

    threshold = keeping_threshold(values, groups, count)
    assert keeps_enough(threshold)
    larger = [value for value in np.unique(values) if value > threshold]
    assert not larger or not keeps_enough(larger[0])


def test_without_any_gradient_the_threshold_is_zero():
    assert keeping_threshold(np.zeros((3, 3)), np.full((3, 3), -1), 5) == 0


def test_a_fraction_of_a_pixel_is_a_pixel():
    assert keeping_threshold(np.array([[1.0, 2.0, 3.0]]), np.zeros((1, 3), int), 1.2) == 2


@pytest.mark.parametrize(("window", "constant"), [(3, 0.5), (5, 0.1)])
def test_the_usefulness_by_loops(window, constant):
    x, y = np.random.default_rng(0).standard_normal((2, 8, 9))
    half = window // 2
    wide_x, wide_y = (np.pad(part, half, mode="symmetric") for part in (x, y))
    expected = np.empty_like(x)
    for row in range(8):
        for column in range(9):
            own = np.s_[row : row + window, column : column + window]
            total = sum(math.hypot(a, b) for a, b in zip(wide_x[own].flat, wide_y[own].flat))
            expected[row, column] = math.hypot(wide_x[own].sum(), wide_y[own].sum()) / (total + constant)
    np.testing.assert_allclose(edge_usefulness(x, y, window, constant), expected, rtol=1e-10)
