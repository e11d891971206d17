from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis.kernels import (
    random_dwell,
    random_kernel,
    random_kernels,
    random_size,
    random_trajectory,
    trajectory_to_psf,
)


def span(kernel):
    """Longer side of the box around the pixels that hold a noticeable share of the mass."""
    rows, columns = np.nonzero(kernel > 1e-9)
    return max(np.ptp(rows), np.ptp(columns)) + 1


@settings(max_examples=25, deadline=None)
@given(half=st.integers(1, 25), seed=st.integers(0, 2**32))
def test_kernel_is_a_distribution_that_fills_its_square(half, seed):
    size = 2 * half + 1
    kernel = random_kernel(size, seed)
    assert kernel.shape == (size, size) and kernel.dtype == np.float64
    assert kernel.min() >= 0
    assert abs(kernel.sum() - 1) < 1e-12
    assert kernel.max() <= 0.5
    assert span(kernel) == size


@pytest.mark.parametrize("size", [7, 21, 51])
def test_box_of_the_support_is_centred(size):
    for seed in range(10):
        rows, columns = np.nonzero(random_kernel(size, seed) > 1e-9)
        for found in (rows, columns):
            assert abs((found.min() + found.max()) / 2 - (size - 1) / 2) <= 0.5


def test_larger_kernels_blur_more():
    rng = np.random.default_rng(0)
    spread = [np.mean([standard_deviation(random_kernel(size, rng)) for _ in range(20)]) for size in (7, 15, 31, 51)]
    assert all(second > 1.5 * first for first, second in pairwise(spread))


def standard_deviation(kernel):
    grid = np.indices(kernel.shape).reshape(2, -1)
    mean = grid @ kernel.ravel()
    return np.sqrt(np.sum((grid - mean[:, None]) ** 2 @ kernel.ravel()))


def test_seed_decides():
    assert np.array_equal(random_kernel(21, 7), random_kernel(21, 7))
    assert not np.array_equal(random_kernel(21, 7), random_kernel(21, 8))


def test_set_of_kernels_covers_the_sizes_evenly():
    sizes = [len(kernel) for kernel in random_kernels(23, 0)]
    assert sizes == list(range(7, 52, 2))


def test_trajectory_moves_at_constant_speed_over_its_length():
    path = random_trajectory(3, samples=500, length=30.0)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert path.shape == (500, 2)
    np.testing.assert_allclose(steps, 30.0 / 499, rtol=1e-9)
    np.testing.assert_array_equal(path[0], 0)


def test_without_anxiety_the_path_is_straight():
    path = random_trajectory(1, samples=100, length=10.0, anxiety=0.0)
    assert np.linalg.matrix_rank(path, tol=1e-9) == 1
    assert np.linalg.norm(path[-1]) == pytest.approx(10.0)


def test_psf_spreads_sub_pixel_positions_bilinearly():
    # Two equal halves of the time at (0, 0) and (0, 2.5): centred in 5 pixels they lie at columns 0.75 and 3.25.
    psf = trajectory_to_psf([(0.0, 0.0), (0.0, 2.5)], 5)
    expected = np.zeros((5, 5))
    expected[2] = [0.125, 0.375, 0, 0.375, 0.125]
    np.testing.assert_allclose(psf, expected, atol=1e-15)


def test_exposure_cuts_the_path():
    path = np.stack([np.zeros(100), np.linspace(0, 10, 100)], axis=1)
    np.testing.assert_allclose(trajectory_to_psf(path, 11, 0.5), trajectory_to_psf(path[:50], 11), atol=1e-15)
    assert span(trajectory_to_psf(path, 11, 0.5)) <= 7  # 4.95 px long, centred half-way between pixels


def test_a_psf_is_as_bright_as_the_time_spent():
    psf = trajectory_to_psf([(0.0, 0.0), (0.0, 1.0), (0.0, 2.0)], 3, dwell=[1, 0, 3])
    np.testing.assert_allclose(psf[1], [0.25, 0, 0.75], atol=1e-15)
    path = random_trajectory(0, samples=50, length=5.0)
    dwell = random_dwell(1, 50)
    cut = trajectory_to_psf(path, 9, 0.5, dwell)
    np.testing.assert_allclose(cut, trajectory_to_psf(path[:25], 9, dwell=dwell[:25]), atol=1e-15)


def test_dwell_varies_as_asked():
    assert np.all(random_dwell(0, variation=0) == 1)
    logs = np.log([random_dwell(seed, 200, 1.5) for seed in range(400)])
    assert np.std(logs - logs.mean(1, keepdims=True)) == pytest.approx(1.5, rel=0.15)
    assert random_dwell(3, 100).mean() == pytest.approx(1)
    # Smooth: from one instant to the next it hardly changes.
    assert np.abs(np.diff(np.log(random_dwell(3, 2000)))).max() < 0.05


@settings(max_examples=25, deadline=None)
@given(half=st.integers(3, 20), seed=st.integers(0, 2**32 - 1), variation=st.floats(0.1, 2))
def test_kernels_of_varying_speed_fill_their_square_as_well(half, seed, variation):
    kernel = random_kernel(2 * half + 1, seed, variation)
    assert kernel.shape == (2 * half + 1,) * 2 and kernel.min() >= 0 and kernel.sum() == pytest.approx(1)
    # The faintest end of a streak may be next to nothing, but is there.
    assert span(kernel) == 2 * half + 1


def test_speed_variation_leaves_faint_streaks_beside_bright_spots():
    def faint(variation):
        kernels = [random_kernel(21, seed, variation) for seed in range(40)]
        return np.mean([kernel[kernel < 0.1 * kernel.max()].sum() for kernel in kernels])

    assert faint(0) < 0.5 * faint(1)
    np.testing.assert_array_equal(random_kernel(21, 5, 0), random_kernel(21, 5))


@pytest.mark.parametrize("size", [0, 1, 8, 7.5, -7])
def test_bad_size_is_refused(size):
    with pytest.raises(InvalidInputError, match="size"):
        random_kernel(size, 0)


def test_bad_arguments_are_refused():
    with pytest.raises(InvalidInputError, match="samples"):
        random_trajectory(0, samples=1)
    with pytest.raises(InvalidInputError, match="length"):
        random_trajectory(0, length=0)
    with pytest.raises(InvalidInputError, match="anxiety"):
        random_trajectory(0, anxiety=-1)
    with pytest.raises(InvalidInputError, match="exposure"):
        trajectory_to_psf(np.zeros((3, 2)), 7, exposure=0)
    with pytest.raises(InvalidInputError, match="at least 12"):
        trajectory_to_psf([(0, 0), (0, 10.5)], 11)
    with pytest.raises(InvalidInputError, match="trajectory"):
        trajectory_to_psf(np.zeros((3, 3)), 7)
    with pytest.raises(InvalidInputError, match="sizes"):
        random_kernels(3, 0, (9, 7))
    for dwell in ([1], [1, -1], [1, np.nan], [0, 0], [[1, 1]]):
        with pytest.raises(InvalidInputError, match="dwell"):
            trajectory_to_psf([(0, 0), (0, 1)], 3, dwell=dwell)
    with pytest.raises(InvalidInputError, match="variation"):
        random_dwell(0, variation=-1)
    with pytest.raises(InvalidInputError, match="samples"):
        random_dwell(0, samples=1)
    with pytest.raises(InvalidInputError, match="speed_variation"):
        random_kernel(7, 0, -1)


@pytest.mark.parametrize("sizes", [(7, 15), (31, 31)])
def test_drawn_sizes_are_the_odd_ones_of_a_range(sizes):
    rng = np.random.default_rng(0)
    assert {random_size(sizes, rng) for _ in range(200)} == set(range(sizes[0], sizes[1] + 1, 2))
