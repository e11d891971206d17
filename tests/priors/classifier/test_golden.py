"""The NumPy backend against the MATLAB-language reference, to 1e-10."""

from pathlib import Path

import numpy as np
import pytest

from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.numpy_backend import NumpyBackend
from pydeblur.priors.classifier.weights_file import ClassifierWeights

ARCHITECTURE = Architecture("small", (4, 4, 6, 8, 8))
TOLERANCE = 1e-10


def backend(params):
    """A NumPy backend with the golden's parameters."""
    assert tuple(params["pool_after"].ravel()) == ARCHITECTURE.pool_after
    parameters = {
        name: np.reshape(params[name.replace(".", "_")], shape).astype(np.float32)
        for name, shape in ARCHITECTURE.parameter_shapes().items()
    }
    return NumpyBackend(ClassifierWeights(Path("golden"), b"", ARCHITECTURE, parameters, {}, ""))


# 24x24, 25x31 (odd maps in the poolings), 8x8 (the smallest), and a constant image, whose windows are all ties.
@pytest.mark.parametrize("number", range(4))
def test_logit_and_gradient(number, golden_cases, relative_difference):
    case = golden_cases("stages/classifier")[number]
    network = backend(case["params"])
    logit, gradient = network.logit_and_gradient(case["image"])
    assert logit == pytest.approx(case["logit"], rel=TOLERANCE)
    assert network.logit(case["image"]) == pytest.approx(case["logit"], rel=TOLERANCE)
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(case["f"], rel=TOLERANCE)
    assert relative_difference(gradient, case["dlogit"]) < TOLERANCE
