"""Activation maps as pictures."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.activation import activation_picture


def test_levels():
    assert activation_picture(np.array([[-1.0, 0.0], [0.5, 3.0]])).tolist() == [[0, 64], [96, 255]]
    assert activation_picture(np.array([[-1.0, 0.0], [0.5, 3.0]]), limits=(0, 1)).tolist() == [[0, 0], [128, 255]]
    assert activation_picture(np.full((2, 3), 7.0)).tolist() == [[0] * 3] * 2


def test_each_value_covers_its_pixels():
    """The last row and column of blocks take what the poolings dropped."""
    picture = activation_picture(np.array([[0.0, 1.0], [2.0, 3.0]]), shape=(17, 23))
    assert picture.shape == (17, 23) and picture.dtype == np.uint8
    assert np.all(picture[:8, :11] == 0) and np.all(picture[:8, 11:] == 85)
    assert np.all(picture[8:, :11] == 170) and np.all(picture[8:, 11:] == 255)


def test_wrong_arguments():
    for arguments in (
        {"activation": np.zeros(3)},
        {"activation": np.zeros((0, 2))},
        {"activation": np.array([[np.nan]])},
        {"activation": np.zeros((2, 2)), "limits": (1, 1)},
        {"activation": np.zeros((2, 2)), "limits": (2, 1)},
        {"activation": np.zeros((2, 2)), "limits": (0, np.inf)},
        {"activation": np.zeros((4, 4)), "shape": (3, 9)},
    ):
        with pytest.raises(InvalidInputError):
            activation_picture(**arguments)
