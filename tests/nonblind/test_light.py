"""How well a blur of stored values and one of linear light explain a picture that was made in one of them."""

import numpy as np
import pytest

from pydeblur.nonblind.light import LINEAR, STORED, plane_to_look_at, residual_ratio
from tests.night_scene import KERNEL, photographed_in


@pytest.mark.parametrize("gamma", [STORED, LINEAR])
def test_the_light_that_the_picture_was_made_in_explains_it(gamma):
    ratio = residual_ratio(photographed_in(gamma), KERNEL)
    assert ratio < 0.6 if gamma == STORED else ratio > 1


def test_noise_hides_the_difference():
    assert residual_ratio(photographed_in(STORED, noise=0.05), KERNEL) > 0.6


def test_where_nothing_is_unclipped_nothing_is_told():
    assert residual_ratio(np.ones((40, 40)), KERNEL) == 1.0
    assert residual_ratio(np.zeros((40, 40)), KERNEL) == pytest.approx(1, abs=1e-3)


def test_what_of_a_picture_is_looked_at(monkeypatch):
    monkeypatch.setattr("pydeblur.nonblind.light._LARGEST_SIDE", 120)
    picture = np.random.default_rng(0).random((150, 160))
    assert np.array_equal(plane_to_look_at(picture, 15), picture[15:135, 20:140])
    small = picture[:50, :130]
    assert np.array_equal(plane_to_look_at(small, 15), small[:, 5:125])
    coloured = np.stack([0.5 * picture, picture, 0.2 * picture], axis=-1)
    assert np.array_equal(plane_to_look_at(coloured, 15), picture[15:135, 20:140])
    assert np.array_equal(plane_to_look_at(picture, 35), picture[5:145, 10:150])
    assert np.array_equal(plane_to_look_at(picture, 99), picture)
