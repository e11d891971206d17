"""The weights that come with the package: complete, right under every backend, and of some use."""

import json

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.priors.classifier.architecture import ARCHITECTURES
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.priors.classifier.options import NetworkOptions
from pydeblur.priors.classifier.prior import ClassifierPrior
from pydeblur.priors.classifier.weights_file import SHIPPED, read_weights, resolve_weights

#: The one of them that is no classifier's; what it is worth is tested with the estimators.
RANKING = "kernel-ranking"


@pytest.fixture(params=SHIPPED)
def shipped(request):
    try:
        resolve_weights(request.param)
    except FileFormatError:
        pytest.skip(f"{request.param} is not in this source tree")
    return request.param


def network(weights, backend="onnxruntime"):
    return ClassifierNetwork(NetworkOptions(weights, backend, threads=1))


def test_metadata(shipped):
    weights = read_weights(shipped)
    assert weights.architecture in ARCHITECTURES.values()
    assert weights.metadata["licence"] == "MIT" and len(weights.metadata["date"]) == 10
    assert json.loads(weights.metadata["training"])
    if shipped == RANKING:
        assert weights.metadata["answers"] == "log error"
    else:
        assert "answers" not in weights.metadata and json.loads(weights.metadata["accuracies"])
    assert resolve_weights(shipped).with_suffix(".md").is_file()


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_backends_agree(shipped, backend, sharp_image):
    if backend == "torch":
        pytest.importorskip("torch")
    fast, reference = network(shipped, backend), network(shipped, "numpy")
    for image in (sharp_image, uniform_filter(sharp_image, 5), sharp_image[:45, 3:76]):
        np.testing.assert_allclose(fast.activation_map(image), reference.activation_map(image), atol=1e-4)
        assert fast.logit(image) == pytest.approx(reference.logit(image), abs=2e-5)
        if shipped == RANKING:
            continue  # nothing descends on it
        gradient, exact = (each.logit_and_gradient(image)[1] for each in (fast, reference))
        # A few maxima may be so close to the second that rounding swaps them.
        assert np.mean(np.abs(gradient - exact) > 1e-4 * np.max(np.abs(exact))) < 2e-3


def test_the_ranking_network_is_no_prior():
    """It says how wrong a restored image is: no probability, and nothing for the solver to descend on."""
    assert network(RANKING).answers == "log error" and network("classifier-compact").answers == "blurred"
    with pytest.raises(InvalidOptionError, match="'kernel-ranking' answers another question"):
        ClassifierPrior(RANKING, threads=1)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != RANKING])
def test_blurred_images_score_higher(name, sharp_image):
    prior = ClassifierPrior(name, threads=1)
    assert prior.logit(uniform_filter(sharp_image, 9)) > prior.logit(sharp_image)
