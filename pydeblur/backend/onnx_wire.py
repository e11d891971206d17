"""Just enough of the ONNX file format to read weights and to cut a model down, without the package onnx.

An ONNX file is a protocol-buffer message: a sequence of fields, each a key (field number and wire type) and a value.
Field numbers are those of onnx.proto3 (IR version 3 and later).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import FileFormatError

_VARINT, _BYTES = 0, 2
#: Where either has a meaning: numbers may be stored each for itself, or several as one string of bytes.
_ANY = None
#: The most dimensions of an array.
_MOST_DIMENSIONS = 8
#: So much of an entry of the metadata is read as JSON: none of this package's is longer, and a deep or long one takes long.
_MOST_CHARACTERS = 1000

_MODEL_IR_VERSION, _MODEL_GRAPH, _MODEL_OPSET, _MODEL_METADATA = 1, 7, 8, 14
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO = 1, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW_DATA = 1, 2, 8, 9
_VALUE_INFO_NAME = 1
_METADATA_KEY, _METADATA_VALUE = 1, 2
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_FLOAT = 1

#: The fields that a message may have: their wire types, and how often they may occur. The others, such as data outside the
#: file and functions of one's own, are refused, and so is what would take long to read.
_MODEL_FIELDS = {
    _MODEL_IR_VERSION: (_VARINT, 1),
    2: (_BYTES, 1),  # producer's name
    3: (_BYTES, 1),  # producer's version
    4: (_BYTES, 1),  # domain
    5: (_VARINT, 1),  # version of the model
    6: (_BYTES, 1),  # documentation
    _MODEL_GRAPH: (_BYTES, 1),
    _MODEL_OPSET: (_BYTES, 1),
    _MODEL_METADATA: (_BYTES, 1000),
}
_GRAPH_FIELDS = {
    _GRAPH_NODE: (_BYTES, 5000),
    2: (_BYTES, 1),  # name
    _GRAPH_INITIALIZER: (_BYTES, 5000),
    _GRAPH_INPUT: (_BYTES, 100),
    _GRAPH_OUTPUT: (_BYTES, 100),
    _GRAPH_VALUE_INFO: (_BYTES, 5000),
}
_TENSOR_FIELDS = {
    _TENSOR_DIMS: (_ANY, _MOST_DIMENSIONS),
    _TENSOR_TYPE: (_VARINT, 1),
    _TENSOR_NAME: (_BYTES, 1),
    _TENSOR_RAW_DATA: (_BYTES, 1),
}
_METADATA_FIELDS = {_METADATA_KEY: (_BYTES, 1), _METADATA_VALUE: (_BYTES, 1)}
_OPSET_FIELDS = {_OPSET_DOMAIN: (_BYTES, 1), _OPSET_VERSION: (_VARINT, 1)}
_MOST_OF_A_MODEL, _MOST_OF_A_GRAPH = (
    sum(most for _, most in fields.values()) for fields in (_MODEL_FIELDS, _GRAPH_FIELDS)
)
#: The most fields of any other message: a node's inputs, outputs and attributes.
_MOST_FIELDS = 40

_NOT_ONNX = "the file should be an ONNX model, but is something else or damaged."


@dataclass(frozen=True)
class GraphFields:
    """A graph in the form of its encoded members, each in the order of the file; the graph's name is left out.

    Attributes
    ----------
    nodes, initializers, inputs, outputs, value_infos : tuple of bytes or memoryview

    Examples
    --------
    >>> GraphFields((b"a node",), (), (), (), ()) == GraphFields((memoryview(b"a node"),), (), (), (), ())
    True
    """

    nodes: tuple[bytes | memoryview, ...]
    initializers: tuple[bytes | memoryview, ...]
    inputs: tuple[bytes | memoryview, ...]
    outputs: tuple[bytes | memoryview, ...]
    value_infos: tuple[bytes | memoryview, ...]

    def encoded(self, name: str) -> bytes:
        """Return the bytes of the graph under a name, a GraphProto."""
        numbers = (_GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO)
        members = (self.initializers, self.inputs, self.outputs, self.value_infos)
        return b"".join(
            [encoded_field(_GRAPH_NODE, node) for node in self.nodes]
            + [encoded_field(2, name.encode())]
            + [encoded_field(number, each) for number, several in zip(numbers, members) for each in several]
        )


@dataclass(frozen=True)
class OnnxContents:
    """What is read of an ONNX file.

    Attributes
    ----------
    initializers : dict of str to float32 ndarray
    metadata : dict of str to str
    outputs : tuple of str
        Names of the graph's outputs.
    graph : GraphFields
    ir_version, opset : int
        The version of the file format, and that of the operators of the default domain; 0 where the file does not say it.

    Examples
    --------
    >>> OnnxContents({}, {"licence": "MIT"}, ("logit",), GraphFields((), (), (), (), ()), 8, 17).outputs
    ('logit',)
    """

    initializers: dict[str, np.ndarray]
    metadata: dict[str, str]
    outputs: tuple[str, ...]
    graph: GraphFields
    ir_version: int
    opset: int

    def described(self, name: str):
        """Read an entry of the metadata that is JSON.

        Parameters
        ----------
        name : str

        Returns
        -------
        object or None
            None where there is no such entry, or it is no JSON of up to 1000 characters.

        Examples
        --------
        >>> OnnxContents({}, {"widths": "[20, 32]"}, (), GraphFields((), (), (), (), ()), 8, 17).described("widths")
        [20, 32]
        """
        try:
            return json.loads(self.metadata.get(name, "")[:_MOST_CHARACTERS])
        except (ValueError, RecursionError):
            return None


def read_contents(data: bytes) -> OnnxContents:
    """Read an ONNX file; of its initializers the values of those of float32 only.

    The time and the memory that this takes are bounded by the file's size.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    OnnxContents

    Raises
    ------
    FileFormatError
        If the bytes are no ONNX model, or not all of one; or a model that has more than a graph of the default domain with
        its initializers inside the file: functions, training information, data in other files, sparse tensors.

    Examples
    --------
    >>> from pydeblur.priors.classifier.weights_file import resolve_weights
    >>> contents = read_contents(resolve_weights("classifier-compact").read_bytes())
    >>> contents.initializers["conv1.weight"].shape, contents.opset
    ((16, 1, 3, 3), 17)
    """
    model = _known_fields(memoryview(data), _MODEL_FIELDS, "the model")
    if not model[_MODEL_GRAPH]:
        raise FileFormatError("the file should be an ONNX model, but holds no graph.")
    graph = _known_fields(model[_MODEL_GRAPH][0], _GRAPH_FIELDS, "the graph")
    initializers: dict[str, np.ndarray] = {}
    for value in graph[_GRAPH_INITIALIZER]:
        initializers.update(_tensor(value))
    metadata = [_known_fields(value, _METADATA_FIELDS, "a metadata entry") for value in model[_MODEL_METADATA]]
    texts = {_only_text(entry[_METADATA_KEY]): _only_text(entry[_METADATA_VALUE]) for entry in metadata}
    if len(texts) < len(metadata):
        raise FileFormatError("the ONNX file is damaged: a metadata entry occurs twice.")
    return OnnxContents(
        initializers,
        texts,
        tuple(_name(value, _VALUE_INFO_NAME) for value in graph[_GRAPH_OUTPUT]),
        GraphFields(
            *(
                tuple(graph[number])
                for number in (_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO)
            )
        ),
        _only_number(model[_MODEL_IR_VERSION]),
        _opset(model[_MODEL_OPSET]),
    )


def encoded_model(graph: bytes, ir_version: int, opset: int, metadata: dict[str, str], **texts: str) -> bytes:
    """Write a model, a ModelProto.

    Parameters
    ----------
    graph : bytes
        What :meth:`GraphFields.encoded` returns.
    ir_version, opset : int
    metadata : dict of str to str
    **texts : str
        ``producer_name``, ``producer_version`` and ``doc_string``.

    Returns
    -------
    bytes

    Examples
    --------
    >>> model = encoded_model(GraphFields((), (), (), (), ()).encoded("empty"), 8, 17, {"licence": "MIT"})
    >>> read_contents(model).metadata
    {'licence': 'MIT'}
    """
    text_numbers = {"producer_name": 2, "producer_version": 3, "doc_string": 6}
    opset_import = encoded_field(_OPSET_DOMAIN, b"") + encoded_field(_OPSET_VERSION, opset)
    return b"".join(
        [encoded_field(_MODEL_IR_VERSION, ir_version)]
        + [encoded_field(number, texts[name].encode()) for name, number in text_numbers.items() if name in texts]
        + [encoded_field(_MODEL_GRAPH, graph), encoded_field(_MODEL_OPSET, opset_import)]
        + [
            encoded_field(
                _MODEL_METADATA,
                encoded_field(_METADATA_KEY, key.encode()) + encoded_field(_METADATA_VALUE, value.encode()),
            )
            for key, value in metadata.items()
        ]
    )


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
        encoded_field(number, _subgraph(_message(value), set(names)) if number == _MODEL_GRAPH else value)
        for number, value in _fields(memoryview(data), _MOST_OF_A_MODEL)
    )


def _subgraph(graph, names):
    nodes_kept, needed = _ancestors(graph, names)
    name_field_and_kept = {
        _GRAPH_INITIALIZER: (_TENSOR_NAME, needed),
        _GRAPH_VALUE_INFO: (_VALUE_INFO_NAME, needed),
        _GRAPH_OUTPUT: (_VALUE_INFO_NAME, names),
    }
    kept = []
    for position, (number, value) in enumerate(_fields(graph, _MOST_OF_A_GRAPH)):
        if number == _GRAPH_NODE:
            keep = position in nodes_kept
        else:
            field, wanted = name_field_and_kept.get(number, (None, None))
            keep = field is None or _name(value, field) in wanted
        if keep:
            kept.append(encoded_field(number, value))
    return b"".join(kept)


def _ancestors(graph, names):
    """Find the nodes that some values depend on.

    Returns their positions among the graph's fields, and all names that they involve.
    """
    positions, needed = set(), set(names)
    nodes = [
        (position, value)
        for position, (number, value) in enumerate(_fields(graph, _MOST_OF_A_GRAPH))
        if number == _GRAPH_NODE
    ]
    for position, value in reversed(nodes):  # a file holds its nodes in the order of computation
        fields = [
            (number, member)
            for number, member in _fields(_message(value), _MOST_FIELDS)
            if number in (_NODE_INPUT, _NODE_OUTPUT)
        ]
        if any(number == _NODE_OUTPUT and _text(member) in needed for number, member in fields):
            positions.add(position)
            needed.update(_text(member) for _, member in fields)
    return positions, needed


def _tensor(message):
    """Return {name: array} of a float32 TensorProto, else {}."""
    tensor = _known_fields(message, _TENSOR_FIELDS, "a tensor")
    name, shape = _only_text(tensor[_TENSOR_NAME]), tuple(_dimensions(tensor[_TENSOR_DIMS]))
    if _only_number(tensor[_TENSOR_TYPE]) != _FLOAT:
        return {}
    (raw,) = tensor[_TENSOR_RAW_DATA] or (b"",)
    if len(raw) != 4 * math.prod(shape):
        raise FileFormatError(
            f"the ONNX file is damaged: {name[:20]!r} holds {len(raw)} bytes for a shape {_shown(shape)}."
        )
    try:
        return {name: np.frombuffer(raw, "<f4").reshape(shape).astype(np.float32)}
    except (ValueError, OverflowError):  # of an empty tensor, sides that no array can have
        raise FileFormatError(f"the ONNX file is damaged: {name[:20]!r} has the shape {_shown(shape)}.") from None


def _dimensions(fields):
    for field in fields:
        position, count = 0, 0
        while not isinstance(field, int) and position < len(field):
            if count == _MOST_DIMENSIONS:
                raise FileFormatError(
                    f"the ONNX file is damaged: a tensor has more than {_MOST_DIMENSIONS} dimensions."
                )
            side, position = _varint(field, position)
            count += 1
            yield side
        if isinstance(field, int):
            yield field


def _shown(shape):
    """A shape for a message; its numbers are cut off where there is no end to them."""
    return str(shape)[:30]


def _opset(imports):
    """The version of the default domain's operators; other domains have no place here."""
    if not imports:
        return 0
    (only,) = imports
    fields = _known_fields(only, _OPSET_FIELDS, "the version of the operators")
    if _only_text(fields[_OPSET_DOMAIN]):
        raise FileFormatError("the ONNX file should use ONNX's own operators only, but names another domain.")
    return _only_number(fields[_OPSET_VERSION])


def _known_fields(message, kinds, name):
    """Return the values of a message by their field numbers; refuse what `kinds` does not have."""
    found = {number: [] for number in kinds}
    most = sum(most for _, most in kinds.values())
    for number, value in _fields(message, most):
        if number not in kinds:
            raise FileFormatError(
                f"the ONNX file is damaged or no network's: {name} has a field of the number {number}."
            )
        wire_type, most_of_it = kinds[number]
        if wire_type is not _ANY and isinstance(value, int) != (wire_type == _VARINT):
            raise FileFormatError(_NOT_ONNX)
        found[number].append(value)
        if len(found[number]) > most_of_it:
            raise FileFormatError(
                f"the ONNX file is damaged: {name} has the field {number} more than {most_of_it} times."
            )
    return found


def _only_text(values):
    return _text(values[0]) if values else ""


def _only_number(values):
    return values[0] if values else 0


def _fields(message, most):
    """Yield the (field number, value) pairs of a message, which has no more than `most`.

    A value is an int (varint) or a memoryview (bytes).
    """
    position, count = 0, 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire_type = key >> 3, key & 7
        if not 0 < number < 1 << 29:
            raise FileFormatError(_NOT_ONNX)
        if wire_type == _VARINT:
            value, position = _varint(message, position)
        elif wire_type == _BYTES:
            size, position = _varint(message, position)
            if position + size > len(message):
                raise FileFormatError("the ONNX file is cut short, or is something else.")
            value = message[position : position + size]
            position += size
        else:  # groups, which may be nested without end, and numbers of fixed size, which no message here has
            raise FileFormatError(_NOT_ONNX)
        count += 1
        if count > most:
            raise FileFormatError(f"the ONNX file is damaged: a message has more than {most} fields.")
        yield number, value


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
    raise FileFormatError(_NOT_ONNX)


def encoded_field(number: int, value: int | bytes | memoryview) -> bytes:
    """Return a field of a message as bytes: an integer as a varint, bytes with their length before them.

    Examples
    --------
    >>> encoded_field(1, 300), encoded_field(2, b"ab")
    (b'\\x08\\xac\\x02', b'\\x12\\x02ab')
    """
    if isinstance(value, int):
        return _encoded_varint(number << 3 | _VARINT) + _encoded_varint(value % (1 << 64))
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
        raise FileFormatError(_NOT_ONNX)
    return value


def _text(value):
    try:
        return bytes(_message(value)).decode("utf-8")
    except UnicodeDecodeError:
        raise FileFormatError(_NOT_ONNX) from None


def _name(message, field):
    """Return a string member of a message, "" if it has none."""
    return next((_text(value) for number, value in _fields(_message(message), _MOST_FIELDS) if number == field), "")
