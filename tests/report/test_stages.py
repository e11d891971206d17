"""What is kept of the estimation: the right run's, little, and without any change of the result."""

import numpy as np
import pytest

import pydeblur
from pydeblur.report.stages import LONGEST_SIDE, StageCollector, reduced
from pydeblur.solver.records import History, IterationRecord, IterationState


def test_results_are_those_of_the_estimation_alone(blurred, result):
    estimate = pydeblur.estimate_kernel(blurred, 9, prior="gradient")
    np.testing.assert_array_equal(result.kernel, estimate.kernel)
    np.testing.assert_array_equal(result.latent, estimate.latent)


def test_stages_are_the_last_states_of_the_scales(blurred):
    states = {}

    def keep(state):
        states[state.record.scale] = (state.latent.copy(), state.kernel.copy())

    found = pydeblur.deblur(blurred, 9, prior="gradient", nonblind="tv", callback=keep)
    assert [stage.record.scale for stage in found.stages] == sorted(states, reverse=True)
    for stage in found.stages:
        latent, kernel = states[stage.record.scale]
        np.testing.assert_array_equal(stage.latent, np.rint(255 * np.clip(latent, 0, 1)))
        np.testing.assert_allclose(stage.kernel, kernel, rtol=1e-6)


def test_of_several_runs_the_chosen_one_is_kept(blurred):
    found = pydeblur.deblur(blurred[:40, :48], 9, preset="best", nonblind="tv", iterations=2)
    records = {id(record) for record in found.history}
    assert found.stages
    assert all(id(stage.record) in records for stage in found.stages)


def test_two_runs_of_one_number_do_not_disturb_each_other():
    collector = StageCollector()
    runs = [[IterationRecord(0, number, 8, 8, 3) for number in (1, 2)] for _ in range(2)]
    for value, run in enumerate(runs):
        for record in run:
            collector(IterationState(record, np.full((8, 8), float(value)), np.ones((3, 3)) / 9))
    for value, run in enumerate(runs):
        (stage,) = collector.of_run(History(run))
        assert stage.record is run[-1]
        assert stage.latent[0, 0] == 255 * value


@pytest.mark.parametrize("shape", [(3000, 4000), (2, 5000), (7, 7), (481, 241)])
def test_latent_images_are_small_whatever_their_size(shape):
    small = reduced(np.full(shape, 0.6, np.float32), LONGEST_SIDE)
    assert max(small.shape) <= LONGEST_SIDE
    assert np.all(small == 153)


def test_reduction_is_the_mean_of_squares():
    image = np.random.default_rng(0).random((10, 17))
    expected = [[image[2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean() for c in range(8)] for r in range(5)]
    np.testing.assert_array_equal(reduced(image, 9), np.rint(255 * np.array(expected)))
