"""histc against counting by hand and in loops, NumPy's histogram, and Octave."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import histc


def by_definition(x, edges):
    counts = [sum(low <= value < high for value in x) for low, high in itertools.pairwise(edges)]
    return counts + [sum(value == edges[-1] for value in x)]


quarter = st.integers(-8, 8).map(lambda n: n / 4)  # so that many values fall on edges


@given(
    st.lists(quarter | st.just(float("nan")) | st.just(float("inf")), max_size=30),
    st.lists(quarter, min_size=1, max_size=8).map(sorted),
)
def test_matches_the_definition(x, edges):
    np.testing.assert_array_equal(histc(np.array(x, float), edges), by_definition(x, edges))


def test_known_case():
    """MATLAB's rule: the last bin holds only what equals the last edge."""
    x = [-1, 0, 0.5, 1, 1, 1.5, 2, 2, 2, 2.1, np.nan]
    np.testing.assert_array_equal(histc(x, [0, 1, 2]), [2, 3, 3])


def test_repeated_edges():
    np.testing.assert_array_equal(histc([0, 1, 1, 2], [0, 1, 1, 2]), [1, 0, 2, 1])
    np.testing.assert_array_equal(histc([1, 1, 0], [0, 1, 1]), [1, 0, 2])


def test_infinite_edges():
    np.testing.assert_array_equal(histc([-np.inf, -5, 0, 7, np.inf], [-np.inf, 0, np.inf]), [2, 2, 1])


def test_numpy_agrees_but_for_the_last_edge(rng):
    x, edges = rng.normal(size=5000), np.linspace(-2, 2, 101)
    counts = histc(x, edges)
    np.testing.assert_array_equal(counts[:-1], np.histogram(x, edges)[0])
    assert counts[-1] == 0 and counts.sum() < x.size


def test_integers_and_matrices(rng):
    x = rng.integers(0, 10, (20, 30))
    np.testing.assert_array_equal(histc(x, np.arange(10)), np.bincount(x.ravel(), minlength=10))


def test_empty_input_counts_nothing():
    np.testing.assert_array_equal(histc([], [0, 1]), [0, 0])
    assert histc([], [0, 1]).dtype == np.int64


def test_a_million_values_between_the_edges_of_the_gradient_threshold(rng):
    """Its 33334 edges, 0:0.00006:2, against NumPy's sorting."""
    edges, x = 0.00006 * np.arange(33334), rng.random(1_000_000) ** 4 * 2
    below = np.searchsorted(np.sort(x), edges, side="left")
    np.testing.assert_array_equal(np.cumsum(histc(x, edges))[:-1], below[1:] - below[0])


@pytest.mark.parametrize(
    "x, edges, message",
    [
        ([1], [], "edges must be a non-empty vector"),
        ([1], [2, 1], "edges must be a non-empty vector that never decreases"),
        ([1], [0, np.nan], "edges must be a non-empty vector that never decreases"),
        ([1], [np.nan], "edges must be a non-empty vector that never decreases"),
        ([1], [[0, 1]], "edges must be 1-D"),
        ([1j], [0, 1], "x must be real"),
    ],
)
def test_bad_input(x, edges, message):
    with pytest.raises(InvalidInputError, match=message):
        histc(x, edges)


@pytest.mark.octave
def test_octave_agrees(octave, rng):
    edges = 0.00006 * np.arange(33334)
    x = np.concatenate([rng.random(3000) * 2.2 - 0.1, edges[::7], [np.nan, np.inf, -0.0]])
    theirs = octave("counts = histc(x(:), e(:));", "counts", x=x, e=edges)
    np.testing.assert_array_equal(histc(x, edges), theirs["counts"].ravel())
