"""The network and its gradient as one ONNX graph, which the classifier and the ranking network share.

It is written node by node, because PyTorch's exporters refuse ``autograd.grad``, and ONNX Runtime has no gradient operator.
The export writes it, and whoever loads a weights file compares the file's graph with it, byte by byte, so that nothing else is
ever run. The graph is arranged so that ONNX Runtime on a CPU keeps every large map in its blocked channel layout from the first
convolution to the last: in that layout it has convolutions (with a sum and an activation fused into them), max poolings,
nearest-neighbour up-sampling, sums, products and activations, and anything else costs two passes over memory to leave the
layout and come back. Hence the idioms:

* a map is multiplied by a number by a depthwise 1x1 convolution;
* ``HardSigmoid`` with the slope 2^126 is an exact step: any normal float32 times 2^126 is at least 1 in magnitude;
* sizes need no slicing: the image is padded to a multiple of 2^poolings, and what lies outside the valid part of a map
  is pushed below zero by a *wall* of -2^126 in front of its ReLU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.backend import onnx_writer
from pydeblur.backend.onnx_network import GraphNodes
from pydeblur.backend.onnx_wire import GraphFields
from pydeblur.priors.classifier.architecture import Architecture

#: A power of two, so that products with it are exact; 2^126 times the smallest normal float32 is 1.
HUGE = 2.0**126
#: A power of two that makes any difference of two activations at least 1 and leaves them finite: exact for activations
#: between 2^-56, whose last bit it lifts to 1, and 2^47.
STEEP = 2.0**80


def build_graph(architecture: Architecture, parameters: dict[str, np.ndarray]) -> GraphFields:
    """The graph of the network and of its vector-Jacobian product.

    Parameters
    ----------
    architecture : Architecture
    parameters : dict of str to ndarray
        float32, named and shaped as ``architecture.parameter_shapes()`` says; each is stored once, under its name.

    Returns
    -------
    GraphFields
        Input ``image`` (1, C, H, W) float32 with the architecture's C inputs. Outputs: ``score`` () of the classifier the
        probability f of being blurred, ``logit`` (), ``dx`` and ``dlogit`` (1, C, H, W) their derivatives by the image, and
        ``activation`` (1, 1, h, w), the
        last convolution's map (the paper's C9), whose mean is the logit.

    Examples
    --------
    >>> architecture = Architecture("small", (4, 4), (0,))
    >>> parameters = {name: np.zeros(shape, np.float32) for name, shape in architecture.parameter_shapes().items()}
    >>> graph = build_graph(architecture, parameters)
    >>> len(graph.inputs), len(graph.outputs)
    (1, 5)
    """
    return _NetworkGraph(architecture, parameters).build()


@dataclass(frozen=True)
class _Map:
    """A feature map (1, channels, rows_level, columns_level) in the graph; a level is a number of poolings."""

    name: str
    channels: int
    level: int


class _GraphWriter(GraphNodes):
    """Collects nodes, constants and the shapes of feature maps."""

    def __init__(self):
        super().__init__()
        self.shapes, self._constants = [], {}

    def add(self, op, inputs, output=None, **attributes) -> str:
        """A node with one output, which is named after the operator unless told otherwise; its name is returned."""
        names = [item.name if isinstance(item, _Map) else item for item in inputs]
        return super().add(op, names, output or f"{op.lower()}_{len(self.nodes)}", **attributes)

    def add_map(self, op, inputs, channels, level, output=None, **attributes) -> _Map:
        """A node whose output is a feature map.

        Its shape is declared with symbols: shape inference loses track of sizes computed in the graph, and without
        knowing that two maps are equally large ONNX Runtime would neither fuse their sum into a convolution nor keep
        their product in the blocked layout.
        """
        name = self.add(op, inputs, output, **attributes)
        shape = [1, channels, f"rows_{level}", f"columns_{level}"]
        self.shapes.append(onnx_writer.value_info(name, shape))
        return _Map(name, channels, level)

    def constant(self, values, name=None) -> str:
        """An initializer; equal ones are stored once."""
        values = np.asarray(values)
        key = (values.dtype.str, values.shape, values.tobytes())
        if name is None and key in self._constants:
            return self._constants[key]
        name = name or f"constant_{len(self._constants)}"
        self._constants[key] = name
        return self.hold(name, values)

    def integers(self, *values) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value) -> str:
        return self.constant(np.float32(value))


class _NetworkGraph:
    """Writes one architecture's graph: sizes, forward pass, backward pass, outputs."""

    def __init__(self, architecture, parameters):
        self.architecture, self.writer = architecture, _GraphWriter()
        self.last = len(architecture.channels)
        for name, shape in architecture.parameter_shapes().items():
            self.writer.constant(np.asarray(parameters[name], np.float32).reshape(shape), name)

    def build(self):
        self._sizes()
        activation = self._forward()
        gradient = self._backward()
        self._outputs(activation, gradient)
        shape = [1, self.architecture.inputs, "H", "W"]
        outputs = {"score": [], "logit": [], "dx": shape, "dlogit": shape, "activation": [1, 1, "h", "w"]}
        return GraphFields(
            nodes=tuple(self.writer.nodes),
            initializers=tuple(self.writer.initializers),
            inputs=(onnx_writer.value_info("image", shape),),
            outputs=tuple(onnx_writer.value_info(name, shape) for name, shape in outputs.items()),
            value_infos=tuple(self.writer.shapes),
        )

    # Sizes ------------------------------------------------------------------------------------------------------

    def _sizes(self):
        """Per level: the valid size (poolings drop odd rows), the padded size, and the wall that is -1 between them."""
        writer, multiple = self.writer, self.architecture.smallest_side
        valid = writer.add("Shape", ["image"], "image_size", start=2, end=4)
        blocks = writer.add(
            "Div", [writer.add("Add", [valid, writer.integers(multiple - 1)]), writer.integers(multiple)]
        )
        padded = writer.add("Mul", [blocks, writer.integers(multiple)])
        self.valid, self.padded, self.walls = [valid], [padded], []
        for level in range(len(self.architecture.pool_after) + 1):
            if level:
                for sizes in (self.valid, self.padded):
                    sizes.append(writer.add("Div", [sizes[-1], writer.integers(2)]))
            shape = writer.add("Concat", [writer.integers(1, 1), self.valid[level]], axis=0)
            self.walls.append(self._padded(writer.add("ConstantOfShape", [shape]), level, -1.0, f"wall_{level}"))

    def _padded(self, name, level, value, output, channels=1) -> _Map:
        """A map, continued to the right and below by a value up to the padded size."""
        writer = self.writer
        missing = writer.add("Sub", [self.padded[level], self.valid[level]])
        pads = writer.add("Concat", [writer.integers(0, 0, 0, 0, 0, 0), missing], axis=0)
        return writer.add_map("Pad", [name, pads, writer.number(value)], channels, level, output)

    def _cropped(self, map_, level, output) -> str:
        """The valid part of a map."""
        starts, axes = self.writer.integers(0, 0), self.writer.integers(2, 3)
        return self.writer.add("Slice", [map_, starts, self.valid[level], axes], output)

    # Forward ----------------------------------------------------------------------------------------------------

    def _forward(self) -> _Map:
        """All layers; keeps what the backward pass looks at: each ReLU's result, the pooled map, and each layer's result."""
        architecture, writer = self.architecture, self.writer
        self.rectified, self.pooled, self.results = [], {}, []
        image = self._padded("image", 0, 0.0, "padded_image", architecture.inputs)
        x = writer.add_map("Concat", [image, self.walls[0]], architecture.inputs + 1, 0, "image_and_wall", axis=1)
        for layer, channels in enumerate(architecture.channels):
            pooled = layer in architecture.pool_after
            x = self._convolution(x, layer, channels)
            if layer and not pooled:
                x = self._with_wall(x)
            x = self._relu(x, f"relu{layer + 1}")
            self.rectified.append(x)
            if pooled:
                x = self._max_pool(x, f"pool{layer + 1}")
                self.pooled[layer] = x
                x = self._relu(self._with_wall(x), f"walled{layer + 1}")
            self.results.append(x)
        return self._convolution(x, self.last, 1)

    def _convolution(self, x, layer, channels) -> _Map:
        weight = f"conv{layer + 1}.weight"
        if layer == 0:
            # The wall is one more input channel here: summed to the result it would cost a pass over the largest map.
            tap = np.zeros((channels, 1, 3, 3), np.float32)
            tap[:, :, 1, 1] = HUGE
            weight = self.writer.add("Concat", [weight, self.writer.constant(tap)], "conv1.weight_and_wall", axis=1)
        bias = f"conv{layer + 1}.bias"
        return self.writer.add_map("Conv", [x, weight, bias], channels, x.level, f"conv{layer + 1}", pads=[1] * 4)

    def _with_wall(self, x) -> _Map:
        """Push what lies outside the valid part far below zero, for a ReLU to remove it."""
        wall = self.writer.add_map(
            "Conv", [self.walls[x.level], self._pointwise(x.channels, HUGE)], x.channels, x.level
        )
        return self._sum(wall, x)

    # Backward ---------------------------------------------------------------------------------------------------

    def _backward(self) -> _Map:
        """d logit / d image on the padded image, from the last layer to the first."""
        gradient = self._transposed_convolution(self._mean_weights(), self.last, self.architecture.channels[-1])
        for layer in reversed(range(self.last)):
            # Where the ReLU's result is zero nothing passes; outside the valid part it is zero as well. Behind a
            # pooling one mask of a quarter of the size does for both: the maximum is zero where all four are.
            gradient = self._product(gradient, self._is_positive(self.results[layer]))
            if layer in self.pooled:
                winner = self._first_maximum(self.rectified[layer], self.pooled[layer])
                gradient = self._product(self._upsample(gradient), winner, f"unpool{layer + 1}")
            if layer:
                gradient = self._transposed_convolution(gradient, layer, self.architecture.channels[layer - 1])
        return self._transposed_first_convolution(gradient)

    def _mean_weights(self) -> _Map:
        """The derivative of the mean: 1 / number of pixels in the valid part, 0 outside."""
        writer, level = self.writer, self.walls[-1].level
        inside = writer.add_map("Add", [self.walls[-1], writer.number(1)], 1, level)
        size = writer.add("ReduceProd", [writer.add("Cast", [self.valid[-1]], to=onnx_writer.FLOAT)], keepdims=0)
        self.mean_weights = writer.add_map("Div", [inside, size], 1, level, "mean_weights")
        return self.mean_weights

    def _transposed_convolution(self, gradient, layer, channels) -> _Map:
        """The adjoint of a convolution: one with input and output channels swapped and turned by 180 degrees.

        The turned weights are computed in the graph, so that the file holds each weight once; ONNX Runtime folds them
        into constants when it loads the file.
        """
        writer = self.writer
        swapped = writer.add("Transpose", [f"conv{layer + 1}.weight"], perm=[1, 0, 2, 3])
        ends = writer.integers(*[np.iinfo(np.int64).min + 1] * 2)
        backwards = writer.integers(-1, -1)
        turned = writer.add("Slice", [swapped, backwards, ends, writer.integers(2, 3), backwards])
        output = f"gradient{layer + 1}"
        return writer.add_map("Conv", [gradient, turned], channels, gradient.level, output, pads=[1] * 4)

    def _transposed_first_convolution(self, gradient) -> _Map:
        """The same for the first layer, whose few channels a convolution would pad to a block of eight."""
        inputs = self.architecture.inputs
        return self.writer.add_map("ConvTranspose", [gradient, "conv1.weight"], inputs, 0, "gradient1", pads=[1] * 4)

    def _first_maximum(self, values, maxima) -> _Map:
        """1 at the maximum of each 2x2 window, at the first one in row-major order if there are several; else 0.

        Who equals the maximum gets a rank by its place, 1, 3/4, 1/2 or 1/4, the others 0; then the best rank wins.
        """
        writer, level = self.writer, values.level
        places = writer.constant(np.array([[[[1, 0.75], [0.5, 0.25]]]], np.float32))
        repeats = writer.add("Concat", [writer.integers(1, 1), self.padded[level + 1]], axis=0)
        places = writer.add_map("Tile", [places, repeats], 1, level)
        places = writer.add_map("Conv", [places, self._pointwise(values.channels, 1)], values.channels, level)
        ranks = self._relu(self._sum(places, self._shortfall(values, maxima, STEEP)))
        return self._relu(self._shortfall(ranks, self._max_pool(ranks), 4, offset=1))

    def _shortfall(self, values, maxima, factor, offset=None) -> _Map:
        """What a value lacks of its window's maximum, times a power of two: exactly 0 at the maximum, else negative.

        Both sides are multiplied before they meet, so that they are rounded alike should an execution provider compute
        convolutions in less than float32.
        """
        return self._sum(self._scaled(values, factor, offset), self._upsample(self._scaled(maxima, -factor)))

    # Blocks -----------------------------------------------------------------------------------------------------

    def _is_positive(self, x) -> _Map:
        """1 where a rectified map is positive, else 0."""
        return self.writer.add_map("HardSigmoid", [x], x.channels, x.level, alpha=HUGE, beta=0.0)

    def _scaled(self, x, factor, offset=None) -> _Map:
        inputs = [x, self._pointwise(x.channels, factor)]
        if offset is not None:
            inputs.append(self.writer.constant(np.full(x.channels, offset, np.float32)))
        return self.writer.add_map("Conv", inputs, x.channels, x.level, group=x.channels)

    def _sum(self, x, y) -> _Map:
        return self.writer.add_map("Add", [x, y], x.channels, x.level)

    def _pointwise(self, channels, value) -> str:
        return self.writer.constant(np.full((channels, 1, 1, 1), value, np.float32))

    def _relu(self, x, output=None) -> _Map:
        return self.writer.add_map("Relu", [x], x.channels, x.level, output)

    def _max_pool(self, x, output=None) -> _Map:
        window = {"kernel_shape": [2, 2], "strides": [2, 2]}
        return self.writer.add_map("MaxPool", [x], x.channels, x.level + 1, output, **window)

    def _upsample(self, x) -> _Map:
        scales = self.writer.constant(np.array([1, 1, 2, 2], np.float32))
        nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.writer.add_map("Resize", [x, "", scales], x.channels, x.level - 1, **nearest)

    def _product(self, x, y, output=None) -> _Map:
        return self.writer.add_map("Mul", [x, y], x.channels, x.level, output)

    # Outputs ----------------------------------------------------------------------------------------------------

    def _outputs(self, activation, gradient):
        writer = self.writer
        self._cropped(activation, activation.level, "activation")
        # Rows first: summing all at once in float32 loses two digits on large images.
        rows = writer.add("ReduceSum", [writer.add("Mul", [activation, self.mean_weights]), writer.integers(3)])
        writer.add("ReduceSum", [rows], "logit", keepdims=0)
        writer.add("Sigmoid", ["logit"], "score")
        self._cropped(gradient, 0, "dlogit")
        slope = writer.add("Mul", ["score", writer.add("Sigmoid", [writer.add("Neg", ["logit"])])])
        writer.add("Mul", ["dlogit", slope], "dx")
