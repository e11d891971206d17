"""Just enough of the ONNX file format to read weights and to cut a model down, without the package onnx.

An ONNX file is a protocol-buffer message: a sequence of fields, each a key (field number and wire type) and a value.
Field numbers are those of onnx.proto3 (IR version 3 and later).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.errors import FileFormatError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}

_MODEL_GRAPH, _MODEL_METADATA = 7, 14
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO = 1, 5, 12, 13
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW_DATA = 1, 2, 8, 9
_VALUE_INFO_NAME = 1
_METADATA_KEY, _METADATA_VALUE = 1, 2
_FLOAT = 1


@dataclass(frozen=True)
class OnnxContents:
    """What is read of an ONNX file.

    Attributes
    ----------
    initializers : dict of str to float32 ndarray
    metadata : dict of str to str
    outputs : tuple of str
        Names of the graph's outputs.

    Examples
    --------
    >>> OnnxContents({}, {"licence": "MIT"}, ("logit",)).outputs
    ('logit',)
    """

    initializers: dict[str, np.ndarray]
    metadata: dict[str, str]
    outputs: tuple[str, ...]


def read_contents(data: bytes) -> OnnxContents:
    """Read initializers, metadata and outputs of an ONNX file.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    OnnxContents
        Initializers of other types than float32, or stored outside the file, are left out.

    Raises
    ------
    FileFormatError
        If the bytes are no ONNX model, or not all of one.

    Examples
    --------
    >>> from pydeblur.priors.classifier.weights_file import resolve_weights
    >>> contents = read_contents(resolve_weights("classifier-compact").read_bytes())
    >>> contents.initializers["conv1.weight"].shape
    (16, 1, 3, 3)
    """
    data = memoryview(data)
    graphs = [value for number, value in _fields(data) if number == _MODEL_GRAPH]
    if len(graphs) != 1:
        raise FileFormatError("the file should be an ONNX model, but holds no graph.")
    initializers, outputs, metadata = {}, [], {}
    for number, value in _fields(_message(graphs[0])):
        if number == _GRAPH_INITIALIZER:
            initializers.update(_tensor(_message(value)))
        elif number == _GRAPH_OUTPUT:
            outputs.append(_name(value, _VALUE_INFO_NAME))
    for number, value in _fields(data):
        if number == _MODEL_METADATA:
            metadata[_name(value, _METADATA_KEY)] = _name(value, _METADATA_VALUE)
    return OnnxContents(initializers, metadata, tuple(outputs))


def keep_outputs(data: bytes, names) -> bytes:
    """Cut a model down to what some of its outputs need.

    ONNX Runtime computes every node of a graph, whichever outputs are asked for.

    Parameters
    ----------
    data : bytes
        The whole file.
    names : collection of str
        Outputs to keep.

    Returns
    -------
    bytes
        The smaller model.

    Raises
    ------
    FileFormatError
        If the bytes are no ONNX model.

    Examples
    --------
    >>> from pydeblur.priors.classifier.weights_file import resolve_weights
    >>> model = resolve_weights("classifier-compact").read_bytes()
    >>> read_contents(keep_outputs(model, ("logit",))).outputs
    ('logit',)
    """
    return b"".join(
        _encoded(number, _subgraph(_message(value), set(names)) if number == _MODEL_GRAPH else value)
        for number, value in _fields(memoryview(data))
    )


def _subgraph(graph, names):
    nodes_kept, needed = _ancestors(graph, names)
    name_field_and_kept = {
        _GRAPH_INITIALIZER: (_TENSOR_NAME, needed),
        _GRAPH_VALUE_INFO: (_VALUE_INFO_NAME, needed),
        _GRAPH_OUTPUT: (_VALUE_INFO_NAME, names),
    }
    kept = []
    for position, (number, value) in enumerate(_fields(graph)):
        if number == _GRAPH_NODE:
            keep = position in nodes_kept
        else:
            field, wanted = name_field_and_kept.get(number, (None, None))
            keep = field is None or _name(value, field) in wanted
        if keep:
            kept.append(_encoded(number, value))
    return b"".join(kept)


def _ancestors(graph, names):
    """Find the nodes that some values depend on.

    Returns their positions among the graph's fields, and all names that they involve.
    """
    positions, needed = set(), set(names)
    nodes = [(position, value) for position, (number, value) in enumerate(_fields(graph)) if number == _GRAPH_NODE]
    for position, value in reversed(nodes):  # a file holds its nodes in the order of computation
        fields = [
            (number, member) for number, member in _fields(_message(value)) if number in (_NODE_INPUT, _NODE_OUTPUT)
        ]
        if any(number == _NODE_OUTPUT and _text(member) in needed for number, member in fields):
            positions.add(position)
            needed.update(_text(member) for _, member in fields)
    return positions, needed


def _tensor(tensor):
    """Return {name: array} of a float32 TensorProto with raw data, else {}."""
    shape, kind, name, raw = [], None, "", None
    for number, value in _fields(tensor):
        if number == _TENSOR_DIMS:
            shape += [value] if isinstance(value, int) else list(_packed_varints(value))
        elif number == _TENSOR_TYPE:
            kind = value
        elif number == _TENSOR_NAME:
            name = _text(value)
        elif number == _TENSOR_RAW_DATA:
            raw = _message(value)
    if kind != _FLOAT or raw is None:
        return {}
    if len(raw) != 4 * np.prod(shape, dtype=object):
        raise FileFormatError(f"the ONNX file is damaged: '{name}' holds {len(raw)} bytes for a shape {tuple(shape)}.")
    try:
        return {name: np.frombuffer(raw, "<f4").reshape(shape).astype(np.float32)}
    except ValueError:  # of an empty tensor, sides that no array can have
        raise FileFormatError(f"the ONNX file is damaged: '{name}' has the shape {tuple(shape)}.") from None


def _fields(message):
    """Yield the (field number, value) pairs of a message.

    A value is an int (varint) or a memoryview (anything else).
    """
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise FileFormatError("the file should be an ONNX model, but is something else or damaged.")
        if wire_type == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if wire_type == _BYTES:
            size, position = _varint(message, position)
        elif wire_type in _FIXED_SIZES:
            size = _FIXED_SIZES[wire_type]
        else:
            raise FileFormatError("the file should be an ONNX model, but is something else or damaged.")
        if position + size > len(message):
            raise FileFormatError("the ONNX file is cut short, or is something else.")
        yield number, message[position : position + size]
        position += size


def _varint(message, position):
    """Read an integer in base 128, least significant digit first; return it and the position behind it."""
    result = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise FileFormatError("the ONNX file is cut short, or is something else.")
        byte = message[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise FileFormatError("the file should be an ONNX model, but is something else or damaged.")


def _packed_varints(values):
    position = 0
    while position < len(values):
        value, position = _varint(values, position)
        yield value


def _encoded(number, value):
    """Return a field as bytes.

    Fixed-size fields, which ONNX's models and graphs do not have, would become byte strings.
    """
    if isinstance(value, int):
        return _encoded_varint(number << 3 | _VARINT) + _encoded_varint(value)
    return _encoded_varint(number << 3 | _BYTES) + _encoded_varint(len(value)) + bytes(value)


def _encoded_varint(value):
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def _message(value):
    if isinstance(value, int):
        raise FileFormatError("the file should be an ONNX model, but is something else or damaged.")
    return value


def _text(value):
    try:
        return bytes(_message(value)).decode("utf-8")
    except UnicodeDecodeError:
        raise FileFormatError("the file should be an ONNX model, but is something else or damaged.") from None


def _name(message, field):
    """Return a string member of a message, "" if it has none."""
    return next((_text(value) for number, value in _fields(_message(message)) if number == field), "")
