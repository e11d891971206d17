"""Reading weights, with PyTorch and onnx and without them, and refusing what is no weights file."""

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pydeblur
from pydeblur.backend.onnx_check import hash_parameters
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import shipped_weights
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.weights_file import parse_weights, read_weights, resolve_weights
from tests.priors.classifier.conftest import ARCHITECTURES, SMALL, noise, random_parameters

ROOT = Path(pydeblur.__file__).resolve().parents[1]


def test_what_is_read_is_what_was_written(weights_files):
    for name, path in weights_files.items():
        weights = read_weights(path)
        expected = random_parameters(ARCHITECTURES[name])
        assert weights.architecture == ARCHITECTURES[name]
        assert weights.parameters.keys() == expected.keys()
        assert all(np.array_equal(weights.parameters[key], value) for key, value in expected.items())
        assert weights.path == path and weights.model == path.read_bytes()
        assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_cut_short_is_refused(weights_files, data):
    whole = weights_files["small"].read_bytes()
    length = data.draw(st.integers(0, len(whole) - 1))
    assert_refused(whole[:length])


@settings(max_examples=100, deadline=None)
@given(damage=st.binary(min_size=1, max_size=200))
def test_any_bytes_are_refused(damage):
    assert_refused(damage)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_bit_flipped_anywhere_changes_no_parameter_unnoticed(weights_files, data):
    """Outside the parameters it may go unnoticed."""
    whole = bytearray(weights_files["small"].read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        parameters = read_bytes(bytes(whole)).parameters
    except FileFormatError:
        parameters = random_parameters(SMALL)
    assert all(np.array_equal(parameters[name], value) for name, value in random_parameters(SMALL).items())


@pytest.mark.parametrize("name", SMALL.parameter_shapes())
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_bit_flipped_within_a_parameter_is_refused(weights_files, name, data):
    whole, value = bytearray(weights_files["small"].read_bytes()), random_parameters(SMALL)[name].tobytes()
    first = whole.index(value)
    place = data.draw(st.integers(first, first + len(value) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FileFormatError, match="the parameters are damaged: their checksum is wrong"):
        read_bytes(bytes(whole))


def assert_refused(data):
    with pytest.raises(FileFormatError, match="should be a classifier written by pydeblur export"):
        read_bytes(data)


def read_bytes(data):
    return parse_weights(data, Path("in memory.onnx"))


def test_files_of_other_kinds(tmp_path):
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [x], [y])), tmp_path / "other.onnx")
    with pytest.raises(FileFormatError, match="lacks the output"):
        read_weights(tmp_path / "other.onnx")
    (tmp_path / "photo.onnx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(FileFormatError, match=r"photo.onnx"):
        read_weights(tmp_path / "photo.onnx")
    for wrong in (tmp_path / "absent.onnx", tmp_path, "classifier-huge", 3, None, ""):
        with pytest.raises(FileFormatError, match="classifier-paper"):
            resolve_weights(wrong)


def refusal(model):
    """What is said of a model: one sentence."""
    with pytest.raises(FileFormatError, match="should be a classifier written by pydeblur export: ") as caught:
        read_bytes(model.SerializeToString())
    message = str(caught.value)
    assert len(message) < 300 and "\n" not in message
    return message.partition("export: ")[2]


@pytest.fixture
def model(weights_files):
    onnx = pytest.importorskip("onnx")
    return onnx.load(weights_files["small"])


def test_a_file_that_the_package_onnx_has_written_again_is_taken(model):
    model.graph.name, model.doc_string, model.producer_version = "another name", "", "0.0.1"
    model.metadata_props.add(key="note", value="mine")
    weights = read_bytes(model.SerializeToString())
    assert weights.metadata["note"] == "mine" and weights.architecture == SMALL


def replace_operator(model, onnx):
    model.graph.node[30].op_type = "Loop"


def another_attribute(model, onnx):
    (scaling,) = (node for node in model.graph.node if node.op_type == "ConvTranspose")
    scaling.attribute[0].ints[0] = 2


def subgraph(model, onnx):
    model.graph.node[30].attribute.append(onnx.helper.make_attribute("body", onnx.GraphProto(name="body")))


def custom_domain(model, onnx):
    model.graph.node[30].domain = "my.operators"


def twice(model, onnx):
    model.graph.node.append(model.graph.node[30])


def cycle(model, onnx):
    model.graph.node[0].input[0] = "score"


def renamed(model, onnx):
    model.graph.node[30].output[0] = "elsewhere"


def swapped(model, onnx):
    nodes = [node.SerializeToString() for node in model.graph.node]
    for node, text in zip(model.graph.node, reversed(nodes)):
        node.ParseFromString(text)


def missing_node(model, onnx):
    del model.graph.node[-1]


def another_constant(model, onnx):
    constant = next(each for each in model.graph.initializer if list(each.dims) == [1] and each.data_type == 7)
    constant.raw_data = np.array([2**40], "<i8").tobytes()


def one_more_initializer(model, onnx):
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(3, np.float32), "extra"))


def one_more_input(model, onnx):
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, [1]))


def another_input(model, onnx):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3


def another_output(model, onnx):
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE


def another_shape(model, onnx):
    model.graph.value_info[5].type.tensor_type.shape.dim[1].dim_value = 2**40


def negative_shape(model, onnx):
    model.graph.value_info[5].type.tensor_type.shape.dim[1].dim_value = -1


GRAPHS = (
    replace_operator,
    another_attribute,
    subgraph,
    custom_domain,
    twice,
    cycle,
    renamed,
    swapped,
    missing_node,
    another_constant,
    one_more_initializer,
    one_more_input,
    another_input,
    another_output,
    another_shape,
    negative_shape,
)


@pytest.mark.parametrize("change", GRAPHS, ids=lambda change: change.__name__)
def test_any_other_graph_is_refused(model, change):
    change(model, pytest.importorskip("onnx"))
    said = refusal(model)
    assert said.startswith(("number ", "the graph should have "))


def external_data(model, onnx):
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd")


def dims(model, onnx):
    model.graph.initializer[0].dims[0] = -(2**63)


def huge_dims(model, onnx):
    model.graph.initializer[0].dims.extend([2**62, 2**62])


def sparse(model, onnx):
    model.graph.sparse_initializer.add()


def function(model, onnx):
    model.functions.add(name="f", domain="d")


def domain(model, onnx):
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))


def float_data(model, onnx):
    model.graph.initializer[0].float_data.append(1.0)


@pytest.mark.parametrize("change", [external_data, dims, huge_dims, sparse, function, domain, float_data])
def test_what_has_no_place_in_a_weights_file_is_refused(model, change):
    change(model, pytest.importorskip("onnx"))
    refusal(model)


@pytest.mark.parametrize("ir_version, opset", [(7, 17), (9, 17), (8, 16), (8, 18), (2**62, 17), (8, -1)])
def test_other_versions_are_refused(model, ir_version, opset):
    model.ir_version, model.opset_import[0].version = ir_version, opset
    assert "should have the version 8 of the format and 17 of the operators" in refusal(model)


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("architecture", "[" * 100_000, "do not describe the architecture"),
        ("architecture", "[" * 5_000, "do not describe the architecture"),
        ("architecture", '{"name": "a", "channels": [1e999], "pool_after": []}', "do not describe"),
        ("architecture", '{"name": "a", "channels": [4, 8], "pool_after": [1, 1]}', "do not describe"),
        ("architecture", '{"name": "a", "channels": [' + "1, " * 40 + '1], "pool_after": []}', "at most 32 layers"),
        ("architecture", '{"name": "a", "channels": [1' + "0" * 3000 + '], "pool_after": []}', "at most 512 channels"),
        ("answers", "something else", "should be 'blurred' or 'log error'"),
        ("parameters_sha256", "", "their checksum is wrong"),
    ],
    ids=range(8),
)
def test_metadata_are_checked(model, key, value, said):
    entries = {entry.key: entry.value for entry in model.metadata_props} | {key: value}
    pytest.importorskip("onnx").helper.set_model_props(model, entries)
    assert said in refusal(model)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_parameters_that_are_not_finite_are_refused(model, value):
    onnx = pytest.importorskip("onnx")
    parameters = random_parameters(SMALL)
    parameters["conv2.bias"][1] = value
    (tensor,) = (each for each in model.graph.initializer if each.name == "conv2.bias")
    tensor.raw_data = parameters["conv2.bias"].tobytes()
    entries = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, entries | {"parameters_sha256": hash_parameters(parameters)})
    assert "conv2.bias should be finite" in refusal(model)


@pytest.mark.parametrize(
    "architecture, said",
    [
        (Architecture("deep", (1,) * 32, ()), "at most 32 layers, but has 33"),
        (Architecture("wide", (1, 513), ()), "at most 512 channels in a layer, but has 513"),
        (Architecture("small", (1,) * 10, tuple(range(9))), "at most 8 poolings, but has 9"),
        (Architecture("large", (512,) * 5, tuple(range(5))), "at most 8000000 parameters"),
        (Architecture("slow", (512, 512), ()), "at most 1000000 multiplications per pixel"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_too_large_to_be_loaded_is_not_exported(architecture, said, tmp_path):
    pytest.importorskip("onnx")
    from pydeblur.training.export import export_onnx

    with pytest.raises(InvalidInputError, match=said):
        export_onnx({}, architecture, tmp_path / "w.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("most", [(1,) * 31, (1, 512, 1)], ids=len)
def test_what_is_just_small_enough_is_exported_and_loaded(most, tmp_path):
    pytest.importorskip("onnx")
    from pydeblur.training.export import export_onnx

    architecture = Architecture("most", most, tuple(range(len(most)))[:8])
    export_onnx(random_parameters(architecture), architecture, tmp_path / "w.onnx")
    assert read_weights(tmp_path / "w.onnx").architecture == architecture


def test_files_that_have_no_end_or_no_bytes_are_refused(tmp_path):
    (tmp_path / "empty.onnx").write_bytes(b"")
    os.symlink(tmp_path / "nowhere", tmp_path / "broken.onnx")
    os.symlink(tmp_path / "loop.onnx", tmp_path / "loop.onnx")
    refused = [tmp_path / "empty.onnx", tmp_path / "broken.onnx", tmp_path / "loop.onnx", tmp_path, "a\0b", "a" * 5000]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.onnx")
        refused += [tmp_path / "pipe.onnx", "/dev/zero", "/proc/self/mem"]
    for path in (*refused, b"bytes", 1.5, [1] * 1000):
        with pytest.raises(FileFormatError, match=r"^[^\n]{1,299}$"):
            read_weights(path)


def test_shipped_names_resolve_or_say_so(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped_weights, "weights_folders", lambda: [tmp_path / "absent", tmp_path])
    with pytest.raises(FileFormatError, match="not in this installation"):
        resolve_weights("classifier-compact")
    (tmp_path / "classifier-compact.onnx").write_bytes(b"")
    assert resolve_weights("classifier-compact") == tmp_path / "classifier-compact.onnx"


def test_weights_are_looked_for_in_the_source_tree_too():
    assert any(folder.resolve() == ROOT / "weights" for folder in shipped_weights.weights_folders())


WITHOUT_TORCH_AND_ONNX = """
import pickle, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "onnx"):
            raise ModuleNotFoundError(name + " is blocked", name=name)

sys.meta_path.insert(0, Blocked())
import numpy as np
from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.prior import ClassifierPrior

image = np.load(sys.argv[2])
results = {}
for backend in ("numpy", "onnxruntime"):
    prior = ClassifierPrior(sys.argv[1], backend=backend, threads=1)
    results[backend] = (prior.score(image), *prior.value_and_grad(image), prior.activation_map(image))
try:
    ClassifierPrior(sys.argv[1], backend="torch")
except InvalidInputError as error:
    results["torch"] = str(error)
assert not {"torch", "onnx"} & set(sys.modules)
sys.stdout.buffer.write(pickle.dumps(results))
"""


def test_works_with_torch_and_onnx_absent(weights_files, load, tmp_path):
    image = noise((17, 24))
    np.save(tmp_path / "image.npy", image)
    command = [sys.executable, "-c", WITHOUT_TORCH_AND_ONNX, str(weights_files["small"]), str(tmp_path / "image.npy")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, check=False, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    results = pickle.loads(done.stdout)
    for backend in ("numpy", "onnxruntime"):
        prior = load("small", backend)
        expected = (prior.score(image), *prior.value_and_grad(image), prior.activation_map(image))
        assert all(np.array_equal(a, b) for a, b in zip(results[backend], expected))
    assert "pydeblur[train]" in results["torch"]
