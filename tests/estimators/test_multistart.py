"""Several runs and the choice among them: what goes on, what is refined, what is chosen, and how they end."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import KernelCollapseError
from pydeblur.estimators import (
    KernelEstimator,
    KernelRanker,
    KernelScore,
    Multistart,
    Refinement,
    SuccessiveHalving,
    Variant,
)
from pydeblur.estimators.presets import PRESETS, Restarts
from pydeblur.metrics import kernel_similarity
from pydeblur.solver import CoarseToFine, SolverOptions, blind_deconv
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.synthesis import blur, random_kernel


def estimate(preset, image, kernel_size, callback=None):
    return Multistart(preset).estimate(image, kernel_size, callback=callback)


def chosen_of(found):
    (chosen,) = (candidate for candidate in found.candidates if candidate.chosen)
    return chosen


def test_it_is_an_estimator():
    assert isinstance(Multistart(), KernelEstimator)


def test_one_run_is_the_solvers_own(blurred):
    found = Multistart().estimate(blurred, 9)
    alone = blind_deconv(blurred, SolverOptions(9))
    assert np.array_equal(found.kernel, alone.kernel) and np.array_equal(found.latent, alone.latent)
    assert found.candidates == () and found.options == alone.options and found.prior == {"name": "gradient"}


@pytest.mark.parametrize(
    "words, expected",
    [
        ({}, np.float64),
        ({"dtype": "float32"}, np.float32),
        ({"dtype": "float64"}, np.float64),
        ({"prior": "gradient", "lambda_grad": 4e-3, "initial_kernel": "row"}, np.float64),  # one run is left
    ],
    ids=str,
)
def test_the_default_computes_in_single_precision_and_gives_double(blurred, words, expected):
    words = {"preset": "best", "iterations": 1, **words}
    found = pydeblur.deblur(blurred, 5, nonblind="tv", **words)
    computed = words.get("dtype", "float32")
    assert found.options.dtype == computed
    assert {each.dtype for each in (found.kernel, found.latent, found.image, found.unclipped)} == {np.dtype(expected)}
    assert found.kernel.sum(dtype=np.float64) == pytest.approx(1, abs=1e-15 if expected == np.float64 else 1e-6)
    assert pydeblur.estimate_kernel(blurred, 5, **words).kernel.dtype == expected


def test_a_picture_of_one_type_comes_back_in_it(blurred):
    image = np.round(255 * blurred).astype(np.uint8)
    assert pydeblur.deblur(image, 5, nonblind="tv", iterations=1).image.dtype == np.uint8
    assert pydeblur.deblur(blurred.astype(np.float32), 5, nonblind="tv", iterations=1).image.dtype == np.float32


@pytest.mark.parametrize("contrast, offset", [(1.0, 0.0), (0.1, 0.85)])
def test_single_precision_keeps_small_differences(contrast, offset):
    """Where the mean is large and what tells the kernel is small, as in fog, both precisions find the same kernel."""
    rng = np.random.default_rng(5)
    sharp = np.kron(rng.uniform(size=(16, 16)), np.ones((8, 8)))
    image = offset + contrast * blur(sharp, random_kernel(9, 3), 0.002, rng).astype(float)
    # The threshold of the gradients follows the contrast, so that the same edges count.
    options = SolverOptions(11, iterations=3, lambda_grad=4e-3 * contrast**2)
    single, double = (blind_deconv(image, replace(options, dtype=dtype)) for dtype in ("float32", "float64"))
    assert kernel_similarity(single.kernel, double.kernel) > 0.999
    assert abs(single.latent.mean() - double.latent.mean()) < 1e-3 * contrast


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_an_error_in_the_callback_ends_all_runs(blurred, stop):
    seen = []

    def callback(state):
        seen.append(state)
        if len(seen) == 3:
            raise stop("enough")

    with pytest.raises(stop, match="enough"):
        pydeblur.estimate_kernel(blurred, 5, preset="best", workers=2, callback=callback)
    assert len(seen) == 3


def test_runs_side_by_side_are_the_same(blurred):
    one, two = (
        pydeblur.estimate_kernel(blurred, 5, preset="best", iterations=2, workers=workers) for workers in (1, 2)
    )
    assert np.array_equal(one.kernel, two.kernel) and one.candidates == two.candidates
    assert [record[:-1] for record in one.history] == [record[:-1] for record in two.history]  # all but the seconds


def test_the_estimate_is_one_of_the_runs(blurred):
    states = []
    options = {"ranking_options": {"threads": 1}, "lambda_grad": 4e-3}
    best = pydeblur.estimate_kernel(blurred, 5, preset="best", callback=states.append, **options)
    chosen = chosen_of(best)
    assert {candidate.measure for candidate in best.candidates} == {"log error"}
    assert chosen.score == min(candidate.score for candidate in best.candidates)
    fields = {**PRESETS["best"].solver, "lambda_grad": 4e-3, **chosen.changes, "finest_iterations": chosen.iterations}
    again = pydeblur.estimate_kernel(blurred, 5, prior=fields.pop("prior", "gradient"), **fields)
    # The run's own kernel is in single precision.
    assert again.kernel.dtype == np.float32 and best.kernel.dtype == np.float64
    np.testing.assert_allclose(best.kernel, again.kernel, rtol=1e-6)
    assert np.array_equal(best.latent, again.latent)
    assert replace(best.options, finest_iterations=chosen.iterations) == again.options
    assert len(states) > len(best.history)  # the callback saw every run
    assert {state.candidate for state in states} == set(range(len(best.candidates)))
    assert pydeblur.deblur(blurred, 5, preset="best", **options).candidates == best.candidates


def test_successive_halving_lets_the_best_at_its_scale_go_on(blurred, several):
    everything = estimate(several, blurred, 13)
    first = estimate(replace(several, halving=SuccessiveHalving(1, 1)), blurred, 13)
    assert {candidate.scale for candidate in everything.candidates} == {0}
    assert sorted(candidate.scale for candidate in first.candidates) == [0, 1, 1, 1]
    chosen = chosen_of(first)
    assert chosen.scale == 0
    losses = {}
    # Ranked at the scale 1 only: of each pair of runs the better one goes on.
    for pair in combinations(several.variants, 2):
        two = replace(several, variants=pair, halving=SuccessiveHalving(1, 1))
        winner, loser = sorted(estimate(two, blurred, 13).candidates, key=lambda candidate: candidate.scale)
        losses.setdefault(str(winner.changes), 0)
        losses[str(loser.changes)] = losses.get(str(loser.changes), 0) + 1
    assert losses[str(chosen.changes)] == 0 and sorted(losses.values()) == [0, 1, 2, 3]
    again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", iterations=1, **chosen.changes)
    assert np.array_equal(first.kernel, again.kernel)
    coarsest = estimate(replace(several, halving=SuccessiveHalving(9, 2)), blurred, 13).candidates
    assert sorted(candidate.scale for candidate in coarsest) == [0, 0, 2, 2]


def test_fewer_go_on_from_each_further_round(blurred, several):
    """Three of four from the scale 2, ranked anew at the scale 1, from which one goes on: as single runs say."""
    rounds = SuccessiveHalving(2, 3, SuccessiveHalving(1, 1))
    found = estimate(replace(several, halving=rounds), blurred, 13)
    assert sorted(candidate.scale for candidate in found.candidates) == [0, 1, 1, 2]
    scores = {}
    for scale in (2, 1):
        level = level_at(scale, blurred, 13)
        ranker = KernelRanker(level.image, level.kernel_size, options=several.ranking)
        for index, variant in enumerate(several.variants):
            run = CoarseToFine(blurred, SolverOptions(13, **{**several.solver, **variant.changes}))
            run.advance_to(scale)
            scores[scale, index] = ranker.score(run.result().kernel).value
    three = sorted(range(4), key=lambda index: scores[2, index])[:3]
    first = min(three, key=lambda index: scores[1, index])
    assert [index for index, each in enumerate(found.candidates) if each.scale == 0] == [first]
    assert found.candidates[first].chosen
    left_out = [index for index, each in enumerate(found.candidates) if each.scale == 2]
    assert left_out == [index for index in range(4) if index not in three]
    assert found.candidates[left_out[0]].score == scores[2, left_out[0]]


def test_where_all_of_the_last_round_collapse_the_others_go_on(blurred, several, monkeypatch):
    """First those that came to the last round and were left out, and those of the round before, too."""
    advance_to = CoarseToFine.advance_to
    arrived = []

    def collapsing(run, scale):
        advance_to(run, scale)
        if scale == 0:
            arrived.append(run.options)
            if len(arrived) == 1:
                raise KernelCollapseError("nothing is left of the kernel")

    monkeypatch.setattr(CoarseToFine, "advance_to", collapsing)
    found = estimate(replace(several, halving=SuccessiveHalving(2, 3, SuccessiveHalving(1, 1))), blurred, 13)
    assert len(arrived) == 4 and len(found.candidates) == 3
    assert {candidate.scale for candidate in found.candidates} == {0} and chosen_of(found)


def test_the_best_go_on_at_the_finest_scale(blurred, refined):
    """As runs of their own say: two iterations for three, four for two, six for one, while there is a gain."""
    ranker = KernelRanker(blurred, 13, options=refined.ranking)

    def score(variant, iterations):
        options = SolverOptions(13, **{**refined.solver, **variant.changes}, finest_iterations=iterations)
        return ranker.score(blind_deconv(blurred, options).kernel).value

    best = {index: (score(variant, 1), 1) for index, variant in enumerate(refined.variants)}
    for number, step in enumerate(refined.refinements):
        before = min(best.values())
        for index in sorted(best, key=best.get)[: step.keep]:
            best[index] = min(best[index], (score(refined.variants[index], step.iterations), step.iterations))
        if number and min(best.values()) == before:
            break
    expected = {str(variant.described()): best[index] for index, variant in enumerate(refined.variants)}
    assert any(iterations > 1 for _, iterations in expected.values())
    for workers in (1, 2):
        found = estimate(replace(refined, solver={**refined.solver, "workers": workers}), blurred, 13)
        assert {str(each.changes): (each.score, each.iterations) for each in found.candidates} == expected
        chosen = chosen_of(found)
        assert chosen.score == min(expected.values())[0]
        options = {**refined.solver, **chosen.changes, "finest_iterations": chosen.iterations}
        again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", **options)
        assert np.array_equal(found.kernel, again.kernel) and np.array_equal(found.latent, again.latent)
        assert len(found.history) == len(again.history)


def test_a_refinement_without_a_gain_is_the_last(blurred, refined, monkeypatch):
    """The first excepted: ranked worse and worse, every run stays as it came, and none makes a third step."""
    scores = iter(range(100))
    monkeypatch.setattr(KernelRanker, "score", lambda *_: KernelScore(float(next(scores)), "log error"))
    states = []
    found = estimate(refined, blurred, 13, states.append)
    assert [candidate.iterations for candidate in found.candidates] == [1] * len(refined.variants)
    assert found.candidates[0].chosen
    assert max(state.record.iteration for state in states if state.record.scale == 0) == 4


def test_by_log_odds_the_best_has_the_first_refinement_unranked(blurred, several, refined):
    plain, found = (estimate(preset, blurred, 13) for preset in (several, replace(refined, ranking=several.ranking)))
    assert {candidate.measure for candidate in found.candidates} == {"log odds"}
    assert [candidate.score for candidate in found.candidates] == [candidate.score for candidate in plain.candidates]
    chosen = chosen_of(found)
    assert chosen.iterations == 2 and [candidate.iterations for candidate in found.candidates].count(1) == 3
    again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", iterations=1, finest_iterations=2, **chosen.changes)
    assert np.array_equal(found.kernel, again.kernel)


def test_a_kernel_that_collapses_in_the_refinement_is_the_one_of_before(blurred, refined, monkeypatch):
    tries = []

    def collapsing(run, iterations, workers):
        tries.append(run)
        raise KernelCollapseError("nothing is left of the kernel")

    plain = estimate(replace(refined, refinements=()), blurred, 13)
    monkeypatch.setattr(CoarseToFine, "extend", collapsing)
    found = estimate(refined, blurred, 13)
    assert np.array_equal(found.kernel, plain.kernel) and found.candidates == plain.candidates
    assert len(tries) == len(set(tries)) == refined.refinements[0].keep


def test_where_all_that_go_on_collapse_the_others_do(blurred, several, monkeypatch):
    preset = replace(several, halving=SuccessiveHalving(1, 1))
    expected = chosen_of(estimate(preset, blurred, 13)).changes
    advance, collapsed = CoarseToFine.advance_to, []

    def collapsing(run, scale):
        if scale == 0 and not collapsed:
            collapsed.append(run)
            raise KernelCollapseError("nothing is left of the kernel")
        advance(run, scale)

    monkeypatch.setattr(CoarseToFine, "advance_to", collapsing)
    found = estimate(preset, blurred, 13)
    left = [candidate.changes for candidate in found.candidates]
    assert len(left) == 3 and expected not in left
    assert all(candidate.scale == 0 for candidate in found.candidates)

    def always_collapsing(*_):
        raise KernelCollapseError("nothing is left")

    monkeypatch.setattr(CoarseToFine, "advance_to", always_collapsing)
    with pytest.raises(KernelCollapseError, match="nothing is left"):
        estimate(preset, blurred, 13)


class TestRestarts:
    """Further runs begin at the scale of the halving, with the best kernels there."""

    RESTARTS = Restarts((Variant(), Variant({"lambda_grad": 2e-3})), keep=2)

    @pytest.fixture
    def restarted(self, several):
        return replace(several, halving=SuccessiveHalving(1, 2), restarts=self.RESTARTS)

    def test_each_of_the_best_is_begun_with_by_each(self, blurred, restarted):
        states = []
        plain = estimate(replace(restarted, restarts=None), blurred, 13)
        found = estimate(restarted, blurred, 13, states.append)
        count = len(restarted.variants)
        assert len(found.candidates) == count + 4
        best = [number for number, each in enumerate(plain.candidates, 1) if each.scale == 0]
        origins = [each.changes.get("from_candidate") for each in found.candidates]
        assert origins[:count] == [None] * count and sorted(origins[count:]) == sorted(2 * best)
        assert [each.changes.get("lambda_grad") for each in found.candidates[count:]] == 2 * [None, 2e-3]
        assert [each.scale for each in found.candidates].count(0) == 2
        assert len(states) == restarted.for_image(blurred, 13).iteration_total
        begun = [state.record.scale for state in states if state.candidate == count]
        assert begun[0] == 1

    def test_they_are_runs_of_their_own(self, blurred, restarted):
        """By the solver alone, from the kernel of one of the first runs."""
        found = estimate(replace(restarted, halving=SuccessiveHalving(1, 3)), blurred, 13)
        number, again = next(
            (number, each) for number, each in enumerate(found.candidates) if "from_candidate" in each.changes
        )
        origin = restarted.variants[again.changes["from_candidate"] - 1]
        first = CoarseToFine(blurred, SolverOptions(13, iterations=1, **origin.changes))
        first.advance_to(1)
        second = CoarseToFine(blurred, SolverOptions(13, iterations=1))
        second.begin_at(1, first.kernel)
        ranker = KernelRanker(level_at(1, blurred, 13).image, 9, options=restarted.ranking)
        if again.scale == 0:
            second.advance_to(0)
            ranker = KernelRanker(blurred, 13, options=restarted.ranking)
        assert again.score == ranker.score(second.result().kernel).value
        assert number == len(restarted.variants)

    def test_side_by_side_they_are_the_same(self, blurred, restarted):
        one, two = (
            estimate(replace(restarted, solver={**restarted.solver, "workers": workers}), blurred, 13)
            for workers in (1, 2)
        )
        assert np.array_equal(one.kernel, two.kernel) and one.candidates == two.candidates

    def test_without_a_halving_there_are_none(self, blurred, restarted):
        assert replace(restarted, halving=None).for_image(blurred, 13).restarts is None
        assert restarted.for_image(blurred, 5).restarts is None  # a pyramid of one scale has nothing to halve


class TestStopping:
    """A callback that raises StopIteration ends everything, and the best so far is the result."""

    @pytest.mark.parametrize("workers", [1, 2])
    def test_at_a_coarse_scale(self, blurred, several, workers):
        states = []

        def stop_in_the_second_run(state):
            states.append(state)
            if state.candidate == 1:
                raise StopIteration

        preset = replace(several, solver={**several.solver, "workers": workers}, halving=SuccessiveHalving(1, 2))
        found = estimate(preset, blurred, 13, stop_in_the_second_run)
        assert found.stopped and found.kernel.shape == (13, 13)
        assert found.kernel.sum() == pytest.approx(1) and found.kernel.min() >= 0
        assert all(candidate.score is None or candidate.scale == 1 for candidate in found.candidates)
        assert len(found.candidates) <= 2 + workers and chosen_of(found)

    def test_at_the_finest_scale_what_was_ranked_there_is_the_result(self, blurred, several):
        def stop_in_the_third_run(state):
            if state.candidate == 2 and state.record.scale == 0:
                raise StopIteration

        found = estimate(several, blurred, 13, stop_in_the_third_run)
        assert found.stopped
        scores = [candidate.score for candidate in found.candidates]
        assert len(scores) == 3 and None not in scores[:2] and scores[2] is None
        assert chosen_of(found).score == min(scores[:2])
        again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", iterations=1, **chosen_of(found).changes)
        assert np.array_equal(found.kernel, again.kernel)

    def test_in_the_refinement(self, blurred, refined):
        def stop_when_refined(state):
            if state.record.scale == 0 and state.record.iteration == 3:
                raise StopIteration

        found = estimate(refined, blurred, 13, stop_when_refined)
        unrefined = estimate(replace(refined, refinements=refined.refinements[:1]), blurred, 13)
        assert found.stopped and not unrefined.stopped
        assert np.array_equal(found.kernel, unrefined.kernel)

    def test_deblur_makes_the_final_step_with_it(self, blurred):
        def stop_at_once(state):
            raise StopIteration

        result = pydeblur.deblur(blurred, 9, prior="gradient", callback=stop_at_once)
        assert result.stopped and result.image.shape == blurred.shape and len(result.history) == 1
        assert np.array_equal(result.unclipped, pydeblur.deconvolve(blurred, result.kernel))


def test_the_first_refinement_of_a_single_run(blurred):
    """Where the user has fixed all that tells the runs apart, the one that is left has the first step's iterations."""
    words = {"initial_kernel": "row", "lambda_grad": 4e-3}
    preset = replace(PRESETS["best"], variants=(), solver={**words, "iterations": 2}, refinements=(Refinement(3, 1),))
    found = estimate(preset, blurred, 9)
    alone = blind_deconv(blurred, SolverOptions(9, iterations=2, finest_iterations=3))
    assert np.array_equal(found.kernel, alone.kernel)
