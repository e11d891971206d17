"""matlab_round against decimal arithmetic and Octave."""

import decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import matlab_round

CASES = {
    0.5: 1,
    1.5: 2,
    2.5: 3,
    -0.5: -1,
    -1.5: -2,
    -2.5: -3,
    0.49999999999999994: 0,
    -0.49999999999999994: 0,
    0.5000000000000001: 1,
    2.4999999999999996: 2,
    4503599627370495.5: 4503599627370496,  # the largest half
    4503599627370497.0: 4503599627370497,  # floor(x + 0.5) gives ...498
    9007199254740991.0: 9007199254740991,
    1e300: 1e300,
}


@pytest.mark.parametrize("x, expected", CASES.items())
def test_known_values(x, expected):
    assert matlab_round(x) == expected


def test_numpy_rounds_otherwise():
    assert matlab_round(2.5) != np.round(2.5)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_is_decimal_half_away_from_zero(x):
    with decimal.localcontext() as context:
        context.prec = 400
        expected = float(decimal.Decimal(x).to_integral_value(decimal.ROUND_HALF_UP))
    assert matlab_round(x) == expected


@given(st.integers(-(2**20), 2**20))
def test_halves_of_float32_go_away_from_zero(n):
    x = np.float32(n + 0.5)
    rounded = matlab_round(x)
    assert rounded.dtype == np.float32
    assert rounded == (n + 1 if n >= 0 else n)


def test_arrays_keep_shape_and_dtype():
    x = np.array([[0.5, -1.5], [np.inf, 3.2]], np.float32)
    rounded = matlab_round(x)
    assert rounded.dtype == np.float32
    np.testing.assert_array_equal(rounded, [[1, -2], [np.inf, 3]])
    np.testing.assert_array_equal(x, np.array([[0.5, -1.5], [np.inf, 3.2]], np.float32))  # not in place


def test_nan_and_infinities_stay():
    np.testing.assert_array_equal(matlab_round([np.nan, np.inf, -np.inf]), [np.nan, np.inf, -np.inf])


def test_integers_are_returned_unchanged():
    x = np.array([2**62 + 1, -3])
    assert matlab_round(x).dtype == x.dtype
    np.testing.assert_array_equal(matlab_round(x), x)
    assert matlab_round(7) == 7


def test_scalar_in_scalar_out():
    assert np.ndim(matlab_round(1.5)) == 0 and not isinstance(matlab_round(1.5), np.ndarray)


@pytest.mark.parametrize("bad", ["1.5", None, 1j, [[1.0], [1.0, 2.0]]])
def test_bad_input(bad):
    with pytest.raises(InvalidInputError, match=r"^x must be"):
        matlab_round(bad)


@pytest.mark.octave
def test_octave_agrees(octave, rng):
    x = np.concatenate([list(CASES), np.arange(-20, 20) / 2, rng.normal(0, 10, 500)])
    np.testing.assert_array_equal(octave("y = round(x);", "y", x=x)["y"].ravel(), matlab_round(x))
