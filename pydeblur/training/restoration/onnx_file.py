"""From trained parameters to the ONNX file that the final step "learned" loads."""

from __future__ import annotations

import json

import numpy as np

from pydeblur.files import check_writable, write_bytes
from pydeblur.nonblind.restoration_network import RestorationArchitecture, encode_network
from pydeblur.training.export import parameters_to_write
from pydeblur.training.extra import train_extra
from pydeblur.training.restoration.exposures import KERNEL_SIZES
from pydeblur.training.run import today

_LICENCE = "MIT"


def export_restoration(
    parameters: dict[str, np.ndarray], architecture: RestorationArchitecture, path, training: dict
) -> None:
    """Write a network of :class:`~pydeblur.training.restoration.network.RestorationNetwork` as an ONNX file.

    Parameters
    ----------
    parameters : dict of str to ndarray
        Of the network's ``state_dict()``.
    architecture : RestorationArchitecture
    path : path
        The file appears whole or not at all.
    training : dict
        How it was trained, for the metadata.

    Raises
    ------
    InvalidInputError
        If the architecture is too large, the parameters do not fit it or are not finite, or the package onnx is missing.
    FileFormatError
        If the file can't be written.

    Notes
    -----
    :func:`pydeblur.nonblind.restoration_network.encode_network` makes the file; the package onnx checks it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from pydeblur.nonblind.restoration_network import read_network
    >>> architecture = RestorationArchitecture((4, 4, 4))
    >>> parameters = {name: np.zeros(shape) for name, shape in architecture.parameter_shapes().items()}
    >>> with TemporaryDirectory() as folder:
    ...     export_restoration(parameters, architecture, Path(folder) / "zero.onnx", {"steps": 0})
    ...     read_network(Path(folder) / "zero.onnx").metadata["training"]
    '{"steps": 0}'
    """
    with train_extra("export"):
        import onnx
    check_writable(path)
    architecture.check()
    metadata = {
        "training": json.dumps(training, default=str),
        "date": str(training.get("date", today())),
        "licence": _LICENCE,
    }
    arrays = parameters_to_write(parameters, architecture.parameter_shapes(), "the network")
    model = encode_network(architecture, arrays, KERNEL_SIZES, metadata)
    onnx.checker.check_model(model, full_check=True)
    write_bytes(path, model)
