"""What the networks' weights files share: names of parameters, the graph, the file."""

import numpy as np
import onnx
import pytest

from pydeblur.backend.onnx_check import IR_VERSION, OPSET, checked_network
from pydeblur.backend.onnx_network import GraphNodes, convolution_parameters, encoded_network
from pydeblur.backend.onnx_wire import read_contents
from pydeblur.errors import FileFormatError

WEIGHT, BIAS = np.arange(18, dtype=np.float32).reshape(2, 1, 3, 3), np.array([1, -1], np.float32)
PARAMETERS = {"first.weight": WEIGHT, "first.bias": BIAS}


def convolution(parameters):
    """A graph of one convolution."""
    graph = GraphNodes()
    held = [graph.hold(name, value) for name, value in parameters.items()]
    graph.add("Conv", ["given", *held], "found", kernel_shape=[3, 3], pads=[1] * 4)
    return graph.graph(("given", 1), ("found", 2))


def written():
    return encoded_network("one_convolution", convolution(PARAMETERS), PARAMETERS, {"licence": "MIT"})


def test_parameters_are_named_and_shaped_as_their_convolutions():
    assert convolution_parameters({"first": (2, 1, 3, 1)}) == {name: value.shape for name, value in PARAMETERS.items()}


def test_the_file_is_a_model_that_onnx_reads():
    model = onnx.load_from_string(written())
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET)
    assert [node.op_type for node in model.graph.node] == ["Conv"]
    assert [value.name for value in (*model.graph.input, *model.graph.output)] == ["given", "found"]
    assert [
        [side.dim_value or side.dim_param for side in value.type.tensor_type.shape.dim] for value in model.graph.output
    ] == [["N", 2, "H", "W"]]


def test_the_file_computes_the_convolution():
    session = pytest.importorskip("onnxruntime").InferenceSession(written(), providers=["CPUExecutionProvider"])
    image = np.zeros((1, 1, 3, 3), np.float32)
    image[0, 0, 1, 1] = 1
    (found,) = session.run(None, {"given": image})
    # A point gives the turned weights.
    assert np.array_equal(found[0], WEIGHT[:, 0, ::-1, ::-1] + BIAS[:, None, None])


def test_what_was_written_is_accepted_and_nothing_else():
    shapes = {name: value.shape for name, value in PARAMETERS.items()}
    contents = read_contents(written())
    found = checked_network(contents, shapes, convolution)
    assert all(np.array_equal(found[name], value) for name, value in PARAMETERS.items())
    with pytest.raises(FileFormatError, match="nodes"):
        checked_network(contents, shapes, lambda parameters: GraphNodes().graph(("given", 1), ("found", 2)))
    with pytest.raises(FileFormatError, match="missing or of the wrong shape"):
        checked_network(contents, {"second.bias": (2,)}, convolution)


def test_another_version_is_refused():
    contents = read_contents(written())
    shapes = {name: value.shape for name, value in PARAMETERS.items()}
    older = type(contents)(**{**vars(contents), "opset": OPSET - 1})
    with pytest.raises(FileFormatError, match="version"):
        checked_network(older, shapes, convolution)
