"""The shock filter against the scheme's definition, pixel by pixel."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.solver.shock_filter import shock_filter

shapes = st.tuples(st.integers(1, 8), st.integers(1, 8))
seeds = st.integers(0, 2**32 - 1)


def minmod(a, b):
    return 0.0 if a * b <= 0 else math.copysign(min(abs(a), abs(b)), a)


def stepped(image, step):
    """One step by loops over the pixels."""
    height, width = image.shape

    def at(row, column):
        return image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]

    result = image.copy()
    for r in range(height):
        for c in range(width):
            centre = image[r, c]
            ix, iy = (at(r, c + 1) - at(r, c - 1)) / 2, (at(r + 1, c) - at(r - 1, c)) / 2
            ixx = at(r, c + 1) - 2 * centre + at(r, c - 1)
            iyy = at(r + 1, c) - 2 * centre + at(r - 1, c)
            ixy = (at(r + 1, c + 1) - at(r + 1, c - 1) - at(r - 1, c + 1) + at(r - 1, c - 1)) / 4
            eta = ix * ix * ixx + 2 * ix * iy * ixy + iy * iy * iyy
            slope = math.hypot(
                minmod(at(r, c + 1) - centre, centre - at(r, c - 1)),
                minmod(at(r + 1, c) - centre, centre - at(r - 1, c)),
            )
            # η is a sum that can cancel: its sign counts only where it is more than rounding.
            sign = 0.0 if abs(eta) < 1e-15 else math.copysign(1, eta)
            result[r, c] = centre - step * sign * slope
    return result


@given(shapes, seeds, st.floats(0.05, 1.0), st.integers(0, 3))
def test_it_is_the_scheme_by_loops(shape, seed, step, steps):
    image = np.random.default_rng(seed).random(shape)
    expected = image
    for _ in range(steps):
        expected = stepped(expected, step)
    np.testing.assert_allclose(shock_filter(image, step, steps), expected, atol=1e-12)


@given(shapes, seeds, st.integers(1, 20))
def test_small_steps_make_no_new_extremum(shape, seed, steps):
    image = np.random.default_rng(seed).random(shape)
    sharp = shock_filter(image, math.sqrt(0.5), steps)
    assert image.min() - 1e-12 <= sharp.min()
    assert sharp.max() <= image.max() + 1e-12


def test_a_blurred_edge_becomes_steep_and_the_image_given_stays():
    edge = np.tile(1 / (1 + np.exp(-np.arange(-8, 8) / 2)), (5, 1))
    given_edge = edge.copy()
    sharp = shock_filter(edge, 0.5, 30)
    assert np.array_equal(edge, given_edge)
    assert np.abs(np.diff(sharp[2])).max() > 0.9
    assert np.abs(np.diff(edge[2])).max() < 0.13


def test_turning_the_image_turns_the_result():
    image = np.random.default_rng(0).random((9, 7))
    for turned in (np.rot90, np.flipud, np.transpose):
        np.testing.assert_allclose(shock_filter(turned(image), 0.7, 2), turned(shock_filter(image, 0.7, 2)), atol=1e-12)
