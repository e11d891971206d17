"""connected_components and bwlabel against a flood fill that scans as MATLAB does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import bwlabel, connected_components

STEPS = {
    4: [(0, 1), (0, -1), (1, 0), (-1, 0)],
    8: [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)],
}


def flood_fill(mask, connectivity):
    """Return the components as sorted lists of (column, row), in the order in which a column scan meets them."""
    height, width = mask.shape
    unseen = {(j, i) for i, j in np.ndindex(mask.shape) if mask[i, j]}
    components = []
    for j in range(width):
        for i in range(height):
            if (j, i) not in unseen:
                continue
            unseen.remove((j, i))
            component, front = [], [(j, i)]
            while front:
                x, y = front.pop()
                component.append((x, y))
                for dy, dx in STEPS[connectivity]:
                    if (x + dx, y + dy) in unseen:
                        unseen.remove((x + dx, y + dy))
                        front.append((x + dx, y + dy))
            components.append(sorted(component))
    return components


@settings(deadline=None, max_examples=80)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.sampled_from([4, 8]))
def test_matches_a_flood_fill(mask, connectivity):
    expected = [[i * mask.shape[1] + j for j, i in component] for component in flood_fill(mask, connectivity)]
    found = connected_components(mask, connectivity)
    assert [list(component) for component in found] == expected
    labels, count = bwlabel(mask, connectivity)
    assert count == len(expected) and labels.shape == mask.shape
    rebuilt = np.zeros(mask.size, int)
    for number, component in enumerate(expected, 1):
        rebuilt[component] = number
    np.testing.assert_array_equal(labels.ravel(), rebuilt)


def test_big_random_mask(rng):
    mask = rng.random((90, 70)) < 0.35
    expected = [[i * 70 + j for j, i in component] for component in flood_fill(mask, 8)]
    assert len(expected) > 50
    assert [list(component) for component in connected_components(mask)] == expected


def test_order_is_by_column_not_by_row():
    mask = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]])
    found = connected_components(mask)
    assert [list(component) for component in found] == [[6], [2]]
    np.testing.assert_array_equal(bwlabel(mask)[0], [[0, 0, 2], [0, 0, 0], [1, 0, 0]])


def test_corners_connect_with_8_only():
    mask = np.eye(3)
    assert len(connected_components(mask)) == 1
    assert len(connected_components(mask, 4)) == 3


def test_indices_address_the_flat_array(rng):
    kernel = np.array([[0.3, 0, 0], [0, 0, 0], [0, 0.1, 0.6]])
    assert [kernel.ravel()[component].sum() for component in connected_components(kernel)] == [0.3, 0.7]


def test_empty_masks():
    assert connected_components(np.zeros((3, 4))) == []
    assert connected_components(np.zeros((0, 4))) == []
    labels, count = bwlabel(np.zeros((3, 4)))
    assert count == 0 and not labels.any()


def test_full_mask():
    (component,) = connected_components(np.ones((2, 3)))
    np.testing.assert_array_equal(component, [0, 3, 1, 4, 2, 5])


@pytest.mark.parametrize(
    "mask, connectivity, message",
    [
        (np.ones(3), 8, "mask must be 2-D"),
        (np.eye(3), 6, "connectivity must be 4 or 8"),
        ([["x"]], 8, "mask must be a numeric array"),
    ],
)
def test_bad_input(mask, connectivity, message):
    with pytest.raises(InvalidInputError, match=message):
        connected_components(mask, connectivity)
