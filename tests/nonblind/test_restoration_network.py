"""The restoration network: its graph against PyTorch, its reach, its tiles, and the files that are refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import pydeblur
from pydeblur.nonblind.restoration_inputs import INPUTS, corrected, network_inputs
from pydeblur.nonblind.restoration_network import (
    RestorationArchitecture,
    encode_network,
    parse_network,
    read_network,
)
from pydeblur.nonblind.restoration_session import RestorationSession, spans

onnx = pytest.importorskip("onnx")


def planes_of(rows, columns, seed=0):
    return np.random.default_rng(seed).random((len(INPUTS), rows, columns)).astype(np.float32)


@pytest.fixture(scope="module")
def session(network_file):
    return RestorationSession(network_file)


def test_the_graph_is_the_network_of_the_training(network_file):
    torch = pytest.importorskip("torch")
    from pydeblur.training.restoration.network import RestorationNetwork

    weights = read_network(network_file)
    network = RestorationNetwork(weights.architecture)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.parameters.items()})
    planes = planes_of(24, 40)
    with torch.no_grad():
        expected = network(torch.from_numpy(network_inputs(planes))[None])[0].numpy()
    found = RestorationSession(network_file).restored(planes)
    assert np.abs(expected).max() > 0.1
    assert np.allclose(found, corrected(planes, expected), rtol=0, atol=1e-5)


def test_a_file_gives_back_what_was_written(network_file):
    weights = read_network(network_file)
    onnx.checker.check_model(onnx.load(network_file), full_check=True)
    again = encode_network(weights.architecture, weights.parameters, weights.kernel_sizes, {"licence": "MIT"})
    assert parse_network(again, Path("again.onnx")).metadata == weights.metadata
    assert weights.kernel_sizes == (5, 31) and weights.metadata["licence"] == "MIT"


def test_nothing_beyond_the_reach_counts_and_what_is_within_does(session):
    planes = planes_of(200, 8)
    reach, expected = session.weights.architecture.reach, session.restored(planes)
    seen = 0
    for row in range(96, 104):
        changed = planes.copy()
        changed[:, row] += 100
        rows = np.flatnonzero(np.any(session.restored(changed) != expected, axis=1))
        seen = max(seen, int(np.abs(rows - row).max()))
    assert seen <= reach and seen > reach - 8


@pytest.mark.parametrize("shape", [(200, 150), (77, 210), (9, 300), (3, 5), (1, 1)])
def test_tiles_are_the_whole_image(session, shape):
    planes = planes_of(*shape)
    whole = session.restored_at_once(planes)
    assert whole.shape == shape and np.all(np.isfinite(whole))
    assert np.abs(session.restored(planes, 40) - whole).max() < 1e-5


@pytest.mark.parametrize("length, step, reach", [(100, 24, 7), (5, 8, 20), (64, 64, 3), (65, 64, 3)])
def test_spans_are_all_of_a_length_and_see_what_they_have_to(length, step, reach):
    found = list(spans(length, step, reach, 8))
    assert np.concatenate([np.arange(length)[span.own] for span in found]).tolist() == list(range(length))
    for span in found:
        assert span.seen.start % 8 == 0 and span.seen.start <= max(span.own.start - reach, 0)
        assert span.seen.stop >= min(span.own.stop + reach, length)
        assert np.array_equal(np.arange(length)[span.seen][span.inner], np.arange(length)[span.own])


def test_the_same_threads_give_the_same_bits(network_file):
    planes = planes_of(90, 120)
    for threads in (1, 2):
        results = [RestorationSession(network_file, threads=threads).restored(planes) for _ in range(3)]
        assert all(np.array_equal(results[0], result) for result in results)


def with_metadata(**entries):
    def change(model):
        known = {entry.key: entry.value for entry in model.metadata_props}
        onnx.helper.set_model_props(model, {**known, **entries})

    return change


def without_metadata(name):
    def change(model):
        known = {entry.key: entry.value for entry in model.metadata_props}
        del known[name]
        onnx.helper.set_model_props(model, known)

    return change


def with_parameter(function):
    def change(model):
        (tensor,) = (each for each in model.graph.initializer if each.name == "half_up_1.weight")
        tensor.CopyFrom(onnx.numpy_helper.from_array(function(onnx.numpy_helper.to_array(tensor)), tensor.name))

    return change


def damaged(values):
    values = values.copy()
    values.flat[0] += 1
    return values


def with_operator(model):
    model.graph.node[1].op_type = "Tanh"


def with_output(model):
    model.graph.output[0].name = "image"
    model.graph.node[-1].output[0] = "image"


def with_inputs(model):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 11


def with_opset(model):
    model.opset_import[0].version = 18


WRONG = {
    "another format": (with_metadata(format="2"), "format"),
    "no format": (without_metadata("format"), "format"),
    "other inputs": (with_metadata(inputs=json.dumps(list(reversed(INPUTS)))), "inputs"),
    "another base": (with_metadata(base="0"), "inputs"),
    "other widths": (with_metadata(widths="[8, 8, 8]"), "parameter"),
    "giant widths": (with_metadata(widths="[100000, 8, 8]"), "256"),
    "two widths": (with_metadata(widths="[4, 4]"), "three levels"),
    "no widths": (without_metadata("widths"), "architecture"),
    "widths that are none": (with_metadata(widths='{"a": 1}'), "architecture"),
    "kernels of no size": (with_metadata(kernel_sizes="[0, 31]"), "for which kernels"),
    "kernels the wrong way round": (with_metadata(kernel_sizes="[31, 5]"), "for which kernels"),
    "no kernels": (without_metadata("kernel_sizes"), "for which kernels"),
    "a damaged parameter": (with_parameter(damaged), "checksum"),
    "a parameter of another shape": (with_parameter(lambda values: values[:, :, :1]), "shape"),
    "another operator": (with_operator, "number 2 of the graph's nodes"),
    "another output": (with_output, "graph's"),
    "another number of planes": (with_inputs, "graph's inputs"),
    "other operators' version": (with_opset, "version"),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_network_is_refused_in_one_sentence(name, network_file, tmp_path):
    change, words = WRONG[name]
    model = onnx.load(network_file)
    change(model)
    path = tmp_path / "wrong.onnx"
    onnx.save(model, path)
    with pytest.raises(
        pydeblur.FileFormatError, match=rf"^[^\n]*wrong\.onnx' should be a restoration network[^\n]*{words}"
    ) as caught:
        read_network(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_nan_in_a_parameter_is_refused(network_file):
    weights = read_network(network_file)
    parameters = {**weights.parameters, "half_out.bias": np.array([0, np.nan, 0, 0], np.float32)}
    model = encode_network(weights.architecture, parameters, (5, 31), {})
    with pytest.raises(pydeblur.FileFormatError, match=r"half_out\.bias should be finite"):
        parse_network(model, Path("nan.onnx"))


@pytest.mark.parametrize("contents", [b"", b"no network", bytes(1000)])
def test_other_files_are_refused_in_one_sentence(contents, tmp_path):
    path = tmp_path / "other.onnx"
    path.write_bytes(contents)
    with pytest.raises(pydeblur.FileFormatError, match=r"^[^\n]*other\.onnx[^\n]*$"):
        read_network(path)


@pytest.mark.parametrize("cut", [0.2, 0.9, 0.9999])
def test_a_file_that_was_cut_short_is_refused(network_file, tmp_path, cut):
    contents = network_file.read_bytes()
    path = tmp_path / "short.onnx"
    path.write_bytes(contents[: int(cut * len(contents))])
    with pytest.raises(pydeblur.FileFormatError, match=r"^[^\n]*short\.onnx[^\n]*$"):
        read_network(path)


def test_a_classifier_is_no_restoration_network():
    from pydeblur.files.shipped_weights import shipped_weights

    with pytest.raises(pydeblur.FileFormatError, match="should be a restoration network"):
        read_network(shipped_weights("classifier-compact.onnx"))


@pytest.mark.parametrize("weights", ["missing.onnx", 3, None, b"restoration", "."])
def test_what_names_no_file_is_refused(weights):
    with pytest.raises(
        pydeblur.FileFormatError, match=r"^weights should be 'restoration' or the path of an ONNX file[^\n]*$"
    ):
        read_network(weights)


@pytest.mark.parametrize("widths", [(4, 4), (0, 4, 4), (4, 4, 257)])
def test_architectures_out_of_bounds_are_refused(widths):
    with pytest.raises(pydeblur.InvalidInputError, match="three levels of 1 to 256 channels"):
        RestorationArchitecture(widths).check()
