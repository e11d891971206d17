"""Cho and Lee's estimator: what its prediction and its kernel step do."""

import numpy as np
import pytest

from pydeblur.estimators.cho_lee import ChoLee, ChoLeeOptions, _Scale
from pydeblur.solver.coarse_to_fine import Level
from pydeblur.solver.edge_selection import direction_groups
from pydeblur.solver.gradients import valid_gradients


def scale_of(image, kernel_size, **options):
    return _Scale(Level(0, image, kernel_size), ChoLeeOptions(**options))


@pytest.mark.parametrize("edge_pixels", [1.0, 2.0, 5.0])
def test_enough_edges_of_each_direction_are_predicted(sharp_image, edge_pixels):
    x, y, threshold = scale_of(sharp_image, 15, edge_pixels=edge_pixels).predict(1)
    groups = direction_groups(x, y)
    counts = [int((groups == number).sum()) for number in range(4)]
    # The scarcest direction sets the threshold.
    assert min(counts) == edge_pixels * 15
    assert (x * x + y * y)[groups >= 0].min() == pytest.approx(threshold)


def test_more_edges_are_predicted_from_pass_to_pass(sharp_image):
    scale = scale_of(sharp_image, 15)
    predicted = [scale.predict(number) for number in (1, 2, 3)]
    thresholds = [each[2] for each in predicted]
    np.testing.assert_allclose(np.divide(thresholds[1:], thresholds[:-1]), 0.81)


def test_the_kernel_of_a_sharp_image_is_no_blur(sharp_image):
    scale = scale_of(sharp_image, 9)
    kernel = scale.find_kernel(*valid_gradients(sharp_image))
    assert kernel[4, 4] > 0.95
    assert kernel.sum() == pytest.approx(1)


def test_the_finest_scale_finds_what_was_found_at_the_coarser_ones(blurred):
    found = ChoLee(passes=3).estimate(blurred, 9)
    assert [record.kernel_size for record in found.history] == [7, 7, 7, 9, 9, 9]
    assert np.isnan(found.history[0].kernel_change)
    assert all(record.kernel_change >= 0 for record in found.history[1:])
    assert all(record.threshold > 0 for record in found.history)
