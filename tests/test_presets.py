"""Presets, the learned prior by its name, and what a result records of both."""

import numpy as np
import pytest

import pydeblur
from pydeblur.presets import PRESETS, resolve
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
    solver_options({**preset.solver, "kernel_size": 5})
    pydeblur.load_prior(preset.prior, **preset.prior_options)


def test_what_is_given_beside_a_preset_wins():
    chosen = PRESETS["faithful"]
    prior, prior_options, solver = resolve("faithful", None, {"form": "nll"}, {"eta": 0.5})
    assert prior == chosen.prior == "classifier"
    assert prior_options == {**chosen.prior_options, "form": "nll"}
    assert solver == {**chosen.solver, "eta": 0.5}
    assert resolve("faithful", "gradient", None, {})[:2] == ("gradient", {})


def test_without_a_preset_it_is_the_gradient_prior():
    assert resolve(None, None, None, {}) == ("gradient", {}, {})


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
