"""The names of methods by which tables and figures are asked for."""

import pytest

from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.registry import METHODS as NAMES
from pydeblur.evaluation.methods import METHODS, SPECIAL_METHODS, chosen_methods
from pydeblur.evaluation.protocols import all_options


def test_every_preset_prior_and_estimator_has_its_name():
    known = (*METHODS, *SPECIAL_METHODS)
    for name in NAMES:
        assert len(chosen_methods((name,), known)) == 1


def test_the_classifier_is_the_papers_own_method():
    assert chosen_methods(("classifier", "gradient")) == ("gradient", "faithful")
    assert chosen_methods(("classifier", "faithful")) == ("faithful",)
    method = METHODS["faithful"]
    by_prior = type(method)(method.label, prior="classifier").protocol("")
    differences = {
        name for name, value in all_options(method.protocol("")).items() if all_options(by_prior)[name] != value
    }
    assert differences == {"preset"}


def test_an_item_with_a_classifier_of_its_own_has_that_one():
    assert chosen_methods(("classifier",), ("both", "classifier", "faithful")) == ("classifier",)


def test_what_an_item_does_not_have_is_refused_by_the_name_that_was_given():
    with pytest.raises(InvalidOptionError, match="should be some of uniform, auto, but are classifier"):
        chosen_methods(("classifier",), ("uniform", "auto"))
