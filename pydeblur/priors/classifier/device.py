"""Choice of the device that a backend computes on."""

from __future__ import annotations

import warnings

from pydeblur.errors import InvalidInputError

DEVICES = ("cpu", "cuda", "auto")


class DeviceFallbackWarning(UserWarning):
    """Device "auto" found no GPU that the backend can use and took the CPU."""


_warned: set[str] = set()


def choose_device(device: str, backend: str, cuda_works: bool, remedy: str) -> str:
    """The device to use.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
        "auto" is CUDA where it works, else the CPU, which is said once per backend and process.
    backend : str
        Named in messages.
    cuda_works : bool
        Whether the backend can compute on a GPU here.
    remedy : str
        Ends the message where it can't.

    Returns
    -------
    {"cpu", "cuda"}

    Raises
    ------
    InvalidInputError
        If the device is unknown, or "cuda" is asked for and does not work.

    Warns
    -----
    DeviceFallbackWarning
        See `device`.
    """
    if device not in DEVICES:
        raise InvalidInputError(f"device should be one of {', '.join(DEVICES)}, but is {device!r}.")
    if device == "cpu" or cuda_works:
        return "cpu" if device == "cpu" else "cuda"
    if device == "cuda":
        raise InvalidInputError(f"device should be 'cpu': the {backend} backend finds no usable CUDA device here; {remedy}.")
    if backend not in _warned:
        _warned.add(backend)
        message = f"the {backend} backend finds no usable CUDA device and computes on the CPU"
        warnings.warn(message, DeviceFallbackWarning, stacklevel=4)
    return "cpu"
