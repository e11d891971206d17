"""The connected components of a kernel: those that SciPy's labelling finds, in MATLAB's order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pydeblur.matlab import connected_components
from pydeblur.solver.components import components


def assert_same(mask):
    found, expected = components(mask), connected_components(mask, 8)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected):
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=150, deadline=None)
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12)))
def test_as_scipy_labels(mask):
    assert_same(mask)


@pytest.mark.parametrize("density", [0.0, 0.05, 0.2, 0.4, 0.8, 1.0])
def test_masks_of_a_kernels_size(density):
    assert_same(np.random.default_rng(7).random((61, 43)) < density)


def test_long_ways_round():
    """Lines that are joined at alternate ends are one component, whose first pixel is far along it from its last."""
    mask = np.zeros((41, 41), bool)
    mask[::2] = True
    mask[1::4, -1] = mask[3::4, 0] = True
    assert_same(mask)
    assert_same(mask.T)
    mask[20, 20] = False
    assert len(components(mask)) == 2


@given(st.integers(1, 9))
def test_diagonal_neighbours_are_connected(side):
    assert [each.size for each in components(np.eye(side) > 0)] == [side]
