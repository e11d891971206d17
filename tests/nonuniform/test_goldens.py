"""The operators of non-uniform blur against the goldens that matlab_ref has written."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from pydeblur.nonuniform import CameraPoses, FilterFlow, LocalKernels, PoseOperator

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "nonuniform" / "operators.mat"
CASES = (1, 2, 3)


def case(variables, number):
    """The variables of one case by their names."""
    prefix = f"c{number}_"
    return {name[len(prefix) :]: value for name, value in variables.items() if name.startswith(prefix)}


def close(actual, expected):
    return np.allclose(actual, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("number", CASES)
def test_the_operators_are_those_of_the_reference(number):
    golden = case(loadmat(GOLDEN), number)
    image, residual, weights = golden["I"], golden["residual"], golden["weights"].ravel()
    poses = CameraPoses(golden["parameters"], image.shape, str(golden["model"][0]), float(golden["focal_length"][0, 0]))
    assert close(poses.homographies(), golden["H"].transpose(2, 0, 1))
    exact = PoseOperator(poses)
    assert close(exact.blur(image, weights), golden["blurred"])
    assert close(exact.adjoint(residual, weights), golden["adjoint"])
    assert close(exact.weights_adjoint(residual, image), golden["weights_adjoint"].ravel())
    flow = FilterFlow(poses, tuple(int(count) for count in golden["patches"].ravel()))
    assert close(flow.blur(image, weights), golden["flow"])
    assert close(LocalKernels(poses, [[0.0, 0.0]]).of_weights(weights)[0], golden["kernel"])
