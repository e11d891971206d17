"""Estimators by name."""

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators import ESTIMATORS, KernelEstimator
from pydeblur.estimators.registry import load_estimator


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_name_gives_an_estimator(name):
    assert isinstance(load_estimator(name), KernelEstimator)


def test_names_mean_what_they_mean_elsewhere(blurred):
    for words in ({"preset": "best"}, {"prior": "gradient"}):
        (name,) = words.values()
        found = load_estimator(name, iterations=2).estimate(blurred, 5)
        assert np.array_equal(found.kernel, pydeblur.estimate_kernel(blurred, 5, iterations=2, **words).kernel)


def test_unknown_names_are_refused():
    with pytest.raises(InvalidOptionError, match="estimator should be one of faithful"):
        load_estimator("cho_and_lee")
