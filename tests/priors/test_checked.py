"""A prior of the caller's own: what it may be, and that its mistakes are told in one sentence."""

import copy

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.priors.checked import CheckedPrior

IMAGE = np.kron(np.random.default_rng(0).random((6, 7)), np.ones((5, 5)))


class Quadratic:
    """The sum of squares, which is fine."""

    def value_and_grad(self, u):
        return float((u**2).sum()), 2 * u


def differentiable(answer):
    return type("Mine", (), {"value_and_grad": lambda self, u: answer(u)})()


def proximal(answer, value=lambda u: 1.0):
    return type("Mine", (), {"prox": lambda self, u, threshold: answer(u), "value": lambda self, u: value(u)})()


def test_one_that_is_right_gives_what_it_gives_unchecked():
    checked = CheckedPrior(Quadratic())
    value, gradient = checked.value_and_grad(IMAGE)
    assert value == (IMAGE**2).sum() and np.array_equal(gradient, 2 * IMAGE)
    assert checked.name == "Quadratic" and not hasattr(checked, "prox") and not hasattr(checked, "first_beta")
    result = pydeblur.estimate_kernel(IMAGE, 5, prior=Quadratic(), iterations=1, prior_scale=1)
    assert result.prior == {"name": "Quadratic"}
    assert copy.copy(checked).name == "Quadratic"


def test_whole_numbers_and_lists_are_taken_for_arrays():
    checked = CheckedPrior(differentiable(lambda u: (1, np.ones(u.shape, int).tolist())))
    value, gradient = checked.value_and_grad(IMAGE.astype(np.float32))
    assert value == 1.0 and gradient.dtype == np.float32


MISTAKES = [
    (differentiable(lambda u: 2 * u), "value_and_grad of the prior Mine should return a value and a gradient"),
    (differentiable(lambda u: None), "value_and_grad of the prior Mine should return a value and a gradient"),
    (differentiable(lambda u: (np.nan, u)), "the value of the prior Mine should be a finite number, but is nan"),
    (differentiable(lambda u: ("high", u)), "the value of the prior Mine should be a finite number, but is 'high'"),
    (differentiable(lambda u: (u, u)), "the value of the prior Mine should be a finite number"),
    (differentiable(lambda u: (1.0, u.T)), "the gradient of the prior Mine should have the image's shape (30, 35)"),
    (
        differentiable(lambda u: (1.0, 0.0)),
        "the gradient of the prior Mine should have the image's shape (30, 35), but has ()",
    ),
    (differentiable(lambda u: (1.0, u / 0)), "the gradient of the prior Mine should be finite"),
    (differentiable(lambda u: (1.0, u * 1j)), "the gradient of the prior Mine should be real, but is complex128"),
    (proximal(lambda u: u[:-1]), "the image from prox of the prior Mine should have the image's shape"),
    (proximal(lambda u: np.full_like(u, np.inf)), "the image from prox of the prior Mine should be finite"),
    (
        proximal(lambda u: u, value=lambda u: np.inf),
        "the value of the prior Mine should be a finite number, but is inf",
    ),
]


@pytest.mark.parametrize("prior, sentence", MISTAKES, ids=[sentence for _, sentence in MISTAKES])
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_mistakes_are_told(prior, sentence):
    with pytest.raises(InvalidInputError) as caught:
        pydeblur.estimate_kernel(IMAGE, 5, prior=prior, iterations=1)
    assert str(caught.value).startswith(sentence) and "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "prior, sentence",
    [
        (Quadratic, "prior should be an instance, not a class: write prior=Quadratic(...), not prior=Quadratic"),
        (7, "prior should be one of gradient, .* or an object with a method value_and_grad or prox, but is 7"),
        (
            type("Half", (), {"prox": lambda self, u, t: u})(),
            "a prior with a method prox should have a method value, too",
        ),
        (type("Data", (), {"value_and_grad": 3})(), "with a method value_and_grad or prox"),
    ],
)
@pytest.mark.parametrize("function", [pydeblur.deblur, pydeblur.estimate_kernel])
def test_what_is_no_prior_is_refused_at_the_door(function, prior, sentence):
    with pytest.raises(InvalidOptionError, match=sentence.replace("(...)", r"\(\.\.\.\)")):
        function(IMAGE, 5, prior=prior)


def test_errors_of_its_own_pass_through():
    def fail(u):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        pydeblur.estimate_kernel(IMAGE, 5, prior=differentiable(fail))
