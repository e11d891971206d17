"""The network of kernel proposals: its graph against PyTorch, and the files that are refused."""

from pathlib import Path

import numpy as np
import pytest

import pydeblur
from pydeblur.estimators.kernel_proposal import ProposalNetwork
from pydeblur.estimators.proposal_network import ProposalArchitecture, encode_network, parse_network, read_network

onnx = pytest.importorskip("onnx")
ARCHITECTURE = ProposalArchitecture((6, 5, 7))


def random_parameters():
    rng = np.random.default_rng(0)
    shapes = ARCHITECTURE.parameter_shapes()
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def network_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "small.onnx"
    path.write_bytes(encode_network(ARCHITECTURE, random_parameters(), 0.75, {"licence": "MIT"}))
    return path


def computed_by_torch(parameters, planes):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    weights = {name: torch.from_numpy(value) for name, value in parameters.items()}

    def linear(name, given, stride=1):
        weight = weights[f"{name}.weight"]
        return functional.conv2d(given, weight, weights[f"{name}.bias"], stride, (weight.shape[-1] - 1) // 2)

    def convolved(name, given, stride=1):
        return functional.leaky_relu(linear(name, given, stride), 0.1)

    def up(name, below, beside):
        joined = convolved(f"{name}_join", torch.cat([functional.interpolate(below, scale_factor=2), beside], 1))
        return joined + convolved(f"{name}_up", joined)

    half = convolved("half_down", convolved("half_in", torch.from_numpy(planes)[None], 2))
    quarter = convolved("quarter_down", convolved("quarter_in", half, 2))
    eighth = convolved("eighth_in", quarter, 2)
    eighth = eighth + convolved("eighth_first", eighth)
    eighth = eighth + convolved("eighth_second", eighth)
    half = up("half", up("quarter", eighth, quarter), half)
    return functional.pixel_shuffle(linear("half_out", half), 2)[0].numpy()


def test_the_graph_is_the_network_of_the_description(network_file):
    planes = np.random.default_rng(1).standard_normal((4, 24, 40)).astype(np.float32)
    found, expected = ProposalNetwork(network_file)(planes), computed_by_torch(random_parameters(), planes)
    assert np.abs(expected).max() > 0.1
    assert np.allclose(found, expected[:, :23, :39], rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(8, 8), (9, 15), (2, 2), (33, 70)])
def test_images_of_all_sizes_are_taken(network_file, shape):
    planes = np.random.default_rng(1).standard_normal((4, *shape)).astype(np.float32)
    found = ProposalNetwork(network_file)(planes)
    assert found.shape == (3, shape[0] - 1, shape[1] - 1) and np.all(np.isfinite(found))


def test_a_file_gives_back_what_was_written(network_file):
    weights = read_network(network_file)
    onnx.checker.check_model(onnx.load(network_file), full_check=True)
    assert (weights.architecture, weights.weight_factor, weights.metadata["licence"]) == (ARCHITECTURE, 0.75, "MIT")


def test_the_weights_of_the_package_are_small_and_say_where_they_come_from():
    weights = read_network("kernel-proposal")
    assert len(weights.model) < 1_000_000
    assert {"training", "date", "licence", "parameters_sha256"} <= set(weights.metadata)


def with_metadata(**entries):
    def change(model):
        known = {entry.key: entry.value for entry in model.metadata_props}
        onnx.helper.set_model_props(model, {**known, **entries})

    return change


def with_damage(model):
    (tensor,) = (each for each in model.graph.initializer if each.name == "half_up.weight")
    values = onnx.numpy_helper.to_array(tensor).copy()
    values.flat[0] += 1
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


def with_operator(model):
    model.graph.node[1].op_type = "Tanh"


def with_opset(model):
    model.opset_import[0].version = 18


WRONG = {
    "another format": (with_metadata(format="2"), "format"),
    "two widths": (with_metadata(widths="[6, 5]"), "widths"),
    "other widths": (with_metadata(widths="[6, 5, 8]"), "half_join|eighth_in"),
    "a negative factor": (with_metadata(weight_factor="-1.0"), "weight_factor"),
    "a factor of text": (with_metadata(weight_factor="much"), "weight_factor"),
    "an infinite factor": (with_metadata(weight_factor="Infinity"), "weight_factor"),
    "a damaged parameter": (with_damage, "checksum"),
    "another operator": (with_operator, "nodes"),
    "another opset": (with_opset, "operators"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_other_files_are_refused_in_one_sentence(network_file, kind):
    change, words = WRONG[kind]
    model = onnx.load(network_file)
    change(model)
    with pytest.raises(pydeblur.FileFormatError, match=words) as caught:
        parse_network(model.SerializeToString(), Path("other.onnx"))
    message = str(caught.value)
    assert message.startswith("'other.onnx' should be a network of kernel proposals") and len(message) < 300
    assert "\n" not in message


def test_another_network_of_the_package_is_refused():
    from pydeblur.files.shipped_weights import shipped_weights

    with pytest.raises(pydeblur.FileFormatError, match="kernel proposals"):
        read_network(shipped_weights("restoration.onnx"))
