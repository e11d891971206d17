"""Presets, the learned prior by its name, and what a result records of both."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import pydeblur
from pydeblur import judge
from pydeblur.errors import KernelCollapseError
from pydeblur.estimation import estimate, total_iterations
from pydeblur.judge import Verdict, log_error, log_odds
from pydeblur.presets import DEFAULT, PRESETS, WIDE_KERNEL, Heat, Lap, Preset, resolve
from pydeblur.solver import CoarseToFine, SolverOptions, blind_deconv
from pydeblur.solver.options import solver_options
from pydeblur.training import blur, random_kernel

QUICK = {"kernel_size": 5, "iterations": 1, "descent_steps": 1, "beta_growth": 100.0, "lambda_grad": 0.1}


@pytest.fixture(scope="module")
def blurred():
    rng = np.random.default_rng(0)
    sharp = np.kron(rng.uniform(size=(8, 8)), np.ones((8, 8)))
    return blur(sharp, random_kernel(5, 1), 0.01, rng).astype(float)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_made_of_options_that_exist(name):
    preset = PRESETS[name]
    for prior, prior_options, fields in preset.runs():
        solver_options({**fields, "kernel_size": 5})
        pydeblur.load_prior(prior, **prior_options)
    if preset.candidates:
        pydeblur.load_prior("classifier", **preset.judge)


def test_what_is_given_beside_a_preset_wins():
    chosen = PRESETS["faithful"]
    preset = resolve("faithful", None, {"form": "nll"}, {"eta": 0.5})
    assert preset.prior == chosen.prior == "classifier"
    assert preset.prior_options == {**chosen.prior_options, "form": "nll"}
    assert preset.solver == {**chosen.solver, "eta": 0.5}
    assert resolve("faithful", "gradient").prior_options == {}


def test_fixed_fields_leave_fewer_candidates():
    candidates = PRESETS["best"].candidates
    assert resolve("best").candidates == candidates
    fixed = resolve("best", solver={"iterations": 2})
    assert fixed.candidates == tuple(c for c in candidates if "iterations" not in c)  # {} stands for both
    assert all(fields["iterations"] == 2 for *_, fields in fixed.runs())
    alone = resolve("best", "gradient", solver={"iterations": 2, "lambda_grad": 4e-3, "initial_kernel": "row"})
    assert alone.candidates == () and len(alone.runs()) == 1 and "finest_iterations" not in alone.runs()[0][2]
    assert resolve("best", solver={"finest_iterations": 3}).laps == ()
    assert resolve("best", solver={"iterations": 3}).laps == ()
    assert resolve("best", solver={"gamma_correct": 2.2}).laps == PRESETS["best"].laps


def test_wide_kernels_have_candidates_of_their_own():
    best = resolve("best")
    assert best.for_kernel(WIDE_KERNEL - 2) is best and best.for_kernel("71") is best
    wide = best.for_kernel(WIDE_KERNEL)
    assert wide.candidates != best.candidates and wide.heat is not None and wide.for_kernel(75) is wide
    assert resolve("fast").for_kernel(75) == resolve("fast")
    # What is given counts for them, too.
    fixed = resolve("best", "gradient", solver={"iterations": 2, "gamma_correct": 2.2}).for_kernel(WIDE_KERNEL)
    assert {prior for prior, *_ in fixed.runs()} == {"gradient"} and fixed.laps == ()
    assert all((fields["iterations"], fields["gamma_correct"]) == (2, 2.2) for *_, fields in fixed.runs())
    judged = resolve("best", None, {"threads": 2}, {"device": "auto"}).for_kernel(WIDE_KERNEL).judge
    assert judged["threads"] == 2 and judged["device"] == "auto"


def test_a_wide_kernel(blurred):
    records = []
    found = pydeblur.estimate_kernel(np.tile(blurred, (2, 2)), WIDE_KERNEL, iterations=1, callback=records.append)
    assert found.kernel.shape == (WIDE_KERNEL, WIDE_KERNEL)
    heat = PRESETS["best"].wide.heat
    scales = [candidate["scale"] for candidate in found.candidates]
    assert scales.count(0) == heat.places and scales.count(heat.scale) == len(scales) - heat.places > 0
    assert len(records) == total_iterations(resolve("best", solver={"iterations": 1}), WIDE_KERNEL)


def test_without_noise_a_stronger_prefilter_is_no_other_run(blurred):
    image = np.tile(blurred, (2, 2))
    fields = [candidate["fields"] for candidate in pydeblur.estimate_kernel(image, WIDE_KERNEL, iterations=1).candidates]
    clean = np.kron(np.random.default_rng(0).uniform(size=(16, 16)), np.ones((8, 8)))
    few = pydeblur.estimate_kernel(clean, WIDE_KERNEL, iterations=1).candidates
    assert {"prefilter": 1.4} in fields
    assert [candidate["fields"] for candidate in few] == [each for each in fields if each != {"prefilter": 1.4}]


def test_clipped_images_have_the_candidates_of_narrow_kernels(blurred):
    image = np.clip(1.5 * np.tile(blurred, (2, 2)), 0, 1)
    records = []
    found = pydeblur.estimate_kernel(
        image, WIDE_KERNEL, saturated=True, iterations=1, median=3, callback=records.append, workers=2
    )
    assert found.saturated and {candidate["scale"] for candidate in found.candidates} == {0}
    narrow = resolve("best", solver={"iterations": 1})
    assert [candidate["fields"] for candidate in found.candidates] == list(narrow.candidates)
    assert len(records) == total_iterations(narrow, WIDE_KERNEL, image == 1)


def test_a_given_prior_is_that_of_all_candidates():
    assert "intensity" in {prior for prior, *_ in resolve("best").runs()}
    assert resolve("best").prior == "gradient"
    for prior in ("gradient", "classifier", pydeblur.load_prior("intensity")):
        chosen = resolve("best", prior)
        assert [found for found, *_ in chosen.runs()] == [prior] * 5
        assert all(fields.keys().isdisjoint({"beta_growth", "prior"}) for *_, fields in chosen.runs())
    options = {"weights": "classifier-compact", "form": "nll"}
    assert all(found == options for _, found, _ in resolve("best", "classifier", options).runs())


def test_a_given_prefilter_is_meant_as_it_is():
    assert resolve(solver={"prefilter": 1.5}).solver["noise_reference"] is None
    assert resolve(solver={"prefilter": 1.5, "noise_reference": 0.02}).solver["noise_reference"] == 0.02


def test_a_given_relative_weight_is_meant_as_it_is():
    assert resolve("best").solver["kernel_weight_pixels"] == 255**2
    chosen = resolve(solver={"relative_kernel_weight": 0.1}).solver
    assert chosen["noise_reference"] is None and chosen["kernel_weight_pixels"] is None
    assert resolve(solver={"prefilter": 1.5}).solver["kernel_weight_pixels"] == 255**2
    assert resolve(solver={"relative_kernel_weight": 0.1, "kernel_weight_pixels": 9}).solver["kernel_weight_pixels"] == 9


def test_options_beside_the_best_preset_are_the_judges():
    assert resolve("best", prior_options={"threads": 1}).judge["threads"] == 1
    with_prior = resolve("best", "classifier", {"form": "nll"})
    assert with_prior.prior_options == {"form": "nll"} and "form" not in with_prior.judge


def test_by_default_it_is_best_and_with_a_prior_one_run_of_that():
    assert resolve() == PRESETS[DEFAULT] == PRESETS["best"]
    assert resolve(prior="gradient") == Preset("gradient")
    assert resolve(prior="classifier", prior_options={"form": "nll"}) == Preset("classifier", {"form": "nll"})
    assert resolve(solver={"iterations": 2}) == resolve("best", solver={"iterations": 2})


@pytest.mark.parametrize("stop", (KeyboardInterrupt, ValueError))
def test_an_error_in_the_callback_ends_all_runs(blurred, stop):
    seen = []

    def callback(record):
        seen.append(record)
        if len(seen) == 3:
            raise stop("enough")

    with pytest.raises(stop, match="enough"):
        pydeblur.estimate_kernel(blurred, 5, preset="best", workers=2, callback=callback)
    assert len(seen) == 3


def test_runs_side_by_side_are_the_same(blurred):
    one, two = (pydeblur.estimate_kernel(blurred, 5, preset="best", iterations=2, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.kernel, two.kernel) and one.candidates == two.candidates
    assert [record[:-1] for record in one.history] == [record[:-1] for record in two.history]  # all but the seconds


def test_the_best_candidate_is_one_of_the_runs(blurred):
    records = []
    options = {"prior_options": {"threads": 1}, "lambda_grad": 4e-3}
    best = pydeblur.estimate_kernel(blurred, 5, preset="best", callback=records.append, **options)
    assert [candidate["chosen"] for candidate in best.candidates].count(True) == 1
    (chosen,) = (candidate for candidate in best.candidates if candidate["chosen"])
    cost = [Verdict(c["log_error"]).cost for c in best.candidates]
    assert best.candidates[int(np.argmin(cost))] is chosen
    fields = {**PRESETS["best"].solver, "lambda_grad": 4e-3, **chosen["fields"], "finest_iterations": chosen["iterations"]}
    again = pydeblur.estimate_kernel(blurred, 5, prior=fields.pop("prior", "gradient"), **fields)
    assert np.array_equal(best.kernel, again.kernel)
    assert replace(best.options, finest_iterations=chosen["iterations"]) == again.options
    assert len(records) > len(best.history)  # the callback saw every run
    assert pydeblur.deblur(blurred, 5, preset="best", **options).candidates == best.candidates


def test_what_is_refined_already_is_not_run_again(blurred):
    for fixed in ({"finest_iterations": 2}, {"iterations": 2}):
        records = []
        best = pydeblur.estimate_kernel(blurred, 5, preset="best", callback=records.append, **fixed)
        preset = resolve("best", solver=fixed)
        assert len(records) == total_iterations(preset, 5) and len(best.candidates) == len(preset.candidates)


#: Of three scales with a kernel of 13.
RACE = Preset(
    "gradient",
    solver={"iterations": 1},
    candidates=({}, {"initial_kernel": "column"}, {"lambda_grad": 8e-3}, {"lambda_grad": 2e-3}),
    judge={"weights": "classifier-compact", "threads": 1},
)


def test_a_heat_lets_the_best_at_its_scale_go_on(blurred):
    places = len(RACE.candidates)
    everything = estimate(blurred, 13, RACE)
    first = estimate(blurred, 13, replace(RACE, heat=Heat(1, 1)))
    assert {candidate["scale"] for candidate in everything.candidates} == {0}
    assert sorted(candidate["scale"] for candidate in first.candidates) == [0, 1, 1, 1]
    (chosen,) = (candidate for candidate in first.candidates if candidate["chosen"])
    assert chosen["scale"] == 0
    costs = {}
    # Judged at the scale 1 only: of each pair of candidates the better one goes on.
    for one, two in combinations(RACE.candidates, 2):
        pair = estimate(blurred, 13, replace(RACE, candidates=(one, two), heat=Heat(1, 1))).candidates
        winner, loser = sorted(pair, key=lambda candidate: candidate["scale"])
        costs.setdefault(str(winner["fields"]), 0)
        costs[str(loser["fields"])] = costs.get(str(loser["fields"]), 0) + 1
    assert costs[str(chosen["fields"])] == 0 and sorted(costs.values()) == [0, 1, 2, 3]
    again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", **RACE.solver, **chosen["fields"])
    assert np.array_equal(first.kernel, again.kernel)
    # All go on, or there is no coarser scale: no heat.
    for scale, many in ((1, places), (0, 1)):
        assert np.array_equal(estimate(blurred, 13, replace(RACE, heat=Heat(scale, many))).kernel, everything.kernel)
    coarsest = estimate(blurred, 13, replace(RACE, heat=Heat(9, 2))).candidates
    assert sorted(candidate["scale"] for candidate in coarsest) == [0, 0, 2, 2]


@pytest.mark.parametrize("kernel_size", [5, 13])
def test_progress_knows_of_heats(blurred, kernel_size):
    preset = replace(RACE, heat=Heat(1, 2), laps=(Lap(3, 2),), judge={"weights": "judge"})
    unequal = replace(preset, candidates=({}, {"iterations": 4}, {"iterations": 2, "initial_kernel": "column"}))
    for race, is_exact in ((preset, True), (replace(unequal, heat=Heat(1, 3)), False), (unequal, False)):
        records = []
        estimate(blurred, kernel_size, race, records.append)
        total = total_iterations(race, kernel_size)
        # With unequal runs, who is among the best decides how much is left to do.
        assert len(records) == total if is_exact else total - 6 <= len(records) <= total


LAPS = replace(RACE, laps=(Lap(2, 3), Lap(4, 2), Lap(6, 1)), judge={"weights": "judge", "threads": 1})


def _figures(found):
    return {str(candidate["fields"]): (candidate["iterations"], candidate["log_error"]) for candidate in found.candidates}


def test_the_best_go_on_at_the_finest_scale(blurred):
    """As three searches of their own say: two iterations for three, four for two, six for one, while there is a gain."""
    judge_of_all = judge.Judge(blurred, 13, **LAPS.judge)

    def cost(fields, iterations):
        options = SolverOptions(13, **{**LAPS.solver, **fields}, finest_iterations=iterations)
        return judge_of_all(blind_deconv(blurred, options)).cost

    best = {index: (cost(fields, 1), 1) for index, fields in enumerate(LAPS.candidates)}
    for number, lap in enumerate(LAPS.laps):
        before = min(best.values())
        for index in sorted(best, key=best.get)[: lap.places]:
            best[index] = min(best[index], (cost(LAPS.candidates[index], lap.iterations), lap.iterations))
        if number and min(best.values()) == before:
            break
    for workers in (1, 2):
        found = estimate(blurred, 13, replace(LAPS, solver={**LAPS.solver, "workers": workers}))
        expected = {str(fields): best[index][::-1] for index, fields in enumerate(LAPS.candidates)}
        assert _figures(found) == expected and any(iterations > 1 for iterations, _ in expected.values())
        (chosen,) = (candidate for candidate in found.candidates if candidate["chosen"])
        assert chosen["log_error"] == min(expected.values(), key=lambda figures: figures[1])[1]
        options = {**LAPS.solver, **chosen["fields"], "finest_iterations": chosen["iterations"]}
        again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", **options)
        assert np.array_equal(found.kernel, again.kernel) and np.array_equal(found.latent, again.latent)
        assert len(found.history) == len(again.history)


def test_a_lap_without_a_gain_is_the_last(blurred, monkeypatch):
    """The first excepted: judged worse and worse, everyone stays as it came, and nobody makes a third lap."""
    verdicts = iter(range(100))
    monkeypatch.setattr(judge.Judge, "__call__", lambda *_: Verdict(log_error=float(next(verdicts))))
    records = []
    found = estimate(blurred, 13, LAPS, records.append)
    assert [figures[0] for figures in _figures(found).values()] == [1] * len(LAPS.candidates)
    assert found.candidates[0]["chosen"]
    assert max(record.iteration for record in records if record.scale == 0) == 4


def test_without_a_network_that_knows_errors_the_best_has_the_first_lap(blurred):
    preset = replace(LAPS, judge=RACE.judge)
    plain, found = estimate(blurred, 13, RACE), estimate(blurred, 13, preset)
    assert [c["log_odds"] for c in found.candidates] == [c["log_odds"] for c in plain.candidates]
    (chosen,) = (candidate for candidate in found.candidates if candidate["chosen"])
    assert chosen["iterations"] == 2 and [c["iterations"] for c in found.candidates].count(1) == 3
    again = pydeblur.estimate_kernel(blurred, 13, prior="gradient", iterations=1, finest_iterations=2, **chosen["fields"])
    assert np.array_equal(found.kernel, again.kernel)


def test_a_kernel_that_collapses_on_a_lap_is_the_one_of_before(blurred, monkeypatch):
    tries = []

    def collapsing(search, iterations, workers):
        tries.append(search)
        raise KernelCollapseError("nothing is left of the kernel")

    plain = estimate(blurred, 13, replace(LAPS, laps=()))
    monkeypatch.setattr(CoarseToFine, "extend", collapsing)
    found = estimate(blurred, 13, LAPS)
    assert np.array_equal(found.kernel, plain.kernel) and found.candidates == plain.candidates
    assert len(tries) == len(set(tries)) == LAPS.laps[0].places


def test_where_all_that_go_on_collapse_the_others_do(blurred, monkeypatch):
    preset = replace(RACE, heat=Heat(1, 1))
    expected = [candidate["fields"] for candidate in estimate(blurred, 13, preset).candidates if candidate["chosen"]]
    advance, collapsed = CoarseToFine.advance_to, []

    def collapsing(search, scale):
        if scale == 0 and not collapsed:
            collapsed.append(search)
            raise KernelCollapseError("nothing is left of the kernel")
        advance(search, scale)

    monkeypatch.setattr(CoarseToFine, "advance_to", collapsing)
    found = estimate(blurred, 13, preset)
    left = [candidate["fields"] for candidate in found.candidates]
    assert len(left) == 3 and expected[0] not in left
    assert all(candidate["scale"] == 0 for candidate in found.candidates)
    collapsed.clear()
    monkeypatch.setattr(
        CoarseToFine, "advance_to", lambda *_: (_ for _ in ()).throw(KernelCollapseError("nothing is left"))
    )
    with pytest.raises(KernelCollapseError, match="nothing is left"):
        estimate(blurred, 13, preset)


@pytest.mark.parametrize("clipped", [False, True])
def test_a_search_can_pause_and_be_extended(blurred, clipped):
    """To the bit what it would have been in one go, with what clipped pixels have been completed to as well."""
    clipped = blurred > 0.7 if clipped else None
    options = SolverOptions(13, iterations=2, relative_kernel_weight=0.3)
    search = CoarseToFine(blurred, options, clipped=clipped)
    search.advance_to(1)
    pause = search.result()
    assert pause.kernel.shape == (11, 11) and pause.latent.shape[0] < 64
    for iterations in (2, 3, 6):
        search.advance_to(0)
        search.extend(iterations, 1)
        found = search.result()
        straight = blind_deconv(blurred, replace(options, finest_iterations=iterations), clipped=clipped)
        assert np.array_equal(found.kernel, straight.kernel) and np.array_equal(found.latent, straight.latent)
        assert [record[:-1] for record in found.history] == [record[:-1] for record in straight.history]
    assert len(pause.history) == 4 and len(found.history) == 10


def test_the_judge_looks_at_a_part_of_a_large_image(blurred, monkeypatch):
    seen = []
    monkeypatch.setattr(judge, "_JUDGED_SIDE", 40)
    monkeypatch.setattr(judge, "log_error", lambda image, *others: seen.append(image.shape) or log_error(image, *others))
    result = pydeblur.estimate_kernel(blurred[:, :60], 5, preset="best", iterations=1)
    assert set(seen) == {(40, 40)} and result.latent.shape == (64, 60)


def test_the_judge_prefers_the_right_kernel(blurred):
    """Of the true kernel and none, the image deblurred with the true one looks less blurred, and nearer to the sharp one."""
    from pydeblur.solver import SolverOptions, blind_deconv
    from skimage import data

    sharp = data.camera()[:256, 100:356] / 255
    kernel = random_kernel(15, 2)
    image = blur(sharp, kernel, 0.005, 0).astype(float)
    classifier = pydeblur.load_prior("classifier", weights="classifier-compact", threads=1)
    run = blind_deconv(image, SolverOptions(15, iterations=1))
    nothing = np.zeros((15, 15))
    nothing[7, 7] = 1
    runs = [replace(run, kernel=k) for k in (kernel, nothing)]
    for restored in (judge.restored_by_tv, judge.restored_with_highlights):
        right, wrong = (log_odds(restored(image, run), classifier) for run in runs)
        assert right < wrong - 1
    right, wrong = map(judge.Judge(image, 15, threads=1), runs)
    assert right.log_error < wrong.log_error - 0.5 and right.log_odds is None


def test_a_wrong_kernel_is_told_by_its_ringing(blurred):
    """The classifier takes what a kernel that is too wide sharpens too much for clear; the judge's network does not."""
    from pydeblur.solver import SolverOptions, blind_deconv
    from skimage import data

    sharp = data.camera()[:256, 100:356] / 255
    kernel = random_kernel(15, 2)
    image = blur(sharp, kernel, 0.005, 0).astype(float)
    run = blind_deconv(image, SolverOptions(15, iterations=1))
    right, turned = (judge.Judge(image, 15, threads=1)(replace(run, kernel=k)) for k in (kernel, kernel.T.copy()))
    assert right.log_error < turned.log_error - 1


def test_a_classifier_can_be_the_judge(blurred):
    best = pydeblur.estimate_kernel(blurred, 5, iterations=1, prior_options={"weights": "classifier-compact"})
    assert {candidate["log_error"] for candidate in best.candidates} == {None}
    (chosen,) = (candidate for candidate in best.candidates if candidate["chosen"])
    assert chosen["log_odds"] == min(candidate["log_odds"] for candidate in best.candidates)


def test_an_image_smaller_than_the_network_needs_is_judged(blurred):
    assert np.isfinite(log_error(blurred[:9, :70], pydeblur.load_prior("classifier", weights="judge", threads=1)))


def test_what_leaves_the_range_stays_with_gamma():
    image = np.random.default_rng(3).uniform(size=(40, 40))
    delta = np.zeros((5, 5))
    delta[2, 2] = 1
    narrow = pydeblur.estimate_kernel(0.3 + 0.4 * image, prior="gradient", **{**QUICK, "gamma_correct": 2.0})
    found = judge.restored_by_tv(0.3 + 0.4 * image, replace(narrow, kernel=delta))
    assert found.min() > 0.2 and found.max() < 0.8
    blur = np.full((5, 5), 1 / 25)
    restored = pydeblur.deconvolve(image, blur, "tv")
    one = replace(narrow, kernel=blur, options=replace(narrow.options, gamma_correct=1.0))
    assert restored.min() < -0.3 and np.allclose(judge.restored_by_tv(image, one), np.clip(restored, -0.3, 1.3))
    with_gamma = judge.restored_by_tv(image, replace(narrow, kernel=blur))
    assert with_gamma.min() < 0 and with_gamma.max() > 1


def test_with_clipped_pixels_the_log_odds_decide_alone(blurred):
    clipped = np.clip(1.5 * blurred, 0, 1)
    assert clipped.max() == 1
    best = pydeblur.estimate_kernel(clipped, 5, saturated=True, iterations=1)
    assert {candidate["log_error"] for candidate in best.candidates} == {None}
    (chosen,) = (candidate for candidate in best.candidates if candidate["chosen"])
    assert chosen["log_odds"] == min(candidate["log_odds"] for candidate in best.candidates)


def test_the_classifier_by_name_and_its_record(blurred):
    settings = {"weights": "classifier-compact", "form": "nll", "threads": 1}
    result = pydeblur.estimate_kernel(blurred, prior="classifier", prior_options=settings, **QUICK)
    by_object = pydeblur.estimate_kernel(blurred, prior=pydeblur.load_prior("classifier", **settings), **QUICK)
    assert np.array_equal(result.kernel, by_object.kernel)
    assert settings.items() <= result.prior.items()
    assert result.prior["name"] == "classifier" and len(result.prior["weights_hash"]) == 64
    assert result.prior["backend"] == "onnxruntime" and result.prior["device"] == "cpu"
    for field, value in QUICK.items():
        assert getattr(result.options, field) == value
    record = result.history[-1]
    parts = record.data_term + record.kernel_term + record.gradient_term + record.prior_term
    assert record.energy == pytest.approx(parts)
    weight = blurred.size * record.lambda_prior
    assert record.prior_term == pytest.approx(weight * record.prior_value)


def test_the_letter_of_eq_12_can_be_had(blurred):
    settings = {"weights": "classifier-compact", "threads": 1}
    letter = pydeblur.estimate_kernel(blurred, prior="classifier", prior_options=settings, prior_scale=1, **QUICK)
    record = letter.history[-1]
    assert letter.options.prior_scale == 1
    assert record.prior_term == pytest.approx(record.lambda_prior * record.prior_value)
    assert record.auxiliary_change < 1e-5  # which is why w exists


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"preset": "worst"}, "preset"),
        ({"prior_options": {"form": "nll"}}, "form"),
        ({"prior": "classifier", "prior_options": {"form": "sigmoid"}}, "form"),
        ({"prior": "classifier", "prior_options": {"weight": "x"}}, "weight"),
    ],
)
def test_bad_choices_are_named(blurred, arguments, words):
    with pytest.raises(pydeblur.InvalidOptionError, match=words):
        pydeblur.estimate_kernel(blurred, 5, **arguments)


def test_options_for_a_prior_object_are_refused(blurred):
    prior = pydeblur.load_prior("intensity")
    with pytest.raises(pydeblur.InvalidOptionError, match="by its name"):
        pydeblur.estimate_kernel(blurred, 5, prior=prior, prior_options={"form": "nll"})


def test_the_classifier_goes_where_the_solver_computes():
    assert resolve("fast", solver={"device": "auto"}).prior_options["device"] == "auto"
    assert resolve("best", solver={"device": "cuda"}).judge["device"] == "auto"
    assert resolve("fast", None, {"device": "cpu"}, {"device": "cuda"}).prior_options["device"] == "cpu"
    assert "device" not in resolve("fast").prior_options
    assert resolve(prior="gradient", solver={"device": "cuda"}).prior_options == {}
