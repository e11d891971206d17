"""Priors by their names, with their options."""

import pytest

from pydeblur.errors import InvalidOptionError
from pydeblur.priors import PRIORS, load_prior
from pydeblur.priors.classifier.options import ClassifierOptions
from pydeblur.priors.classifier.prior import ClassifierPrior
from pydeblur.priors.intensity import IntensityPrior
from pydeblur.priors.protocol import DifferentiablePrior, ProximalPrior
from pydeblur.priors.registry import PriorChoice


def test_every_name_gives_its_prior():
    assert PRIORS == ("gradient", "intensity", "dark_channel", "extreme_channels", "pmp", "null", "classifier")
    assert load_prior("gradient") is None
    assert isinstance(load_prior("intensity"), IntensityPrior) and isinstance(load_prior("intensity"), ProximalPrior)
    classifier = load_prior("classifier", weights="classifier-compact", threads=1, form="logit")
    assert isinstance(classifier, ClassifierPrior) and isinstance(classifier, DifferentiablePrior)
    assert (classifier.form, classifier.threads, classifier.architecture.name) == ("logit", 1, "compact")


@pytest.mark.parametrize("name", ["beauty", "", None, 3, ["intensity"]], ids=str)
def test_unknown_names_are_refused(name):
    with pytest.raises(
        InvalidOptionError,
        match=r"^prior should be one of gradient, intensity, dark_channel, extreme_channels, pmp, null, classifier, "
        r"but is [^\n]+$",
    ):
        load_prior(name)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gradient", {"form": "logit"}, "the gradient prior has no option form"),
        ("intensity", {"weights": "a", "threads": 1}, "the intensity prior has no option weights, threads"),
        ("classifier", {"colour": 1}, "the classifier prior has no option colour; it has weights, backend"),
        ("classifier", {"form": "odds"}, "form should be one of probability, nll, logit"),
    ],
)
def test_options_that_a_prior_does_not_have_are_refused(name, options, message):
    with pytest.raises(InvalidOptionError, match=message):
        load_prior(name, **options)


def test_a_choice_names_a_prior_and_its_options_before_anything_is_loaded():
    choice = PriorChoice.named("classifier", {"weights": "no-such-file.onnx", "form": "nll"})
    assert choice.is_named and choice.options == ClassifierOptions("no-such-file.onnx", form="nll")
    assert PriorChoice.named("intensity") == PriorChoice("intensity") and PriorChoice().load() is None


def test_a_prior_by_its_name_is_made_anew_and_one_of_the_caller_is_not():
    choice = PriorChoice("intensity")
    assert choice.load() is not choice.load()
    own = IntensityPrior()
    assert PriorChoice(own).load() is own and not PriorChoice(own).is_named
