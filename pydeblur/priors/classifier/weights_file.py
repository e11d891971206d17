"""The classifier's weights: which file, and what is in it. Reading them needs neither onnx nor ONNX Runtime.

A file is taken only if its graph is, byte by byte, the one that ``pydeblur export`` writes for the architecture and the
parameters in it: ONNX Runtime never gets to see another.
"""

from __future__ import annotations

import hashlib
import json
import reprlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pydeblur.backend.onnx_check import checked_network
from pydeblur.backend.onnx_check import hash_parameters as hash_parameters
from pydeblur.backend.onnx_wire import OnnxContents, read_contents
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files.contents import file_contents
from pydeblur.files.shipped_weights import shown_end, weights_path
from pydeblur.priors.classifier.architecture import MOST_PARAMETERS, Architecture
from pydeblur.priors.classifier.network_graph import build_graph

#: Weights that come with the package.
SHIPPED = (
    "classifier-paper",
    "classifier-compact",
    "classifier-single-scale",
    "kernel-ranking",
    "kernel-ranking-wide",
)

_OUTPUTS = {"score", "logit", "dx", "dlogit", "activation"}

#: What a network was trained to answer, as its metadata say; a file that does not say it is a classifier's.
BLURRED, LOG_ERROR = "blurred", "log error"

#: Four bytes for each parameter, and twice as many for the rest of the file, whose metadata may be long.
_MOST_BYTES = 3 * 4 * MOST_PARAMETERS
_MOST_CHARACTERS_OF_ARCHITECTURE = 10_000


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
    weights : str or path
        The name of weights that come with the package (:data:`SHIPPED`), or a file of your own from ``pydeblur export``.

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
    # The path of a file is checked here and its contents where they are read: the file may be another by then.
    return weights_path(weights, SHIPPED)


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
    return parse_weights(file_contents(path, _MOST_BYTES), path)


def parse_weights(model: bytes, path: Path) -> ClassifierWeights:
    """Check the bytes of a classifier's ONNX file as a whole, and take them apart.

    Parameters
    ----------
    model : bytes
    path : Path
        What messages call it.

    Returns
    -------
    ClassifierWeights

    Raises
    ------
    FileFormatError
        If they are no ONNX model; the metadata do not describe a network; parameters are missing, not finite or not those of
        the checksum; or the graph, the versions of the format and of the operators are not what ``pydeblur export`` writes.

    Examples
    --------
    >>> path = resolve_weights("classifier-compact")
    >>> parse_weights(path.read_bytes(), path).architecture.pool_after
    (1, 2, 3)
    """
    try:
        contents = read_contents(model)
        architecture = _architecture(contents)
        parameters = checked_network(contents, architecture.parameter_shapes(), partial(build_graph, architecture))
        _check_answer(contents, architecture)
    except FileFormatError as error:
        raise FileFormatError(
            f"'{shown_end(path)}' should be a classifier written by pydeblur export: {error}"
        ) from error
    return ClassifierWeights(
        path, model, architecture, parameters, contents.metadata, hashlib.sha256(model).hexdigest()
    )


def _architecture(contents: OnnxContents) -> Architecture:
    missing = _OUTPUTS - set(contents.outputs)
    if missing:
        raise FileFormatError(f"the graph lacks the output {', '.join(sorted(missing))}.")
    text = contents.metadata.get("architecture", "")
    try:
        fields = json.loads(text[:_MOST_CHARACTERS_OF_ARCHITECTURE])
        channels, pool_after = tuple(fields["channels"]), tuple(fields["pool_after"])
        integers = all(type(number) is int for number in channels + pool_after)
        if not (integers and channels and min(channels) > 0 and set(pool_after) <= set(range(len(channels)))):
            raise ValueError
        if len(set(pool_after)) < len(pool_after):
            raise ValueError
        inputs = fields.get("inputs", 1)
        if type(inputs) is not int or inputs < 1:
            raise ValueError
        architecture = Architecture(str(fields["name"]), channels, pool_after, inputs)
    except (KeyError, TypeError, ValueError, RecursionError):
        raise FileFormatError("its metadata do not describe the architecture.") from None
    try:
        architecture.check_size()
    except InvalidInputError as error:
        raise FileFormatError(f"{error}.") from None
    return architecture


def _check_answer(contents: OnnxContents, architecture: Architecture) -> None:
    answer = contents.metadata.get("answers", BLURRED)
    if answer not in (BLURRED, LOG_ERROR):
        raise FileFormatError(f"what it answers should be {BLURRED!r} or {LOG_ERROR!r}, but is {reprlib.repr(answer)}.")
    if answer == BLURRED and architecture.inputs > 1:
        raise FileFormatError(
            f"a network that answers {BLURRED!r} should have one input, but has {architecture.inputs}."
        )
