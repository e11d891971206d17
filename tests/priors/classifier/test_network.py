"""The network of a weights file: its options, its settings, and how its backend is found."""

import numpy as np
import pytest

from pydeblur.backend.threads import thread_count
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.priors.classifier import network as network_module
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.priors.classifier.options import NetworkOptions
from pydeblur.priors.classifier.weights_file import read_weights


def test_it_says_what_its_file_says(weights_files):
    network = ClassifierNetwork(NetworkOptions(weights_files["compact"], threads=1))
    weights = read_weights(weights_files["compact"])
    assert (network.architecture, network.metadata) == (weights.architecture, weights.metadata)
    assert network.weights_hash == weights.sha256
    assert network.smallest_side == 8 and network.answers == "blurred"


def test_settings_are_plain_values_and_complete(weights_files):
    network = ClassifierNetwork(NetworkOptions(weights_files["small"], "numpy"))
    assert network.settings == {
        "weights": str(weights_files["small"]),
        "backend": "numpy",
        "device": "cpu",
        "threads": thread_count(None),
        "weights_hash": network.weights_hash,
    }


@pytest.mark.parametrize(
    "backend, error, said",
    [
        ("torch", ModuleNotFoundError(name="torch"), "needs PyTorch: pip install 'pydeblur[train]'"),
        ("onnxruntime", ModuleNotFoundError(name="onnxruntime"), "needs ONNX Runtime: pip install 'pydeblur'"),
        ("torch", ImportError("torch\n is broken"), "can't be loaded: torch is broken"),
        ("torch", OSError("libcudart.so: " + 500 * "x"), "can't be loaded: libcudart.so: x"),
    ],
    ids=str,
)
def test_a_backend_that_is_not_installed_says_what_to_install(weights_files, monkeypatch, backend, error, said):
    def missing(name):
        raise error

    monkeypatch.setattr(network_module, "import_module", missing)
    with pytest.raises(InvalidInputError, match=r"^[^\n]{1,299}$") as caught:
        ClassifierNetwork(NetworkOptions(weights_files["small"], backend))
    assert str(caught.value).startswith(f"the backend '{backend}' {said}")


def test_other_modules_that_are_missing_are_no_matter_of_installing(weights_files, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name="pydeblur.priors.classifier.absent")

    monkeypatch.setattr(network_module, "import_module", missing)
    with pytest.raises(ModuleNotFoundError):
        ClassifierNetwork(NetworkOptions(weights_files["small"], "torch"))


@pytest.mark.parametrize("shape", [(1, 5), (5, 7, 1), (), (0, 7)], ids=str)
def test_answers_of_another_shape_are_refused(weights_files, monkeypatch, shape):
    network = ClassifierNetwork(NetworkOptions(weights_files["small"], "numpy"))
    monkeypatch.setattr(network._backend, "activation_map", lambda image: np.zeros(shape))
    with pytest.raises(InvalidInputError, match=r"the network's answer should have the shape \(5, 7\), but has"):
        network.activation_map(np.zeros((40, 56)))


@pytest.mark.parametrize("logit, gradient", [(np.nan, 0.0), (0.0, np.nan), (0.0, np.inf)], ids=str)
def test_answers_that_are_not_finite_are_refused(weights_files, monkeypatch, logit, gradient):
    network = ClassifierNetwork(NetworkOptions(weights_files["small"], "numpy"))
    answer = logit, np.full((40, 56), gradient)
    monkeypatch.setattr(network._backend, "logit_and_gradient", lambda image: answer)
    with pytest.raises(InvalidInputError, match="the network overflows"):
        network.logit_and_gradient(np.zeros((40, 56)))


def test_weights_that_are_not_there_are_refused():
    with pytest.raises(FileFormatError, match=r"there is no 'absent.onnx'"):
        ClassifierNetwork(NetworkOptions("absent.onnx"))
