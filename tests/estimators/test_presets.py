"""What a preset and what is given beside it mean together."""

import pytest

import pydeblur
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators import PRESETS, Preset, Variant, resolve
from pydeblur.estimators.presets import DEFAULT, WIDE_KERNEL
from pydeblur.priors.registry import PriorChoice
from pydeblur.solver.options import solver_options


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_made_of_options_that_exist(name):
    preset = PRESETS[name]
    for prior, fields in preset.runs():
        assert solver_options({**fields, "kernel_size": 5}).kernel_size == 5
        loaded = prior.load()
        assert (loaded is None) == (prior.prior == "gradient")


def test_presets_cannot_be_changed():
    with pytest.raises(TypeError):
        PRESETS["best"].solver["prefilter"] = 2.0
    with pytest.raises(TypeError):
        PRESETS["best"].variants[1].changes["iterations"] = 3
    with pytest.raises(AttributeError):
        PRESETS["best"].handles_clipping = False


def test_what_is_given_beside_a_preset_wins():
    chosen = PRESETS["faithful"]
    preset = resolve("faithful", None, {"form": "nll"}, None, {"eta": 0.5})
    assert preset.prior.prior == chosen.prior.prior == "classifier"
    assert preset.prior.options.form == "nll" and preset.prior.options.weights == chosen.prior.options.weights
    assert preset.solver == {**chosen.solver, "eta": 0.5}
    assert resolve("faithful", "gradient").prior == PriorChoice("gradient")


def test_fixed_fields_leave_fewer_variants():
    variants = PRESETS["best"].variants
    assert resolve("best").variants == variants
    fixed = resolve("best", solver={"iterations": 2})
    assert fixed.variants == tuple(
        each for each in variants if "iterations" not in each.changes
    )  # the first stands for both
    assert all(fields["iterations"] == 2 for _, fields in fixed.runs())
    alone = resolve("best", "gradient", solver={"iterations": 2, "lambda_grad": 4e-3, "initial_kernel": "row"})
    assert alone.variants == () and len(alone.runs()) == 1 and "finest_iterations" not in alone.runs()[0][1]
    assert resolve("best", solver={"finest_iterations": 3}).refinements == ()
    assert resolve("best", solver={"iterations": 3}).refinements == ()
    assert resolve("best", solver={"gamma_correct": 2.2}).refinements == PRESETS["best"].refinements


def test_wide_kernels_have_runs_of_their_own():
    best = resolve("best")
    assert best.for_size(WIDE_KERNEL - 2) is best and best.for_size("71") is best
    wide = best.for_size(WIDE_KERNEL)
    assert wide.variants != best.variants and wide.halving is not None and wide.for_size(75) is wide
    assert resolve("fast").for_size(75) == resolve("fast")
    # What is given counts for them, too.
    fixed = resolve("best", "gradient", solver={"iterations": 2, "gamma_correct": 2.2}).for_size(WIDE_KERNEL)
    assert {prior.prior for prior, _ in fixed.runs()} == {"gradient"} and fixed.refinements == ()
    assert all((fields["iterations"], fields["gamma_correct"]) == (2, 2.2) for _, fields in fixed.runs())
    ranking = resolve("best", ranking_options={"threads": 2}, solver={"device": "auto"}).for_size(WIDE_KERNEL).ranking
    assert ranking.threads == 2 and ranking.device == "auto"


def test_a_given_prior_is_that_of_all_runs():
    assert "intensity" in {prior.prior for prior, _ in resolve("best").runs()}
    assert resolve("best").prior.prior == "gradient"
    for prior in ("gradient", "classifier", pydeblur.load_prior("intensity")):
        chosen = resolve("best", prior)
        assert [found.prior for found, _ in chosen.runs()] == [prior] * 5
        assert all("beta_growth" not in fields for _, fields in chosen.runs())
    options = {"weights": "classifier-compact", "form": "nll"}
    for found, _ in resolve("best", "classifier", options).runs():
        assert (found.options.weights, found.options.form) == ("classifier-compact", "nll")


def test_single_precision_is_the_defaults_own_choice():
    """A type that is given counts for everything; a prior of the caller's own is handed double precision."""
    assert resolve("best").solver["dtype"] == "float32" and not resolve("best").gives_single
    for size in (25, WIDE_KERNEL):
        for dtype in ("float32", "float64"):
            given = resolve("best", solver={"dtype": dtype}).for_size(size)
            assert given.solver["dtype"] == dtype and given.gives_single == (dtype == "float32")
        own = resolve("best", pydeblur.load_prior("intensity")).for_size(size)
        assert all("dtype" not in fields for _, fields in own.runs()) and not own.gives_single
        assert all(fields["dtype"] == "float32" for _, fields in resolve("best", "intensity").for_size(size).runs())
    assert resolve("fast").gives_single and resolve("fast", pydeblur.load_prior("intensity")).gives_single
    assert not resolve(prior="gradient").gives_single and not resolve("faithful").gives_single


def test_a_given_prefilter_is_meant_as_it_is():
    assert resolve(solver={"prefilter": 1.5}).solver["noise_reference"] is None
    assert resolve(solver={"prefilter": 1.5, "noise_reference": 0.02}).solver["noise_reference"] == 0.02


def test_a_given_relative_weight_is_meant_as_it_is():
    assert resolve("best").solver["kernel_weight_pixels"] == 255**2
    chosen = resolve(solver={"relative_kernel_weight": 0.1}).solver
    assert chosen["noise_reference"] is None and chosen["kernel_weight_pixels"] is None
    assert resolve(solver={"prefilter": 1.5}).solver["kernel_weight_pixels"] == 255**2
    assert (
        resolve(solver={"relative_kernel_weight": 0.1, "kernel_weight_pixels": 9}).solver["kernel_weight_pixels"] == 9
    )


def test_by_default_it_is_best_and_with_a_prior_one_run_of_that():
    assert resolve() == PRESETS[DEFAULT] == PRESETS["best"]
    assert resolve(prior="gradient") == Preset()
    alone = resolve(prior="classifier", prior_options={"form": "nll"})
    assert alone == Preset(PriorChoice.named("classifier", {"form": "nll"})) and alone.variants == ()
    assert resolve(solver={"iterations": 2}) == resolve("best", solver={"iterations": 2})


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"preset": "worst"}, "preset should be one of faithful, fast, best"),
        ({"preset": []}, "preset should be one of"),
        ({"prior": "dark"}, "prior should be one of gradient"),
        ({"prior_options": {"form": "nll"}}, r"prior_options \(form\).*ranking_options"),
        ({"prior_options": {"weights": "classifier-compact"}}, r"prior_options \(weights\).*ranking_options"),
        ({"prior": "gradient", "prior_options": {"threads": 1}}, "the gradient prior has no option threads"),
        ({"prior": "gradient", "ranking_options": {"threads": 1}}, "ranking_options .*several runs"),
        ({"preset": "fast", "ranking_options": {"threads": 1}}, "ranking_options .*several runs"),
        (
            {"prior": "classifier", "prior_options": {"form": "sigmoid"}},
            "form should be one of probability, nll, logit",
        ),
        ({"prior": "classifier", "prior_options": {"weight": "x"}}, "the classifier prior has no option weight"),
        ({"ranking_options": {"form": "nll"}}, "the ranking network has no option form"),
        ({"prior_options": "abc"}, "prior_options should be a dict"),
        ({"ranking_options": ["threads"]}, "ranking_options should be a dict"),
    ],
)
def test_what_nothing_would_use_is_refused(arguments, words):
    with pytest.raises(InvalidOptionError, match=words):
        resolve(**arguments)


def test_options_for_a_prior_object_are_refused():
    with pytest.raises(InvalidOptionError, match="by its name"):
        resolve(prior=pydeblur.load_prior("intensity"), prior_options={"form": "nll"})


def test_networks_go_where_the_solver_computes():
    assert resolve("fast", solver={"device": "auto"}).prior.options.device == "auto"
    assert resolve("best", solver={"device": "cuda"}).ranking.device == "auto"
    assert resolve("fast", None, {"device": "cpu"}, None, {"device": "cuda"}).prior.options.device == "cpu"
    assert resolve("fast").prior.options.device == "cpu"
    assert resolve(prior="gradient", solver={"device": "cuda"}).prior == PriorChoice("gradient")


def test_a_variant_in_plain_values():
    variant = Variant({"beta_growth": 8.0}, PriorChoice("intensity"))
    assert variant.described() == {"prior": "intensity", "beta_growth": 8.0}
    assert variant.without({"beta_growth"}) == Variant({}, PriorChoice("intensity"))
