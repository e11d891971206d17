"""The circularly smooth border: Laplace's equation, no jump where the image meets itself, and good FFT lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.solver.boundary import opt_fft_size, padded_shape, wrap_boundary

IMAGE = np.random.default_rng(0).random((21, 17))


def laplacian(image):
    return sum(np.roll(image, step, axis) for step in (-1, 1) for axis in (0, 1)) - 4 * image


@given(st.integers(0, 12), st.integers(0, 12))
def test_the_image_is_kept_and_extended(rows, columns):
    padded = wrap_boundary(IMAGE, (21 + rows, 17 + columns))
    assert padded.shape == (21 + rows, 17 + columns)
    assert np.array_equal(padded[:21, :17], IMAGE)
    assert np.all(np.isfinite(padded))
    # What solves Laplace's equation, and its linear borders, stay between the values around.
    assert IMAGE.min() - 1e-12 <= padded.min() and padded.max() <= IMAGE.max() + 1e-12


def test_the_new_regions_solve_laplace_s_equation():
    padded = wrap_boundary(IMAGE, (30, 28))
    harmonic = laplacian(padded)
    assert np.max(np.abs(harmonic[1:20, 17:])) < 1e-12  # right of the image, from its last column round to its first
    # Below; its last row but one is the last whose neighbours are all of the same solution: the rows lie one higher up.
    assert np.max(np.abs(harmonic[22:29, 1:16])) < 1e-12
    assert np.array_equal(padded[21, :17], IMAGE[-1])  # the family's overlap of one row


def test_there_is_no_jump_where_the_image_meets_itself():
    ramp = np.add.outer(np.zeros(40), np.linspace(0, 1, 50))
    for image, axis in ((ramp, 1), (ramp.T, 0)):
        shape = tuple(n + 12 for n in image.shape)
        steps = np.abs(
            np.diff(wrap_boundary(image, shape), axis=axis, append=np.take(wrap_boundary(image, shape), [0], axis))
        )
        assert 1 / 13 <= steps.max() < 2 / 12  # a straight way down in 13 steps would be the smoothest


def test_channels_are_extended_one_by_one():
    stack = np.stack([IMAGE, IMAGE**2, 1 - IMAGE])
    padded = wrap_boundary(stack, (27, 24))
    assert all(np.array_equal(padded[c], wrap_boundary(stack[c], (27, 24))) for c in range(3))


def test_float32_stays_float32():
    padded = wrap_boundary(IMAGE.astype(np.float32), (27, 24))
    assert padded.dtype == np.float32
    assert np.max(np.abs(padded - wrap_boundary(IMAGE, (27, 24)))) < 1e-5


SMOOTH = {2**a * 3**b * 5**c * 7**d for a in range(14) for b in range(9) for c in range(7) for d in range(6)}


def is_good(number):
    return any(number % factor == 0 and number // factor in SMOOTH for factor in (1, 11, 13))


@given(st.integers(1, 6000))
def test_opt_fft_size_is_the_next_good_length(number):
    size = opt_fft_size(number)
    assert size >= number and is_good(size)
    assert not any(is_good(between) for between in range(number, size))


@pytest.mark.parametrize(
    "shape, kernel, expected", [((255, 255), (25, 25), (280, 280)), ((97, 100), (3, 9), (99, 108))]
)
def test_padded_shape_leaves_a_kernel_s_width_of_room(shape, kernel, expected):
    assert padded_shape(shape, kernel) == expected
