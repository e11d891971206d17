"""The network of a weights file: its options, its settings, and how its backend is found."""

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


def test_a_backend_that_is_not_installed_says_what_to_install(weights_files, monkeypatch):
    def missing(name):
        raise ImportError("No module named 'torch'")

    monkeypatch.setattr(network_module, "import_module", missing)
    with pytest.raises(
        InvalidInputError, match=r"the backend 'torch' is not installed .*pip install 'pydeblur\[train\]'"
    ):
        ClassifierNetwork(NetworkOptions(weights_files["small"], "torch"))


def test_weights_that_are_not_there_are_refused():
    with pytest.raises(FileFormatError, match=r"there is no 'absent.onnx'"):
        ClassifierNetwork(NetworkOptions("absent.onnx"))
