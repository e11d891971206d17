"""The L0 norm of the intensities; that its closed form minimises eq. (11) is tested with the auxiliary image."""

import numpy as np
import pytest

from pydeblur.priors.intensity import IntensityPrior

IMAGE = np.array([[0.0, 0.5], [-0.25, 1.0]])


def test_the_value_is_the_number_of_pixels_that_are_not_0():
    value = IntensityPrior().value(IMAGE)
    assert value == 3 and type(value) is float


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.0, IMAGE),
        (0.0625, IMAGE),  # what reaches the threshold stays
        (0.07, [[0, 0.5], [0, 1]]),
        (0.3, [[0, 0], [0, 1]]),
        (2.0, np.zeros((2, 2))),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_squares_below_the_threshold_become_0(threshold, expected, dtype):
    image = IMAGE.astype(dtype)
    u = IntensityPrior().prox(image, threshold)
    assert u.dtype == dtype and np.array_equal(u, expected) and np.array_equal(image, IMAGE)
