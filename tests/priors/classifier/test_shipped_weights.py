"""The weights that come with the package: complete, right under every backend, and of some use."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.priors.classifier.architecture import ARCHITECTURES
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.priors.classifier.options import NetworkOptions
from pydeblur.priors.classifier.prior import ClassifierPrior
from pydeblur.priors.classifier.weights_file import SHIPPED, read_weights, resolve_weights

#: Those of them that are no classifier's; what they are worth is tested with the estimators.
RANKING = ("kernel-ranking", "kernel-ranking-wide")


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
    assert replace(weights.architecture, inputs=1) in ARCHITECTURES.values()
    assert weights.architecture.inputs == (3 if shipped == "kernel-ranking-wide" else 1)
    assert weights.metadata["licence"] == "MIT" and len(weights.metadata["date"]) == 10
    assert json.loads(weights.metadata["training"])
    if shipped in RANKING:
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
        if fast.architecture.inputs > 1:
            image = np.stack([image, 0.1 * image[::-1], 0.2 * image[:, ::-1]])
        np.testing.assert_allclose(fast.activation_map(image), reference.activation_map(image), atol=1e-4)
        assert fast.logit(image) == pytest.approx(reference.logit(image), abs=2e-5)
        if shipped in RANKING:
            continue  # nothing descends on it
        gradient, exact = (each.logit_and_gradient(image)[1] for each in (fast, reference))
        # A few maxima may be so close to the second that rounding swaps them.
        assert np.mean(np.abs(gradient - exact) > 1e-4 * np.max(np.abs(exact))) < 2e-3


@pytest.mark.parametrize("name", RANKING)
def test_a_ranking_network_is_no_prior(name):
    """It says how wrong a restored image is: no probability, and nothing for the solver to descend on."""
    assert network(name).answers == "log error" and network("classifier-compact").answers == "blurred"
    with pytest.raises(InvalidOptionError, match=f"'{name}' answers another question"):
        ClassifierPrior(name, threads=1)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name not in RANKING])
def test_blurred_images_score_higher(name, sharp_image):
    prior = ClassifierPrior(name, threads=1)
    assert prior.logit(uniform_filter(sharp_image, 9)) > prior.logit(sharp_image)
