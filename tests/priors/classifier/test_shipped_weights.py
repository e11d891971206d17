"""The weights that come with the package: complete, right under every backend, and of some use."""

import json

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.priors.classifier.architecture import ARCHITECTURES
from pydeblur.priors.classifier.prior import ClassifierPrior
from pydeblur.priors.classifier.weights_file import SHIPPED, read_weights, resolve_weights


@pytest.fixture(params=SHIPPED)
def shipped(request):
    try:
        resolve_weights(request.param)
    except FileFormatError:
        pytest.skip(f"{request.param} is not in this source tree")
    return request.param


def test_metadata(shipped):
    weights = read_weights(shipped)
    assert weights.architecture in ARCHITECTURES.values()
    assert weights.metadata["licence"] == "MIT" and len(weights.metadata["date"]) == 10
    assert json.loads(weights.metadata["training"])
    if shipped == "judge":
        assert weights.metadata["answers"] == "log error"
    else:
        assert "answers" not in weights.metadata and json.loads(weights.metadata["accuracies"])
    assert resolve_weights(shipped).with_suffix(".md").is_file()


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_backends_agree(shipped, backend, sharp_image):
    if backend == "torch":
        pytest.importorskip("torch")
    prior, reference = (ClassifierPrior(shipped, backend=name, threads=1) for name in (backend, "numpy"))
    for image in (sharp_image, uniform_filter(sharp_image, 5), sharp_image[:45, 3:76]):
        np.testing.assert_allclose(prior.activation_map(image), reference.activation_map(image), atol=1e-4)
        if shipped == "judge":
            continue
        value, gradient = prior.value_and_grad(image)
        expected, exact = reference.value_and_grad(image)
        assert abs(value - expected) <= 1e-5
        # A few maxima may be so close to the second that rounding swaps them.
        assert np.mean(np.abs(gradient - exact) > 1e-4 * np.max(np.abs(exact))) < 2e-3


def test_a_judge_is_no_prior(sharp_image):
    """It says how wrong a restored image is: no probability, and nothing for the solver to descend on."""
    judge = ClassifierPrior("judge", threads=1)
    assert judge.answers == "log error" and ClassifierPrior("classifier-compact").answers == "blurred"
    for method in (judge.score, judge.logit, judge.value_and_grad):
        with pytest.raises(InvalidOptionError, match="'judge' answers another question"):
            method(sharp_image)


def test_blurred_scores_higher(shipped, sharp_image):
    if shipped == "judge":
        pytest.skip("is shown restored images only: tests/test_presets.py")
    prior = ClassifierPrior(shipped, threads=1)
    assert prior.logit(uniform_filter(sharp_image, 9)) > prior.logit(sharp_image)
