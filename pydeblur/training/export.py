"""From trained parameters to the ONNX file that the solver loads."""

from __future__ import annotations

import json
import operator
from datetime import datetime, timezone

import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files.atomic_write import check_writable, write_bytes
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.weights_file import hash_parameters
from pydeblur.version import __version__

LICENCE = "MIT"


def export_onnx(parameters, architecture, path, metadata=None):
    """Write a classifier and its gradient as one ONNX file.

    Parameters
    ----------
    parameters : dict of str to ndarray
        Named and shaped as ``architecture.parameter_shapes()`` says; stored as float32.
    architecture : Architecture
    path : path
        Written under a temporary name, then renamed.
    metadata : dict, optional
        Put into the file's metadata; what is no string is written as JSON. Usual keys: ``training`` (how and on what
        it was trained), ``date``, ``accuracies``, ``licence``; ``date`` defaults to today (UTC), ``licence`` to MIT.
        ``architecture`` and ``parameters_sha256`` are set here.

    Raises
    ------
    InvalidInputError
        If the architecture's channels or poolings are no whole numbers or out of range, the parameters do not fit it or
        are not finite, or the package onnx is missing.
    FileFormatError
        If the file can't be written.

    Notes
    -----
    docs/onnx-prior.md describes the graph; :func:`pydeblur.priors.classifier.onnx_graph.build_graph` makes it.
    """
    onnx, graph_module = _import_onnx()
    check_writable(path)
    architecture = _checked_architecture(architecture)
    parameters = _checked_parameters(parameters, architecture)
    model = onnx.helper.make_model(
        graph_module.build_graph(architecture, parameters),
        opset_imports=[onnx.helper.make_opsetid("", graph_module.OPSET)],
        ir_version=graph_module.IR_VERSION,
        producer_name="pydeblur",
        producer_version=__version__,
        doc_string="Probability that an image is blurred, and its derivative by the image.",
    )
    onnx.helper.set_model_props(model, _metadata_strings(parameters, architecture, metadata or {}))
    onnx.checker.check_model(model, full_check=True)
    write_bytes(path, model.SerializeToString(deterministic=True))


def export_checkpoint(checkpoint_path, onnx_path, metadata=None):
    """Write a checkpoint of ``pydeblur train`` as an ONNX file.

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
    """
    checkpoint = _read_checkpoint(checkpoint_path)
    try:
        fields = checkpoint["architecture"]
        architecture = Architecture(str(fields["name"]), tuple(fields["channels"]), tuple(fields["pool_after"]))
        parameters = {name: value.detach().float().cpu().numpy() for name, value in checkpoint["state_dict"].items()}
        training = dict(checkpoint["training"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FileFormatError(f"'{checkpoint_path}' should be a checkpoint of pydeblur train, but lacks {error}.") from error
    accuracies = {split: training.pop(split) for split in ("validation", "test") if split in training}
    said = {"accuracies": accuracies} | {key: training.pop(key) for key in ("answers",) if key in training} | ({"date": training["date"]} if "date" in training else {})
    export_onnx(parameters, architecture, onnx_path, {"training": training, **said, **(metadata or {})})


def _import_onnx():
    try:
        import onnx

        from pydeblur.priors.classifier import onnx_graph
    except ImportError as error:
        raise InvalidInputError("exporting needs the package onnx: pip install 'pydeblur[train]'.") from error
    return onnx, onnx_graph


def _read_checkpoint(path):
    try:
        import torch
    except ImportError as error:
        raise InvalidInputError("reading a checkpoint needs PyTorch: pip install 'pydeblur[train]'.") from error
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever unpickling does
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "PyTorch can't read it"
        raise FileFormatError(f"'{path}' should be a checkpoint of pydeblur train, but {reason}.") from error
    if not isinstance(checkpoint, dict):
        raise FileFormatError(f"'{path}' should be a checkpoint of pydeblur train, but holds a {type(checkpoint).__name__}.")
    return checkpoint


def _checked_architecture(architecture):
    """The same with plain ints: the file's reader takes nothing else, 1.0 and NumPy's integers included."""
    try:
        channels = tuple(operator.index(number) for number in architecture.channels)
    except TypeError:
        channels = ()
    if not channels or min(channels) < 1:
        raise InvalidInputError(f"channels should be whole numbers of at least 1, but are {architecture.channels!r}.")
    try:
        pool_after = tuple(operator.index(number) for number in architecture.pool_after)
    except TypeError:
        pool_after = None
    if pool_after is None or len(set(pool_after)) < len(pool_after) or not set(pool_after) <= set(range(len(channels))):
        wanted = f"different whole numbers from 0 to {len(channels) - 1}"
        raise InvalidInputError(f"pool_after should be {wanted}, but is {architecture.pool_after!r}.")
    return Architecture(architecture.name, channels, pool_after)


def _checked_parameters(parameters, architecture):
    """float32 copies in the architecture's order."""
    shapes = architecture.parameter_shapes()
    if set(parameters) != set(shapes):
        wrong = ", ".join(sorted(set(parameters) ^ set(shapes)))
        raise InvalidInputError(f"parameters should be those of '{architecture.name}'; missing or unknown: {wrong}.")
    checked = {}
    for name, shape in shapes.items():
        value = np.array(parameters[name], np.float32)
        if value.shape != shape:
            raise InvalidInputError(f"{name} should have the shape {shape}, but has {value.shape}.")
        if not np.all(np.isfinite(value)):
            raise InvalidInputError(f"{name} should be finite, but is not; did the training diverge?")
        checked[name] = value
    return checked


def _metadata_strings(parameters, architecture, metadata):
    entries = {
        "licence": LICENCE,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        **metadata,
        "architecture": {
            "name": architecture.name,
            "channels": list(architecture.channels),
            "pool_after": list(architecture.pool_after),
        },
        "parameters_sha256": hash_parameters(parameters),
    }
    return {str(key): value if isinstance(value, str) else json.dumps(value, default=str) for key, value in entries.items()}
