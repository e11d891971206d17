"""Estimators by name."""

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators import METHODS, WHOLE_ESTIMATORS, KernelEstimator
from pydeblur.estimators.registry import load_estimator


@pytest.mark.parametrize("name", METHODS)
def test_every_name_gives_an_estimator(name):
    assert isinstance(load_estimator(name), KernelEstimator)


def test_names_mean_what_they_mean_elsewhere(blurred):
    for words in ({"preset": "best"}, {"prior": "gradient"}):
        (name,) = words.values()
        found = load_estimator(name, iterations=2).estimate(blurred, 5)
        assert np.array_equal(found.kernel, pydeblur.estimate_kernel(blurred, 5, iterations=2, **words).kernel)


def test_unknown_names_are_refused():
    with pytest.raises(InvalidOptionError, match="method should be one of faithful"):
        load_estimator("cho_and_lee")


# Light streaks are found in night scenes only: tests/estimators/test_light_streaks.py.
@pytest.mark.parametrize("name", [name for name in WHOLE_ESTIMATORS if name != "light_streaks"])
def test_whole_methods_through_the_python_face(name, blurred):
    estimate = pydeblur.estimate_kernel(blurred, 5, method=name)
    assert np.array_equal(estimate.kernel, load_estimator(name).estimate(blurred, 5).kernel)
    assert estimate.prior["name"] == name
    result = pydeblur.deblur(blurred, 5, method=name, nonblind="tv")
    assert np.array_equal(result.kernel, estimate.kernel) and result.image.shape == blurred.shape
    assert len(estimate.history) <= load_estimator(name).iteration_count(5)


def test_a_prior_as_a_method_has_its_papers_weights(blurred):
    by_method = pydeblur.estimate_kernel(blurred, 5, method="pmp")
    by_hand = pydeblur.estimate_kernel(blurred, 5, prior="pmp", lambda_prior=0.1, lambda_prior_min=0.01)
    assert np.array_equal(by_method.kernel, by_hand.kernel)
    assert not np.array_equal(by_method.kernel, pydeblur.estimate_kernel(blurred, 5, prior="pmp").kernel)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"method": "cho_lee", "prior": "gradient"}, "beside a preset or a prior"),
        ({"method": "pmp", "preset": "fast"}, "beside a preset or a prior"),
        ({"method": "marginal", "prior_options": {"patch": 5}}, "no prior_options"),
        ({"method": "marginal", "iterations": 3}, "marginal"),
        ({"method": "xu_jia", "passes": 0}, "passes should be"),
        ({"method": 3}, "method should be one of"),
        ({"method": ["pmp"]}, "method should be one of"),
    ],
)
def test_what_does_not_go_together(blurred, words, message):
    with pytest.raises(InvalidOptionError, match=message):
        pydeblur.estimate_kernel(blurred, 5, **words)
