"""The edges that a kernel is found from."""

import numpy as np
import pytest

from pydeblur.estimators.edge_prediction import edges_above
from pydeblur.solver.gradients import valid_gradients


def test_weak_and_useless_edges_are_zero():
    image = np.random.default_rng(0).random((9, 10))
    usable = np.random.default_rng(1).random((8, 9)) < 0.5
    x, y = valid_gradients(image)
    edges_x, edges_y, threshold = edges_above(image, 0.2, usable)
    kept = usable & (x**2 + y**2 >= 0.2)
    assert 0 < kept.sum() < usable.sum()
    assert np.array_equal(edges_x, x * kept) and np.array_equal(edges_y, y * kept)
    assert threshold == 0.2


def test_a_threshold_that_nothing_usable_reaches_is_lowered():
    image = np.zeros((5, 5))
    image[:, 1:] += 1.0
    image[:, 3:] += 0.1
    usable = np.ones((4, 4), bool)
    usable[:, 0] = False  # the large step does not count
    edges_x, _, threshold = edges_above(image, 0.5, usable)
    assert threshold <= 0.01
    assert np.flatnonzero(edges_x[0]).tolist() == [2]
    assert edges_x[0, 2] == pytest.approx(-0.1)
