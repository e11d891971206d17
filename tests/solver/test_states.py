"""What a callback sees of an iteration, and that it can end a run."""

import itertools

import numpy as np
import pytest

from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution, IterationState, SolverOptions, blind_deconv, iteration_count
from pydeblur.solver.pyramid import finish_kernel, finish_scale_kernel, kernel_sizes, upsample_kernel

#: prefilter and noise_reference stand for all that is done to the image and to the options first.
OPTIONS = SolverOptions(9, iterations=3, prefilter=0.5, noise_reference=0.01, finest_prior_scale=1, finest_iterations=4)


@pytest.fixture(scope="module")
def image(sharp_image):
    return np.clip(sharp_image[20:90, 20:96] + 0.01 * np.random.default_rng(0).standard_normal((70, 76)), 0, 1)


def run_with_states(image, options, prior=None) -> tuple[BlindDeconvolution, list[IterationState]]:
    states = []
    return blind_deconv(image, options, prior, states.append), states


class Stop:
    """A callback that notes the records and ends the run at one iteration."""

    def __init__(self, scale, iteration, error=StopIteration):
        self.records = []
        self._last, self._error = (scale, iteration), error

    def __call__(self, state):
        self.records.append(state.record)
        if (state.record.scale, state.record.iteration) == self._last:
            raise self._error


@pytest.mark.parametrize("prior", ["gradient", "intensity"])
def test_a_callback_sees_every_record_and_changes_nothing(image, prior):
    result, states = run_with_states(image, OPTIONS, load_prior(prior))
    alone = blind_deconv(image, OPTIONS, load_prior(prior))
    assert [state.record for state in states] == list(result.history)
    assert len(states) == iteration_count(OPTIONS) == 2 * 3 - 3 + 4
    for record, other in zip(result.history, alone.history, strict=True):
        ours, theirs = (np.array(entry._replace(seconds=0.0), float) for entry in (record, other))
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(result.kernel, alone.kernel)
    assert not result.stopped and {state.candidate for state in states} == {0}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_latent_image_and_kernel_are_those_of_the_run(image, dtype):
    options = SolverOptions(9, iterations=3, dtype=dtype)
    result, states = run_with_states(image, options)
    for state in states:
        record = state.record
        assert state.latent.shape == (record.height, record.width) and state.latent.dtype == dtype
        assert state.kernel.shape == (record.kernel_size, record.kernel_size)
        assert state.kernel.sum() == pytest.approx(1, rel=1e-6) and state.kernel.min() >= 0
    np.testing.assert_array_equal(states[-1].latent, result.latent)
    kernel = finish_kernel(finish_scale_kernel(states[-1].kernel), options.kernel_threshold)
    np.testing.assert_array_equal(kernel, result.kernel)


def test_the_kernel_of_a_record_has_moved_by_what_it_says(image):
    """kernel_change is the distance to the kernel of the iteration before, in shares of that one."""
    _, states = run_with_states(image, OPTIONS)
    pairs = [pair for pair in itertools.pairwise(states) if pair[0].record.scale == pair[1].record.scale]
    assert len(pairs) == 2 + 3
    for before, after in pairs:
        change = np.linalg.norm(after.kernel - before.kernel) / np.linalg.norm(before.kernel)
        assert after.record.kernel_change == pytest.approx(change, rel=1e-12)


def test_states_may_be_kept(image):
    """What a state holds is never written to by a later iteration."""
    copies = []
    states = []

    def keep(state):
        states.append(state)
        copies.append((state.latent.copy(), state.kernel.copy()))

    blind_deconv(image, OPTIONS, load_prior("intensity"), keep)
    for state, (latent, kernel) in zip(states, copies, strict=True):
        np.testing.assert_array_equal(state.latent, latent)
        np.testing.assert_array_equal(state.kernel, kernel)


def test_states_are_read_only(image):
    _, states = run_with_states(image, SolverOptions(3, iterations=1))
    for array in (states[0].latent, states[0].kernel):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_a_state_says_what_it_is_and_can_be_another_candidates(image):
    _, states = run_with_states(image, SolverOptions(3, iterations=1))
    state = states[0].of_candidate(2)
    assert (state.candidate, state.record) == (2, states[0].record)
    np.testing.assert_array_equal(state.kernel, states[0].kernel)
    assert repr(state) == "IterationState(candidate 2, scale 0, iteration 1, latent 70x76, kernel 3x3)"


@pytest.mark.parametrize(("scale", "iteration"), [(2, 2), (2, 5), (1, 1), (0, 1), (0, 3)])
def test_stopiteration_ends_a_run_with_the_kernel_found_so_far(image, scale, iteration):
    options = SolverOptions(13)
    _, states = run_with_states(image, options)
    stop = Stop(scale, iteration)
    result = blind_deconv(image, options, callback=stop)
    made = 5 * (2 - scale) + iteration
    assert result.stopped and len(stop.records) == len(result.history) == made
    assert list(result.history) == stop.records
    for record, state in zip(result.history, states):
        assert record._replace(seconds=0, beta=0, auxiliary_change=0, prior_value=0) == state.record._replace(
            seconds=0, beta=0, auxiliary_change=0, prior_value=0
        )
    # The kernel goes through the finer scales as it would have gone with nothing done there.
    kernel = finish_scale_kernel(states[made - 1].kernel)
    for size in reversed(kernel_sizes(13)[:scale]):
        kernel = upsample_kernel(kernel, size)
    np.testing.assert_array_equal(result.kernel, finish_kernel(kernel, options.kernel_threshold))
    assert result.kernel.shape == (13, 13) and result.kernel.sum() == pytest.approx(1)
    np.testing.assert_array_equal(result.latent, states[made - 1].latent)


def test_a_stop_at_the_last_iteration_is_a_stop_with_the_kernel_of_the_whole_run(image):
    whole = blind_deconv(image, OPTIONS)
    result = blind_deconv(image, OPTIONS, callback=Stop(0, 4))
    assert result.stopped and not whole.stopped
    np.testing.assert_array_equal(result.kernel, whole.kernel)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_other_exceptions_leave_the_run(image, error):
    stop = Stop(1, 2, error)
    with pytest.raises(error):
        blind_deconv(image, OPTIONS, callback=stop)
    assert len(stop.records) == 2


def test_what_a_callback_returns_is_ignored(image):
    result = blind_deconv(image, SolverOptions(3, iterations=2), callback=lambda state: True)
    assert not result.stopped and len(result.history) == 2
