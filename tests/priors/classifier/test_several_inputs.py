"""Networks that are shown several planes: the backends agree, the gradient is right, and what does not fit is refused."""

import numpy as np
import pytest

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.priors.classifier.options import NetworkOptions
from pydeblur.priors.classifier.weights_file import read_weights

ARCHITECTURE = Architecture("planes", (4, 6, 8), (0, 1), inputs=3)


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """write(architecture, **metadata): a file with random weights."""
    pytest.importorskip("onnx")
    from pydeblur.training.export import export_onnx

    def write(architecture=ARCHITECTURE, **metadata):
        rng = np.random.default_rng(1)
        shapes = architecture.parameter_shapes().items()
        parameters = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes}
        path = tmp_path_factory.mktemp("planes") / "planes.onnx"
        export_onnx(parameters, architecture, path, {"answers": "log error", **metadata})
        return path

    return write


@pytest.fixture(scope="module")
def planes():
    return np.random.default_rng(2).random((3, 27, 38))


def network(path, backend="onnxruntime"):
    return ClassifierNetwork(NetworkOptions(path, backend, threads=1))


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_backends_agree(write, planes, backend):
    if backend == "torch":
        pytest.importorskip("torch")
    path = write()
    fast, reference = network(path, backend), network(path, "numpy")
    assert fast.architecture == ARCHITECTURE
    expected = reference.activation_map(planes)
    assert expected.shape == (6, 9)
    np.testing.assert_allclose(fast.activation_map(planes), expected, atol=1e-4)
    logit, gradient = fast.logit_and_gradient(planes)
    exact = reference.logit_and_gradient(planes)[1]
    assert logit == pytest.approx(expected.mean(), abs=1e-5) and gradient.shape == exact.shape == planes.shape
    assert np.mean(np.abs(gradient - exact) > 1e-4 * np.abs(exact).max()) < 2e-3


def test_the_gradient_is_the_difference_quotient(write, planes):
    reference = network(write(), "numpy")
    direction = np.random.default_rng(3).normal(size=planes.shape)
    step = 1e-6
    above, below = (reference.logit(planes + sign * step * direction) for sign in (1, -1))
    _, gradient = reference.logit_and_gradient(planes)
    assert (above - below) / (2 * step) == pytest.approx((gradient * direction).sum(), rel=1e-4)


@pytest.mark.parametrize(
    "shape", [(27, 38), (1, 27, 38), (2, 27, 38), (4, 27, 38), (3, 27), (3, 2, 38), (1, 3, 27, 38)]
)
def test_other_numbers_of_planes_are_refused(write, shape):
    with pytest.raises(InvalidInputError, match="u should be 3 planes of at least 4x4 pixels"):
        network(write()).logit(np.zeros(shape))
    with pytest.raises(InvalidInputError, match="u should be a grey image of at least 8x8 pixels"):
        network("classifier-compact").logit(np.zeros((3, 27, 38)))


def test_files_that_claim_other_inputs_are_refused(write, tmp_path):
    with pytest.raises(FileFormatError, match="a network that answers 'blurred' should have one input, but has 3"):
        read_weights(write(answers="blurred"))
    text = write().read_bytes()
    assert b'"inputs": 3' in text
    for claimed in (b"1", b"0", b"9", b'"'):
        (tmp_path / "other.onnx").write_bytes(text.replace(b'"inputs": 3', b'"inputs": ' + claimed))
        with pytest.raises(FileFormatError, match="pydeblur export"):
            read_weights(tmp_path / "other.onnx")


@pytest.mark.parametrize("inputs", [0, -1, 1.5, "3", None, 9])
def test_architectures_with_other_inputs_are_not_written(tmp_path, inputs):
    pytest.importorskip("onnx")
    from pydeblur.training.export import export_onnx

    with pytest.raises(InvalidInputError, match="inputs should be|input planes"):
        export_onnx({}, Architecture("odd", (4,), (0,), inputs), tmp_path / "odd.onnx")
    assert not list(tmp_path.iterdir())
