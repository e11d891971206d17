"""The classifier's weights: which file, and what is in it. Needs neither onnx nor ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.onnx_wire import read_contents

#: Weights that come with the package.
SHIPPED = ("classifier-paper", "classifier-compact", "classifier-single-scale", "judge")

_OUTPUTS = {"score", "logit", "dx", "dlogit", "activation"}


@dataclass(frozen=True, eq=False)
class ClassifierWeights:
    """What a classifier's ONNX file holds.

    Attributes
    ----------
    path : Path
    model : bytes
        The file.
    architecture : Architecture
    parameters : dict of str to ndarray
        float32, as ``architecture.parameter_shapes()`` says.
    metadata : dict of str to str
        ``architecture``, ``training``, ``date``, ``accuracies``, ``licence``, ...; what is structured is JSON.
    sha256 : str
        Of the file, in hexadecimal.
    """

    path: Path
    model: bytes
    architecture: Architecture
    parameters: dict[str, np.ndarray]
    metadata: dict[str, str]
    sha256: str


def resolve_weights(weights) -> Path:
    """The file of some weights.

    Parameters
    ----------
    weights : {"classifier-paper", "classifier-compact", "classifier-single-scale", "judge"} or path
        The name of weights that come with the package, or a file of your own from ``pydeblur export``.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    FileFormatError
        If there is no such file.
    """
    wanted = f"weights should be one of {', '.join(SHIPPED)} or the path of an ONNX file"
    if isinstance(weights, str) and weights in SHIPPED:
        for folder in _weights_folders():
            path = folder / f"{weights}.onnx"
            if path.is_file():
                return path
        raise FileFormatError(f"the weights '{weights}' are not in this installation; give the path of an ONNX file.")
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
    return ClassifierWeights(path, model, architecture, parameters, contents.metadata, hashlib.sha256(model).hexdigest())


def hash_parameters(parameters) -> str:
    """SHA-256 of float32 parameters: names, shapes and values, in alphabetical order of the names."""
    digest = hashlib.sha256()
    for name in sorted(parameters):
        value = np.ascontiguousarray(parameters[name], "<f4")
        digest.update(f"{name}{value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _weights_folders():
    """Where shipped weights may lie: the installed package pydeblur.weights, or next to the package in its source tree."""
    try:
        yield Path(str(resources.files("pydeblur.weights")))
    except (ImportError, TypeError):  # not mapped to a package: an unbuilt source tree
        pass
    yield Path(__file__).resolve().parents[3] / "weights"


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
