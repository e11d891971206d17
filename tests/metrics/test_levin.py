"""Error ratios and success rates by hand."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.metrics import error_ratio, success_rate


def test_error_ratio():
    assert error_ratio(30.91, 25.33) == 30.91 / 25.33
    assert error_ratio([3, 1], [2, 4]).tolist() == [1.5, 0.25]
    assert error_ratio(0, 1) == 0


@pytest.mark.parametrize(("ssd", "ssd_true"), [(-1, 1), (1, 0), (1, -1), (np.nan, 1), (1, np.nan)])
def test_error_ratio_of_nonsense(ssd, ssd_true):
    with pytest.raises(InvalidInputError, match="ssd_true above 0"):
        error_ratio(ssd, ssd_true)


def test_success_rate():
    ratios = [1, 1.5, 1.500001, 2, 2.5, 3, 4, np.nan]
    assert success_rate(ratios).tolist() == [2 / 8, 4 / 8, 6 / 8]
    assert success_rate(ratios, [1]).tolist() == [1 / 8]
    assert success_rate(1.2).tolist() == [1, 1, 1]


def test_success_rate_of_nothing():
    with pytest.raises(InvalidInputError, match="at least one"):
        success_rate([])
