"""The classifier's weights: which file, and what is in it. Reading them needs neither onnx nor ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pydeblur.backend.onnx_wire import read_contents
from pydeblur.errors import FileFormatError
from pydeblur.files.shipped_weights import shipped_weights
from pydeblur.priors.classifier.architecture import Architecture

#: Weights that come with the package.
SHIPPED = ("classifier-paper", "classifier-compact", "classifier-single-scale", "kernel-ranking")

_OUTPUTS = {"score", "logit", "dx", "dlogit", "activation"}


@dataclass(frozen=True, eq=False)
class ClassifierWeights:
    """What a classifier's ONNX file holds.

    Attributes
    ----------
    path : Path
    model : bytes
        The file's contents.
    architecture : Architecture
    parameters : dict of str to ndarray
        float32, as ``architecture.parameter_shapes()`` says.
    metadata : dict of str to str
        ``architecture``, ``training``, ``date``, ``accuracies``, ``licence``, ...; what is structured is JSON.
    sha256 : str
        The hash of the file, in hexadecimal.

    Examples
    --------
    >>> weights = read_weights("classifier-compact")
    >>> weights.architecture.channels, weights.parameters["conv1.bias"].shape
    ((16, 16, 32, 64, 64), (16,))
    """

    path: Path
    model: bytes
    architecture: Architecture
    parameters: dict[str, np.ndarray]
    metadata: dict[str, str]
    sha256: str


def resolve_weights(weights) -> Path:
    """Find the file of some weights.

    Parameters
    ----------
    weights : {"classifier-paper", "classifier-compact", "classifier-single-scale", "kernel-ranking"} or path
        The name of weights that come with the package, or a file of your own from ``pydeblur export``.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    FileFormatError
        If there is no such file.

    Examples
    --------
    >>> resolve_weights("classifier-compact").name
    'classifier-compact.onnx'
    """
    wanted = f"weights should be one of {', '.join(SHIPPED)} or the path of an ONNX file"
    if isinstance(weights, str) and weights in SHIPPED:
        return shipped_weights(f"{weights}.onnx")
    if not isinstance(weights, (str, os.PathLike)):
        raise FileFormatError(f"{wanted}, but is {weights!r}.")
    path = Path(weights)
    if not path.is_file():
        raise FileFormatError(f"{wanted}; there is no '{path}'.")
    return path


def read_weights(weights) -> ClassifierWeights:
    """Read a classifier's ONNX file.

    Parameters
    ----------
    weights : str or path
        As :func:`resolve_weights` takes it.

    Returns
    -------
    ClassifierWeights

    Raises
    ------
    FileFormatError
        If the file is missing, unreadable, damaged, or not written by ``pydeblur export``.

    Examples
    --------
    >>> read_weights("classifier-compact").architecture.name
    'compact'
    """
    path = resolve_weights(weights)
    try:
        model = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"'{path}' can't be read: {error.strerror}.") from error
    try:
        contents = read_contents(model)
        architecture = _architecture(contents)
        parameters = _parameters(contents, architecture)
    except FileFormatError as error:
        raise FileFormatError(f"'{path}' should be a classifier written by pydeblur export: {error}") from error
    return ClassifierWeights(
        path, model, architecture, parameters, contents.metadata, hashlib.sha256(model).hexdigest()
    )


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


def _architecture(contents):
    missing = _OUTPUTS - set(contents.outputs)
    if missing:
        raise FileFormatError(f"the graph lacks the output {', '.join(sorted(missing))}.")
    try:
        fields = json.loads(contents.metadata["architecture"])
        channels, pool_after = tuple(fields["channels"]), tuple(fields["pool_after"])
        integers = all(type(number) is int for number in channels + pool_after)
        if not (integers and channels and min(channels) > 0 and set(pool_after) <= set(range(len(channels)))):
            raise ValueError
        return Architecture(str(fields["name"]), channels, pool_after)
    except (KeyError, TypeError, ValueError):
        raise FileFormatError("its metadata do not describe the architecture.") from None


def _parameters(contents, architecture):
    parameters = {}
    for name, shape in architecture.parameter_shapes().items():
        value = contents.initializers.get(name)
        if value is None or value.shape != shape:
            raise FileFormatError(f"the parameter {name} is missing or of the wrong shape.")
        parameters[name] = value
    if hash_parameters(parameters) != contents.metadata.get("parameters_sha256"):
        raise FileFormatError("the parameters are damaged: their checksum is wrong.")
    return parameters
