"""The network of the final step "learned" and its weights file, free of any framework.

A U-Net at half of the image's resolution: the planes of :mod:`pydeblur.nonblind.restoration_inputs` come in as four times as
many planes of half the sides, and the correction of the base leaves as four planes of half the sides. The training writes the
file, and whoever loads one compares its graph with the one that belongs to its architecture, byte by byte, so that nothing else
is ever run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from pydeblur.backend.onnx_check import checked_network
from pydeblur.backend.onnx_network import GraphNodes, convolution_parameters, encoded_network
from pydeblur.backend.onnx_wire import GraphFields, OnnxContents, read_contents
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files.contents import file_contents
from pydeblur.files.shipped_weights import shown_end, weights_path
from pydeblur.nonblind.restoration_inputs import BASE, INPUTS, SCALE

#: Weights that come with the package.
SHIPPED = ("restoration",)
#: What the metadata of a restoration network's file say that it is; another number is another meaning of the file.
FORMAT = 1
#: The largest networks that are exported and loaded: time and memory that a weights file can ask for are bounded so.
_MOST_CHANNELS = 256
_MOST_BYTES = 1 << 26
_LARGEST_KERNEL = 1001


@dataclass(frozen=True)
class RestorationArchitecture:
    """Widths of the U-Net at a half, a quarter and an eighth of the image's resolution.

    Squares of 2 x 2 pixels become channels on the way down, channel 4 c + 2 y + x being plane c at the row y and the column x
    of each square, and channels become such squares on the way up. The convolutions ``half_in`` and ``half_out`` have 3x3
    weights, ``quarter_in``, ``eighth_in``, ``eighth_out`` and ``quarter_out`` have 1x1 weights. Residual blocks have two 3x3
    convolutions with a ReLU between them. What comes up is added to what went down at that resolution.

    Parameters
    ----------
    widths : (int, int, int)
        Channels at each of the three.
    planes : int
        C, the number of input planes.

    Examples
    --------
    >>> architecture = RestorationArchitecture((40, 56, 80))
    >>> architecture.multiple, architecture.reach, architecture.parameter_count
    (8, 67, 471764)
    """

    widths: tuple[int, ...]
    planes: int = len(INPUTS)

    @property
    def multiple(self) -> int:
        """What both sides of an image should be multiples of."""
        return 8

    @property
    def reach(self) -> int:
        """Pixels of the image beyond which nothing counts for a pixel of the residual."""
        # At the half six 3x3 convolutions, at the quarter and at the eighth four each; the squares lie on a grid.
        return 6 * 2 + 4 * 4 + 4 * 8 + self.multiple - 1

    @property
    def parameter_count(self) -> int:
        """The number of all parameters."""
        return sum(math.prod(shape) for shape in self.parameter_shapes().values())

    def convolutions(self) -> dict[str, tuple[int, int, int]]:
        """Return output channels, input channels and side of each convolution by its name, in the order of their use."""
        half, quarter, eighth = self.widths

        def block(name: str, width: int) -> dict[str, tuple[int, int, int]]:
            return {f"{name}_{number}": (width, width, 3) for number in (1, 2)}

        return {
            "half_in": (half, 4 * self.planes, 3),
            **block("half_down", half),
            "quarter_in": (quarter, 4 * half, 1),
            **block("quarter_down", quarter),
            "eighth_in": (eighth, 4 * quarter, 1),
            **block("eighth_first", eighth),
            **block("eighth_second", eighth),
            "eighth_out": (4 * quarter, eighth, 1),
            **block("quarter_up", quarter),
            "quarter_out": (4 * half, quarter, 1),
            **block("half_up", half),
            "half_out": (4, half, 3),
        }

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of all parameters, in order."""
        return convolution_parameters(self.convolutions())

    def check(self) -> None:
        """Refuse a network that is too large to be used, or none.

        Raises
        ------
        InvalidInputError

        Examples
        --------
        >>> RestorationArchitecture((500,)).check()
        Traceback (most recent call last):
            ...
        pydeblur.errors.InvalidInputError: the network should have three levels of 1 to 256 channels, but has (500,)
        """
        if len(self.widths) != 3 or not all(1 <= width <= _MOST_CHANNELS for width in self.widths):
            raise InvalidInputError(
                f"the network should have three levels of 1 to {_MOST_CHANNELS} channels, but has {str(self.widths)[:60]}"
            )


def build_graph(architecture: RestorationArchitecture, parameters: Mapping[str, np.ndarray]) -> GraphFields:
    """Write the graph of the network.

    Parameters
    ----------
    architecture : RestorationArchitecture
    parameters : mapping of str to ndarray
        float32, named and shaped as ``architecture.parameter_shapes()`` says.

    Returns
    -------
    GraphFields
        Input ``inputs`` (N, C, H, W) float32, both sides multiples of ``architecture.multiple``; output ``residual``
        (N, 1, H, W).

    Examples
    --------
    >>> architecture = RestorationArchitecture((4, 4, 4))
    >>> graph = build_graph(architecture, {name: np.zeros(s) for name, s in architecture.parameter_shapes().items()})
    >>> len(graph.inputs), len(graph.outputs)
    (1, 1)
    """
    shapes = architecture.parameter_shapes()
    ordered = {name: np.asarray(parameters[name], np.float32).reshape(shape) for name, shape in shapes.items()}
    return _NetworkGraph(ordered).build(architecture.planes)


class _NetworkGraph:
    """Writes one architecture's graph.

    What is a rearrangement of pixels to channels and a convolution is one convolution with a stride here, which ONNX Runtime
    computes without leaving its blocked layout of channels.
    """

    def __init__(self, parameters):
        self._parameters = parameters
        self._graph = GraphNodes()

    def build(self, planes: int) -> GraphFields:
        half = self._block("half_down", self._reduced("half_in", "inputs"))
        quarter = self._block("quarter_down", self._reduced("quarter_in", half))
        eighth = self._block("eighth_second", self._block("eighth_first", self._reduced("eighth_in", quarter)))
        quarter = self._block("quarter_up", self._sum(quarter, self._enlarged("eighth_out", eighth)))
        half = self._block("half_up", self._sum(half, self._enlarged("quarter_out", quarter)))
        self._enlarged("half_out", half, "residual")
        return self._graph.graph(("inputs", planes), ("residual", 1))

    def _convolution(self, name, given, stride=1) -> str:
        weight, bias = self._parameters[f"{name}.weight"], self._parameters[f"{name}.bias"]
        if stride == 2:
            weight = _strided(weight)
        padding = (weight.shape[-1] - stride) // 2
        held = [self._graph.hold(f"{name}.weight", weight), self._graph.hold(f"{name}.bias", bias)]
        attributes = {"kernel_shape": list(weight.shape[2:]), "pads": [padding] * 4, "strides": [stride] * 2}
        return self._graph.add("Conv", [given, *held], f"{name}.output", **attributes)

    def _reduced(self, name, given) -> str:
        """Half the resolution."""
        return self._convolution(name, given, stride=2)

    def _enlarged(self, name, given, output=None) -> str:
        """Twice the resolution."""
        channels, output = self._convolution(name, given), output or f"{name}.pixels"
        return self._graph.add("DepthToSpace", [channels], output, blocksize=2, mode="CRD")

    def _block(self, name, given) -> str:
        inner = self._graph.add("Relu", [self._convolution(f"{name}_1", given)], f"{name}.inner")
        return self._sum(given, self._convolution(f"{name}_2", inner))

    def _sum(self, first, second) -> str:
        return self._graph.add("Add", [first, second], f"sum_{len(self._graph.nodes)}")


def _strided(weight: np.ndarray) -> np.ndarray:
    """The weights of a convolution with stride 2, from those of one of 2 x 2 squares as channels."""
    outputs, channels, side, _ = weight.shape
    parts = weight.reshape(outputs, channels // 4, 2, 2, side, side)
    return np.ascontiguousarray(parts.transpose(0, 1, 4, 2, 5, 3).reshape(outputs, channels // 4, 2 * side, 2 * side))


def _of_squares(weight: np.ndarray) -> np.ndarray:
    """Undo :func:`_strided`."""
    outputs, channels, side, _ = weight.shape
    parts = weight.reshape(outputs, channels, side // 2, 2, side // 2, 2)
    return np.ascontiguousarray(parts.transpose(0, 1, 3, 5, 2, 4).reshape(outputs, 4 * channels, side // 2, side // 2))


def encode_network(
    architecture: RestorationArchitecture,
    parameters: Mapping[str, np.ndarray],
    kernel_sizes: tuple[int, int],
    metadata: Mapping[str, str],
) -> bytes:
    """Write a weights file.

    Parameters
    ----------
    architecture : RestorationArchitecture
    parameters : mapping of str to ndarray
        As :func:`build_graph` takes them.
    kernel_sizes : (int, int)
        Sides in pixels of the smallest and of the largest kernels that the network was trained with.
    metadata : mapping of str to str
        What else the file should say: ``training``, ``date``, ``licence``, ...

    Returns
    -------
    bytes
        The ONNX file.

    Examples
    --------
    >>> architecture = RestorationArchitecture((4, 4, 4))
    >>> zeros = {name: np.zeros(shape, np.float32) for name, shape in architecture.parameter_shapes().items()}
    >>> parse_network(encode_network(architecture, zeros, (5, 91), {}), Path("zeros.onnx")).kernel_sizes
    (5, 91)
    """
    entries = {
        "format": str(FORMAT),
        "inputs": json.dumps(list(INPUTS)),
        "base": str(BASE),
        "scale": str(SCALE),
        "multiple": str(architecture.multiple),
        "kernel_sizes": json.dumps(list(kernel_sizes)),
        "widths": json.dumps(list(architecture.widths)),
    }
    named = {name: parameters[name] for name in architecture.parameter_shapes()}
    return encoded_network("restoration", build_graph(architecture, named), named, {**metadata, **entries})


@dataclass(frozen=True, eq=False)
class RestorationWeights:
    """What a restoration network's ONNX file holds.

    Attributes
    ----------
    path : Path
    model : bytes
        The file's contents.
    architecture : RestorationArchitecture
    parameters : dict of str to ndarray
        float32, as ``architecture.parameter_shapes()`` says.
    kernel_sizes : (int, int)
        Sides in pixels of the smallest and of the largest kernels that the network was trained with.
    metadata : dict of str to str

    Examples
    --------
    >>> read_network("restoration").architecture.widths
    (32, 56, 80)
    """

    path: Path
    model: bytes
    architecture: RestorationArchitecture
    parameters: dict[str, np.ndarray]
    kernel_sizes: tuple[int, int]
    metadata: dict[str, str]


def read_network(weights) -> RestorationWeights:
    """Read a restoration network's ONNX file.

    Parameters
    ----------
    weights : "restoration" or path
        The weights that come with the package, or a file of your own from ``pydeblur train-restoration``.

    Returns
    -------
    RestorationWeights

    Raises
    ------
    FileFormatError
        If the file is missing, unreadable, damaged, or not a restoration network's.

    Examples
    --------
    >>> import pydeblur
    >>> try:
    ...     read_network("missing.onnx")
    ... except pydeblur.FileFormatError as error:
    ...     print(error)
    weights should be 'restoration' or the path of an ONNX file; there is no 'missing.onnx'.
    """
    path = weights_path(weights, SHIPPED)
    return parse_network(file_contents(path, _MOST_BYTES), path)


def parse_network(model: bytes, path: Path) -> RestorationWeights:
    """Check the bytes of a restoration network's ONNX file as a whole, and take them apart.

    Parameters
    ----------
    model : bytes
    path : Path
        What messages call it.

    Returns
    -------
    RestorationWeights

    Raises
    ------
    FileFormatError
        If they are no ONNX model; the metadata do not describe a network of this package's format and inputs; parameters are
        missing, not finite or not those of the checksum; or the graph is not the one of the architecture.

    Examples
    --------
    >>> try:
    ...     parse_network(b"", Path("empty.onnx"))
    ... except FileFormatError as error:
    ...     print(str(error)[:72])
    'empty.onnx' should be a restoration network written by pydeblur train-r
    """
    try:
        contents = read_contents(model)
        architecture = _architecture(contents)
        parameters = checked_network(
            _with_squares(contents), architecture.parameter_shapes(), partial(build_graph, architecture)
        )
        kernel_sizes = _kernel_sizes(contents)
    except FileFormatError as error:
        raise FileFormatError(
            f"'{shown_end(path)}' should be a restoration network written by pydeblur train-restoration: {error}"
        ) from error
    return RestorationWeights(path, model, architecture, parameters, kernel_sizes, contents.metadata)


def _with_squares(contents: OnnxContents) -> OnnxContents:
    """With the weights that the architecture has, in place of those of the graph's convolutions with a stride."""
    stored = dict(contents.initializers)
    for name in ("half_in", "quarter_in", "eighth_in"):
        weight = stored.get(f"{name}.weight")
        if weight is not None and weight.ndim == 4 and weight.shape[2] == weight.shape[3] and weight.shape[2] % 2 == 0:
            stored[f"{name}.weight"] = _of_squares(weight)
    return replace(contents, initializers=stored)


def _architecture(contents: OnnxContents) -> RestorationArchitecture:
    if contents.described("format") != FORMAT:
        raise FileFormatError("its metadata do not say that it is one of this version's format.")
    found = [contents.described(name) for name in ("inputs", "base", "scale")]
    if found != [list(INPUTS), BASE, SCALE]:
        raise FileFormatError("it was trained with other inputs than those of this version of pydeblur.")
    widths = contents.described("widths")
    if not (isinstance(widths, list) and all(type(width) is int for width in widths)):
        raise FileFormatError("its metadata do not describe the architecture.")
    architecture = RestorationArchitecture(tuple(widths))
    try:
        architecture.check()
    except InvalidInputError as error:
        raise FileFormatError(f"{error}.") from None
    return architecture


def _kernel_sizes(contents: OnnxContents) -> tuple[int, int]:
    sides = contents.described("kernel_sizes")
    if not (isinstance(sides, list) and len(sides) == 2 and all(type(side) is int for side in sides)):
        raise FileFormatError("its metadata do not say for which kernels it was trained.")
    smallest, largest = sides
    if not 1 <= smallest <= largest <= _LARGEST_KERNEL:
        raise FileFormatError("its metadata do not say for which kernels it was trained.")
    return smallest, largest
