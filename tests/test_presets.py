"""Presets, the learned prior by its name, and what a result records of both."""

from dataclasses import replace

import numpy as np
import pytest

import pydeblur
from pydeblur import judge
from pydeblur.estimation import estimate, total_iterations
from pydeblur.judge import Verdict, log_odds
from pydeblur.presets import DEFAULT, PRESETS, Preset, resolve
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
    assert resolve("best", solver={"finest_iterations": 3}).refinement == {}
    assert resolve("best", solver={"iterations": 3}).refinement == {}
    assert resolve("best", solver={"gamma_correct": 2.2}).refinement == {"finest_iterations": 10}


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
    cost = [Verdict(c["log_odds"], c["energy"], c["overshoot"]).cost for c in best.candidates]
    assert best.candidates[int(np.argmin(cost))] is chosen
    fields = {**PRESETS["best"].solver, "lambda_grad": 4e-3, **chosen["fields"], "finest_iterations": 10}
    again = pydeblur.estimate_kernel(blurred, 5, prior=fields.pop("prior", "gradient"), **fields)
    assert np.array_equal(best.kernel, again.kernel) and best.options == again.options
    assert len(records) > len(best.history)  # the callback saw every run
    assert pydeblur.deblur(blurred, 5, preset="best", **options).candidates == best.candidates


def test_what_is_refined_already_is_not_run_again(blurred):
    for fixed in ({"finest_iterations": 2}, {"iterations": 2}):
        records = []
        best = pydeblur.estimate_kernel(blurred, 5, preset="best", callback=records.append, **fixed)
        preset = resolve("best", solver=fixed)
        assert len(records) == total_iterations(preset, 5) and len(best.candidates) == len(preset.candidates)


def test_progress_knows_of_the_refinement(blurred):
    records = []
    preset = replace(PRESETS["best"], candidates=({}, {"initial_kernel": "column"}))
    estimate(blurred, 13, preset, records.append)
    assert len(records) == total_iterations(preset, 13)


def test_a_search_can_pause_and_branch(blurred):
    options = SolverOptions(13, iterations=2)
    straight = blind_deconv(blurred, options)
    search = CoarseToFine(blurred, options)
    search.advance_to(1)
    pause = search.result()
    assert pause.kernel.shape == (11, 11) and pause.latent.shape[0] < 64 and len(pause.history) == 4
    branch = search.branch(finest_iterations=3)
    search.advance_to(0)
    branch.advance_to(0)
    assert np.array_equal(search.result().kernel, straight.kernel)
    assert np.array_equal(search.result().latent, straight.latent)
    more = blind_deconv(blurred, replace(options, finest_iterations=3))
    assert np.array_equal(branch.result().kernel, more.kernel) and branch.result().options == more.options
    assert [len(each.result().history) for each in (search, branch)] == [6, 7]


def test_the_judge_looks_at_a_part_of_a_large_image(blurred, monkeypatch):
    seen = []
    monkeypatch.setattr(judge, "_JUDGED_SIDE", 40)
    monkeypatch.setattr(judge, "log_odds", lambda image, *others: seen.append(image.shape) or log_odds(image, *others))
    result = pydeblur.estimate_kernel(blurred[:, :60], 5, preset="best", iterations=1)
    assert set(seen) == {(40, 40)} and result.latent.shape == (64, 60)


def test_the_judge_prefers_the_right_kernel(blurred):
    """Of the true kernel and none, the deblurred image with the true one looks less blurred."""
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
    for restored in (lambda *of: judge.restored_by_tv(*of)[0], judge.restored_with_highlights):
        right, wrong = (log_odds(restored(image, run), classifier) for run in runs)
        assert right < wrong - 1
    right, wrong = map(judge.Judge(image, 15, threads=1), runs)
    assert right.cost < wrong.cost - 1


def test_overshoot_and_energy_count_against_a_kernel():
    verdict = Verdict(1.0, 2.0, 1e-3)
    assert replace(verdict, overshoot=1e-2).cost > replace(verdict, energy=2.1).cost > verdict.cost
    assert replace(verdict, log_odds=-1.0).cost == pytest.approx(verdict.cost - 2)
    assert np.isfinite([Verdict(1.0, 0.0, 0.0).cost, Verdict(1.0, 1.0, 0.0).cost]).all()


def test_overshoot_is_what_leaves_the_range_with_gamma():
    image = np.random.default_rng(3).uniform(size=(40, 40))
    delta = np.zeros((5, 5))
    delta[2, 2] = 1
    narrow = pydeblur.estimate_kernel(0.3 + 0.4 * image, prior="gradient", **{**QUICK, "gamma_correct": 2.0})
    found, overshoot = judge.restored_by_tv(0.3 + 0.4 * image, replace(narrow, kernel=delta))
    assert overshoot == 0 and found.min() > 0.2 and found.max() < 0.8
    blur = np.full((5, 5), 1 / 25)
    restored = pydeblur.deconvolve(image, blur, "tv")
    outside = np.maximum(restored - 1, 0) + np.maximum(-restored, 0)
    one = replace(narrow, kernel=blur, options=replace(narrow.options, gamma_correct=1.0))
    assert judge.restored_by_tv(image, one)[1] == pytest.approx(np.mean(outside**2))


def test_with_clipped_pixels_the_log_odds_decide_alone(blurred):
    clipped = np.clip(1.5 * blurred, 0, 1)
    assert clipped.max() == 1
    best = pydeblur.estimate_kernel(clipped, 5, saturated=True, iterations=1)
    assert {(candidate["energy"], candidate["overshoot"]) for candidate in best.candidates} == {(None, None)}
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
