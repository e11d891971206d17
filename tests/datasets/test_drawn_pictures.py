"""The pictures that are drawn: the same each time, sharp, and with what a kernel can be estimated from."""

import numpy as np
import pytest

from pydeblur.datasets.drawn_pictures import drawn_page, drawn_street


@pytest.mark.parametrize("draw", [drawn_street, drawn_page])
def test_they_are_always_the_same_and_have_edges_in_all_directions(draw):
    picture = draw(160)
    assert picture.shape == (160, 160) and picture.dtype == np.float64
    assert picture.min() >= 0 and picture.max() <= 1 and np.array_equal(picture, draw(160))
    vertical, horizontal = np.gradient(picture)
    tensor = [[np.mean(a * b) for a in (vertical, horizontal)] for b in (vertical, horizontal)]
    weaker, stronger = np.linalg.eigvalsh(tensor)
    assert weaker > 0.2 * stronger and weaker > 1e-3


def test_another_seed_is_another_street():
    assert np.mean(np.abs(drawn_street(96, seed=1) - drawn_street(96, seed=2))) > 0.02
