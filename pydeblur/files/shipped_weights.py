"""Where the weights lie that come with the package."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Sequence
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from pydeblur.errors import FileFormatError
from pydeblur.files.file_names import shown_path


def shipped_weights(name: str) -> Path:
    """Find a file of weights by its name.

    Parameters
    ----------
    name : str
        Such as ``"classifier-compact.onnx"``.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    FileFormatError
        If this installation has none of that name.

    Examples
    --------
    >>> shipped_weights("classifier-compact.onnx").name
    'classifier-compact.onnx'
    """
    for folder in weights_folders():
        if (folder / name).is_file():
            return folder / name
    raise FileFormatError(f"the weights '{name}' are not in this installation; give the path of a file.")


def weights_path(weights, names: Sequence[str]) -> Path:
    """Find the file of a network's weights.

    Parameters
    ----------
    weights : str or path
        One of the names, or a file.
    names : sequence of str
        Those of weights that come with the package, without their extension, .onnx.

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
    >>> weights_path("classifier-compact", ["classifier-compact"]).name
    'classifier-compact.onnx'
    """
    choice = f"one of {', '.join(names)}" if len(names) > 1 else f"'{names[0]}'"
    wanted = f"weights should be {choice} or the path of an ONNX file"
    if isinstance(weights, str) and weights in names:
        return shipped_weights(f"{weights}.onnx")
    if not isinstance(weights, (str, os.PathLike)):
        raise FileFormatError(f"{wanted}, but is {reprlib.repr(weights)}.")
    try:
        path = Path(weights)
    except TypeError:  # a path of bytes
        raise FileFormatError(f"{wanted}, but is {reprlib.repr(weights)}.") from None
    if not os.path.exists(path):
        raise FileFormatError(f"{wanted}; there is no '{shown_end(path)}'.")
    if not os.path.isfile(path):
        raise FileFormatError(f"{wanted}; '{shown_end(path)}' is no regular file.")
    return path


def shown_end(path: str | os.PathLike) -> str:
    """Return a path for sentences that say much besides it: of a long one the end.

    Examples
    --------
    >>> shown_end("weights.onnx"), len(shown_end("a" * 500))
    ('weights.onnx', 103)
    """
    shown = shown_path(path)
    return shown if len(shown) <= 100 else f"...{shown[-100:]}"


def weights_folders() -> list[Path]:
    """List the folders where shipped weights may lie.

    These are that of the installed package pydeblur.weights, and the folder weights next to the package in its source tree.

    Examples
    --------
    >>> weights_folders()[-1].name
    'weights'
    """
    beside_the_package = Path(__file__).resolve().parents[2] / "weights"
    if find_spec("pydeblur.weights") is None:  # a source tree that was not installed
        return [beside_the_package]
    return [Path(str(resources.files("pydeblur.weights"))), beside_the_package]
