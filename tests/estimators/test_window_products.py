"""Sums of products of an array's parts against their definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.estimators.window_products import window_products


def by_definition(array, size):
    height, width = (length - size + 1 for length in array.shape)
    parts = [
        array[row : row + height, column : column + width].ravel() for row in range(size) for column in range(size)
    ]
    return np.array([[one @ other for other in parts] for one in parts])


@given(st.integers(1, 6), st.integers(0, 9), st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_they_are_the_products_of_all_parts(size, more_rows, more_columns, seed):
    array = np.random.default_rng(seed).standard_normal((size + more_rows, size + more_columns))
    found = window_products(array, size)
    np.testing.assert_allclose(found, by_definition(array, size), atol=1e-9)
    np.testing.assert_allclose(found, found.T, atol=1e-9)


@pytest.mark.usefixtures("each_fft")
def test_every_fft_library_gives_them():
    array = np.random.default_rng(0).standard_normal((30, 23))
    np.testing.assert_allclose(window_products(array, 9), by_definition(array, 9), atol=1e-9)
