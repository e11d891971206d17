"""What the package's networks share: the nodes of their graphs and their files, and the names of a U-Net's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pydeblur.backend import onnx_writer
from pydeblur.backend.onnx_check import IR_VERSION, OPSET, hash_parameters
from pydeblur.backend.onnx_wire import GraphFields, encoded_model
from pydeblur.version import __version__


def convolution_parameters(convolutions: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Name the parameters of convolutions, and say their shapes.

    Parameters
    ----------
    convolutions : mapping of str to sequence of int
        Output channels, input channels and side of each by its name; what else a sequence holds does not matter here.

    Returns
    -------
    dict of str to tuple of int
        A weight and a bias for each, in the order of the convolutions.

    Examples
    --------
    >>> convolution_parameters({"first": (8, 1, 3)})
    {'first.weight': (8, 1, 3, 3), 'first.bias': (8,)}
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (outputs, inputs, side, *_) in convolutions.items():
        shapes[f"{name}.weight"] = (outputs, inputs, side, side)
        shapes[f"{name}.bias"] = (outputs,)
    return shapes


class GraphNodes:
    """The nodes of a graph, one after the other, and its constants.

    Attributes
    ----------
    nodes, initializers : list of bytes

    Examples
    --------
    >>> graph = GraphNodes()
    >>> graph.add("Relu", ["inputs"], "outputs")
    'outputs'
    >>> len(graph.nodes), len(graph.initializers)
    (1, 0)
    """

    def __init__(self):
        self.nodes: list[bytes] = []
        self.initializers: list[bytes] = []

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes) -> str:
        """Add a node with one output, whose name is returned.

        Parameters
        ----------
        operator : str
        inputs : sequence of str
            "" stands for an input that is left out.
        output : str
        **attributes : int, float, str or sequence of int
        """
        self.nodes.append(onnx_writer.node(operator, inputs, output, attributes))
        return output

    def hold(self, name: str, values: np.ndarray) -> str:
        """Add a constant, whose name is returned."""
        self.initializers.append(onnx_writer.tensor(name, values))
        return name

    def graph(self, given: tuple[str, int], found: tuple[str, int]) -> GraphFields:
        """Return the graph whose input (N, C, H, W) and output (N, C', H, W) have these names and channels."""
        return GraphFields(
            nodes=tuple(self.nodes),
            initializers=tuple(self.initializers),
            inputs=(_planes(*given),),
            outputs=(_planes(*found),),
            value_infos=(),
        )


def encoded_network(
    name: str, graph: GraphFields, parameters: Mapping[str, np.ndarray], metadata: Mapping[str, str], **texts: str
) -> bytes:
    """Write a weights file.

    Parameters
    ----------
    name : str
        Of the graph.
    graph : GraphFields
    parameters : mapping of str to ndarray
        Those of the graph, for the checksum.
    metadata : mapping of str to str
        What else the file should say.
    **texts : str
        Other texts of the file, such as ``doc_string``.

    Returns
    -------
    bytes
        The ONNX file, whose metadata have the entry ``parameters_sha256`` as well.

    Examples
    --------
    >>> from pydeblur.backend.onnx_wire import read_contents
    >>> model = encoded_network("empty", GraphNodes().graph(("inputs", 1), ("outputs", 1)), {}, {"licence": "MIT"})
    >>> sorted(read_contents(model).metadata)
    ['licence', 'parameters_sha256']
    """
    return encoded_model(
        graph.encoded(name),
        IR_VERSION,
        OPSET,
        {**metadata, "parameters_sha256": hash_parameters(parameters)},
        producer_name="pydeblur",
        producer_version=__version__,
        **texts,
    )


def _planes(name: str, channels: int) -> bytes:
    return onnx_writer.value_info(name, ["N", channels, "H", "W"])
