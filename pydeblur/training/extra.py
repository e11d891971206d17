"""What is said where the extra ``[train]`` is not installed."""

from __future__ import annotations

from contextlib import contextmanager

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError

#: Packages of the extra, by the name that they are imported by, to what they are called.
_PACKAGES = {"torch": "PyTorch", "onnx": "the package onnx"}


@contextmanager
def train_extra(task: str):
    """A ``with`` block for imports that need the extra ``[train]``.

    Parameters
    ----------
    task : str
        What needs it, for the message: "training".

    Raises
    ------
    InvalidInputError
        If PyTorch or onnx is missing. Other modules that are missing stay a ModuleNotFoundError.

    Examples
    --------
    >>> with train_extra("training"):
    ...     raise ModuleNotFoundError("No module named 'torch'", name="torch")
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidInputError: training needs PyTorch: pip install 'pydeblur[train]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = _PACKAGES.get((error.name or "").partition(".")[0])
        if package is None:
            raise
        raise InvalidInputError(missing_extra(task, package, "train")) from None
