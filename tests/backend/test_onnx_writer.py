"""Writing a graph's parts, against the package onnx."""

import numpy as np
import pytest

from pydeblur.backend import onnx_writer
from pydeblur.backend.onnx_wire import GraphFields, encoded_model, read_contents

onnx = pytest.importorskip("onnx")


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 1, 300), (0, 2)], ids=str)
def test_tensors(dtype, shape):
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype) - 1
    assert onnx_writer.tensor("ä", values) == onnx.numpy_helper.from_array(values, "ä").SerializeToString()


@pytest.mark.parametrize(
    "attributes",
    [{}, {"to": 1}, {"axis": -1, "alpha": 2.0**126}, {"mode": "nearest", "pads": [1] * 4, "strides": (2, 300)}],
    ids=str,
)
def test_nodes(attributes):
    expected = onnx.helper.make_node("Resize", ["a", "", "b"], ["c"], name="c", **attributes)
    assert onnx_writer.node("Resize", ["a", "", "b"], "c", attributes) == expected.SerializeToString()


@pytest.mark.parametrize("shape", [(), (1, 200, "H", "columns_2")], ids=str)
def test_value_infos(shape):
    expected = onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, shape)
    assert onnx_writer.value_info("a", shape) == expected.SerializeToString()


def test_a_whole_model():
    values = np.arange(3, dtype=np.float32)
    names = {"x": ["n"], "y": ["n"], "z": ["n"]}
    infos = {
        name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in names.items()
    }
    nodes = [
        onnx.helper.make_node("Neg", ["x"], ["y"], name="y"),
        onnx.helper.make_node("Add", ["y", "a"], ["z"], name="z"),
    ]
    tensors = [onnx.numpy_helper.from_array(values, "a")]
    graph = onnx.helper.make_graph(nodes, "g", [infos["x"]], [infos["z"]], tensors, value_info=[infos["y"]])
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(
        graph, opset_imports=opset, ir_version=8, producer_name="p", producer_version="1", doc_string="d"
    )
    onnx.helper.set_model_props(model, {"b": "2", "a": "ä"})
    ours = GraphFields(
        (onnx_writer.node("Neg", ["x"], "y", {}), onnx_writer.node("Add", ["y", "a"], "z", {})),
        (onnx_writer.tensor("a", values),),
        *((onnx_writer.value_info(name, names[name]),) for name in "xzy"),
    )
    written = encoded_model(
        ours.encoded("g"), 8, 17, {"b": "2", "a": "ä"}, producer_name="p", producer_version="1", doc_string="d"
    )
    assert written == model.SerializeToString(deterministic=True)
    contents = read_contents(written)
    assert contents.graph == ours and (contents.ir_version, contents.opset) == (8, 17)
