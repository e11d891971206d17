"""The work of a plan is that of the iterations that are made, and the machine's speed is measured."""

import numpy as np
import pytest

import pydeblur
from pydeblur.estimators import load_estimator, resolve
from pydeblur.nonuniform.estimate import estimate_poses
from pydeblur.nonuniform.plan import NonuniformChoice
from pydeblur.progress import final_step, iteration_time, planned_work, whole_estimator, work
from pydeblur.progress.iteration_time import relative_cost, unit_seconds
from pydeblur.progress.whole_estimator import unmeasured_work, whole_estimator_work
from pydeblur.solver import IterationRecord
from pydeblur.solver.latent import Splitting
from pydeblur.solver.pyramid import downsampled_shape, scale_ratios

#: What every measurement gives where its result has to be known.
SECONDS = 0.25


@pytest.fixture
def clock_that_stands(monkeypatch):
    """Let each measured piece of work take the same time."""
    for module in (iteration_time, final_step, whole_estimator):
        monkeypatch.setattr(module, "least_seconds", lambda work, long=None, times=2: SECONDS)


IMAGE = np.kron(np.random.default_rng(0).random((12, 12)), np.ones((6, 6)))


@pytest.mark.parametrize(
    "words",
    [
        {"prior": "gradient"},
        {"prior": "intensity", "iterations": 2},
        {"prior": "gradient", "iterations": 3, "finest_iterations": 4},
    ],
)
def test_the_iterations_of_a_run_add_up_to_the_total(words):
    solver = {name: value for name, value in words.items() if name != "prior"}
    plan = resolve(prior=words.get("prior"), solver=solver).for_image(IMAGE, 13)
    planned, done = planned_work(plan, IMAGE), []
    pydeblur.estimate_kernel(IMAGE, 13, callback=lambda state: done.append((state.record, state.candidate)), **words)
    assert sum(planned.of(*each) for each in done) == pytest.approx(planned.total, rel=0.02)


def test_the_refinement_counts():
    plan = resolve().for_image(IMAGE, 13)
    planned, done = planned_work(plan, IMAGE), []
    pydeblur.estimate_kernel(IMAGE, 13, callback=lambda state: done.append((state.record, state.candidate)))
    # The refinement may end early, and which runs go on is not known before.
    assert 0.6 * planned.total < sum(planned.of(*each) for each in done) < 1.4 * planned.total


def test_large_scales_and_slow_candidates_weigh_more(monkeypatch):
    monkeypatch.setattr(work, "unit_seconds", lambda run, image: 3.0 if run.prior.prior == "intensity" else 1.0)
    plan = resolve().for_image(IMAGE, 13)
    planned = planned_work(plan, IMAGE)
    costly = next(number for number, run in enumerate(plan.runs) if run.prior.prior == "intensity")
    coarse, fine = (IterationRecord(scale, 1, side, side, 13) for scale, side in ((1, 51), (0, 72)))
    assert planned.of(fine, costly) == 3 * planned.of(fine, 0)
    assert planned.of(fine, 0) / planned.of(coarse, 0) == relative_cost(72 * 72) / relative_cost(51 * 51)
    # Ranking a kernel costs about as much as an iteration of the cheapest run on half a megapixel or less.
    assert planned.seconds / planned.total > 1.0
    assert planned.seconds < 1.1 * planned.total + 30 * relative_cost(0.5e6)


def test_on_an_unknown_machine_the_measured_time_makes_the_estimate(clock_that_stands):
    plan = resolve(prior="gradient", solver={"iterations": 2}).for_image(IMAGE, 7)
    costs = [relative_cost(downsampled_shape(IMAGE.shape, ratio)[0] ** 2) for ratio in scale_ratios(7)]
    expected = 2 * SECONDS / iteration_time._ITERATIONS_WITHOUT_PRIOR * sum(costs) / relative_cost(IMAGE.size)
    assert 1.0 < planned_work(plan, IMAGE).seconds / expected < 1.1


def test_a_prior_of_the_caller_s_own_is_not_asked_before_its_time():
    class Counted:
        calls = 0

        def value_and_grad(self, u):
            self.calls += 1
            return 0.0, np.zeros_like(u)

    prior = Counted()
    plan = resolve(prior=prior).for_image(IMAGE, 9)
    assert unit_seconds(plan.runs[0], IMAGE) is None and planned_work(plan, IMAGE).seconds is None and prior.calls == 0


def test_the_learned_prior_s_network_counts(clock_that_stands):
    plain = resolve(prior="gradient").for_image(IMAGE, 9)
    learned = resolve(prior="classifier", prior_options={"weights": "classifier-compact"}, solver={"descent_steps": 3})
    calls = 3 * len(list(Splitting().betas(4e-3)))
    seconds = [planned_work(plan, IMAGE).seconds for plan in (plain, learned.for_image(IMAGE, 9))]
    # One iteration without the network costs a share of what is measured, each call of the network all of it.
    assert seconds[1] == pytest.approx((1 + iteration_time._ITERATIONS_WITHOUT_PRIOR * calls) * seconds[0])


def test_the_final_step_s_time_grows_with_pixels_and_channels(clock_that_stands, monkeypatch):
    monkeypatch.setattr(final_step, "processor_count", lambda: 2)
    large = np.zeros((288, 144, 3))
    words = (9, "ringing", {}, "float64")
    assert final_step.final_step_seconds(IMAGE, *words) == pytest.approx(SECONDS)  # it is measured as a whole
    assert final_step.final_step_seconds(large, *words) == pytest.approx(3 * SECONDS * 288 * 144 / 48**2)
    assert final_step.final_step_seconds(large, *words, 2) < final_step.final_step_seconds(large, *words)


def test_a_pixel_takes_longer_in_tiles_and_a_second_thread_gains_less(clock_that_stands, monkeypatch):
    monkeypatch.setattr(final_step, "processor_count", lambda: 2)
    whole, tiled = np.zeros((1000, 1000)), np.zeros((2000, 2000))
    seconds = {
        (image.size, workers): final_step.final_step_seconds(image, 9, "tv", {}, "float32", workers) / image.size
        for image in (whole, tiled)
        for workers in (1, 2)
    }
    assert seconds[tiled.size, 1] > 1.2 * seconds[whole.size, 1]
    assert seconds[tiled.size, 1] / seconds[tiled.size, 2] < seconds[whole.size, 1] / seconds[whole.size, 2]


def test_a_picture_without_an_edge_is_no_reason_to_fail():
    flat = np.full((300, 300), 0.5)
    flat[0, 0] = 1
    plan = resolve(prior="gradient").for_image(flat, 9)
    assert planned_work(plan, flat).total > 0


@pytest.mark.parametrize("name", ["cho_lee", "xu_jia", "normalized_sparsity", "marginal"])
def test_the_iterations_of_a_method_with_a_loop_of_its_own_add_up(name, clock_that_stands):
    options = {"marginal": {"steps": 2}, "normalized_sparsity": {"alternations": 2}}.get(name, {"passes": 2})
    estimator, done = load_estimator(name, **options), []
    planned = whole_estimator_work(estimator, IMAGE, 13)
    estimator.estimate(IMAGE, 13, callback=lambda state: done.append(planned.of(state.record, 0)))
    assert sum(done) == pytest.approx(planned.total, rel=0.35) and planned.seconds > 0


def test_the_iterations_of_camera_poses_add_up():
    done = []
    plan = NonuniformChoice(solver={"iterations": 2}).for_image(IMAGE.shape, IMAGE.shape, 9)
    planned = unmeasured_work(plan.options.iterations_at, IMAGE.shape, 9)
    estimate_poses(plan, IMAGE, IMAGE.shape, callback=lambda state: done.append(planned.of(state.record, 0)))
    assert sum(done) == pytest.approx(planned.total, rel=0.1) and planned.seconds is None


def test_a_part_that_was_held_up_does_not_decide_how_long_the_final_step_takes(monkeypatch):
    """The small part takes ever less until all is set up; the larger one tells what a pixel takes."""
    taken = iter([1.9, 0.15, 0.04, 0.09, 0.03, 0.05])
    clock = [0.0]

    def deconvolve(part, kernel, method, **options):
        clock[0] += next(taken)

    monkeypatch.setattr("pydeblur.progress.final_step.deconvolve", deconvolve)
    monkeypatch.setattr("pydeblur.progress.iteration_time.time.perf_counter", lambda: clock[0])
    image = np.full((1008, 1440), 0.5)
    assert final_step.final_step_seconds(image, 5, "tv", {}, "float32") == pytest.approx(0.03 * 70)
