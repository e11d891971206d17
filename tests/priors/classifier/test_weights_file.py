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
from pydeblur.errors import FileFormatError
from pydeblur.files import shipped_weights
from pydeblur.priors.classifier import weights_file
from pydeblur.priors.classifier.weights_file import read_weights, resolve_weights
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
    class InMemory(type(Path())):
        def read_bytes(self):
            return data

    return read_weights_from(InMemory(__file__))


def read_weights_from(path):
    original = weights_file.resolve_weights
    weights_file.resolve_weights = lambda weights: path
    try:
        return read_weights("in memory")
    finally:
        weights_file.resolve_weights = original


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
            raise ImportError(name + " is blocked")

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
