"""The network that proposes gradients for the kernel step, and its weights file, free of any framework.

A U-Net at half of the image's resolution. The study that trains it (docs/studies/right_kernel) writes the file, and whoever
loads one compares its graph with the one that belongs to its widths, byte by byte, so that nothing else is ever run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pydeblur.backend.onnx_check import checked_network
from pydeblur.backend.onnx_network import GraphNodes, convolution_parameters, encoded_network
from pydeblur.backend.onnx_wire import GraphFields, OnnxContents, read_contents
from pydeblur.errors import FileFormatError
from pydeblur.files.contents import file_contents
from pydeblur.files.shipped_weights import shown_end, weights_path

#: Weights that come with the package.
SHIPPED = ("kernel-proposal",)
#: What the metadata of the file say that it is; another number is another meaning of the file.
FORMAT = 1
#: Planes that come in, see :mod:`pydeblur.estimators.kernel_proposal`, and those that leave: the mask and two gradients.
INPUTS, OUTPUTS = 4, 3
#: Both sides of what comes in are multiples of this.
MULTIPLE = 8
#: The slope of the leaky ReLU below 0.
SLOPE = 0.1
_MOST_CHANNELS, _MOST_BYTES = 256, 1 << 24


@dataclass(frozen=True)
class ProposalArchitecture:
    """Widths of the U-Net at a half, a quarter and an eighth of the image's resolution.

    Convolutions with a stride of 2 lead down. What leads up is enlarged by repeating its pixels, and joined with what went down
    by a 1x1 convolution. After each convolution but the last there is a leaky ReLU; those named ``eighth_first``,
    ``eighth_second``, ``quarter_up`` and ``half_up`` are added to what comes in. The last one's channels become squares of
    2 x 2 pixels.

    Parameters
    ----------
    widths : (int, int, int)

    Examples
    --------
    >>> ProposalArchitecture((20, 32, 32)).parameter_count
    67484
    """

    widths: tuple[int, ...]

    @property
    def parameter_count(self) -> int:
        """The number of all parameters."""
        return sum(math.prod(shape) for shape in self.parameter_shapes().values())

    def convolutions(self) -> dict[str, tuple[int, int, int, int]]:
        """Return output channels, input channels, side and stride of each convolution by its name, in the order of their use."""
        half, quarter, eighth = self.widths
        return {
            "half_in": (half, INPUTS, 6, 2),
            "half_down": (half, half, 3, 1),
            "quarter_in": (quarter, half, 3, 2),
            "quarter_down": (quarter, quarter, 3, 1),
            "eighth_in": (eighth, quarter, 3, 2),
            "eighth_first": (eighth, eighth, 3, 1),
            "eighth_second": (eighth, eighth, 3, 1),
            "quarter_join": (quarter, eighth + quarter, 1, 1),
            "quarter_up": (quarter, quarter, 3, 1),
            "half_join": (half, quarter + half, 1, 1),
            "half_up": (half, half, 3, 1),
            "half_out": (4 * OUTPUTS, half, 3, 1),
        }

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of all parameters, in order."""
        return convolution_parameters(self.convolutions())


def build_graph(architecture: ProposalArchitecture, parameters: Mapping[str, np.ndarray]) -> GraphFields:
    """Write the graph of the network.

    Parameters
    ----------
    architecture : ProposalArchitecture
    parameters : mapping of str to ndarray
        float32, named and shaped as ``architecture.parameter_shapes()`` says.

    Returns
    -------
    GraphFields
        Input ``inputs`` (N, 4, H, W) float32, both sides multiples of 8; output ``proposal`` (N, 3, H, W).

    Examples
    --------
    >>> architecture = ProposalArchitecture((4, 4, 4))
    >>> graph = build_graph(architecture, {name: np.zeros(s) for name, s in architecture.parameter_shapes().items()})
    >>> len(graph.inputs), len(graph.outputs)
    (1, 1)
    """
    return _NetworkGraph(architecture, parameters).build()


class _NetworkGraph:
    """Writes one architecture's graph."""

    def __init__(self, architecture: ProposalArchitecture, parameters: Mapping[str, np.ndarray]):
        self._convolutions = architecture.convolutions()
        self._graph = GraphNodes()
        for name, shape in architecture.parameter_shapes().items():
            self._graph.hold(name, np.asarray(parameters[name], np.float32).reshape(shape))
        self._graph.hold("twice", np.array([1, 1, 2, 2], np.float32))

    def build(self) -> GraphFields:
        half = self._convolved("half_down", self._convolved("half_in", "inputs"))
        quarter = self._convolved("quarter_down", self._convolved("quarter_in", half))
        eighth = self._convolved("eighth_in", quarter)
        eighth = self._added("eighth_second", self._added("eighth_first", eighth))
        quarter = self._added("quarter_up", self._joined("quarter_join", eighth, quarter))
        half = self._added("half_up", self._joined("half_join", quarter, half))
        channels = self._convolved("half_out", half, is_last=True)
        self._graph.add("DepthToSpace", [channels], "proposal", blocksize=2, mode="CRD")
        return self._graph.graph(("inputs", INPUTS), ("proposal", OUTPUTS))

    def _convolved(self, name: str, given: str, is_last: bool = False) -> str:
        _, _, side, stride = self._convolutions[name]
        # A window of even side lies around a square of 2 x 2 pixels.
        padding = [(side - 1) // 2] * 4
        attributes = {"kernel_shape": [side, side], "pads": padding, "strides": [stride, stride]}
        linear = self._graph.add("Conv", [given, f"{name}.weight", f"{name}.bias"], f"{name}.linear", **attributes)
        return linear if is_last else self._graph.add("LeakyRelu", [linear], f"{name}.output", alpha=SLOPE)

    def _added(self, name: str, given: str) -> str:
        return self._graph.add("Add", [given, self._convolved(name, given)], f"{name}.sum")

    def _joined(self, name: str, below: str, beside: str) -> str:
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        larger = self._graph.add("Resize", [below, "", "twice"], f"{name}.larger", **how)
        return self._convolved(name, self._graph.add("Concat", [larger, beside], f"{name}.both", axis=1))


def encode_network(
    architecture: ProposalArchitecture,
    parameters: Mapping[str, np.ndarray],
    weight_factor: float,
    metadata: Mapping[str, str],
) -> bytes:
    """Write a weights file.

    Parameters
    ----------
    architecture : ProposalArchitecture
    parameters : mapping of str to ndarray
        As :func:`build_graph` takes them.
    weight_factor : float
        What the weight of the kernel's norm is multiplied by in the kernel step with the network's gradients.
    metadata : mapping of str to str
        What else the file should say: ``training``, ``date``, ``licence``, ...

    Returns
    -------
    bytes
        The ONNX file.

    Examples
    --------
    >>> architecture = ProposalArchitecture((4, 4, 4))
    >>> zeros = {name: np.zeros(shape, np.float32) for name, shape in architecture.parameter_shapes().items()}
    >>> parse_network(encode_network(architecture, zeros, 0.5, {}), Path("zeros.onnx")).weight_factor
    0.5
    """
    entries = {
        "format": str(FORMAT),
        "widths": json.dumps(list(architecture.widths)),
        "weight_factor": repr(float(weight_factor)),
    }
    named = {name: parameters[name] for name in architecture.parameter_shapes()}
    return encoded_network("kernel_proposal", build_graph(architecture, named), named, {**metadata, **entries})


@dataclass(frozen=True, eq=False)
class ProposalWeights:
    """What the network's ONNX file holds.

    Attributes
    ----------
    path : Path
    model : bytes
        The file's contents.
    architecture : ProposalArchitecture
    weight_factor : float
        What the weight of the kernel's norm is multiplied by in the kernel step with the network's gradients.
    metadata : dict of str to str

    Examples
    --------
    >>> read_network("kernel-proposal").architecture.widths
    (20, 32, 32)
    """

    path: Path
    model: bytes
    architecture: ProposalArchitecture
    weight_factor: float
    metadata: dict[str, str]


def read_network(weights) -> ProposalWeights:
    """Read the network's ONNX file.

    Parameters
    ----------
    weights : "kernel-proposal" or path

    Returns
    -------
    ProposalWeights

    Raises
    ------
    FileFormatError
        If the file is missing, unreadable, damaged, or not this network's.

    Examples
    --------
    >>> import pydeblur
    >>> try:
    ...     read_network("missing.onnx")
    ... except pydeblur.FileFormatError as error:
    ...     print(error)
    weights should be 'kernel-proposal' or the path of an ONNX file; there is no 'missing.onnx'.
    """
    path = weights_path(weights, SHIPPED)
    return parse_network(file_contents(path, _MOST_BYTES), path)


def parse_network(model: bytes, path: Path) -> ProposalWeights:
    """Check the bytes of the network's ONNX file as a whole, and take them apart.

    Parameters
    ----------
    model : bytes
    path : Path
        What messages call it.

    Returns
    -------
    ProposalWeights

    Raises
    ------
    FileFormatError
        If they are no ONNX model; the metadata do not describe a network of this package's format; parameters are missing, not
        finite or not those of the checksum; or the graph is not the one of the architecture.

    Examples
    --------
    >>> try:
    ...     parse_network(b"", Path("empty.onnx"))
    ... except FileFormatError as error:
    ...     print(str(error)[:66])
    'empty.onnx' should be a network of kernel proposals from pydeblur
    """
    try:
        contents = read_contents(model)
        architecture, factor = _described(contents)
        checked_network(contents, architecture.parameter_shapes(), partial(build_graph, architecture))
    except FileFormatError as error:
        raise FileFormatError(
            f"'{shown_end(path)}' should be a network of kernel proposals from pydeblur: {error}"
        ) from error
    return ProposalWeights(path, model, architecture, factor, contents.metadata)


def _described(contents: OnnxContents) -> tuple[ProposalArchitecture, float]:
    """What the metadata say of the network; FileFormatError where that is none of this version."""
    if contents.described("format") != FORMAT:
        raise FileFormatError("its metadata do not say that it is one of this version's format.")
    widths, factor = contents.described("widths"), contents.described("weight_factor")
    is_list = isinstance(widths, list) and len(widths) == 3
    if not (is_list and all(type(width) is int and 1 <= width <= _MOST_CHANNELS for width in widths)):
        raise FileFormatError(f"its widths should be three numbers from 1 to {_MOST_CHANNELS}.")
    if not (type(factor) is float and 0 < factor < math.inf):
        raise FileFormatError("its weight_factor should be a positive number.")
    return ProposalArchitecture(tuple(widths)), factor
