"""Just enough of the ONNX file format to write a graph, without the package onnx.

The bytes are those of the package onnx: every message has its fields in the order of their numbers. Field numbers are those
of onnx.proto3 (IR version 3 and later).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

from pydeblur.backend.onnx_wire import encoded_field

#: ONNX's numbers for the types of elements.
FLOAT, INT64 = 1, 7
_ELEMENT_TYPES = {"float32": (FLOAT, "<f4"), "int64": (INT64, "<i8")}
_FIXED32 = 5

_ATTRIBUTE_NAME, _ATTRIBUTE_TYPE = 1, 20
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 2, 3, 4, 8
_TYPE_FLOAT, _TYPE_INT, _TYPE_STRING, _TYPE_INTS = 1, 2, 3, 7


def tensor(name: str, values: np.ndarray) -> bytes:
    """An initializer, a TensorProto.

    Parameters
    ----------
    name : str
    values : ndarray
        float32 or int64.

    Returns
    -------
    bytes

    Examples
    --------
    >>> tensor("a", np.zeros(1, np.float32))
    b'\\x08\\x01\\x10\\x01B\\x01aJ\\x04\\x00\\x00\\x00\\x00'
    """
    kind, stored = _ELEMENT_TYPES[values.dtype.name]
    dims = b"".join(encoded_field(1, side) for side in values.shape)
    raw = np.ascontiguousarray(values, stored).tobytes()
    return dims + encoded_field(2, kind) + encoded_field(8, name.encode()) + encoded_field(9, raw)


def node(operator: str, inputs: Sequence[str], output: str, attributes: dict) -> bytes:
    """A NodeProto of the default domain with one output, after which it is named.

    Parameters
    ----------
    operator : str
    inputs : sequence of str
        "" stands for an input that is left out.
    output : str
    attributes : dict of str to int, float, str or sequence of int
        They are written in alphabetical order.

    Returns
    -------
    bytes

    Examples
    --------
    >>> node("Relu", ["a"], "b", {})
    b'\\n\\x01a\\x12\\x01b\\x1a\\x01b"\\x04Relu'
    """
    return (
        b"".join(encoded_field(1, name.encode()) for name in inputs)
        + encoded_field(2, output.encode())
        + encoded_field(3, output.encode())
        + encoded_field(4, operator.encode())
        + b"".join(encoded_field(5, _attribute(name, value)) for name, value in sorted(attributes.items()))
    )


def value_info(name: str, shape: Iterable[int | str]) -> bytes:
    """A ValueInfoProto of a float32 tensor, whose sides are numbers or symbols.

    Parameters
    ----------
    name : str
    shape : iterable of int or str

    Returns
    -------
    bytes

    Examples
    --------
    >>> value_info("a", [])
    b'\\n\\x01a\\x12\\x06\\n\\x04\\x08\\x01\\x12\\x00'
    """
    sides = (encoded_field(2, side.encode()) if isinstance(side, str) else encoded_field(1, side) for side in shape)
    dims = b"".join(encoded_field(1, side) for side in sides)
    tensor_type = encoded_field(1, FLOAT) + encoded_field(2, dims)
    return encoded_field(1, name.encode()) + encoded_field(2, encoded_field(1, tensor_type))


def _attribute(name: str, value: int | float | str | Sequence[int]) -> bytes:
    if isinstance(value, str):
        kind, stored = _TYPE_STRING, encoded_field(_ATTRIBUTE_STRING, value.encode())
    elif isinstance(value, float):
        kind, stored = _TYPE_FLOAT, bytes([_ATTRIBUTE_FLOAT << 3 | _FIXED32]) + struct.pack("<f", value)
    elif isinstance(value, int):
        kind, stored = _TYPE_INT, encoded_field(_ATTRIBUTE_INT, value)
    else:
        kind, stored = _TYPE_INTS, b"".join(encoded_field(_ATTRIBUTE_INTS, number) for number in value)
    return encoded_field(_ATTRIBUTE_NAME, name.encode()) + stored + encoded_field(_ATTRIBUTE_TYPE, kind)
