import numpy as np
import pytest
from scipy.stats import sem

from pydeblur.evaluation.paired import capped, comparison_columns, mean_with_error, ratio_columns


def test_standard_errors_are_scipy_s():
    values = np.random.default_rng(0).standard_normal(11)
    found = mean_with_error(values)
    assert (found.mean, found.error) == pytest.approx((np.mean(values), sem(values)), rel=1e-12)
    assert mean_with_error([3.0]) == (3.0, None)
    assert str(mean_with_error([3.0])) == "+3.00"


def test_failed_estimates_count_as_the_worst():
    np.testing.assert_array_equal(capped([1.0, None, np.inf, 19.0, 21.0]), [1, 20, 20, 19, 20])


def test_columns_about_one_method():
    columns = ratio_columns([1.0, 1.5, 2.0, 2.5, None])
    shares = {"within_1.5": 0.4, "within_2": 0.6, "within_3": 0.8}
    assert columns == pytest.approx({"cases": 5, "mean_ratio": 27 / 5, "median_ratio": 2.0, **shares})


def test_columns_about_two_methods():
    ratios, base = [1.0, 2.0, 3.3, 30.0], [2.0, 2.1, 3.0, 10.0]
    columns = comparison_columns(ratios, base)
    differences = np.array([-1.0, -0.1, 0.3, 10.0])
    logarithms = 100 * np.log([0.5, 2.0 / 2.1, 1.1, 2.0])
    assert columns["difference"] == pytest.approx(differences.mean())
    assert columns["difference_error"] == pytest.approx(sem(differences))
    assert columns["change_percent"] == pytest.approx(logarithms.mean())
    assert columns["change_error"] == pytest.approx(sem(logarithms))
    # By more than 15 %: one of the two that are smaller, one of the two that are larger.
    assert (columns["better"], columns["worse"]) == (1, 1)
