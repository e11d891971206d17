"""Reading and cutting ONNX files, against the package onnx."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pydeblur.backend.onnx_wire import keep_outputs, read_contents
from pydeblur.errors import FileFormatError
from pydeblur.priors.classifier.weights_file import SHIPPED, resolve_weights


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_are_read_as_the_package_onnx_reads_them(name):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(resolve_weights(name))
    contents = read_contents(resolve_weights(name).read_bytes())
    floats = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT]
    expected = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in floats}
    assert expected and contents.initializers.keys() == expected.keys()
    assert all(np.array_equal(contents.initializers[name], value) for name, value in expected.items())
    assert contents.outputs == tuple(output.name for output in model.graph.output)
    assert contents.metadata == {entry.key: entry.value for entry in model.metadata_props}


def test_files_of_others_are_read():
    """Unpacked dimensions, integer tensors, no metadata: fields in other orders and encodings than ours."""
    onnx = pytest.importorskip("onnx")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensors = [onnx.numpy_helper.from_array(values, "a"), onnx.numpy_helper.from_array(np.arange(3), "b")]
    node = onnx.helper.make_node("Identity", ["a"], ["c"])
    output = onnx.helper.make_tensor_value_info("c", onnx.TensorProto.FLOAT, [2, 3])
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [], [output], tensors))
    contents = read_contents(model.SerializeToString())
    assert np.array_equal(contents.initializers.pop("a"), values)
    assert not contents.initializers and contents.outputs == ("c",) and contents.metadata == {}


def test_a_model_cut_down_has_what_its_outputs_need_and_no_more():
    onnx = pytest.importorskip("onnx")
    whole = resolve_weights("classifier-compact").read_bytes()
    cut = onnx.load_from_string(keep_outputs(whole, ("logit", "activation")))
    onnx.checker.check_model(cut, full_check=True)
    assert [output.name for output in cut.graph.output] == ["logit", "activation"]
    made = {output for node in cut.graph.node for output in node.output}
    used = {name for node in cut.graph.node for name in node.input} | {"logit", "activation"}
    assert made <= used and {tensor.name for tensor in cut.graph.initializer} <= used
    assert len(cut.graph.node) < len(onnx.load_from_string(whole).graph.node) / 1.5


def test_a_model_with_all_its_outputs_stays_as_it_is():
    onnx = pytest.importorskip("onnx")
    whole = resolve_weights("classifier-compact").read_bytes()
    kept = keep_outputs(whole, ("score", "logit", "dx", "dlogit", "activation"))
    assert onnx.load_from_string(kept) == onnx.load_from_string(whole)


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"")
def test_bytes_that_are_no_model_are_refused(data):
    with pytest.raises(FileFormatError, match="ONNX"):
        read_contents(data)


def message(*fields):
    """A protocol-buffer message of (number, bytes) fields of less than 128 bytes."""
    return b"".join(bytes([number << 3 | 2, len(value)]) + value for number, value in fields)


@pytest.mark.parametrize(
    "tensor",
    [
        message((8, b"a"), (9, bytes(8))) + bytes([1 << 3, 3, 2 << 3, 1]),  # 8 bytes for 3 numbers
        message((8, b"\xff\xfe"), (9, bytes(4))) + bytes([1 << 3, 1, 2 << 3, 1]),  # a name that is no text
        bytes([8 << 3, 5]),  # a number for a name
    ],
    ids=["too short", "no text", "no name"],
)
def test_damaged_tensors_are_refused(tensor):
    with pytest.raises(FileFormatError, match="ONNX"):
        read_contents(message((7, message((5, tensor)))))


@given(st.lists(st.integers(0, 2**12), max_size=4))
@example([2**40])
def test_numbers_of_any_length_are_read(shape):
    """The dimensions of an empty tensor, in base 128, packed."""
    contents = read_contents(empty_tensor([*shape, 0]))
    assert contents.initializers["a"].shape == (*shape, 0)


@pytest.mark.parametrize("shape", [(2**62, 2**62, 0), (0, 2**64)], ids=str)
def test_shapes_that_no_array_has_are_refused(shape):
    with pytest.raises(FileFormatError, match="the ONNX file is damaged: 'a' has the shape"):
        read_contents(empty_tensor(shape))


def empty_tensor(shape):
    """A model with a tensor "a" of that shape and no numbers."""
    tensor = message((8, b"a"), (9, b""), (1, b"".join(map(varint, shape)))) + bytes([2 << 3, 1])
    return message((7, message((5, tensor))))


def varint(number):
    digits = []
    while number > 127:
        digits.append(number % 128 + 128)
        number //= 128
    return bytes([*digits, number])


@pytest.mark.parametrize(
    "data",
    [
        b"\x0b" * 100_000,  # groups within groups
        b"\xff" * 100_000,  # a key that never ends
        b"\x3a" + b"\xff" * 9 + b"\x01",  # a graph longer than any file
        b"\x08\x08" * 100_000,  # one field again and again
        b"\x72\x00" * 100_000,  # as many metadata entries
        message((7, b"")) * 2,  # two graphs
        message((25, b"a function"), (7, b"")),
        message((20, b"training information"), (7, b"")),
        message((7, message((15, b"a sparse tensor")))),
        message((7, message((5, message((8, b"a"), (13, b"data in another file")))))),
        message((7, b""), (8, message((1, b"a domain of one's own")))),
        message((7, b""), (14, message((1, b"a"))), (14, message((1, b"a")))),
        message((7, message((5, message((1, b"\x01" * 100)))))),
        bytes([7 << 3 | 1]) + bytes(8),  # a number of fixed size for the graph
        bytes([7 << 3, 1]),  # a number for the graph
        bytes([1 << 3 | 2, 0]) + message((7, b"")),  # bytes for a number
    ],
    ids=range(16),
)
def test_what_could_take_long_or_reach_elsewhere_is_refused(data):
    with pytest.raises(FileFormatError, match="ONNX") as caught:
        read_contents(data)
    assert len(str(caught.value)) < 200 and "\n" not in str(caught.value)


def test_many_small_fields_take_no_memory():
    """Sixteen million fields of two bytes: what is kept of them is bounded before they are counted."""
    data = message((7, b"")) + b"\x0a\x00" * (1 << 24)
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="ONNX"):
            read_contents(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
