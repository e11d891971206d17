"""Where the weights lie that come with the package."""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from pydeblur.errors import FileFormatError


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
