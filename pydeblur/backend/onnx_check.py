"""Whether an ONNX file holds just the graph and the parameters that this package has written: ONNX Runtime gets no other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import numpy as np

from pydeblur.backend.onnx_wire import GraphFields, OnnxContents
from pydeblur.errors import FileFormatError

#: Of ONNX 1.14 and older, which ONNX Runtime 1.16 reads.
IR_VERSION, OPSET = 8, 17


def hash_parameters(parameters) -> str:
    """Return the SHA-256 of float32 parameters: of names, shapes and values, in alphabetical order of the names.

    Parameters
    ----------
    parameters : dict of str to array_like

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> len(hash_parameters({"conv1.bias": [0.0]}))
    64
    """
    digest = hashlib.sha256()
    for name in sorted(parameters):
        value = np.ascontiguousarray(parameters[name], "<f4")
        digest.update(f"{name}{value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def checked_network(
    contents: OnnxContents,
    shapes: Mapping[str, tuple[int, ...]],
    build: Callable[[dict[str, np.ndarray]], GraphFields],
) -> dict[str, np.ndarray]:
    """Return the parameters of a network whose file holds its graph and nothing else.

    Parameters
    ----------
    contents : OnnxContents
        With the metadata's entry ``parameters_sha256``.
    shapes : mapping of str to tuple of int
        Of the parameters.
    build : callable
        Writes the graph from the parameters.

    Returns
    -------
    dict of str to float32 ndarray

    Raises
    ------
    FileFormatError
        As :func:`checked_parameters`, :func:`check_versions` and :func:`check_graph`.

    Examples
    --------
    >>> graph = GraphFields((), (), (), (), ())
    >>> checked_network(OnnxContents({}, {"parameters_sha256": hash_parameters({})}, (), graph, 8, 17), {}, lambda _: graph)
    {}
    """
    parameters = checked_parameters(contents, shapes)
    check_versions(contents, IR_VERSION, OPSET)
    check_graph(contents.graph, build(parameters))
    return parameters


def checked_parameters(contents: OnnxContents, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the parameters of a network.

    Parameters
    ----------
    contents : OnnxContents
        With the metadata's entry ``parameters_sha256``.
    shapes : mapping of str to tuple of int

    Returns
    -------
    dict of str to float32 ndarray

    Raises
    ------
    FileFormatError
        If parameters are missing, not finite, of another shape, or not those of the checksum.

    Examples
    --------
    >>> bias = {"bias": np.zeros(2, np.float32)}
    >>> graph = GraphFields((), (), (), (), ())
    >>> contents = OnnxContents(bias, {"parameters_sha256": hash_parameters(bias)}, (), graph, 8, 17)
    >>> checked_parameters(contents, {"bias": (2,)})
    {'bias': array([0., 0.], dtype=float32)}
    """
    parameters = {}
    for name, shape in shapes.items():
        value = contents.initializers.get(name)
        if value is None or value.shape != shape:
            raise FileFormatError(f"the parameter {name} is missing or of the wrong shape.")
        parameters[name] = value
    if hash_parameters(parameters) != contents.metadata.get("parameters_sha256"):
        raise FileFormatError("the parameters are damaged: their checksum is wrong.")
    for name, value in parameters.items():
        if not np.all(np.isfinite(value)):
            raise FileFormatError(f"the parameter {name} should be finite, but holds NaN or infinity.")
    return parameters


def check_versions(contents: OnnxContents, ir_version: int, opset: int) -> None:
    """Check the version of the file format and that of the operators.

    Raises
    ------
    FileFormatError
        If they are others.

    Examples
    --------
    >>> check_versions(OnnxContents({}, {}, (), GraphFields((), (), (), (), ()), 8, 17), 8, 17)
    """
    found = contents.ir_version, contents.opset
    if found != (ir_version, opset):
        wanted = f"the version {ir_version} of the format and {opset} of the operators"
        raise FileFormatError(f"it should have {wanted}, but has {found[0]:.6g} and {found[1]:.6g}.")


def check_graph(found: GraphFields, expected: GraphFields) -> None:
    """Refuse any other graph than the expected one, and say where they part.

    Raises
    ------
    FileFormatError
        If a node, an initializer, an input, an output or a declared shape is another, byte by byte.

    Examples
    --------
    >>> check_graph(GraphFields((b"a",), (), (), (), ()), GraphFields((b"b",), (), (), (), ()))
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: number 1 of the graph's nodes is not the one of this architecture.
    """
    for kind, members in vars(expected).items():
        others, name = getattr(found, kind), kind.replace("_", " ")
        if len(others) != len(members):
            raise FileFormatError(f"the graph should have {len(members)} {name}, but has {len(others)}.")
        for number, (member, other) in enumerate(zip(members, others), start=1):
            if member != other:
                raise FileFormatError(f"number {number} of the graph's {name} is not the one of this architecture.")
