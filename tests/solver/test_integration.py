"""The image of given gradients: an image's own give it back, any others the least-squares solution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.solver.integration import image_of_gradients

shapes = st.tuples(st.integers(1, 7), st.integers(1, 7))
seeds = st.integers(0, 2**32 - 1)


def gradients_of(image):
    """The differences of each pixel and its right and lower neighbour; 9 where there is none, which must not count."""
    x, y = np.full((2, *image.shape), 9.0)
    x[:, :-1], y[:-1] = image[:, :-1] - image[:, 1:], image[:-1] - image[1:]
    return x, y


@given(shapes, seeds)
def test_an_image_is_found_back(shape, seed):
    image = np.random.default_rng(seed).standard_normal(shape)
    np.testing.assert_allclose(image_of_gradients(*gradients_of(image), image.mean()), image, atol=1e-10)


@given(shapes, seeds)
def test_any_gradients_give_the_least_squares_image(shape, seed):
    x, y = np.random.default_rng(seed).standard_normal((2, *shape))
    inside = np.s_[:, :-1], np.s_[:-1]
    rows = [
        np.concatenate([part[keep].ravel() for part, keep in zip(gradients_of(unit.reshape(shape)), inside)])
        for unit in np.eye(x.size)
    ]
    given_values = np.concatenate([x[inside[0]].ravel(), y[inside[1]].ravel()])
    # The solution of the smallest norm is that of mean 0.
    expected = np.linalg.lstsq(np.array(rows).T, given_values, rcond=None)[0].reshape(shape)
    np.testing.assert_allclose(image_of_gradients(x, y), expected, atol=1e-9)
    assert image_of_gradients(x, y, 3.0).mean() == pytest.approx(3.0)
