"""Xu and Jia's estimator: edges that are useful, and the two parts of the iterative support detection."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize

from pydeblur.estimators.xu_jia import XuJia, XuJiaOptions, _Scale, share_of_energy, sparse_off_support, support
from pydeblur.solver.coarse_to_fine import Level
from pydeblur.solver.edge_selection import direction_groups, edge_usefulness
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.shock_filter import shock_filter

seeds = st.integers(0, 2**32 - 1)


def scale_of(image, kernel_size, **options):
    return _Scale(Level(0, image, kernel_size), XuJiaOptions(**options), share=0.01)


@pytest.mark.parametrize("edge_pixels", [1.0, 2.0, 4.0])
def test_enough_useful_edges_of_each_direction_are_predicted(sharp_image, edge_pixels):
    x, y, _ = scale_of(sharp_image, 15, edge_pixels=edge_pixels).predict(1)
    groups = direction_groups(x, y)
    assert min(int((groups == number).sum()) for number in range(4)) == edge_pixels * 15


@pytest.mark.parametrize("useful_pixels", [0.25, 0.5, 1.0])
def test_strong_edges_that_are_not_useful_are_left_out(sharp_image, useful_pixels):
    scale = scale_of(sharp_image, 15, useful_pixels=useful_pixels)
    x, y, threshold = scale.predict(1)
    blurred = valid_gradients(sharp_image)
    usefulness, groups = edge_usefulness(*blurred, 15), direction_groups(*blurred)
    enough = useful_pixels * math.sqrt(sharp_image.size) * 15
    for number in range(4):
        own = usefulness[(groups == number) & (usefulness > 0)]
        assert (own >= scale._useful).sum() >= min(enough, own.size)
    sharp = valid_gradients(shock_filter(gaussian_filter(sharp_image, 1.0, mode="nearest"), 1.0))
    strong = sharp[0] ** 2 + sharp[1] ** 2 >= threshold
    left_out = strong & (x == 0) & (y == 0)
    assert left_out.any()
    assert usefulness[left_out].max() < scale._useful <= usefulness[strong & ~left_out].min()


def first_jump(values, size, iteration):
    """The support by a search through the sorted elements."""
    ascending = sorted(values)
    for smaller, larger in pairwise(ascending):
        if larger - smaller > ascending[-1] / (2 * size * iteration):
            return [value > smaller for value in values]
    return [value > 0 for value in values]


@given(seeds, st.sampled_from([3, 5, 9]), st.integers(1, 20))
def test_the_support_begins_at_the_first_jump(seed, size, iteration):
    kernel = np.random.default_rng(seed).random((size, size)) ** 6
    kernel /= kernel.sum()
    assert support(kernel, iteration).ravel().tolist() == first_jump(kernel.ravel().tolist(), size, iteration)


def test_supports_grow():
    kernel = np.random.default_rng(3).random((9, 9)) ** 4
    sizes = [int(support(kernel, iteration).sum()) for iteration in range(1, 12)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_flat_kernel_has_no_jump():
    assert support(np.full((3, 3), 1 / 9), 1).all()
    assert not support(np.zeros((3, 3)), 1).any()


@given(seeds)
def test_elements_off_the_support_are_those_of_the_l1_norm(seed):
    """Three reweightings from anywhere come near to it, and from the solution they stay there."""
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((30, 9))
    true = np.abs(rng.standard_normal((3, 3))) + 0.2
    matrix, right_side = factor.T @ factor, (factor.T @ (factor @ true.ravel())).reshape(3, 3)
    free, weight = rng.random((3, 3)) < 0.5, 2.0

    def energy(k):
        return 0.5 * k @ matrix @ k - k @ right_side.ravel() + weight * np.abs(k)[~free.ravel()].sum()

    # All elements stay positive, where the norm is smooth.
    smooth = minimize(
        energy, true.ravel(), bounds=[(0, None)] * 9, tol=1e-14, options={"maxfun": 100000, "ftol": 1e-15}
    )
    kernel = smooth.x.reshape(3, 3)
    found = sparse_off_support(lambda k: (matrix @ k.ravel()).reshape(3, 3), right_side, kernel, free, weight)
    if smooth.x.min() > 0.01:
        np.testing.assert_allclose(found, kernel / kernel.sum(), atol=2e-3)


def test_small_elements_off_the_support_vanish_and_those_on_it_stay():
    kernel = np.array([[0.02, 0.5, 0.02], [0.02, 0.4, 0.0], [0.0, 0.04, 0.0]])
    free = kernel > 0.03
    found = sparse_off_support(lambda k: 10 * k, 10 * kernel, kernel, free, 1.0)
    assert found[~free].max() < 1e-3
    np.testing.assert_allclose(found[free], kernel[free] / kernel[free].sum(), atol=1e-3)


def test_phase_two_is_reported_and_may_be_stopped(blurred):
    found = XuJia(passes=2).estimate(blurred, 9)
    assert [record.iteration for record in found.history][:4] == [1, 2, 1, 2]
    refined = [record for record in found.history if record.iteration > 2]
    assert [record.iteration for record in refined] == list(range(3, 3 + len(refined)))
    assert len(refined) >= 1 and all(record.scale == 0 for record in refined)
    assert len(refined) == 5 or refined[-1].kernel_change <= 1e-3

    def callback(state):
        if state.record.iteration == 3:
            raise StopIteration

    stopped = XuJia(passes=2).estimate(blurred, 9, callback=callback)
    assert stopped.stopped
    assert len(stopped.history) == 5


def test_without_a_weight_nothing_is_held_down():
    kernel = np.array([[0.1, 0.5, 0.1], [0.1, 0.1, 0.0], [0.0, 0.1, 0.0]])
    found = sparse_off_support(lambda k: 3 * k, 3 * kernel, np.full((3, 3), 1 / 9), kernel > 0.2, 0.0)
    np.testing.assert_allclose(found, kernel, atol=1e-6)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize(("noise", "share"), [(0.0, 0.01), (0.005, 0.085), (0.01, 0.31), (0.03, 0.685)])
def test_the_kernel_s_weight_follows_the_square_of_the_noise(noise, share):
    ramp = np.linspace(0.3, 0.6, 200) * np.ones((200, 1))
    image = ramp + noise * np.random.default_rng(5).standard_normal(ramp.shape)
    assert share_of_energy(image, XuJiaOptions()) == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize("strength", [0.1, 1.0, 10.0])
def test_weak_edges_are_regularised_as_strong_ones(sharp_image, strength):
    """The kernel of a picture does not depend on its contrast, as it would with a fixed γ."""
    scale = _Scale(Level(0, strength * sharp_image, 5), XuJiaOptions(), share=0.3)
    x, y = valid_gradients(strength * np.roll(sharp_image, 1, axis=0))
    found = scale._kernel_problem.estimate(x, y, (5, 5))
    scale = _Scale(Level(0, sharp_image, 5), XuJiaOptions(), share=0.3)
    expected = scale._kernel_problem.estimate(*valid_gradients(np.roll(sharp_image, 1, axis=0)), (5, 5))
    np.testing.assert_allclose(found, expected, atol=1e-6)
