"""From trained parameters, of the classifier or of the network that ranks kernels, to the ONNX file that pydeblur loads."""

from __future__ import annotations

import json
import operator

import numpy as np

from pydeblur.backend.onnx_network import encoded_network
from pydeblur.errors import InvalidInputError
from pydeblur.files import check_writable, write_bytes
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.network_graph import build_graph
from pydeblur.training.extra import train_extra
from pydeblur.training.run import today

#: Characters of the names in a message, so that it stays one short sentence.
_LONGEST_LIST = 220

LICENCE = "MIT"


def export_onnx(
    parameters: dict[str, np.ndarray], architecture: Architecture, path, metadata: dict | None = None
) -> None:
    """Write a network and its gradient as one ONNX file.

    Parameters
    ----------
    parameters : dict of str to ndarray
        Named and shaped as ``architecture.parameter_shapes()`` says; stored as float32.
    architecture : Architecture
    path : path
        The file appears whole or not at all.
    metadata : dict, optional
        Put into the file's metadata; what is no string is written as JSON. Usual keys: ``training`` (how and on what
        it was trained), ``date``, ``accuracies``, ``licence``, and ``answers`` where the network is no classifier; ``date``
        defaults to today (UTC), ``licence`` to MIT. ``architecture`` and ``parameters_sha256`` are set here.

    Raises
    ------
    InvalidInputError
        If the architecture's channels or poolings are no whole numbers, out of range or too many, the parameters do not fit it or
        are not finite, or the package onnx is missing.
    FileFormatError
        If the file can't be written.

    Notes
    -----
    :func:`pydeblur.priors.classifier.network_graph.build_graph` makes the graph; the package onnx checks it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from pydeblur.priors.classifier.weights_file import read_weights
    >>> architecture = Architecture("small", (4, 4), (0,))
    >>> parameters = {name: np.zeros(shape) for name, shape in architecture.parameter_shapes().items()}
    >>> with TemporaryDirectory() as folder:
    ...     export_onnx(parameters, architecture, Path(folder) / "zero.onnx", {"date": "2026-01-01"})
    ...     read_weights(Path(folder) / "zero.onnx").architecture.channels
    (4, 4)
    """
    with train_extra("export"):
        import onnx
    check_writable(path)
    architecture = _checked_architecture(architecture)
    parameters = parameters_to_write(parameters, architecture.parameter_shapes(), f"'{architecture.name}'")
    model = encoded_network(
        f"network_{architecture.name}",
        build_graph(architecture, parameters),
        parameters,
        _metadata_strings(architecture, metadata or {}),
        doc_string="A network's mean over its last map, the sigmoid of it, and their derivatives by the image.",
    )
    onnx.checker.check_model(model, full_check=True)
    write_bytes(path, model)


def export_checkpoint(checkpoint_path, onnx_path, metadata: dict | None = None) -> None:
    """Write a checkpoint of ``pydeblur train`` or ``pydeblur train-ranking`` as an ONNX file.

    Parameters
    ----------
    checkpoint_path : path
        A file with ``architecture``, ``state_dict`` and ``training``.
    onnx_path : path
    metadata : dict, optional
        Added to what the checkpoint says of its training, or instead of it.

    Raises
    ------
    FileFormatError
        If the checkpoint is missing or none, or the ONNX file can't be written.
    InvalidInputError
        If PyTorch or onnx is missing, or the parameters do not fit.

    Examples
    --------
    >>> export_checkpoint("run/best.pt", "own.onnx", {"training_data": "three photographs"})  # doctest: +SKIP
    """
    with train_extra("export"):
        import onnx  # noqa: F401  # what the export needs is missed before the checkpoint is read

        from pydeblur.training.torch_run import read_network_checkpoint
    architecture, state, training = read_network_checkpoint(checkpoint_path)
    parameters = {name: value.detach().float().cpu().numpy() for name, value in state.items()}
    said = {"accuracies": {split: training.pop(split) for split in ("validation", "test") if split in training}}
    if "answers" in training:
        said["answers"] = training.pop("answers")
    if "date" in training:
        said["date"] = training["date"]
    export_onnx(parameters, architecture, onnx_path, {"training": training, **said, **(metadata or {})})


def _checked_architecture(architecture: Architecture) -> Architecture:
    """The same with plain ints: the file's reader takes nothing else, 1.0 and NumPy's integers included."""
    try:
        channels = tuple(operator.index(number) for number in architecture.channels)
    except TypeError:
        channels = ()
    if not channels or min(channels) < 1:
        raise InvalidInputError(f"channels should be whole numbers of at least 1, but are {architecture.channels!r}")
    try:
        pool_after = tuple(operator.index(number) for number in architecture.pool_after)
    except TypeError:
        pool_after = None
    if pool_after is None or len(set(pool_after)) < len(pool_after) or not set(pool_after) <= set(range(len(channels))):
        wanted = f"different whole numbers from 0 to {len(channels) - 1}"
        raise InvalidInputError(f"pool_after should be {wanted}, but is {architecture.pool_after!r}")
    try:
        inputs = operator.index(architecture.inputs)
    except TypeError:
        inputs = 0
    if inputs < 1:
        raise InvalidInputError(f"inputs should be a whole number of at least 1, but is {architecture.inputs!r}")
    checked = Architecture(architecture.name, channels, pool_after, inputs)
    checked.check_size()
    return checked


def parameters_to_write(parameters: dict, shapes: dict[str, tuple[int, ...]], network: str) -> dict[str, np.ndarray]:
    """Check the parameters of a network that is about to be written.

    Parameters
    ----------
    parameters : dict
        Arrays or tensors on the CPU, by name.
    shapes : dict
        Those that they should have, in the order of the result.
    network : str
        What messages call it.

    Returns
    -------
    dict
        float32 copies.

    Raises
    ------
    InvalidInputError
        If names are missing or unknown, or an array has another shape or is not finite.

    Examples
    --------
    >>> parameters_to_write({"bias": [1, 2]}, {"bias": (2,)}, "the network")
    {'bias': array([1., 2.], dtype=float32)}
    """
    if set(parameters) != set(shapes):
        wrong = ", ".join(sorted(set(parameters) ^ set(shapes)))[:_LONGEST_LIST]
        raise InvalidInputError(f"parameters should be those of {network}; missing or unknown: {wrong}")
    checked = {}
    for name, shape in shapes.items():
        value = np.array(parameters[name], np.float32)
        if value.shape != shape:
            raise InvalidInputError(f"{name} should have the shape {shape}, but has {value.shape}")
        if not np.all(np.isfinite(value)):
            raise InvalidInputError(f"{name} should be finite, but is not; did the training diverge?")
        checked[name] = value
    return checked


def _metadata_strings(architecture: Architecture, metadata: dict) -> dict[str, str]:
    entries = {
        "licence": LICENCE,
        "date": today(),
        **metadata,
        "architecture": {
            "name": architecture.name,
            "channels": list(architecture.channels),
            "pool_after": list(architecture.pool_after),
            "inputs": architecture.inputs,
        },
    }
    return {
        str(key): value if isinstance(value, str) else json.dumps(value, default=str) for key, value in entries.items()
    }
