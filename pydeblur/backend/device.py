"""The choice of the device that a backend computes on."""

from __future__ import annotations

import warnings

from pydeblur.errors import InvalidInputError

DEVICES = ("cpu", "cuda", "auto")


class DeviceFallbackWarning(UserWarning):
    """Device "auto" found no GPU that the backend can use and took the CPU.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     device = choose_device("auto", "example", cuda_works=False, remedy="")
    >>> device, caught[0].category.__name__
    ('cpu', 'DeviceFallbackWarning')
    """


_warned: set[str] = set()


def choose_device(device: str, backend: str, cuda_works: bool, remedy: str) -> str:
    """Choose the device to use.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
        "auto" is CUDA where it works, else the CPU; a warning says so once per backend and process.
    backend : str
        The name of the backend in messages.
    cuda_works : bool
        Whether the backend can compute on a GPU here.
    remedy : str
        What ends the message where it can't.

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
        If "auto" takes the CPU.

    Examples
    --------
    >>> choose_device("auto", "torch", cuda_works=True, remedy="")
    'cuda'
    """
    if device not in DEVICES:
        raise InvalidInputError(f"device should be one of {', '.join(DEVICES)}, but is {device!r}.")
    if device == "cpu" or cuda_works:
        return "cpu" if device == "cpu" else "cuda"
    if device == "cuda":
        raise InvalidInputError(
            f"device should be 'cpu': the {backend} backend finds no usable CUDA device here; {remedy}."
        )
    if backend not in _warned:
        _warned.add(backend)
        message = f"the {backend} backend finds no usable CUDA device and computes on the CPU"
        warnings.warn(message, DeviceFallbackWarning, stacklevel=4)
    return "cpu"
